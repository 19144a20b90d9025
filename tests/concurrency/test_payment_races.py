"""Payments under races: each guard beside a control that shows the race without it."""

from collections import Counter

import pytest
from rest_framework.test import APIClient

from shop import services
from shop.models import Order, Payment, PaymentEvent
from tests.concurrency.racing import race
from tests.concurrency.stores import order, outcome
from tests.shop.test_payments import SECRET, deliver, event_of

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.usefixtures("sums_agree_afterwards"),
]


def test_a_payment_is_started_once(alice, tim, stocked):
    placed = order(alice, (stocked("Pen", 1), 1))

    results = race(lambda _: services.start_payment(by=alice, order_id=placed.pk).pk, range(10))
    paid = race(lambda _: services.mark_paid(by=tim, order_id=placed.pk), range(10))

    assert len(set(results)) == 1
    assert Counter(map(outcome, paid)) == {"done": 1, "payment_settled": 9}


def test_an_event_that_arrives_ten_times_at_once_pays_once(alice, stocked, settings):
    settings.PAYMENT_PROVIDER, settings.STRIPE_WEBHOOK_SECRETS = "stripe", [SECRET]
    placed = Order.objects.get(pk=order(alice, (stocked("Pen", 1), 1)).pk)
    payment = Payment.objects.create(
        order=placed, provider="stripe", amount=placed.total, currency=placed.currency, reference="cs_test_1"
    )
    body = event_of(payment)

    answers = race(lambda _: deliver(APIClient(), body).json(), range(10))

    assert answers == [{"outcome": "done"}] * 10
    assert PaymentEvent.objects.count() == 1
    assert Payment.objects.get().status == "paid"
