import email
from datetime import UTC, datetime, time, timedelta
from email import policy

import pytest
from django.db import connection
from django.utils import timezone

from scheduling import services
from scheduling.models import Meeting, TimeSlot
from tests.scheduling.invitations import calendar

WEEK = timedelta(days=7)


def hour(number=0, days=3):
    """The start of an hour some days from now, in UTC."""
    base = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=days)
    return base + timedelta(hours=number)


@pytest.fixture
def slot(tim):
    """`slot(3)`: an hour of tim's, three hours after the first."""

    def make(number=0, *, tutor=tim, days=3, minutes=60, **fields):
        start = hour(number, days)
        return services.create_slot(by=tutor, start_time=start, end_time=start + timedelta(minutes=minutes), **fields)

    return make


@pytest.fixture
def book(slot, alice):
    """`book(by=alice)`: a pending meeting with tim."""

    def make(taken=None, *, by=alice, subject="Algebra", status=None, **fields):
        meeting = services.book_meeting(by=by, time_slot_id=(taken or slot()).pk, subject=subject, **fields)
        if status == "confirmed":
            services.confirm_meeting(by=meeting.tutor, meeting_id=meeting.pk)
        return Meeting.objects.get(pk=meeting.pk)

    return make


def available(slot_id):
    """Whether a slot is offered."""
    return TimeSlot.objects.get(pk=slot_id).is_available


@pytest.fixture
def begin(db):
    """`begin(meeting, ago=60)`: as if the meeting had begun so many seconds ago; the database's clock cannot be set."""

    def move(meeting, *, ago=60):
        seconds = (meeting.start_time - timezone.now()).total_seconds() + ago
        shift(meeting, seconds)

    return move


def shift(meeting, seconds):
    """Moves a meeting and its slot to an earlier time behind the triggers' back."""
    for model, key in ((TimeSlot, meeting.time_slot_id), (Meeting, meeting.pk)):
        behind_the_triggers(
            f"UPDATE {model._meta.db_table} SET start_time = start_time - make_interval(secs => %s), "
            "end_time = end_time - make_interval(secs => %s) WHERE id = %s",
            seconds,
            seconds,
            key,
        )


def behind_the_triggers(sql, *params):
    """Writes what no trigger would let pass."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, params)
        cursor.execute("SET LOCAL session_replication_role = origin")


@pytest.fixture
def outbox(settings, outbox):
    """The folder that mails and SMS are written to, as by default; pytest-django would keep mails in memory."""
    settings.EMAIL_BACKEND = "notifications.backends.email.OutboxBackend"
    return outbox


@pytest.fixture
def tom(make_admin):
    """Another tutor."""
    return make_admin("tom")


@pytest.fixture
def mails(run_jobs, outbox):
    """`mails(alice)`: what has come to her since the last look, whoever else got something, once the worker has done its jobs."""

    def read(user):
        run_jobs()
        found = []
        for path in sorted(outbox.iterdir()) if outbox.exists() else ():
            found.append(email.message_from_bytes(path.read_bytes(), policy=policy.default))
            path.unlink()
        return [mail for mail in found if mail["To"] == user.email]

    return read


@pytest.fixture
def invited(book, mails, alice):
    """A confirmed meeting of alice's with tim, whose invitation she has been sent."""
    meeting = book(status="confirmed")
    assert [calendar(mail).method.value for mail in mails(alice)] == ["REQUEST"]
    return meeting


@pytest.fixture
def change(as_user):
    """`change(alice, meeting, subject="Geometry")`: by the API."""

    def act(user, meeting, **changes):
        answer = as_user(user).patch(f"/api/v1/meetings/{meeting.pk}/", changes)
        assert answer.status_code == 200
        return answer.json()

    return act


def monday():
    """A Monday that is at least three days ahead."""
    day = timezone.now().date() + timedelta(days=3)
    return day + timedelta(days=-day.weekday() % 7)


@pytest.fixture
def rule(tim):
    """`rule(end_time=time(14))`: Mondays from 10 to 12, by the hour, in UTC unless said otherwise."""

    def make(**fields):
        values = {"weekday": 0, "start_time": time(10), "end_time": time(12), "slot_minutes": 60, "time_zone": "UTC"}
        return services.add_rule(by=fields.pop("by", tim), **(values | {"valid_from": monday()} | fields))

    return make


def hours(day=None):
    """The starts of the slots of a day, as hours and minutes."""
    day = day or monday()
    found = TimeSlot.objects.filter(start_time__date=day).order_by("start_time")
    return [f"{slot.start_time:%H:%M}" for slot in found]


def at(hour, minute=0, day=None):
    return datetime.combine(day or monday(), time(hour, minute), UTC)
