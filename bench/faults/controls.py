"""The same campaigns without what guards against the fault. They must find something, or the others have shown nothing."""

import signal

import psycopg

from bench.faults.database import stop
from bench.faults.processes import terminate


def lossy(house, rounds=6):
    """PostgreSQL stopped at once while it acknowledges before it has written."""
    _set(house, "ALTER SYSTEM SET synchronous_commit = off")
    try:
        return stop(house, rounds, worker=False)
    finally:
        _set(house, "ALTER SYSTEM RESET synchronous_commit")


def abrupt(house, rounds=4):
    """The web server replaced by SIGKILL, which waits for nobody."""
    return terminate(house, rounds, number=signal.SIGKILL)


def outage(house, rounds=2):
    """No control, but `stop` in short: without the worker, whose mails take their time."""
    return stop(house, rounds, worker=False)


def _set(house, statement):
    with psycopg.connect(house.server.url("postgres"), autocommit=True) as connection:
        connection.execute(statement)
        connection.execute("SELECT pg_reload_conf()")


CONTROLS = {"lossy": lossy, "abrupt": abrupt, "outage": outage}
