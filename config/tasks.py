"""What the worker does for all apps, and how jobs are retried.

The queue is procrastinate's: jobs are rows in PostgreSQL that commit with whatever asked for them. The worker looks for them
twice a second; nobody calls it (docs/adr/0020-nobody-calls-the-worker.md).
"""

import logging
import random

from django.conf import settings
from django.db.models.functions import Now
from procrastinate import RetryDecision
from procrastinate.contrib.django import app
from procrastinate.retry import BaseRetryStrategy

from config.limits import forget_old_tries
from config.models import IdempotencyKey
from config.writes import delete_in_parts

logger = logging.getLogger(__name__)

# A worker that was killed leaves its job `doing`; without a heartbeat for this long (seconds) the job is given back.
STALLED_AFTER = 30
KEEP_DONE_JOBS = 24  # hours


class Backoff(BaseRetryStrategy):
    """Waits 2, 4, 8 … seconds, up to ten minutes, give or take a quarter; gives up after `attempts` tries."""

    def __init__(self, attempts):
        self.attempts = attempts

    def get_retry_decision(self, *, exception, job):
        if job.attempts + 1 >= self.attempts:
            return None
        seconds = min(2 ** (job.attempts + 1), 600) * random.uniform(0.75, 1.25)  # noqa: S311 (no secret)
        return RetryDecision(retry_in={"seconds": max(1, round(seconds))})


@app.periodic(cron="* * * * *")
@app.task(name="config.retry_stalled_jobs", queueing_lock="config.retry_stalled_jobs", pass_context=True)
async def retry_stalled_jobs(context, timestamp):
    """Gives back the jobs of workers that died. All our jobs are safe to run twice."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER):
        logger.warning("job given back", extra={"job": job.id, "task": job.task_name})
        await manager.retry_job(job)


@app.periodic(cron="17 3 * * *")
@app.task(name="config.sweep", queueing_lock="config.sweep")
def sweep(timestamp):
    """Deletes what has served its time: idempotency keys and counted tries."""
    delete_in_parts(IdempotencyKey.objects.filter(created_at__lt=Now() - settings.IDEMPOTENCY_KEY_LIFETIME))
    forget_old_tries()


@app.periodic(cron="37 * * * *")
@app.task(name="config.remove_done_jobs", queueing_lock="config.remove_done_jobs", pass_context=True)
async def remove_done_jobs(context, timestamp):
    """Deletes jobs that were done a day ago. Failed ones stay until somebody has looked at them."""
    await context.app.job_manager.delete_old_jobs(nb_hours=KEEP_DONE_JOBS)
