"""Taking slots: one, the same hour of several weeks, or another one than before."""

from datetime import datetime
from typing import NamedTuple

from config.sql import Query, Writing
from scheduling.errors import Obstacle, TutorMismatch, UnknownSlot, UnknownStudent
from scheduling.models import Meeting, Status
from scheduling.services import costs, telling
from scheduling.services.locks import in_turn, lock_bookers, working_tutor
from scheduling.services.obstacles import OBSTACLE, places

# Reminders whose time is over already are not for this meeting.
_REMINDED = """(SELECT min(r) FROM unnest(%(reminders)s::integer[]) r
    WHERE s.start_time - make_interval(secs => r) <= statement_timestamp())"""

# One statement, as it is the busiest: locks the slots, looks for what is in the way, and books those without.
_BOOK = Writing(f"""
WITH locked AS MATERIALIZED (
    SELECT * FROM scheduling_timeslot WHERE id = ANY(%(slots)s) ORDER BY id FOR NO KEY UPDATE
), slots AS MATERIALIZED (
    SELECT s.*, {OBSTACLE} AS obstacle, {_REMINDED} AS reminded FROM locked s
), scheduling_meeting AS (
    INSERT INTO scheduling_meeting (student_id, tutor_id, time_slot_id, subject, notes, credits, reminded)
    SELECT %(student)s, tutor_id, id, %(subject)s, %(notes)s, credits, reminded FROM slots WHERE obstacle IS NULL ORDER BY id
    RETURNING *
)
SELECT s.id, s.tutor_id, s.start_time, s.end_time, s.credits, s.obstacle, written.id, written.created_at, written.uid, s.reminded,
    {{returned}}
FROM slots s LEFT JOIN scheduling_meeting AS written ON written.time_slot_id = s.id ORDER BY s.start_time""")  # noqa: S608 (our own text)

# The same columns by a look without locks. Where nothing is in the way any more, it was a moment ago.
_REFUSE = Query(f"""
SELECT s.id, s.tutor_id, s.start_time, s.end_time, s.credits, coalesce({OBSTACLE}, 'slot_taken'), NULL, NULL, NULL, NULL, NULL
FROM scheduling_timeslot s WHERE s.id = ANY(%(slots)s) ORDER BY s.start_time""")  # noqa: S608 (our own text)

_LOOK = Query(f"""
WITH locked AS MATERIALIZED (
    SELECT * FROM scheduling_timeslot WHERE id = ANY(%(slots)s) ORDER BY id FOR NO KEY UPDATE
)
SELECT {OBSTACLE}, s.tutor_id, s.start_time, s.end_time, s.credits, {_REMINDED} FROM locked s WHERE s.id = %(slot)s
""")  # noqa: S608 (our own text)


class FreeSlot(NamedTuple):
    """A slot, locked, that can be taken. `reminded` is what Meeting.reminded starts with."""

    tutor_id: int
    start_time: datetime
    end_time: datetime
    credits: int
    reminded: int | None


def book_meeting(*, by, time_slot_id, subject, notes=None, tutor_id=None, student_id=None, returning=None):
    """Books a slot for the actor, or, by an administrator, for another student. Tells the tutor. Returns the Meeting.

    Its `returned` is what `returning` (config.sql) makes of it. `tutor_id` may be given as a check. Raises an Obstacle (a
    typed 409) where the slot cannot be taken, and UnknownSlot, UnknownStudent or TutorMismatch for values that make no sense.
    """
    student_id = student_of(by, student_id)
    with in_turn():
        people, found = take_slots(
            by=by, student_id=student_id, slot_ids=[time_slot_id], subject=subject, notes=notes, returning=returning
        )
        if not found:
            raise UnknownSlot
        [(meeting, obstacle)] = found
        if tutor_id not in (None, meeting.tutor_id):
            raise TutorMismatch
        if obstacle:
            raise Obstacle.named[obstacle]
        meeting.student, meeting.tutor = student_among(people, student_id), working_tutor(people, meeting.tutor_id)
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


def student_among(people, student_id):
    """The student. Raises UnknownStudent for an account that was closed, or never opened."""
    if student_id not in people or people[student_id].closed_at:
        raise UnknownStudent
    return people[student_id]


def take_slots(*, by, student_id, slot_ids, subject, notes, returning=None):
    """Books all of these slots that can be booked. Returns (people by id, [(meeting, obstacle)]).

    The meetings are in the order of their times, without slots that do not exist. Where `obstacle` (a code) is set, the
    meeting was not written; it only says which tutor and times it would have had. People is empty where all have one.
    """
    values = places(by=by, student_id=student_id, slot_ids=slot_ids) | {"subject": subject, "notes": notes}
    people = lock_bookers(values)
    rows = _BOOK.run(values, returning) if people else _REFUSE.run(values)
    found = []
    for slot_id, tutor_id, start, end, cost, obstacle, meeting_id, created_at, uid, reminded, returned in rows:
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
        meeting.returned = returned
        found.append((meeting, obstacle))
    return people, found


def look_at_slot(*, by, meeting, slot_id):
    """Locks a meeting's slot and another one to which it might move, and returns what matters of the latter.

    Raises the Obstacle that is in the way, and UnknownSlot.
    """
    slots = [meeting.time_slot_id, slot_id]
    values = places(by=by, student_id=meeting.student_id, slot_ids=slots, meeting_id=meeting.pk) | {"slot": slot_id}
    rows = _LOOK.run(values)
    if not rows:
        raise UnknownSlot
    obstacle, *facts = rows[0]
    if obstacle:
        raise Obstacle.named[obstacle]
    return FreeSlot(*facts)
