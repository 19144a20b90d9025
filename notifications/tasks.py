"""What the worker does for notifications."""

from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.models.functions import Now
from procrastinate.contrib.django import app

from config.tasks import Backoff
from config.writes import delete_in_parts
from notifications import delivery
from notifications.models import DELIVER_TASK, Delivery

# Old enough that its job has had a chance to run; a job that waits for its next try counts as alive.
_LOST_AFTER = timedelta(minutes=10)

_DEFER_AGAIN = f"""
SELECT procrastinate_defer_jobs_v1(array_agg(
    ROW('default', '{DELIVER_TASK}', 0, NULL, NULL, jsonb_build_object('delivery_id', d.id), NULL)::procrastinate_job_to_defer_v1
)) FROM notifications_delivery d
WHERE d.status = 'queued' AND d.created_at < now() - %s AND NOT EXISTS (
    SELECT FROM procrastinate_jobs j
    WHERE j.status IN ('todo', 'doing') AND j.task_name = '{DELIVER_TASK}' AND j.args = jsonb_build_object('delivery_id', d.id)
)"""  # noqa: S608 (a name of our own)


@app.task(name=DELIVER_TASK, retry=Backoff(settings.DELIVERY_ATTEMPTS))
def deliver(delivery_id):
    """Sends one message of the outbox. Rows defer this job by their trigger."""
    delivery.deliver(delivery_id)


@app.periodic(cron="*/10 * * * *")
@app.task(name="notifications.defer_again", queueing_lock="notifications.defer_again")
def defer_again(timestamp):
    """Gives a new job to each delivery whose own was lost or used up its tries elsewhere, as while PostgreSQL was away."""
    with connection.cursor() as cursor:
        cursor.execute(_DEFER_AGAIN, [_LOST_AFTER])


@app.periodic(cron="47 3 * * *")
@app.task(name="notifications.forget_old_deliveries", queueing_lock="notifications.forget_old_deliveries")
def forget_old_deliveries(timestamp):
    """Deletes deliveries that were sent or canceled long ago (DELIVERY_RETENTION): they hold people's addresses."""
    delete_in_parts(Delivery.objects.filter(status__in=["sent", "canceled"], created_at__lt=Now() - settings.DELIVERY_RETENTION))
