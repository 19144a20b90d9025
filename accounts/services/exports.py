"""A copy of everything about oneself: asked for here, made by a job (accounts.tasks), and gone after EXPORT_LIFETIME."""

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from accounts.models import Export
from accounts.tasks import write_export
from config.errors import Missing

# One statement, so that however many ask at once, one export is begun, and one job. An account that was closed a moment ago
# gets none: FOR KEY SHARE waits for whoever closes it, and looks again.
_BEGIN = """
INSERT INTO accounts_export (user_id, expires_at)
SELECT id, statement_timestamp() + %s FROM accounts_user WHERE id = %s AND closed_at IS NULL FOR KEY SHARE
ON CONFLICT (user_id) DO UPDATE
    SET created_at = statement_timestamp(), expires_at = EXCLUDED.expires_at, ready_at = NULL, body = NULL
    WHERE accounts_export.expires_at <= statement_timestamp()
RETURNING user_id"""


def request_export(*, by):
    """The actor's own Export: the one that is there, else a new one, which a job fills. Raises Missing for a closed account."""
    live = Export.objects.filter(user_id=by.pk, expires_at__gt=Now())
    if (export := live.first()) is None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_BEGIN, [settings.EXPORT_LIFETIME, by.pk])
            if cursor.fetchone():
                write_export.defer(user_id=by.pk)
        export = live.first()
    if export is None:
        raise Missing
    return export
