"""Lesson credits: granted by packs, spent by bookings, and never below zero."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from config.errors import Invalid, NotAllowed
from scheduling.models import Meeting, TimeSlot
from scheduling.services import book_meeting, cancel_meeting, create_slot
from shop import services
from shop.causes import give_cause
from shop.errors import NotEnoughCredits
from shop.models import CreditEntry, CreditLot, CreditSpending
from tests.refusals import broken
from tests.scheduling.conftest import hour

pytestmark = pytest.mark.django_db


@pytest.fixture
def pack(alice, tim, stocked, bought):
    """`pack(10)`: alice bought ten lessons, and her order is completed."""

    def buy(credits, *, pieces=1, days=None):
        product = stocked(f"{credits} lessons", credits=credits, credits_valid_days=days)
        order = bought(alice, (product, pieces))
        services.complete_order(by=tim, order_id=order.pk)
        return order

    return buy


@pytest.fixture
def lesson(alice, tim):
    """`lesson(0, cost=2)`: a meeting that alice booked, for two credits."""

    def book(number=0, *, cost=1):
        start = hour(number)
        slot = create_slot(by=tim, start_time=start, end_time=start + timedelta(hours=1), credits=cost)
        return book_meeting(by=alice, time_slot_id=slot.pk, subject="Algebra")

    return book


def balance(user):
    return services.balance_of(user_id=user.pk)


def history(user):
    return list(CreditEntry.objects.filter(user=user).order_by("id").values_list("kind", "change"))


def test_a_pack_grants_its_credits_when_its_order_is_completed(alice, tim, stocked, bought):
    product = stocked("Ten lessons", credits=10, credits_valid_days=180)
    order = bought(alice, (product, 2), (stocked("Pen"), 1))
    assert balance(alice) == 0

    services.complete_order(by=tim, order_id=order.pk)

    lot = CreditLot.objects.get()
    assert balance(alice) == lot.granted == 20
    assert abs(lot.expires_at - lot.created_at - timedelta(days=180)) < timedelta(seconds=5)
    assert list(lot.entries.values_list("kind", "change", "by")) == [("grant", 20, tim.pk)]


def test_a_booking_takes_what_its_slot_costs(alice, pack, lesson):
    pack(3)

    lesson(0, cost=2)
    lesson(1, cost=1)
    lesson(2, cost=0)

    assert balance(alice) == 0
    assert history(alice) == [("grant", 3), ("debit", -2), ("debit", -1)]


def test_a_booking_that_cannot_be_paid_is_none(alice, pack, lesson):
    pack(1)

    with pytest.raises(NotEnoughCredits):
        lesson(0, cost=2)

    assert balance(alice) == 1
    assert not Meeting.objects.exists()
    assert TimeSlot.objects.get().is_available


def test_nobody_spends_the_credits_of_another(alice, bob, tim, pack, lesson):
    services.grant_credits(by=tim, user=bob, credits=5, expires_at=hour(900))  # these would go first
    pack(3)

    meeting = lesson(cost=2)
    assert (balance(alice), balance(bob)) == (1, 5)
    cancel_meeting(by=alice, meeting_id=meeting.pk)
    assert (balance(alice), balance(bob)) == (3, 5)
    with pytest.raises(NotEnoughCredits):
        lesson(1, cost=4)


def test_credits_that_expire_first_go_first_and_return_where_they_came_from(alice, pack, lesson):
    pack(2)
    pack(2, days=30)
    pack(2, days=10)

    meeting = lesson(0, cost=3)
    assert [lot.remaining for lot in CreditLot.objects.order_by("id")] == [2, 1, 0]
    cancel_meeting(by=alice, meeting_id=meeting.pk)

    assert [lot.remaining for lot in CreditLot.objects.order_by("id")] == [2, 2, 2]
    assert history(alice)[3:] == [("debit", -1), ("debit", -2), ("return", 1), ("return", 2)]


def test_credits_are_returned_or_forfeited_once(alice, pack, lesson):
    pack(5)
    returned, forfeited = lesson(0, cost=2), lesson(1, cost=1)

    assert services.return_credits(meeting_id=returned.pk) == 2
    assert services.return_credits(meeting_id=returned.pk) == 0
    assert services.forfeit_credits(meeting_id=returned.pk) == 0
    assert services.forfeit_credits(meeting_id=forfeited.pk) == 1
    assert services.forfeit_credits(meeting_id=forfeited.pk) == 0
    assert services.return_credits(meeting_id=forfeited.pk) == 0

    assert balance(alice) == 4
    assert history(alice)[-2:] == [("return", 2), ("forfeit", 0)]


def test_a_late_cancellation_forfeits(alice, pack, lesson, settings):
    settings.CREDIT_NOTICE = timedelta(days=30)
    pack(1)

    cancel_meeting(by=alice, meeting_id=lesson(0).pk)

    assert balance(alice) == 0
    assert CreditSpending.objects.get().status == "forfeited"


def test_a_meeting_can_cost_something_again_after_a_return(alice, pack, lesson):
    pack(3)
    meeting = lesson(0, cost=1)
    services.return_credits(meeting_id=meeting.pk)

    services.spend_credits(student_id=alice.pk, meeting_id=meeting.pk, credits=2)

    assert balance(alice) == 1
    assert broken(lambda: CreditSpending.objects.create(user=alice, meeting_id=meeting.pk, credits=1)) == "credit_spending_once"


def test_expired_credits_are_worth_nothing(alice, pack, lesson):
    pack(2, days=1)
    CreditLot.objects.update(expires_at=Now() - timedelta(seconds=1))

    assert balance(alice) == 0
    with pytest.raises(NotEnoughCredits):
        lesson(0)


def test_what_expired_is_written_off_once(alice, pack):
    pack(2, days=1)
    pack(3, days=2)
    CreditLot.objects.filter(granted=2).update(expires_at=Now())

    assert services.expire_credits() == 1
    assert services.expire_credits() == 0

    assert history(alice)[2:] == [("expiry", -2)]
    assert balance(alice) == 3


def test_staff_may_give_credits(alice, tim, sue):
    services.grant_credits(by=tim, user=alice, credits=2, expires_at=Now() + timedelta(days=1), note="a trial")

    assert list(CreditEntry.objects.values_list("kind", "change", "by", "note")) == [("grant", 2, tim.pk, "a trial")]
    for by in (alice, sue):
        with pytest.raises(NotAllowed):
            services.grant_credits(by=by, user=by, credits=1)
    with pytest.raises(Invalid):
        services.grant_credits(by=tim, user=alice, credits=0)


def test_the_database_keeps_the_credits(alice, bob, pack, lesson):
    pack(2)
    lesson(0)
    lots = CreditLot.objects.all()

    assert broken(lambda: lots.update(remaining=-1)) == "credit_lot_balance"
    assert broken(lambda: lots.update(remaining=3)) == "credit_lot_balance"
    assert broken(lambda: lots.update(granted=10)) == "credit_lot_grant_final"
    assert broken(lambda: lots.update(user=bob)) == "credit_lot_grant_final"
    assert broken(lambda: lots.update(order_item=None)) == "credit_lot_grant_final"
    for change in ({"change": 5}, {"note": "another"}, {"change": 5, "note": ""}):  # a note may be emptied, and no more
        assert broken(lambda change=change: CreditEntry.objects.update(**change)) == "credit_entry_append_only"
    assert broken(lambda: CreditEntry.objects.all().delete()) == "credit_entry_append_only"
    entry = CreditEntry(user=alice, lot=lots.get(), kind="grant", change=5)
    assert broken(entry.save) == "credit_entry_append_only"


@pytest.mark.parametrize("final", ["returned", "forfeited"])
def test_the_database_lets_credits_be_settled_once(pack, lesson, final):
    pack(2)
    lesson(0)
    CreditSpending.objects.update(status=final)

    for status in {"spent", "returned", "forfeited"} - {final}:
        assert broken(lambda status=status: CreditSpending.objects.update(status=status)) == "credit_spending_final"


def test_a_cause_serves_one_grant(alice, bob, tim):
    services.grant_credits(by=tim, user=alice, credits=1, note="A gift")
    CreditLot.objects.create(user=bob, granted=1, remaining=1)

    assert list(CreditEntry.objects.filter(user=bob).values_list("by", "note")) == [(None, "")]


def test_credits_changed_by_hand_are_a_correction(alice, tim, pack, lesson):
    pack(5)
    lesson(0, cost=2)

    CreditLot.objects.update(remaining=2)
    give_cause("credit", by=tim.pk, note="a mistake")
    CreditLot.objects.update(remaining=1)

    assert history(alice) == [("grant", 5), ("debit", -2), ("correction", -1), ("correction", -1)]
    told = CreditEntry.objects.filter(kind="correction").order_by("id").values_list("by", "note")
    assert list(told) == [(None, ""), (tim.pk, "a mistake")]


def test_spending_takes_as_many_statements_from_ten_packs_as_from_one(alice, pack, lesson, django_assert_num_queries):
    for _ in range(10):
        pack(1)
    meetings = [lesson(0, cost=0), lesson(1, cost=0)]

    for meeting, cost in zip(meetings, (1, 9), strict=True):
        with django_assert_num_queries(6):  # savepoint, lots, spending, cause, lots, release
            services.spend_credits(student_id=alice.pk, meeting_id=meeting.pk, credits=cost)
