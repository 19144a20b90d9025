"""Credits under races: each guard beside a control that shows the race without it."""

import threading
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from scheduling.models import Meeting, TimeSlot
from scheduling.services import book_meeting, create_slot
from shop import services
from shop.models import CreditEntry, CreditLot, CreditSpending
from tests.concurrency.racing import race
from tests.concurrency.stores import outcome
from tests.scheduling.conftest import hour

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.usefixtures("sums_agree_afterwards"),
]


@pytest.fixture
def gifted(alice, tim):
    """alice has one credit, and tim ten slots that cost one each."""
    services.grant_credits(by=tim, user=alice, credits=1)
    starts = [hour(number) for number in range(20)]
    return [create_slot(by=tim, start_time=start, end_time=start + timedelta(hours=1), credits=1) for start in starts]


def test_20_bookings_race_for_the_last_credit(alice, gifted):
    results = race(lambda slot: book_meeting(by=alice, time_slot_id=slot.pk, subject="Algebra"), gifted)

    assert Counter(map(outcome, results)) == {"done": 1, "not_enough_credits": 19}
    assert Meeting.objects.count() == 1
    assert services.balance_of(user_id=alice.pk) == 0


def test_20_spenders_of_the_last_credit_without_the_calendars_lock(alice, gifted):
    TimeSlot.objects.update(credits=0)
    meetings = [book_meeting(by=alice, time_slot_id=slot.pk, subject="Algebra") for slot in gifted]

    def spend(meeting):
        return services.spend_credits(student_id=alice.pk, meeting_id=meeting.pk, credits=1)

    assert Counter(map(outcome, race(spend, meetings))) == {"done": 1, "not_enough_credits": 19}


def test_control_looking_at_the_balance_first_spends_a_credit_often(alice, gifted):
    looked = threading.Barrier(10)

    def book(slot):
        balance = services.balance_of(user_id=alice.pk)
        looked.wait(timeout=10)
        if balance >= 1:
            CreditLot.objects.update(remaining=balance - 1)
            return "booked"
        return "refused"

    assert Counter(race(book, gifted[:10]))["booked"] > 1


def test_credits_come_back_once(alice, gifted):
    meeting = book_meeting(by=alice, time_slot_id=gifted[0].pk, subject="Algebra")

    results = race(lambda _: services.return_credits(meeting_id=meeting.pk), range(10))

    assert sorted(results) == [0] * 9 + [1]
    assert services.balance_of(user_id=alice.pk) == 1


def test_control_looking_at_the_booking_first_returns_credits_often(alice, tim, gifted):
    services.grant_credits(by=tim, user=alice, credits=20)
    for slot in gifted[:11]:
        meeting = book_meeting(by=alice, time_slot_id=slot.pk, subject="Algebra")
    left, looked = services.balance_of(user_id=alice.pk), threading.Barrier(10)

    def give_back(_):
        spending = CreditSpending.objects.get(meeting=meeting)
        looked.wait(timeout=10)
        if spending.status == "spent":
            CreditSpending.objects.filter(pk=spending.pk).update(status="returned")
            CreditLot.objects.filter(granted=20).update(remaining=F("remaining") + 1)

    race(give_back, range(10))

    assert services.balance_of(user_id=alice.pk) == left + 10


def test_what_is_spent_while_it_expires_is_spent_or_expired_but_not_both(alice, tim, gifted):
    """A credit's last moments, with two bookings and the nightly job around them."""
    CreditLot.objects.update(remaining=0)
    for slot in gifted:
        lot = services.grant_credits(by=tim, user=alice, credits=1, expires_at=timezone.now() + timedelta(milliseconds=40))

        def act(pause, slot=slot):
            time.sleep(pause / 100)
            if pause in (2, 4):
                return book_meeting(by=alice, time_slot_id=slot.pk, subject="Algebra")
            return services.expire_credits()

        race(act, range(8))
        services.expire_credits()
        CreditLot.objects.filter(pk=lot.pk, expires_at__gt=Now()).update(expires_at=Now())
        services.expire_credits()

        entries = CreditEntry.objects.filter(lot=lot)
        assert set(entries.values_list("kind", flat=True)) in ({"grant", "debit"}, {"grant", "expiry"})
        assert sum(entries.values_list("change", flat=True)) == 0
        assert Meeting.objects.filter(time_slot=slot).count() == entries.filter(kind="debit").count()


def test_control_looking_first_spends_what_expires(alice, gifted):
    """Both saw the credit, and both are content: one booked, the other wrote it off."""
    CreditLot.objects.update(expires_at=Now() + timedelta(milliseconds=1))
    looked = threading.Barrier(2)

    def act(what):
        left = CreditLot.objects.get().remaining
        looked.wait(timeout=10)
        if left:
            CreditLot.objects.update(remaining=left - 1)
        return what if left else None

    assert race(act, ["spent", "expired"]) == ["spent", "expired"]
