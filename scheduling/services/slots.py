"""Offering slots, changing and withdrawing them."""

from datetime import UTC, timedelta

from django.db.models import Exists, Value
from django.db.models.functions import Now

from accounts.models import User
from config.errors import Missing, NotAllowed
from config.writes import only
from scheduling.errors import SlotKept, SlotOverlap, StartInPast, TutorMismatch, UnknownTutor
from scheduling.models import AvailabilityException, TimeSlot
from scheduling.services.locks import in_turn, lock_slot, lock_tutor

CHANGEABLE = {"start_time", "end_time", "is_available", "credits"}


def create_slot(*, by, start_time, end_time, is_available=True, credits=0, tutor_id=None):
    """Offers a slot of the actor, an administrator, or of the tutor who is named. Returns the TimeSlot.

    Raises SlotOverlap, StartInPast, SlotLength and UnknownTutor.
    """
    if not by.is_admin:
        raise NotAllowed
    tutor_id = by.pk if tutor_id is None else tutor_id
    # Nobody queues for what cannot be had; the constraint is for those who look at the same moment.
    overlap = Exists(TimeSlot.objects.overlapping(tutor_id, start_time, end_time)) if end_time > start_time else Value(False)
    now, taken = User.objects.filter(pk=by.pk).values_list(Now(), overlap).get()
    if start_time <= now:
        raise StartInPast
    if taken:
        raise SlotOverlap
    with in_turn():
        if tutor_id != by.pk:
            _lock_working(tutor_id)
        # One statement, which locks the tutor itself (the trigger queue_at_tutor).
        return TimeSlot.objects.create(
            tutor_id=tutor_id, start_time=start_time, end_time=end_time, is_available=is_available, credits=credits
        )


def _lock_working(tutor_id):
    """A tutor who leaves at the same moment waits, or is found to have left."""
    tutors = User.objects.filter(pk=tutor_id, user_type=User.Type.ADMIN, is_active=True)
    if not tutors.select_for_update(no_key=True).exists():
        raise UnknownTutor


def change_slot(*, by, slot_id, tutor_id=None, **changes):
    """Changes times, `is_available` or `credits` (CHANGEABLE) of a slot. Returns the TimeSlot.

    Raises SlotBooked for new times of a slot that a meeting takes, SlotTaken where such a one shall be offered again,
    SlotLength, and TutorMismatch where the slot is another tutor's than the one who is named.
    """
    only(CHANGEABLE, changes)
    with in_turn():
        slot, now = _lock(by, slot_id)
        if tutor_id not in (None, slot.tutor_id):
            raise TutorMismatch
        changed = {name: value for name, value in changes.items() if value != getattr(slot, name)}
        if not changed:
            return slot
        if "start_time" in changed and changed["start_time"] <= now:
            raise StartInPast
        if changed.keys() & {"start_time", "end_time"}:
            _keep_away(slot)
            changed["origin"] = TimeSlot.Origin.HAND
        if changed.get("is_available") and slot.origin == TimeSlot.Origin.RETIRED:
            changed["origin"] = TimeSlot.Origin.HAND  # no rule offers it any more, but somebody does
        for name, value in changed.items():
            setattr(slot, name, value)
        slot.save(update_fields=list(changed))
    return slot


def delete_slot(*, by, slot_id):
    """Takes a slot away for good. Raises SlotKept where it has, or had, a meeting."""
    with in_turn():
        slot, _ = _lock(by, slot_id)
        if slot.meetings.exists():
            raise SlotKept
        _keep_away(slot)
        slot.delete()


def _lock(by, slot_id):
    if not by.is_admin:
        raise NotAllowed
    tutor_id = TimeSlot.objects.filter(pk=slot_id).values_list("tutor_id", flat=True).first()
    if tutor_id is None:
        raise Missing
    now = lock_tutor(tutor_id).now
    slot = lock_slot(slot_id)
    if slot is None:
        raise Missing
    return slot, now


def _keep_away(slot):
    """A slot of a weekly rule that was taken away or moved by hand must not come back: its hours become hours off."""
    if slot.origin != TimeSlot.Origin.RULE:
        return
    start = slot.start_time.astimezone(UTC)
    midnight = (start + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    end = min(slot.end_time.astimezone(UTC), midnight)  # the part before midnight is enough to keep the slot away
    AvailabilityException.objects.create(
        tutor_id=slot.tutor_id,
        kind=AvailabilityException.Kind.OFF,
        date=start.date(),
        start_time=start.time(),
        end_time=end.time(),  # of midnight, 00:00: the one after the day
        time_zone="UTC",
    )
