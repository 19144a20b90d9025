"""Taking slots: one, the same hour of several weeks, or another one than before."""

from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db import connection, transaction

from config.errors import named_constraints
from scheduling.errors import Obstacle, TutorMismatch, UnknownSlot, UnknownStudent
from scheduling.models import Meeting, Status
from scheduling.services import costs, telling
from scheduling.services.locks import lock_people, working_tutor

# Why a slot cannot be taken, as the code of an error, or NULL. `is_available` is the row's newest, as the slot is locked;
# a slot that is available is not taken (models.slots). Meetings are seen as of the moment when the people were locked.
_OBSTACLE = """CASE
    WHEN NOT s.is_available AND EXISTS (
        SELECT FROM scheduling_meeting m WHERE m.time_slot_id = s.id AND m.status <> 'canceled') THEN 'slot_taken'
    WHEN s.start_time <= statement_timestamp() THEN 'slot_in_past'
    WHEN NOT s.is_available THEN 'slot_unavailable'
    WHEN s.start_time < statement_timestamp() + %(notice)s::interval THEN 'booking_too_late'
    WHEN s.start_time > statement_timestamp() + %(ahead)s::interval THEN 'booking_too_early'
    WHEN EXISTS (
        SELECT FROM scheduling_meeting m
        WHERE m.student_id = %(student)s::bigint AND m.status <> 'canceled' AND m.id <> %(meeting)s::bigint
            AND tstzrange(m.start_time, m.end_time, '[)') && tstzrange(s.start_time, s.end_time, '[)')) THEN 'student_overlap'
    WHEN EXISTS (
        SELECT FROM scheduling_tutorsettings t
        JOIN scheduling_timeslot o ON o.tutor_id = t.tutor_id AND o.id <> s.id AND tstzrange(o.start_time, o.end_time, '[)')
            && tstzrange(s.start_time - make_interval(mins => t.buffer_minutes),
                         s.end_time + make_interval(mins => t.buffer_minutes), '[)')
        JOIN scheduling_meeting m ON m.time_slot_id = o.id AND m.status <> 'canceled' AND m.id <> %(meeting)s::bigint
        WHERE t.tutor_id = s.tutor_id AND t.buffer_minutes > 0) THEN 'too_close'
END"""
# Reminders whose time is over already are not for this meeting.
_REMINDED = """(SELECT min(r) FROM unnest(%(reminders)s::integer[]) r
    WHERE s.start_time - make_interval(secs => r) <= statement_timestamp())"""

# One statement, as it is the busiest: locks the slots, looks for what is in the way, and books those without.
_BOOK = f"""
WITH locked AS MATERIALIZED (
    SELECT * FROM scheduling_timeslot WHERE id = ANY(%(slots)s) ORDER BY id FOR NO KEY UPDATE
), slots AS MATERIALIZED (
    SELECT s.*, {_OBSTACLE} AS obstacle, {_REMINDED} AS reminded FROM locked s
), booked AS (
    INSERT INTO scheduling_meeting (student_id, tutor_id, time_slot_id, subject, notes, credits, reminded)
    SELECT %(student)s, tutor_id, id, %(subject)s, %(notes)s, credits, reminded FROM slots WHERE obstacle IS NULL ORDER BY id
    RETURNING id, time_slot_id, created_at, uid
)
SELECT s.id, s.tutor_id, s.start_time, s.end_time, s.credits, s.obstacle, b.id, b.created_at, b.uid, s.reminded
FROM slots s LEFT JOIN booked b ON b.time_slot_id = s.id ORDER BY s.start_time"""  # noqa: S608 (our own text)

_LOOK = f"""
WITH locked AS MATERIALIZED (
    SELECT * FROM scheduling_timeslot WHERE id = ANY(%(slots)s) ORDER BY id FOR NO KEY UPDATE
)
SELECT {_OBSTACLE}, s.tutor_id, s.start_time, s.end_time, s.credits, {_REMINDED} FROM locked s WHERE s.id = %(slot)s
"""  # noqa: S608 (our own text)


