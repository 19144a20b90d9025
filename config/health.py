"""Is the process there, and can it serve?"""

import functools

from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from config.json import dumps


@require_safe
def livez(request):
    """200 while the process answers. Asks nothing else: a database that is away is no reason to restart the web."""
    return _answer({"status": "ok"})


@require_safe
def readyz(request):
    """200 when the database answers and has all migrations, else 503 with the reason."""
    try:
        waiting = missing_migrations()
    except DatabaseError:
        return _not_ready("database unavailable")
    return _not_ready(f"{len(waiting)} migrations waiting") if waiting else livez(request)


def missing_migrations():
    """Those that the database does not have yet. Raises DatabaseError where it does not answer."""
    return _known_migrations() - set(MigrationRecorder(connection).applied_migrations())


@functools.cache
def _known_migrations():
    # Reading the files takes a fifth of a second, and they do not change under a running process.
    return set(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)


def _not_ready(reason):
    return _answer({"status": "unavailable", "reason": reason}, status=503)


def _answer(members, status=200):
    body = dumps(members)
    # Probes pass by the middleware that counts (config.pages); without a length the answer would come in chunks.
    return HttpResponse(body, status=status, content_type="application/json", headers={"Content-Length": str(len(body))})
