"""Payments are started at a provider, once each. What it reports of them later is in test_webhooks."""

import pytest

from config.errors import Missing
from shop import services
from shop.errors import ProviderUnavailable
from shop.models import Payment
from shop.payments import Started
from shop.payments.stripe import Stripe
from tests.shop.provider import deliver, event_of

pytestmark = pytest.mark.django_db


def test_the_provider_learns_of_a_payment_once(stripe, alice, order):
    payment = services.start_payment(by=alice, order_id=order.pk)
    services.start_payment(by=alice, order_id=order.pk)

    payment.refresh_from_db()
    assert (payment.reference, payment.status) == (f"cs_test_{payment.pk}", "pending")
    assert payment.url == f"https://checkout.stripe.com/c/pay/cs_test_{payment.pk}"
    [(path, headers, form)] = stripe.requests
    assert path == "/v1/checkout/sessions"
    assert (headers["Authorization"], headers["Idempotency-Key"]) == ("Bearer sk_test", f"payment-{payment.pk}")
    assert (form["line_items[0][price_data][unit_amount]"], form["line_items[0][price_data][currency]"]) == ("3998", "eur")
    assert form["success_url"].endswith(f"/#/orders/{order.pk}")


def test_a_provider_that_refuses_or_is_away_can_be_asked_again(stripe, settings, alice, order):
    for stripe.status, stripe.answer in ((402, None), (200, b"<html>")):
        with pytest.raises(ProviderUnavailable):
            services.start_payment(by=alice, order_id=order.pk)
    url, settings.STRIPE_URL = settings.STRIPE_URL, "http://127.0.0.1:1"
    with pytest.raises(ProviderUnavailable):
        services.start_payment(by=alice, order_id=order.pk)
    settings.STRIPE_URL, stripe.answer = url, None

    services.start_payment(by=alice, order_id=order.pk)

    assert Payment.objects.get().url
    assert len({headers["Idempotency-Key"] for _, headers, _ in stripe.requests}) == 1


def test_of_two_who_start_the_same_payment_the_first_answer_stays(stripe, alice, order, monkeypatch):
    def answered_meanwhile(self, payment):
        Payment.objects.update(reference="cs_first", url="https://stripe.example/first")
        return Started("cs_second", "https://stripe.example/second")

    monkeypatch.setattr(Stripe, "start", answered_meanwhile)
    services.start_payment(by=alice, order_id=order.pk)

    assert Payment.objects.values_list("reference", "url").get() == ("cs_first", "https://stripe.example/first")


def test_each_payment_is_its_own(api, stripe, tim, alice, bob, stocked, bought):
    pen = stocked("Pen")
    orders = [bought(by, (pen, 1)) for by in (bob, alice, bob)]
    stripe.status = 402
    for order in orders:
        with pytest.raises(ProviderUnavailable):
            services.start_payment(by=tim, order_id=order.pk)
    stripe.status = 200
    mine = Payment.objects.filter(order=orders[1]).order_by("id")

    services.start_payment(by=alice, order_id=orders[1].pk)
    deliver(api, event_of(mine.last(), id="evt_1"))
    services.mark_refunded(by=tim, order_id=orders[1].pk)
    services.start_payment(by=alice, order_id=orders[1].pk)
    deliver(api, event_of(mine.last(), id="evt_2", kind="checkout.session.expired"))
    services.mark_paid(by=tim, order_id=orders[1].pk)
    with pytest.raises(Missing):
        services.payment_of(by=bob, order_id=orders[1].pk)

    assert list(mine.values_list("status", flat=True)) == ["refunded", "failed", "paid"]
    others = Payment.objects.exclude(order=orders[1]).values_list("status", "reference", "url")
    assert list(others) == [("pending", "", "")] * 2


def test_a_currency_without_cents(api, stripe, alice, stocked, bought):
    order = bought(alice, (stocked("Stylo", 1, "1200", currency="JPY"), 1))
    services.start_payment(by=alice, order_id=order.pk)

    assert stripe.requests[0][2]["line_items[0][price_data][unit_amount]"] == "1200"
    assert deliver(api, event_of(Payment.objects.get(), amount_total=1200)).json() == {"outcome": "done"}
