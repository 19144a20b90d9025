"""Offering time."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.services import change_account
from config.errors import Missing, NotAllowed
from scheduling import errors, services
from scheduling.errors import SlotBooked, SlotEndsBeforeStart, SlotOverlap, SlotTaken, StartInPast
from scheduling.models import Meeting, TimeSlot
from tests.refusals import broken
from tests.scheduling.conftest import hour

pytestmark = pytest.mark.django_db


def test_only_administrators_offer_slots(alice, sue):
    for user in (alice, sue):
        with pytest.raises(NotAllowed):
            services.create_slot(by=user, start_time=hour(0), end_time=hour(1))


def test_a_slot_lies_ahead_and_ends_after_its_start(tim):
    with pytest.raises(StartInPast):
        services.create_slot(by=tim, start_time=hour(days=-1), end_time=hour(1))
    with pytest.raises(SlotEndsBeforeStart):
        services.create_slot(by=tim, start_time=hour(1), end_time=hour(1))


def test_whether_a_slot_lies_ahead_is_told_by_the_database_s_clock(tim, monkeypatch):
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now - timedelta(hours=1))

    with pytest.raises(StartInPast):
        services.create_slot(by=tim, start_time=now - timedelta(minutes=1), end_time=now + timedelta(minutes=9))


@pytest.mark.parametrize("length", [timedelta(microseconds=1), timedelta(minutes=4), timedelta(hours=25), timedelta(days=3650)])
def test_a_slot_lasts_from_5_minutes_to_24_hours(tim, slot, length):
    with pytest.raises(errors.SlotLength):
        services.create_slot(by=tim, start_time=hour(), end_time=hour() + length)
    with pytest.raises(errors.SlotLength):
        services.change_slot(by=tim, slot_id=slot(days=9).pk, end_time=hour(days=9) + length)
    assert broken(lambda: TimeSlot.objects.create(tutor=tim, start_time=hour(), end_time=hour() + length)) == "slot_length"


@pytest.mark.parametrize("minutes", [5, 1440])
def test_the_shortest_and_the_longest_slot(slot, minutes):
    assert slot(minutes=minutes).pk


def test_a_slot_lies_in_the_years_from_1900_to_9000(tim):
    def create(start, end):
        return TimeSlot.objects.create(tutor=tim, start_time=start, end_time=end)

    first, end, hour = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC), timedelta(hours=1)
    blink = timedelta(microseconds=1)

    assert create(first, first + hour).pk
    assert create(end - hour, end - blink).pk
    assert broken(lambda: create(first - blink, first + hour)) == "slot_in_reach"
    assert broken(lambda: create(end - hour, end)) == "slot_in_reach"


def test_what_may_change_of_a_slot_is_named(tim, slot, make_admin):
    with pytest.raises(TypeError, match="origin"):
        services.change_slot(by=tim, slot_id=slot().pk, origin="rule")
    with pytest.raises(errors.TutorMismatch):
        services.change_slot(by=tim, slot_id=slot(1).pk, tutor_id=make_admin("second").pk)


def test_slots_of_two_tutors_may_overlap(slot, make_admin):
    slot()
    assert slot(tutor=make_admin("tom")).pk

    with pytest.raises(SlotOverlap):
        slot(minutes=5)


def test_the_database_refuses_overlaps_and_turned_times(tim, slot):
    slot()

    assert broken(lambda: TimeSlot.objects.create(tutor=tim, start_time=hour(0), end_time=hour(2))) == "slot_overlap"
    assert broken(lambda: TimeSlot.objects.create(tutor=tim, start_time=hour(5), end_time=hour(5))) == "slot_ends_after_start"
    assert broken(lambda: TimeSlot.objects.create(tutor=tim, start_time=hour(5), end_time=hour(4))) == "slot_ends_after_start"
    other = slot(5)
    assert broken(lambda: TimeSlot.objects.filter(pk=other.pk).update(start_time=hour(0))) == "slot_overlap"


def test_a_taken_slot_keeps_its_times_and_tutor(tim, book, make_admin):
    taken = book().time_slot_id
    own = TimeSlot.objects.filter(pk=taken)

    with pytest.raises(SlotBooked):
        services.change_slot(by=tim, slot_id=taken, start_time=hour(5), end_time=hour(6))
    with pytest.raises(SlotTaken):
        services.change_slot(by=tim, slot_id=taken, is_available=True)
    assert broken(lambda: own.update(start_time=hour(-9))) == "slot_booked"
    assert broken(lambda: own.update(end_time=hour(9))) == "slot_booked"
    assert broken(lambda: own.update(tutor=make_admin("tom"))) == "slot_booked"
    assert broken(lambda: own.update(is_available=True)) == "slot_taken"
    assert services.change_slot(by=tim, slot_id=taken, credits=2).credits == 2


def test_a_slot_whose_meeting_was_canceled_may_move(tim, book):
    meeting = book()
    services.cancel_meeting(by=tim, meeting_id=meeting.pk)

    services.change_slot(by=tim, slot_id=meeting.time_slot_id, start_time=hour(5), end_time=hour(6))

    assert Meeting.objects.get().start_time == hour(0)  # what was canceled stays as it was


def test_changing_a_slot(tim, slot):
    one = slot()
    with pytest.raises(StartInPast):
        services.change_slot(by=tim, slot_id=one.pk, start_time=hour(days=-1))
    with pytest.raises(Missing):
        services.change_slot(by=tim, slot_id=one.pk + 1, is_available=False)
    slot(1)
    with pytest.raises(SlotOverlap):
        services.change_slot(by=tim, slot_id=one.pk, end_time=hour(0) + timedelta(minutes=61))


def test_a_slot_that_had_a_meeting_is_not_deleted(tim, alice, slot, book):
    meeting = book()
    services.cancel_meeting(by=alice, meeting_id=meeting.pk)

    with pytest.raises(errors.SlotKept):
        services.delete_slot(by=tim, slot_id=meeting.time_slot_id)
    free = slot(3)
    services.delete_slot(by=tim, slot_id=free.pk)
    assert not TimeSlot.objects.filter(pk=free.pk).exists()


@pytest.mark.parametrize("notice", [timedelta(0), timedelta(hours=4)])
@pytest.mark.parametrize("ahead", [None, timedelta(days=4)])
def test_what_is_offered_is_what_can_be_booked(slot, book, alice, bob, tim, make_admin, settings, notice, ahead):
    """Hours inside the tutor's pause, too soon, too far, withdrawn, taken, of one who left or is away: booking and list agree."""
    settings.BOOKING_NOTICE, settings.BOOKING_AHEAD = notice, ahead
    soon = timezone.now() + timedelta(hours=3)
    left, away, other = make_admin("left"), make_admin("away"), make_admin("other")
    services.set_buffer(by=tim, buffer_minutes=60)
    taken = slot(10)
    slots = [slot(number) for number in (2, 8, 9, 11, 12)]  # 9 and 11 touch the one that is taken
    slots += [
        taken,
        slot(20, is_available=False),
        slot(10, tutor=other),
        slot(11, tutor=other),
        slot(12, tutor=left),
        slot(12, tutor=away),
    ]
    for start in (soon, soon - timedelta(hours=6)):  # the latter is over
        slots.append(TimeSlot.objects.create(tutor=other, start_time=start, end_time=start + timedelta(hours=1)))
    slots.append(slot(0, days=6))
    change_account(by=tim, user=left, user_type="student")
    change_account(by=tim, user=away, is_active=False)
    book(taken, by=alice)

    offered = set(TimeSlot.objects.offered_to(bob).values_list("pk", flat=True))
    bookable = {one.pk for one in slots if can_book(one, bob)}

    assert offered == bookable
    assert len(offered) == 7 - bool(notice) - bool(ahead)


