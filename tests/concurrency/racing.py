"""Many threads at once on the real database, each with a connection of its own."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.db import connection


def race(action, competitors, *, at_once=40):
    """Calls `action(competitor)` for all, as nearly at the same moment as `at_once` threads can.

    Returns the results in order; an exception that one raised stands in its place.
    """
    competitors = list(competitors)
    start = threading.Barrier(min(at_once, len(competitors)))
    waves = threading.local()

    def run(competitor):
        if not getattr(waves, "started", False):
            waves.started = True
            start.wait(timeout=30)
        try:
            return action(competitor)
        except Exception as error:  # noqa: BLE001 (the caller looks at what each got)
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(min(at_once, len(competitors))) as threads:
        return list(threads.map(run, competitors))


def aside(act):
    """Begins `act` in a thread of its own, and goes on once that waits for a lock, or is done.

    Returns a function that waits for the end and returns the result; an exception that was raised stands in its place.
    """
    before, thread = _waiting(), ThreadPoolExecutor(1)
    done = thread.submit(lambda: race(lambda _: act(), [None])[0])
    thread.shutdown(wait=False)
    deadline = time.monotonic() + 10
    while not done.done() and _waiting() == before and time.monotonic() < deadline:
        time.sleep(0.01)
    return done.result


def _waiting():
    """How many wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # what is looked at stays as it was to the end of a transaction
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
        return cursor.fetchone()[0]


def somebody_waits(seconds=10):
    """Returns once somebody waits for a lock in this database."""
    end = time.monotonic() + seconds
    while not _waiting():
        assert time.monotonic() < end, "nobody waits"
        time.sleep(0.01)


@contextmanager
def without(model, name):
    """A model without one of its constraints, as a control; what was written meanwhile goes with it."""
    constraint = next(one for one in model._meta.constraints if one.name == name)
    with connection.schema_editor() as editor:
        editor.remove_constraint(model, constraint)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {model._meta.db_table} CASCADE")
        with connection.schema_editor() as editor:
            editor.add_constraint(model, constraint)
