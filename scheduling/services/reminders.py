"""Reminders. Nothing is planned when a meeting is booked: every minute the worker looks for what is due (scheduling.tasks).

So a changed setting holds at once, a meeting that moves takes its reminders along, and booking writes no jobs that would
lie in the queue for weeks.
"""

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from scheduling.models import Meeting
from scheduling.services import telling
from scheduling.services.locks import hold_people

# The closest reminder whose time has come, of those that were not written yet.
_DUE = """
SELECT m.id, min(r), extract(epoch FROM m.start_time)::bigint
FROM scheduling_meeting m CROSS JOIN unnest(%(reminders)s::integer[]) r
WHERE m.status IN ('pending', 'confirmed') AND m.start_time > statement_timestamp()
    AND m.start_time <= statement_timestamp() + make_interval(secs => %(longest)s)
    AND m.start_time <= statement_timestamp() + make_interval(secs => r)
    AND (m.reminded IS NULL OR r < m.reminded)
GROUP BY m.id ORDER BY m.id"""


def due_reminders():
    """[(meeting id, seconds before the start, the start in seconds since 1970)] of the reminders to write now."""
    reminders = [int(before.total_seconds()) for before in settings.REMINDERS]
    if not reminders:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"reminders": reminders, "longest": max(reminders)})
        return cursor.fetchall()


def remind(*, meeting_id, seconds):
    """Writes the reminder of so many seconds before the start to both sides, if it still applies. Returns whether.

    The meeting is locked and read again: whoever cancels or moves it at this moment either waits until the reminder is
    written, or has committed, and then there is none.
    """
    with transaction.atomic():
        hold_people(meeting_id)
        meeting = (
            Meeting.objects.coming()
            .filter(pk=meeting_id)
            .select_related("student", "tutor")
            .select_for_update(of=("self",), no_key=True)
            .annotate(now=Now())
            .first()
        )
        if meeting is None or (meeting.start_time - meeting.now).total_seconds() > seconds:
            return False
        if meeting.reminded is not None and meeting.reminded <= seconds:
            return False
        meeting.reminded = seconds
        Meeting.objects.filter(pk=meeting.pk).update(reminded=seconds)
        telling.reminded(meeting)
    return True
