"""Is the process there, and can it serve?"""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse

from config.json import dumps


def livez(request):
    """200 while the process answers. Asks nothing else: a database that is away is no reason to restart the web."""
    return HttpResponse(b'{"status":"ok"}', content_type="application/json")


def readyz(request):
    """200 when the database answers and has all migrations, else 503 with the reason."""
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return _not_ready("database unavailable")
    return _not_ready(f"{len(waiting)} migrations waiting") if waiting else livez(request)


def _not_ready(reason):
    return HttpResponse(dumps({"status": "unavailable", "reason": reason}), status=503, content_type="application/json")
