"""1,000 reminders against cancellations and moves: none is written after one that has committed."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from notifications.models import Notification
from scheduling import services
from scheduling.models import Meeting, TimeSlot
from scheduling.services import telling
from tests.conftest import make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

ROUNDS, DAY = 1000, 24 * 3600


@pytest.fixture
def meetings(db):
    """So many meetings that begin within a day, each with a free slot beside it to which it can move, two weeks ahead."""

    def make(number):
        # 200 of a tutor's shortest slots fill most of the day, so there are as many pairs of people as that takes.
        soon = timezone.now() + timedelta(hours=6)
        starts = [soon + timedelta(minutes=5 * (n % 200)) for n in range(number)]
        pairs = [
            (make_user(f"student{n}"), make_user(f"tutor{n}", user_type="admin", is_staff=True, is_superuser=True))
            for n in range(-(-number // 200))
        ]
        people = [pairs[n // 200] for n in range(number)]
        slots, later = (
            [
                TimeSlot(tutor=tutor, start_time=start + wait, end_time=start + wait + timedelta(minutes=5))
                for start, (_, tutor) in zip(starts, people, strict=True)
            ]
            for wait in (timedelta(0), timedelta(days=14))
        )
        TimeSlot.objects.bulk_create(slots + later)
        made = [
            Meeting(student=student, tutor=tutor, time_slot=slot, subject="x", status="confirmed")
            for slot, (student, tutor) in zip(slots, people, strict=True)
        ]
        Meeting.objects.bulk_create(made)
        return list(zip(made, later, strict=True))

    return make


def change(meeting, later, *, by):
    """Cancels every other meeting, and moves the rest."""
    if meeting.pk % 2:
        services.cancel_meeting(by=by, meeting_id=meeting.pk)
    else:
        services.move_meeting(by=by, meeting_id=meeting.pk, time_slot_id=later.pk)


def interleave(pairs, remind, tim, *, pause=lambda: None):
    """For each meeting, a reminder and a change begin together; returns those reminded although the change had committed.

    `pg_xact_commit_timestamp` is off by default, so the order is read from what each saw: the change looks, once it has
    committed, how many reminders there are, and there must be no more at the end.
    """
    late, start = [], threading.Barrier(2)

    def change_all():
        for meeting, later in pairs:
            start.wait(timeout=30)
            change(meeting, later, by=tim)
            seen[meeting.pk] = Notification.objects.filter(meeting_id=meeting.pk, type="reminder").count()
        connection.close()

    def remind_all():
        for meeting, _ in pairs:
            start.wait(timeout=30)
            pause()
            remind(meeting.pk)
        connection.close()

    seen = {}
    with ThreadPoolExecutor(2) as threads:
        for future in [threads.submit(change_all), threads.submit(remind_all)]:
            future.result()
    for meeting, _ in pairs:
        if Notification.objects.filter(meeting_id=meeting.pk, type="reminder").count() > seen[meeting.pk]:
            late.append(meeting.pk)
    return late, seen


def test_none_is_written_after_a_change_has_committed(meetings, tim):
    chance = random.Random(4)
    pairs = meetings(ROUNDS)

    late, seen = interleave(
        pairs,
        lambda key: services.remind(meeting_id=key, seconds=DAY),
        tim,
        pause=lambda: threading.Event().wait(chance.uniform(0, 0.006)),
    )

    assert late == []
    # Both orders did occur: some were reminded before the change, some not at all.
    assert 0 < sum(count == 0 for count in seen.values()) < ROUNDS
    assert set(seen.values()) == {0, 2}
    for meeting, _ in pairs:
        assert services.remind(meeting_id=meeting.pk, seconds=DAY) is False


def test_control_without_the_lock_some_come_late(meetings, tim):
    """Reads the meeting, finds it live, and writes: meanwhile it was canceled."""

    def remind(key):
        with transaction.atomic():
            meeting = Meeting.objects.coming().select_related("student", "tutor").filter(pk=key).first()
            if meeting is None or meeting.start_time > timezone.now() + timedelta(days=1):
                return
            threading.Event().wait(0.02)
            meeting.reminded = DAY
            telling.reminded(meeting)

    late, _ = interleave(meetings(20), remind, tim)

    assert late != []
