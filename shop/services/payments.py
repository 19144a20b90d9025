"""Paying orders: starting a payment, marking it by hand, and believing what a provider tells us of it."""

import logging

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from config.errors import Missing, NotAllowed, named_constraints
from shop.errors import NothingToPay, PaymentSettled, PaymentUnderWay
from shop.models import Order, Payment, PaymentEvent
from shop.payments import provider_named

logger = logging.getLogger(__name__)
_LIVE = Q(status__in=[Payment.Status.PENDING, Payment.Status.PAID])


def start_payment(*, by, order_id):
    """Starts to pay an order by the service's provider, or goes on with what was started. Returns the Payment.

    Call it outside of a transaction: the provider is asked over the network. Asking again after a failure is safe.
    Raises PaymentUnderWay for an order that was paid, NothingToPay, ProviderUnavailable and Missing.
    """
    payment = _open_payment(by=by, order_id=order_id, provider=settings.PAYMENT_PROVIDER)
    if payment.status == Payment.Status.PAID:
        raise PaymentUnderWay
    if payment.url or payment.reference:
        return payment
    started = provider_named(payment.provider).start(payment)
    Payment.objects.filter(pk=payment.pk, reference="").update(reference=started.reference, url=started.url)
    return payment


def _open_payment(*, by, order_id, provider, late=False):
    """The live payment of an order, begun if there is none. Its order's row queues those who come at once.

    Of a canceled order no payment goes on, unless it is `late`: money that is there already.
    """
    with transaction.atomic():
        order = Order.objects.visible_to(by).select_for_update(no_key=True).filter(pk=order_id).first()
        if order is None:
            raise Missing
        live = order.payments.filter(_LIVE).first()
        nothing = not order.total or (order.status == Order.Status.CANCELED and not late)
        if live is not None and (live.status == Payment.Status.PAID or not nothing):
            return live
        if nothing:
            raise NothingToPay
        return Payment.objects.create(order=order, provider=provider, amount=order.total, currency=order.currency)


def payment_of(*, by, order_id):
    """The newest payment of an order. Raises Missing."""
    payment = Payment.objects.visible_to(by).filter(order_id=order_id).order_by("-id").first()
    if payment is None:
        raise Missing
    return payment


def mark_paid(*, by, order_id):
    """The money for an order is there, in cash or by transfer. For administrators. Returns the Payment.

    So it is of a canceled order as well: what came too late must be known of, to be given back.
    Raises PaymentSettled for an order that was paid before, NothingToPay and Missing.
    """
    if not by.is_admin:
        raise NotAllowed
    with transaction.atomic():
        payment = _open_payment(by=by, order_id=order_id, provider="offline", late=True)
        if not _pay(payment):
            raise PaymentSettled
    return payment


def mark_refunded(*, by, order_id):
    """The money for a paid order was given back. For administrators. Raises PaymentSettled where it was not paid, and Missing."""
    if not by.is_admin:
        raise NotAllowed
    payment = payment_of(by=by, order_id=order_id)
    if not Payment.objects.filter(pk=payment.pk, status=Payment.Status.PAID).update(status=Payment.Status.REFUNDED):
        raise PaymentSettled
    return payment


def _pay(payment):
    pending = Payment.objects.filter(pk=payment.pk, status=Payment.Status.PENDING)
    return bool(pending.update(status=Payment.Status.PAID, paid_at=Now()))


def receive_event(*, provider, headers, body):
    """Takes what a provider's webhook says, once. Returns what came of it, or "ignored" for what is of no concern.

    Raises SignatureInvalid for what the provider did not sign, and Missing for a provider that is not in use.
    """
    event = provider_named(provider).read_event(headers=headers, body=body)
    if event is None:
        return "ignored"
    with named_constraints(), transaction.atomic():
        payment = _payment_meant(provider, event)
        known = PaymentEvent.objects.filter(provider=provider, event_id=event.id).values_list("outcome", flat=True).first()
        if known:
            return known
        outcome = _apply(event, payment)
        record = PaymentEvent(
            provider=provider,
            event_id=event.id,
            kind=event.kind,
            payment=payment,
            amount=event.amount,
            currency=event.currency,
            outcome=outcome,
        )
        # Only events of no payment can meet here twice at once; the others queue on their payment's row.
        PaymentEvent.objects.bulk_create([record], ignore_conflicts=True)
    if outcome != PaymentEvent.Outcome.DONE:
        logger.warning("payment event needs a look", extra={"provider": provider, "event": event.id, "outcome": outcome})
    return outcome


def _payment_meant(provider, event):
    # An event may be quicker than the answer that tells us the reference; then our own id, which came along, must do.
    meant = Q(reference=event.reference) | Q(pk=event.payment_id, reference="")
    return Payment.objects.select_for_update(no_key=True).filter(meant, provider=provider).first()


def _apply(event, payment):
    if payment is None:
        return PaymentEvent.Outcome.UNKNOWN
    if (event.amount, event.currency) != (payment.amount, payment.currency):
        return PaymentEvent.Outcome.MISMATCH
    if event.paid:
        return PaymentEvent.Outcome.DONE if _pay(payment) else PaymentEvent.Outcome.LATE
    pending = Payment.objects.filter(pk=payment.pk, status=Payment.Status.PENDING)
    return PaymentEvent.Outcome.DONE if pending.update(status=Payment.Status.FAILED) else PaymentEvent.Outcome.LATE
