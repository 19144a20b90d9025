"""What is left of words that were erased with the account whose they were."""

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import TextField
from django.db.models.functions import Cast

# In place of texts that may not be empty. It is data, and stays as it is in every language.
ERASED = "(erased)"


def forget_names(rows):
    """Takes out of the admin's log what it calls these rows: it keeps everything under its name at the time."""
    keys = rows.order_by().annotate(_key=Cast("pk", TextField())).values("_key")
    kind = ContentType.objects.get_for_model(rows.model)
    LogEntry.objects.filter(content_type=kind, object_id__in=keys).update(object_repr=ERASED, change_message="")
