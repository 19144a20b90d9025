"""What the worker does for the support desk."""

from datetime import timedelta

from django.core.files.storage import default_storage
from django.utils import timezone
from procrastinate.contrib.django import app

from tickets.files import FOLDER
from tickets.models import Attachment

# A file is written before its row commits. After a day, its transaction is over for sure.
_ORPHAN_AGE = timedelta(days=1)


@app.periodic(cron="57 3 * * *")
@app.task(name="tickets.remove_orphaned_files", queueing_lock="tickets.remove_orphaned_files")
def remove_orphaned_files(timestamp):
    """Deletes files that no attachment names: what processes left behind that were killed between file and COMMIT."""
    names = default_storage.listdir(FOLDER)[1] if default_storage.exists(FOLDER) else []
    for name in names:
        path = f"{FOLDER}/{name}"
        old = default_storage.get_modified_time(path) < timezone.now() - _ORPHAN_AGE
        if old and not Attachment.objects.filter(file=path).exists():
            default_storage.delete(path)