def can_book(slot, user):
    """Whether a booking goes well. It leaves nothing behind."""
    try:
        with transaction.atomic():
            services.book_meeting(by=user, time_slot_id=slot.pk, subject="Algebra")
            transaction.set_rollback(True)
    except errors.Obstacle:
        return False
    return True


def test_the_list_hides_what_lies_in_the_pause(as_user, slot, book, alice, bob, tim):
    services.set_buffer(by=tim, buffer_minutes=30)
    first, close, free = slot(), slot(1), slot(2)
    book(first, by=alice)

    assert [one["id"] for one in as_user(bob).get("/api/v1/timeslots/").json()] == [free.pk]
    assert [one["id"] for one in as_user(tim).get("/api/v1/timeslots/").json()] == [first.pk, close.pk, free.pk]


def test_the_buffer_is_kept_from_the_tutors_own_meetings_that_stand(book, slot, make_admin, tim, alice, bob):
    services.set_buffer(by=tim, buffer_minutes=30)
    services.cancel_meeting(by=alice, meeting_id=book(slot()).pk)
    book(slot(tutor=make_admin("tom")), by=bob)

    assert book(slot(1)).pk


def test_an_administrator_offers_a_slot_of_another_tutor(tim, make_admin):
    second = make_admin("second")

    slot = services.create_slot(by=tim, tutor_id=second.pk, start_time=hour(1), end_time=hour(2))

    assert slot.tutor == second


@pytest.mark.parametrize("who", ["student", "left", "nobody"])
def test_whoever_is_no_working_tutor_offers_no_slot(tim, alice, make_admin, who):
    left = make_admin("second")
    User.objects.filter(pk=left.pk).update(is_active=False)

    with pytest.raises(errors.UnknownTutor):
        services.create_slot(
            by=tim, tutor_id={"student": alice.pk, "left": left.pk, "nobody": 999_999}[who], start_time=hour(1), end_time=hour(2)
        )
    assert not TimeSlot.objects.exists()
