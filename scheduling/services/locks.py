"""Whom to wait for, in the order of docs/locking.md: accounts by id, then meetings by id, then slots by id."""

from contextlib import contextmanager

import psycopg
from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import User
from config.errors import named_constraints
from config.sql import Query
from scheduling.errors import CalendarBusy, SlotUnavailable
from scheduling.models import Meeting, TimeSlot
from scheduling.services.obstacles import OBSTACLE

_NEEDED = {"id", "username", "email", "phone", "first_name", "last_name", "language", "user_type", "is_active", "closed_at"}
_COLUMNS = [field.attname for field in User._meta.concrete_fields if field.attname in _NEEDED]

_PEOPLE = f"""
SELECT {", ".join(f"u.{column}" for column in _COLUMNS)} FROM accounts_user u
WHERE u.id = ANY(%(student)s::bigint || ARRAY(SELECT s.tutor_id FROM scheduling_timeslot s WHERE s.id = ANY(%(slots)s)))"""  # noqa: S608
_HOLD_PEOPLE = Query(
    "SELECT id FROM accounts_user WHERE id IN (SELECT unnest(ARRAY[student_id, tutor_id]) FROM scheduling_meeting"
    " WHERE id = %(meeting)s) ORDER BY id FOR KEY SHARE"
)
# NO KEY: rows that only refer to an account (notifications, sessions) need not wait.
_IN_ORDER = "ORDER BY u.id FOR NO KEY UPDATE OF u"
_LOCK_PEOPLE = Query(f"{_PEOPLE} {_IN_ORDER}")
# Nobody queues for what cannot be had as it looks now.
_LOCK_BOOKERS = Query(f"""{_PEOPLE}
    AND EXISTS (SELECT FROM scheduling_timeslot s WHERE s.id = ANY(%(slots)s) AND {OBSTACLE} IS NULL) {_IN_ORDER}""")


@contextmanager
def in_turn():
    """One transaction that queues for people and slots.

    Raises CalendarBusy where its turn did not come within lock_timeout (nothing has happened then), and broken constraints
    as their typed errors.
    """
    try:
        with named_constraints(), transaction.atomic():
            yield
    except OperationalError as error:
        if isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
            raise CalendarBusy from error
        raise


def lock_people(*, student_id, slot_ids):
    """Locks the student and the tutors of the slots, and returns them by id. Those who are missing are left out.

    Whoever books for the same student, or publishes slots of the same tutors, waits.
    """
    return _lock(_LOCK_PEOPLE, {"student": student_id, "slots": list(slot_ids)})


def lock_bookers(places):
    """The same where one of the slots at least can be booked as it looks now; otherwise locks nothing, and returns {}.

    `places` are those of OBSTACLE.
    """
    return _lock(_LOCK_BOOKERS, places)


def _lock(query, places):
    users = (User.from_db(None, _COLUMNS, row) for row in query.run(places))
    return {user.pk: user for user in users}


def hold_people(meeting_id):
    """Keeps a meeting's people from closing their accounts, or waits until they have; nobody else waits for it.

    Who closes an account holds it and then cancels its meetings, and what tells of a meeting refers to its people.
    """
    _HOLD_PEOPLE.run({"meeting": meeting_id})


def lock_tutor(tutor_id):
    """Locks one tutor, whose slots are to be published or changed. Annotated with `now`, the database's time."""
    return User.objects.select_for_update(no_key=True).annotate(now=Now()).get(pk=tutor_id)


def lock_meeting(*, by, meeting_id):
    """Locks a meeting that the actor takes part in or administers, or returns None.

    Its `student` and `tutor` come along, and three facts by the database's clock: whether it has `begun`, and whether it is
    too late to cancel it (`late`) or to get the credits back (`forfeits`).
    """
    found = (
        Meeting.objects.visible_to(by)
        .select_related("student", "tutor")
        .select_for_update(of=("self",), no_key=True)
        .annotate(
            begun=Q(start_time__lte=Now()),
            late=Q(start_time__lte=Now() + settings.CANCEL_NOTICE),
            forfeits=Q(start_time__lte=Now() + settings.CREDIT_NOTICE),
        )
        .filter(pk=meeting_id)
    )
    # Who waited while the meeting went to another tutor finds none: PostgreSQL joins its new row to the old tutor. But the
    # row is locked by then, and a second look finds it.
    return found.first() or found.first()


def lock_slot(slot_id):
    """Locks one slot, or returns None."""
    return TimeSlot.objects.select_for_update(no_key=True).filter(pk=slot_id).first()


def working_tutor(people, tutor_id):
    """The tutor, if they still work here. Raises SlotUnavailable."""
    tutor = people.get(tutor_id)
    if tutor is None or not (tutor.is_active and tutor.is_admin):
        raise SlotUnavailable
    return tutor