class FreeSlot(NamedTuple):
    """A slot, locked, that can be taken. `reminded` is what Meeting.reminded starts with."""

    tutor_id: int
    start_time: datetime
    end_time: datetime
    credits: int
    reminded: int | None


def book_meeting(*, by, time_slot_id, subject, notes=None, tutor_id=None, student_id=None):
    """Books a slot for the actor, or, by an administrator, for another student. Tells the tutor. Returns the Meeting.

    `tutor_id` may be given as a check. Raises an Obstacle (a typed 409) where the slot cannot be taken, and UnknownSlot,
    UnknownStudent or TutorMismatch for values that make no sense.
    """
    student_id = student_of(by, student_id)
    with named_constraints(), transaction.atomic():
        people = lock_people(student_id=student_id, slot_ids=[time_slot_id])
        rows = take_slots(by=by, student_id=student_id, slot_ids=[time_slot_id], subject=subject, notes=notes)
        if not rows:
            raise UnknownSlot
        check_student(people, student_id)
        [(meeting, obstacle)] = rows
        if tutor_id not in (None, meeting.tutor_id):
            raise TutorMismatch
        if obstacle:
            raise Obstacle.named[obstacle]
        meeting.student, meeting.tutor = people[student_id], working_tutor(people, meeting.tutor_id)
        costs.spend(meeting)
        telling.booked(meeting)
    return meeting


def student_of(by, student_id):
    """Whom the meeting is for. Raises UnknownStudent where a customer names somebody else."""
    if student_id in (None, by.pk):
        return by.pk
    if not by.is_admin:
        raise UnknownStudent
    return student_id


def check_student(people, student_id):
    """Raises UnknownStudent for an account that was closed, or never opened."""
    if student_id not in people or people[student_id].closed_at:
        raise UnknownStudent


def take_slots(*, by, student_id, slot_ids, subject, notes):
    """Books all of these slots that can be booked; the people are locked already. Returns [(meeting, obstacle)].

    In the order of their times, and without slots that do not exist. Where `obstacle` (a code) is set, the meeting was
    not written; it only says which tutor and times it would have had.
    """
    places = _places(by, student_id, slot_ids) | {"subject": subject, "notes": notes}
    with connection.cursor() as cursor:
        cursor.execute(_BOOK, places)
        rows = cursor.fetchall()
    found = []
    for slot_id, tutor_id, start, end, cost, obstacle, meeting_id, created_at, uid, reminded in rows:
        meeting = Meeting(
            pk=meeting_id,
            student_id=student_id,
            tutor_id=tutor_id,
            time_slot_id=slot_id,
            subject=subject,
            notes=notes,
            status=Status.PENDING,
            created_at=created_at,
            updated_at=created_at,
            start_time=start,
            end_time=end,
            credits=cost,
            uid=uid,
            sequence=0,
            reminded=reminded,
        )
        found.append((meeting, obstacle))
    return found


def look_at_slot(*, by, meeting, slot_id):
    """Locks a meeting's slot and another one to which it might move, and returns what matters of the latter.

    Raises the Obstacle that is in the way, and UnknownSlot.
    """
    places = _places(by, meeting.student_id, [meeting.time_slot_id, slot_id], meeting_id=meeting.pk) | {"slot": slot_id}
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, places)
        row = cursor.fetchone()
    if row is None:
        raise UnknownSlot
    obstacle, *facts = row
    if obstacle:
        raise Obstacle.named[obstacle]
    return FreeSlot(*facts)


def _places(by, student_id, slot_ids, meeting_id=0):
    # How early and how late one may book binds customers; administrators book at any time before the start.
    return {
        "slots": list(slot_ids),
        "student": student_id,
        "meeting": meeting_id,
        "notice": "0" if by.is_admin else settings.BOOKING_NOTICE,
        "ahead": None if by.is_admin else settings.BOOKING_AHEAD,
        "reminders": [int(before.total_seconds()) for before in settings.REMINDERS],
    }
