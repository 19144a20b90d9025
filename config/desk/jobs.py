"""The queue of the worker: what waits, what failed, and trying again."""

from django.contrib import admin, messages
from django.db import IntegrityError, connection, transaction
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from procrastinate.contrib.django.models import ProcrastinateJob

from config import desk
from config.keys import key_of

# The queue's own page in the admin says the same in English alone, with all that the jobs were told.
admin.site.unregister(ProcrastinateJob)

_MOST = 100
# A new try of a failed job, once: of two who press the button, the second finds none. The worker
# finds it at its next look into the queue.
_RETRY = """
UPDATE procrastinate_jobs SET status = 'todo', scheduled_at = now(), attempts = 0
WHERE id = %s AND status = 'failed'"""


def _of(status):
    columns = ("id", "task_name", "status", "attempts", "scheduled_at")
    return list(ProcrastinateJob.objects.filter(status=status).order_by("id").values(*columns)[:_MOST])


@desk.page("jobs/", "jobs", needs="procrastinate.view_procrastinatejob")
def jobs(request):
    """Failed jobs and those that wait, oldest first. POST `job` tries a failed one again."""
    if request.method == "POST":
        return _retry(request)
    return desk.render(request, "desk/jobs.html", _("Jobs"), failed=_of("failed"), waiting=_of("todo"), most=_MOST)


def _retry(request):
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_RETRY, [key_of(request.POST.get("job", ""))])
            changed = cursor.rowcount
    except IntegrityError:  # its queueing lock
        messages.error(request, _("Another job of this kind waits already."))
    else:
        if changed:
            messages.success(request, _("The job will be tried again."))
        else:
            messages.error(request, _("The job is not a failed one any more."))
    return HttpResponseRedirect(reverse("desk:jobs"))


@desk.box(50, gettext_lazy("Failed jobs"), "desk:jobs", needs="procrastinate.view_procrastinatejob")
def failed_jobs():
    return [desk.Row(job["task_name"], reverse("desk:jobs"), job["scheduled_at"] or "") for job in _of("failed")[: desk.MOST]]
