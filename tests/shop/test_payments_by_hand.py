"""Payments that staff mark as paid and refunded."""

import pytest
from django.db.models.functions import Now

from config.errors import Missing, NotAllowed
from shop import services
from shop.errors import NothingToPay, PaymentSettled, PaymentUnderWay
from shop.models import Payment
from tests.refusals import broken
from tests.shop.conftest import status

pytestmark = pytest.mark.django_db


def test_staff_mark_an_order_as_paid_and_refunded(alice, tim, order):
    payment = services.mark_paid(by=tim, order_id=order.pk)

    payment.refresh_from_db()
    assert (payment.provider, payment.status, payment.amount, payment.currency) == ("offline", "paid", order.subtotal, "EUR")
    assert payment.paid_at
    with pytest.raises(PaymentSettled):
        services.mark_paid(by=tim, order_id=order.pk)
    services.mark_refunded(by=tim, order_id=order.pk)
    assert status() == "refunded"
    with pytest.raises(PaymentSettled):
        services.mark_refunded(by=tim, order_id=order.pk)
    with pytest.raises(NotAllowed):
        services.mark_paid(by=alice, order_id=order.pk)
    with pytest.raises(NotAllowed):
        services.mark_refunded(by=alice, order_id=order.pk)


def test_starting_to_pay_offline_waits_for_staff(alice, tim, order):
    first = services.start_payment(by=alice, order_id=order.pk)
    again = services.start_payment(by=alice, order_id=order.pk)

    assert first.pk == again.pk == services.mark_paid(by=tim, order_id=order.pk).pk
    with pytest.raises(PaymentUnderWay):
        services.start_payment(by=alice, order_id=order.pk)


def test_an_orders_payment_is_its_newest(alice, tim, order):
    services.start_payment(by=alice, order_id=order.pk)
    Payment.objects.update(status="failed")
    second = services.mark_paid(by=tim, order_id=order.pk)

    assert services.payment_of(by=alice, order_id=order.pk) == second
    assert services.mark_refunded(by=tim, order_id=order.pk) == second


def test_there_may_be_nothing_to_pay(alice, bob, stocked, bought, order):
    free = bought(alice, (stocked("Leaflet", 1, "0"), 1))
    services.cancel_order(by=alice, order_id=order.pk)

    for one in (free, order):
        with pytest.raises(NothingToPay):
            services.start_payment(by=alice, order_id=one.pk)
    with pytest.raises(Missing):
        services.start_payment(by=bob, order_id=order.pk)
    with pytest.raises(Missing):
        services.payment_of(by=alice, order_id=order.pk)


@pytest.mark.parametrize("begun", [True, False])
def test_money_that_comes_for_a_canceled_order_is_recorded(alice, tim, order, begun):
    """It has to be given back, so it must be known of. The customer, though, pays no canceled order."""
    if begun:
        services.start_payment(by=alice, order_id=order.pk)
    services.cancel_order(by=alice, order_id=order.pk)

    with pytest.raises(NothingToPay):
        services.start_payment(by=alice, order_id=order.pk)
    services.mark_paid(by=tim, order_id=order.pk)
    assert status() == "paid"
    with pytest.raises(PaymentUnderWay):
        services.start_payment(by=alice, order_id=order.pk)
    services.mark_refunded(by=tim, order_id=order.pk)
    assert status() == "refunded"


def test_the_database_keeps_payments(tim, alice, order, stocked, bought):
    services.mark_paid(by=tim, order_id=order.pk)
    other = bought(alice, (stocked("Leaflet"), 1))
    payments = Payment.objects.all()
    second = Payment(order=order, provider="offline", amount=1, currency="EUR")

    assert broken(second.save) == "payment_one_live"
    for change in ({"amount": 1}, {"currency": "CHF"}, {"provider": "fake"}, {"order": other}):
        assert broken(lambda change=change: payments.update(**change)) == "payment_terms_final"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("pending", "refunded"),
        *(("paid", status) for status in ("pending", "failed")),
        *(("failed", status) for status in ("pending", "paid", "refunded")),
        *(("refunded", status) for status in ("pending", "paid", "failed")),
    ],
)
def test_the_database_lets_no_payment_go_back(order, before, after):
    when = {"pending": None, "failed": None, "paid": Now(), "refunded": Now()}
    Payment.objects.create(order=order, provider="offline", amount=1, currency="EUR", status=before, paid_at=when[before])

    assert broken(lambda: Payment.objects.update(status=after, paid_at=when[after])) == "payment_status_final"
