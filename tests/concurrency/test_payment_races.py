"""Payments under races: each guard beside a control that shows the race without it."""

import threading
from collections import Counter

import pytest
from django.db.models.functions import Now
from rest_framework.test import APIClient

from shop import services
from shop.errors import PaymentSettled
from shop.models import Order, Payment, PaymentEvent
from tests.concurrency.racing import race, without
from tests.concurrency.stores import order, outcome
from tests.shop.provider import SECRET, deliver, event_of

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.usefixtures("sums_agree_afterwards"),
]


@pytest.fixture
def placed(alice, stocked):
    """An order of alice's that is to be paid."""
    return Order.objects.get(pk=order(alice, (stocked("Pen", 1), 1)).pk)


@pytest.fixture
def pending(placed, settings):
    """A payment of it that was started at Stripe."""
    settings.PAYMENT_PROVIDER, settings.STRIPE_WEBHOOK_SECRETS = "stripe", [SECRET]
    return Payment.objects.create(
        order=placed, provider="stripe", amount=placed.total, currency=placed.currency, reference="cs_test_1"
    )


def test_a_payment_is_started_once(alice, tim, placed):
    results = race(lambda _: services.start_payment(by=alice, order_id=placed.pk).pk, range(10))
    paid = race(lambda _: services.mark_paid(by=tim, order_id=placed.pk), range(10))

    assert len(set(results)) == 1
    assert Counter(map(outcome, paid)) == {"done": 1, "payment_settled": 9}


def look_and_start(placed):
    """What one would write without a lock: look whether a payment was begun, then begin one."""
    looked = threading.Barrier(10)

    def start(_):
        begun = Payment.objects.filter(order=placed).exists()
        looked.wait(timeout=10)
        if not begun:
            Payment.objects.create(order=placed, provider="offline", amount=placed.total, currency=placed.currency)

    return Counter(map(outcome, race(start, range(10))))


def test_control_looking_first_starts_a_payment_often(placed):
    with without(Payment, "payment_one_live"):
        assert look_and_start(placed) == {"done": 10}
        assert Payment.objects.count() == 10


def test_who_knows_no_lock_is_stopped_by_the_database(placed):
    assert look_and_start(placed) == {"done": 1, "IntegrityError": 9}


def test_control_looking_at_the_status_first_settles_often(tim, placed):
    services.start_payment(by=tim, order_id=placed.pk)
    looked = threading.Barrier(10)

    def pay(_):
        pending = Payment.objects.get().status == "pending"
        looked.wait(timeout=10)
        if not pending:
            raise PaymentSettled
        Payment.objects.update(status="paid", paid_at=Now())

    assert Counter(map(outcome, race(pay, range(10)))) == {"done": 10}


def test_an_event_that_arrives_ten_times_at_once_pays_once(pending):
    body = event_of(pending)

    answers = race(lambda _: deliver(APIClient(), body).json(), range(10))

    assert answers == [{"outcome": "done"}] * 10
    assert PaymentEvent.objects.count() == 1
    assert Payment.objects.get().status == "paid"


def test_an_event_of_no_payment_is_kept_once(pending):
    """Nobody's row queues these; the constraint is what makes them one."""
    body = event_of(Payment(pk=10**6, reference="cs_other", amount=1, currency="EUR"))

    answers = race(lambda _: deliver(APIClient(), body).json(), range(10))

    assert answers == [{"outcome": "unknown"}] * 10
    assert PaymentEvent.objects.count() == 1


def test_control_looking_first_keeps_an_event_often():
    looked = threading.Barrier(10)

    def receive(_):
        known = PaymentEvent.objects.exists()
        looked.wait(timeout=10)
        if not known:
            PaymentEvent.objects.create(provider="stripe", event_id="evt_1", kind="x", outcome="unknown")

    with without(PaymentEvent, "payment_event_once"):
        race(receive, range(10))
        assert PaymentEvent.objects.count() == 10


def test_of_right_and_wrong_amounts_at_once_the_right_one_pays(pending):
    """Too little, too much, other money, and the sum that is due: each is an event of its own."""
    sums = [{}, {"amount_total": 1}, {"amount_total": 10**9}, {"currency": "usd"}]
    bodies = [event_of(pending, id=f"evt_{number}", **session) for number, session in enumerate(sums)]

    answers = race(lambda body: deliver(APIClient(), body).json()["outcome"], bodies)

    assert answers == ["done", "mismatch", "mismatch", "mismatch"]
    assert Payment.objects.get().status == "paid"
    assert PaymentEvent.objects.count() == 4
