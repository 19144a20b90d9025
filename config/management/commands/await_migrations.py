"""manage.py await_migrations: for the worker, which may be started before the web process has migrated."""

import time

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection

from config.health import missing_migrations

PATIENCE = 30  # seconds without a database; the worker itself has as many
_PAUSE = 1  # second


class Command(BaseCommand):
    """Ends with an error where waiting mends nothing, for whoever starts it again to decide."""

    help = "Return once the database has all migrations."

    def handle(self, **options):
        told, answered = 0, time.monotonic()
        while True:
            try:
                missing = len(missing_migrations())
            except OperationalError as error:
                if time.monotonic() >= answered + PATIENCE:
                    raise CommandError(f"The database cannot be used: {str(error).strip()}") from error
            else:
                if not missing:
                    return
                if missing != told:
                    self.stdout.write(f"{missing} migrations waiting")
                told, answered = missing, time.monotonic()
            connection.close()
            time.sleep(_PAUSE)
