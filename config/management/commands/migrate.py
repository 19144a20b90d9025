"""manage.py migrate: Django's, beside a service that goes on serving."""

import time
from contextlib import contextmanager

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections

# A migration that waits for a table's lock makes everybody wait behind it, so it gives up soon, and comes back.
_LOCK_TIMEOUT = "2s"
# Building an index may take as long as the table is large; without an end would be too long.
_STATEMENT_TIMEOUT = "30min"
# Django thinks between two statements of one migration, and on a busy machine for longer than a request may.
_IDLE_TIMEOUT = "5min"
_TRIES, _PAUSE = 30, 1.0  # seconds
# Any number will do, so long as it is the same everywhere.
_LOCK_KEY = 0x46726F6E74


class Command(migrate.Command):
    """Waits for locks only briefly, however often it takes, and lets one process migrate at a time."""

    def handle(self, *args, **options):
        connection = connections[options["database"]]
        _require_letters(connection)
        for left in reversed(range(_TRIES)):
            try:
                with _limits(connection), _alone(connection) as alone:
                    if alone:
                        # What was applied before the lock could not be had stays applied; this goes on with the rest.
                        return super().handle(*args, **options)
                reason = "Somebody else is migrating"
            except OperationalError as error:
                if getattr(error.__cause__, "sqlstate", None) != "55P03" or connection.in_atomic_block or not left:
                    raise
                reason = f"A lock could not be had ({error.__cause__.diag.message_primary})"
            self.stdout.write(f"{reason}; trying again, at most {left} times more.")
            time.sleep(_PAUSE)
        raise CommandError("Somebody else has been migrating all the time.")


def _require_letters(connection):
    # In such a database łukasz and ŁUKASZ are two names, and the second can never sign in.
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_encoding")
        if cursor.fetchone()[0] == "UTF8":
            cursor.execute("SELECT lower('Ł') = 'ł'")
            if cursor.fetchone()[0]:
                return
    raise CommandError(
        "To this database ł is no small Ł. Make another one: "
        "CREATE DATABASE frontdesk TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'"
    )


@contextmanager
def _limits(connection):
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = '{_STATEMENT_TIMEOUT}'")
        cursor.execute(f"SET lock_timeout = '{_LOCK_TIMEOUT}'")
        cursor.execute(f"SET idle_in_transaction_session_timeout = '{_IDLE_TIMEOUT}'")
        cursor.execute("SET enable_seqscan = on")  # whole tables are changed, and proved
    try:
        yield
    finally:
        names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "enable_seqscan")
        _say(connection, *(f"RESET {name}" for name in names))


@contextmanager
def _alone(connection):
    # Tried rather than waited for: an index that is built concurrently would wait for whoever waits here.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK_KEY])
        alone = cursor.fetchone()[0]
    try:
        yield alone
    finally:
        if alone:
            _say(connection, f"SELECT pg_advisory_unlock({_LOCK_KEY})")


def _say(connection, *statements):
    # A connection that is gone has taken lock and limits with it.
    if connection.is_usable():
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
