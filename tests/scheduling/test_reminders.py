"""Reminders: to both, once each, and never for what was canceled or moved."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from notifications.models import Delivery, Notification
from notifications.services import set_preferences
from scheduling import services, tasks
from scheduling.models import Meeting
from tests.scheduling.conftest import shift

pytestmark = pytest.mark.django_db

HOUR, DAY = 3600, 24 * 3600


def in_hours(meeting, hours):
    """As if the meeting began in so many hours."""
    shift(meeting, (meeting.start_time - timezone.now()).total_seconds() - hours * HOUR)
    return Meeting.objects.get(pk=meeting.pk)


def remind():
    """What the worker does each minute; returns the seconds of the reminders that were due."""
    found = services.due_reminders()
    for meeting_id, seconds, _ in found:
        services.remind(meeting_id=meeting_id, seconds=seconds)
    return [seconds for _, seconds, _ in found]


def reminded():
    return sorted(Notification.objects.filter(type="reminder").values_list("user__username", flat=True))


@pytest.mark.parametrize("status", [None, "confirmed"])
def test_both_are_reminded_a_day_and_an_hour_before(book, status):
    meeting = book(status=status)
    assert remind() == []

    in_hours(meeting, 23.9)
    assert remind() == [DAY]
    assert reminded() == ["alice", "tim"]
    assert remind() == []
    in_hours(Meeting.objects.get(), 0.9)
    assert remind() == [HOUR]
    assert reminded() == ["alice", "alice", "tim", "tim"]
    in_hours(Meeting.objects.get(), -0.1)
    assert remind() == []


def test_a_reminder_does_not_change_the_meeting_for_calendars(book):
    in_hours(book(), 0.9)
    before = Meeting.objects.values("sequence", "updated_at").get()

    assert remind() == [HOUR]

    assert Meeting.objects.values("sequence", "updated_at").get() == before


def test_the_worker_gives_each_a_job_and_each_job_may_run_twice(book, run_jobs):
    in_hours(book(), 20)

    for status in ("todo", "doing"):
        tasks.plan_reminders(0)
        [job] = ProcrastinateJob.objects.filter(task_name="scheduling.remind")
        set_status(job, status)
        tasks.plan_reminders(0)
        assert ProcrastinateJob.objects.filter(task_name="scheduling.remind").count() == 1
    set_status(job, "todo")
    run_jobs()
    tasks.remind(meeting_id=Meeting.objects.get().pk, seconds=DAY, start=0)

    assert reminded() == ["alice", "tim"]


def set_status(job, status):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = %s WHERE id = %s", [status, job.pk])


def test_one_that_was_given_up_comes_back_only_if_the_meeting_moves(book, slot, alice, run_jobs):
    meeting = in_hours(book(), 20)
    tasks.plan_reminders(0)
    jobs = ProcrastinateJob.objects.filter(task_name="scheduling.remind")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'failed' WHERE task_name = 'scheduling.remind'")
    tasks.plan_reminders(0)
    assert jobs.count() == 1

    services.move_meeting(by=alice, meeting_id=meeting.pk, time_slot_id=slot(days=5).pk)
    in_hours(Meeting.objects.get(), 22)
    tasks.plan_reminders(0)
    run_jobs()
    assert reminded() == ["alice", "tim"]


def test_a_worker_that_was_away_sends_the_closest_alone(book):
    in_hours(book(), 0.5)
    assert remind() == [HOUR]
    assert remind() == []


def test_one_that_comes_after_a_closer_one_is_not_written(book):
    meeting = in_hours(book(), 0.5)
    remind()

    assert services.remind(meeting_id=meeting.pk, seconds=DAY) is False
    assert Meeting.objects.get().reminded == HOUR
    assert reminded() == ["alice", "tim"]


def test_reminders_whose_time_was_over_at_booking_are_not_sent(slot, book):
    one = slot(days=0, number=3)
    meeting = book(one)  # in less than a day, so only the hour before is left
    assert meeting.reminded == DAY
    assert remind() == []
    in_hours(meeting, 0.5)
    assert remind() == [HOUR]


def test_a_meeting_that_moves_takes_its_reminders_along(book, slot, alice):
    meeting = in_hours(book(), 20)
    assert remind() == [DAY]

    services.move_meeting(by=alice, meeting_id=meeting.pk, time_slot_id=slot(days=5).pk)
    assert remind() == []
    in_hours(Meeting.objects.get(), 22)
    assert remind() == [DAY]
    assert reminded() == ["alice", "alice", "tim", "tim"]


@pytest.mark.parametrize("change", ["cancel", "move", "complete"])
def test_a_job_that_comes_too_late_writes_nothing(book, slot, alice, tim, change):
    meeting = in_hours(book(status="confirmed"), 20)
    [(meeting_id, seconds, _)] = services.due_reminders()
    if change == "cancel":
        services.cancel_meeting(by=alice, meeting_id=meeting_id)
    elif change == "move":
        services.move_meeting(by=alice, meeting_id=meeting_id, time_slot_id=slot(days=5).pk)
    else:
        in_hours(meeting, -1)
        services.complete_meeting(by=tim, meeting_id=meeting_id)

    assert services.remind(meeting_id=meeting_id, seconds=seconds) is False
    assert reminded() == []


@pytest.mark.parametrize("change", ["cancel", "move", "move to another tutor at the same time", "other times by hand"])
def test_mail_and_sms_look_once_more(book, slot, alice, tom, run_jobs, outbox, change):
    alice.phone = "+48123456789"
    alice.save()
    set_preferences(by=alice, wanted={"reminder": {"sms": True}})
    meeting = in_hours(book(), 20)
    remind()
    if change == "cancel":
        services.cancel_meeting(by=alice, meeting_id=meeting.pk)
    elif change == "move":
        services.move_meeting(by=alice, meeting_id=meeting.pk, time_slot_id=slot(days=5).pk)
    elif change == "other times by hand":
        shift(meeting, -HOUR)
    else:
        same = services.create_slot(by=tom, start_time=meeting.start_time, end_time=meeting.end_time)
        services.move_meeting(by=tom, meeting_id=meeting.pk, time_slot_id=same.pk)

    run_jobs()

    reminders = Delivery.objects.filter(notification__type="reminder")
    assert sorted(reminders.values_list("channel", "status")) == [
        ("email", "canceled"),
        ("email", "canceled"),
        ("sms", "canceled"),
    ]


def test_mail_and_sms_of_a_reminder(book, alice, run_jobs, outbox):
    alice.phone = "+48123456789"
    alice.save()
    set_preferences(by=alice, wanted={"reminder": {"sms": True}})
    in_hours(book(), 20)
    remind()

    run_jobs()

    [sms] = [path.read_text() for path in outbox.iterdir() if path.suffix != ".eml"]
    assert "Algebra" in sms
    assert Delivery.objects.filter(notification__type="reminder", status="sent").count() == 3


@pytest.mark.parametrize("place", [0, 1])
def test_each_meeting_is_reminded_of_by_itself(book, slot, bob, place):
    both = [in_hours(book(), 20), in_hours(book(slot(1), by=bob), 22)]
    mine, other = both[place], both[1 - place]

    services.remind(meeting_id=mine.pk, seconds=DAY)

    assert reminded() == sorted([mine.student.username, "tim"])
    assert [meeting_id for meeting_id, _, _ in services.due_reminders()] == [other.pk]


def test_other_reminders_by_settings(book, settings):
    settings.REMINDERS = [timedelta(minutes=10), timedelta(days=2)]
    meeting = in_hours(book(), 47)
    assert remind() == [2 * DAY]
    settings.REMINDERS = [timedelta(days=1, hours=23)]
    assert remind() == [47 * HOUR]
    settings.REMINDERS = []
    assert remind() == []
    assert meeting.pk
