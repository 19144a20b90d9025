"""What becomes of slots that are there when hours change: free ones go, booked ones and those made by hand stay."""

from datetime import time, timedelta

import pytest
from django.utils import timezone

from scheduling import services
from scheduling.errors import SlotUnavailable
from scheduling.models import AvailabilityException, Meeting, TimeSlot
from tests.scheduling.conftest import at, hours, monday

pytestmark = pytest.mark.django_db


def test_changing_hours_moves_free_slots_and_no_booked_one(rule, book, tim):
    hourly = rule(end_time=time(14))
    booked = book(TimeSlot.objects.get(start_time=at(11)))

    services.change_rule(by=tim, rule_id=hourly.pk, start_time=time(11, 30), slot_minutes=30)

    assert hours() == ["11:00", "12:00", "12:30", "13:00", "13:30"]
    assert Meeting.objects.get().start_time == booked.start_time
    services.remove_rule(by=tim, rule_id=hourly.pk)
    assert hours() == ["11:00"]


def test_hours_that_stop_and_come_back_offer_the_same_slot_again(rule, book, tim):
    hourly = rule()
    meeting = book(TimeSlot.objects.get(start_time=at(10)))
    services.cancel_meeting(by=tim, meeting_id=meeting.pk)
    slot = TimeSlot.objects.get(pk=meeting.time_slot_id)
    assert slot.is_available

    services.change_rule(by=tim, rule_id=hourly.pk, weekday=3)
    slot.refresh_from_db()
    assert (slot.origin, slot.is_available) == ("retired", False)  # the canceled meeting refers to it

    services.change_rule(by=tim, rule_id=hourly.pk, weekday=0)
    slot.refresh_from_db()
    assert (slot.origin, slot.is_available) == ("rule", True)


@pytest.mark.parametrize("away", ["canceled", "moved"])
@pytest.mark.parametrize("why", ["no hours", "day off"])
def test_a_booked_slot_that_hours_no_longer_ask_for_is_never_offered_again(rule, book, slot, tim, alice, bob, why, away):
    hourly = rule(valid_until=monday())
    meeting = book(TimeSlot.objects.get(start_time=at(10)))
    taken = TimeSlot.objects.get(pk=meeting.time_slot_id)

    if why == "no hours":
        services.remove_rule(by=tim, rule_id=hourly.pk)
    else:
        services.add_exception(by=tim, date=monday(), kind="off", time_zone="UTC")
    assert Meeting.objects.get(pk=meeting.pk).status == "pending"
    if away == "canceled":
        services.cancel_meeting(by=tim, meeting_id=meeting.pk)
    else:
        services.move_meeting(by=alice, meeting_id=meeting.pk, time_slot_id=slot(days=1).pk)

    taken.refresh_from_db()
    assert (taken.origin, taken.is_available) == ("retired", False)
    with pytest.raises(SlotUnavailable):
        book(taken, by=bob)


def test_a_booked_slot_whose_hours_come_back_is_free_once_its_meeting_is_canceled(rule, book, tim):
    hourly = rule()
    meeting = book(TimeSlot.objects.get(start_time=at(10)))
    slot = TimeSlot.objects.get(pk=meeting.time_slot_id)

    services.change_rule(by=tim, rule_id=hourly.pk, weekday=3)
    services.change_rule(by=tim, rule_id=hourly.pk, weekday=0, credits=2)
    slot.refresh_from_db()
    assert (slot.origin, slot.is_available, slot.credits) == ("rule", False, 0)

    services.cancel_meeting(by=tim, meeting_id=meeting.pk)
    slot.refresh_from_db()
    assert slot.is_available


def test_a_slot_without_hours_that_is_offered_by_hand_is_like_any_other(rule, book, tim):
    hourly = rule()
    slot = TimeSlot.objects.get(start_time=at(10))
    services.cancel_meeting(by=tim, meeting_id=book(slot).pk)
    services.remove_rule(by=tim, rule_id=hourly.pk)

    services.change_slot(by=tim, slot_id=slot.pk, is_available=True)
    services.publish_slots(tutor_id=tim.pk)
    services.cancel_meeting(by=tim, meeting_id=book(slot).pk)

    slot.refresh_from_db()
    assert (slot.origin, slot.is_available) == ("hand", True)


def test_slots_made_by_hand_stay_and_keep_their_time(rule, tim):
    own = services.create_slot(by=tim, start_time=at(10, 30), end_time=at(11))
    hourly = rule()

    assert hours() == ["10:30", "11:00"]
    services.remove_rule(by=tim, rule_id=hourly.pk)
    assert TimeSlot.objects.get() == own


def test_a_slot_taken_away_or_moved_by_hand_stays_away(rule, tim):
    rule()
    first, second = TimeSlot.objects.filter(start_time__date=monday()).order_by("start_time")
    services.delete_slot(by=tim, slot_id=first.pk)
    services.change_slot(by=tim, slot_id=second.pk, start_time=at(17), end_time=at(18))

    services.publish_slots(tutor_id=tim.pk)

    assert hours() == ["17:00"]
    assert AvailabilityException.objects.filter(kind="off").count() == 2


@pytest.mark.parametrize(("name", "minute"), [("start_time", 15), ("end_time", 45)])
def test_a_slot_that_begins_later_or_ends_sooner_by_hand_stays_so(rule, tim, name, minute):
    rule()
    slot = TimeSlot.objects.get(start_time=at(10))
    services.change_slot(by=tim, slot_id=slot.pk, **{name: at(10, minute)})
    before = list(TimeSlot.objects.order_by("pk").values())

    services.publish_slots(tutor_id=tim.pk)

    assert list(TimeSlot.objects.order_by("pk").values()) == before


def test_a_slot_over_midnight_stays_away_too(rule, tim):
    """Midnight in UTC, in which the hours off are written down."""
    rule(weekday=1, start_time=time(1, 30), end_time=time(2, 30), time_zone="Etc/GMT-2")
    slot = TimeSlot.objects.earliest("start_time")
    assert slot.start_time.date() < slot.end_time.date()

    services.delete_slot(by=tim, slot_id=slot.pk)
    services.publish_slots(tutor_id=tim.pk)

    assert not TimeSlot.objects.filter(start_time=slot.start_time).exists()


def test_a_slot_withdrawn_by_hand_stays_withdrawn(rule, tim):
    rule()
    slot = TimeSlot.objects.earliest("start_time")
    services.change_slot(by=tim, slot_id=slot.pk, is_available=False)

    services.publish_slots(tutor_id=tim.pk)

    slot.refresh_from_db()
    assert not slot.is_available


def test_a_slot_that_is_under_way_keeps_its_time(rule, tim):
    now = timezone.now()
    under_way = TimeSlot.objects.create(tutor=tim, start_time=now - timedelta(hours=1), end_time=now + timedelta(hours=20))

    for weekday in range(7):
        rule(valid_from=now.date(), weekday=weekday, start_time=time(0), end_time=time(0), slot_minutes=30)

    assert TimeSlot.objects.filter(start_time__gt=now).earliest("start_time").start_time >= under_way.end_time


@pytest.mark.parametrize("ago", [timedelta(days=3), timedelta(minutes=10)])
def test_what_is_over_or_under_way_stays(tim, ago):
    """A slot of hours that are gone, which nobody booked."""
    start = timezone.now() - ago
    over = TimeSlot.objects.create(tutor=tim, start_time=start, end_time=start + timedelta(hours=1), origin="rule")

    services.publish_slots(tutor_id=tim.pk)

    assert TimeSlot.objects.get() == over
