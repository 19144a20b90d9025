"""What becomes of a meeting: confirmed, completed, canceled, moved, or put in other words."""

from copy import copy

from config.errors import Missing, NotAllowed
from config.writes import hold_open, only
from scheduling.errors import IllegalTransition, MeetingOver, TooLate
from scheduling.models import Meeting, Status
from scheduling.services import costs, telling
from scheduling.services.booking import look_at_slot
from scheduling.services.locks import hold_people, in_turn, lock_meeting, lock_people, working_tutor

_NEXT = {
    Status.PENDING: {Status.CONFIRMED, Status.CANCELED},
    Status.CONFIRMED: {Status.CANCELED, Status.COMPLETED},
    Status.CANCELED: set(),
    Status.COMPLETED: set(),
}


def change_meeting(*, by, meeting_id, time_slot_id=None, status=None, **words):
    """Changes what a participant or an administrator may change of a meeting, all of it or nothing.

    `time_slot_id` moves it, `words` are `subject` and `notes`, and `status` is where it shall go; the status that it has
    already is no change where it comes along with others, and an IllegalTransition alone. Raises Missing, NotAllowed,
    MeetingOver, IllegalTransition, TooLate, and the obstacles of booking.
    """
    only({"subject", "notes"}, words)
    with in_turn():
        people = _lock_people(by, meeting_id, time_slot_id)
        meeting = lock_meeting(by=by, meeting_id=meeting_id)
        if meeting is None:
            raise Missing
        # Words first: what is told of a move has them already, and no mail of their own goes out beside it.
        _reword(meeting, words)
        if time_slot_id not in (None, meeting.time_slot_id):
            _move(meeting, by, time_slot_id, people)
            if status is not None:
                meeting = lock_meeting(by=by, meeting_id=meeting_id)  # whether it has begun, or is too late, by its new time
        alone = time_slot_id is None and not words
        if status is not None and (alone or status != meeting.status):
            _advance(meeting, by, status)


def confirm_meeting(*, by, meeting_id):
    """The tutor says yes; the student hears of it, with an invitation for the calendar."""
    change_meeting(by=by, meeting_id=meeting_id, status=Status.CONFIRMED)


def complete_meeting(*, by, meeting_id):
    """The tutor says that it took place. It must have begun."""
    change_meeting(by=by, meeting_id=meeting_id, status=Status.COMPLETED)


def cancel_meeting(*, by, meeting_id):
    """Either side calls it off; the slot is free again if it is still ahead."""
    change_meeting(by=by, meeting_id=meeting_id, status=Status.CANCELED)


def call_off(*, by, meeting_id):
    """As cancel_meeting, and never too late: for an account that closes. Credits are returned or kept as ever."""
    with in_turn():
        hold_people(meeting_id)  # who changes their address is waited for: the other side is told at the new one
        meeting = lock_meeting(by=by, meeting_id=meeting_id)
        if meeting is None:
            raise Missing
        _advance(meeting, by, Status.CANCELED, in_time=True)


def move_meeting(*, by, meeting_id, time_slot_id):
    """Frees one slot and takes another, in one transaction."""
    change_meeting(by=by, meeting_id=meeting_id, time_slot_id=time_slot_id)


def _lock_people(by, meeting_id, time_slot_id):
    if by.is_admin:  # they need not take part in it, and others are told who it was
        hold_open(by)
    # Only a move can break what is kept under these locks. They come before the meeting's own, so it is read twice.
    if time_slot_id is None:
        hold_people(meeting_id)
        return {}
    found = Meeting.objects.visible_to(by).filter(pk=meeting_id).values_list("student_id", "time_slot_id").first()
    if found is None:
        raise Missing
    student_id, slot_id = found
    return lock_people(student_id=student_id, slot_ids=[slot_id, time_slot_id])


def _move(meeting, by, slot_id, people):
    if not meeting.is_live:
        raise MeetingOver
    if _is_customer(meeting, by) and meeting.late:
        raise TooLate
    slot = look_at_slot(by=by, meeting=meeting, slot_id=slot_id)
    tutor = working_tutor(people, slot.tutor_id)
    costs.move(meeting, cost=slot.credits, forfeited=meeting.forfeits and _is_customer(meeting, by))
    # Another tutor has not said yes yet.
    status = meeting.status if tutor.pk == meeting.tutor_id else Status.PENDING
    Meeting.objects.filter(pk=meeting.pk).update(
        time_slot_id=slot_id, tutor=tutor, status=status, reminded=slot.reminded, credits=slot.credits
    )
    was = copy(meeting)
    meeting.time_slot_id, meeting.tutor, meeting.status = slot_id, tutor, status
    meeting.start_time, meeting.end_time = slot.start_time, slot.end_time
    meeting.sequence += 1
    telling.moved(meeting, by=by, was=was)


def _reword(meeting, words):
    # No notes are null or "", as clients like it: that is no change.
    changed = {name: value for name, value in words.items() if (value or None) != (getattr(meeting, name) or None)}
    if not changed:
        return
    if not meeting.is_live:
        raise MeetingOver
    Meeting.objects.filter(pk=meeting.pk).update(**changed)
    for name, value in changed.items():
        setattr(meeting, name, value)
    meeting.sequence += 1
    telling.reworded(meeting)


def _advance(meeting, by, status, *, in_time=False):
    customer = _is_customer(meeting, by)
    if customer and status in (Status.CONFIRMED, Status.COMPLETED):
        raise NotAllowed
    if status not in _NEXT[meeting.status] or (status == Status.COMPLETED and not meeting.begun):
        raise IllegalTransition
    if customer and meeting.late and not in_time:
        raise TooLate
    Meeting.objects.filter(pk=meeting.pk).update(status=status)
    was, meeting.status = copy(meeting), status
    meeting.sequence += 1
    if status == Status.CANCELED:
        costs.settle(meeting, forfeited=customer and meeting.forfeits)
        telling.canceled(meeting, by=by, was=was)
    elif status == Status.CONFIRMED:
        telling.confirmed(meeting)


def _is_customer(meeting, by):
    """Whether the actor is bound by the policies: the student, unless administrator or the tutor."""
    return not by.is_admin and by.pk != meeting.tutor_id
