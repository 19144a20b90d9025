"""Stripe Checkout: a page of Stripe's takes the money, and a signed webhook tells us of it.

Written against the API's public documentation, version below; in the tests a server of our own plays Stripe.
"""

import http.client
import json
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from config.keys import key_of
from shop.errors import ProviderUnavailable, SignatureInvalid
from shop.money import from_minor_units, minor_units
from shop.payments import Event, Started
from shop.payments.signatures import check_signature

VERSION = "2024-06-20"
TIMEOUT = 10  # seconds, for each answer
_PAID = {"checkout.session.completed", "checkout.session.async_payment_succeeded"}
_FAILED = {"checkout.session.expired", "checkout.session.async_payment_failed"}


class Stripe:
    """Payments by Stripe's checkout page. The reference is the checkout session's id."""

    def start(self, payment):
        back = settings.PAYMENT_RETURN_URL.format(order=payment.order_id)
        session = _post(
            "/v1/checkout/sessions",
            {
                "mode": "payment",
                "client_reference_id": payment.pk,
                "line_items[0][quantity]": 1,
                "line_items[0][price_data][currency]": payment.currency.lower(),
                "line_items[0][price_data][unit_amount]": minor_units(payment.amount, payment.currency),
                "line_items[0][price_data][product_data][name]": _("Order %d") % payment.order_id,
                "success_url": back,
                "cancel_url": back,
            },
            key=f"payment-{payment.pk}",
        )
        return Started(session["id"], session["url"])

    def read_event(self, *, headers, body):
        check_signature(headers.get("Stripe-Signature", ""), body, secrets=settings.STRIPE_WEBHOOK_SECRETS)
        try:
            return _event(json.loads(body))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise SignatureInvalid from None  # Stripe signed something that this version does not write


def _event(message):
    kind, session = message["type"], message["data"]["object"]
    if kind not in _PAID | _FAILED:
        return None
    if kind in _PAID and session["payment_status"] != "paid":  # a transfer that is still on its way
        return None
    event_id, reference, units = message["id"], session["id"], session["amount_total"]
    if not isinstance(event_id, str) or not isinstance(reference, str) or type(units) is not int:
        raise TypeError("not as Stripe writes it")
    currency = session["currency"].upper()
    return Event(
        id=event_id,
        kind=kind,
        reference=reference,
        payment_id=key_of(session.get("client_reference_id") or ""),
        paid=kind in _PAID,
        amount=from_minor_units(units, currency),
        currency=currency,
    )


def _post(path, form, *, key):
    """Posts a form and returns the answer's JSON. The key makes the same call, sent again, the same session."""
    url = urlsplit(settings.STRIPE_URL)
    connection_class = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = connection_class(url.hostname, url.port, timeout=TIMEOUT)
    headers = {
        "Authorization": f"Bearer {settings.STRIPE_KEY}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Idempotency-Key": key,
        "Stripe-Version": VERSION,
    }
    try:
        connection.request("POST", path, urlencode(form), headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError):
        raise ProviderUnavailable from None
    finally:
        connection.close()
    if response.status != 200:
        raise ProviderUnavailable
    return answer
