"""What the worker does for scheduling. Every job may run twice, and twice at once."""

import orjson
from django.db import connection
from procrastinate.contrib.django import app

from config.tasks import Backoff
from scheduling import services

_DEFER = """
SELECT procrastinate_defer_jobs_v1(array_agg(
    ROW('default', %(task)s, 0, NULL, NULL, d.args, NULL)::procrastinate_job_to_defer_v1))
FROM jsonb_array_elements(%(jobs)s::jsonb) AS d(args)
WHERE NOT EXISTS (
    SELECT FROM procrastinate_jobs j
    WHERE j.task_name = %(task)s AND j.args = d.args AND j.status::text = ANY(%(unless)s::text[]))
HAVING count(*) > 0"""


@app.periodic(cron="* * * * *")
@app.task(name="scheduling.plan_reminders", queueing_lock="scheduling.plan_reminders")
def plan_reminders(timestamp):
    """Gives each reminder that is due a job of its own, so that one that fails keeps no other from going out."""
    jobs = [dict(zip(("meeting_id", "seconds", "start"), due, strict=True)) for due in services.due_reminders()]
    # One that was given up must not come again each minute; staff see it among the failed jobs. A meeting that moved has others.
    _defer(remind, jobs, unless=["todo", "doing", "failed"])


@app.task(name="scheduling.remind", retry=Backoff(8))
def remind(meeting_id, seconds, start):
    """Reminds both sides of a meeting, if it still takes place then. `start` tells its jobs from those of before it moved."""
    services.remind(meeting_id=meeting_id, seconds=seconds)


@app.periodic(cron="7 2 * * *")
@app.task(name="scheduling.publish_all", queueing_lock="scheduling.publish_all")
def publish_all(timestamp):
    """Keeps slots published through PUBLISH_AHEAD, each tutor's by a job of its own."""
    _defer(publish, [{"tutor_id": tutor_id} for tutor_id in services.tutors_with_hours()], unless=["todo"])


@app.task(name="scheduling.publish", retry=Backoff(8))
def publish(tutor_id):
    """Publishes one tutor's slots."""
    services.publish_slots(tutor_id=tutor_id)


def _defer(task, jobs, *, unless):
    """A job for each of these arguments, except where there is one already in a state of `unless`."""
    with connection.cursor() as cursor:
        cursor.execute(_DEFER, {"task": task.name, "jobs": orjson.dumps(jobs).decode(), "unless": unless})
