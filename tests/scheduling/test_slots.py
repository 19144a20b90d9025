"""Offering time."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from config.errors import Missing, NotAllowed, Protected, constraint_of
from scheduling import services
from scheduling.errors import SlotBooked, SlotEndsBeforeStart, SlotOverlap, SlotTaken, StartInPast
from scheduling.models import Meeting, TimeSlot
from tests.scheduling.conftest import hour

pytestmark = pytest.mark.django_db


def refused(write):
    """The name of the constraint that refuses a write."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        write()
    return constraint_of(caught.value)


def test_only_administrators_offer_slots(alice, sue):
    for user in (alice, sue):
        with pytest.raises(NotAllowed):
            services.create_slot(by=user, start_time=hour(0), end_time=hour(1))


def test_a_slot_lies_ahead_and_ends_after_its_start(tim):
    with pytest.raises(StartInPast):
        services.create_slot(by=tim, start_time=hour(days=-1), end_time=hour(1))
    with pytest.raises(SlotEndsBeforeStart):
        services.create_slot(by=tim, start_time=hour(1), end_time=hour(1))


def test_slots_of_two_tutors_may_overlap(slot, make_admin):
    slot()
    assert slot(tutor=make_admin("tom")).pk

    with pytest.raises(SlotOverlap):
        slot(minutes=5)


def test_the_database_refuses_overlaps_and_turned_times(tim, slot):
    slot()

    assert refused(lambda: TimeSlot.objects.create(tutor=tim, start_time=hour(0), end_time=hour(2))) == "slot_overlap"
    assert refused(lambda: TimeSlot.objects.create(tutor=tim, start_time=hour(5), end_time=hour(5))) == "slot_ends_after_start"
    assert refused(lambda: TimeSlot.objects.create(tutor=tim, start_time=hour(5), end_time=hour(4))) == "slot_ends_after_start"
    other = slot(5)
    assert refused(lambda: TimeSlot.objects.filter(pk=other.pk).update(start_time=hour(0))) == "slot_overlap"


def test_a_taken_slot_keeps_its_times_and_tutor(tim, book, make_admin):
    taken = book().time_slot_id
    own = TimeSlot.objects.filter(pk=taken)

    with pytest.raises(SlotBooked):
        services.change_slot(by=tim, slot_id=taken, start_time=hour(5), end_time=hour(6))
    with pytest.raises(SlotTaken):
        services.change_slot(by=tim, slot_id=taken, is_available=True)
    assert refused(lambda: own.update(end_time=hour(9))) == "slot_booked"
    assert refused(lambda: own.update(tutor=make_admin("tom"))) == "slot_booked"
    assert refused(lambda: own.update(is_available=True)) == "slot_taken"
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

    with pytest.raises(Protected):
        services.delete_slot(by=tim, slot_id=meeting.time_slot_id)
    free = slot(3)
    services.delete_slot(by=tim, slot_id=free.pk)
    assert not TimeSlot.objects.filter(pk=free.pk).exists()
