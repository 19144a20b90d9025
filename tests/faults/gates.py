"""Gates in the database: a transaction waits there, so that its process can be killed at a moment that we choose."""

import os
import signal
import threading
from contextlib import contextmanager

from django.db import connection

_GATE = 4711  # an advisory lock
# It outwaits what the service's own sessions allow.
_FUNCTION = f"""
CREATE FUNCTION test_gate() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = '20s' AS $$
BEGIN PERFORM pg_advisory_xact_lock_shared({_GATE}); RETURN NEW; END $$"""
_CALLS = "FOR EACH ROW EXECUTE FUNCTION test_gate()"
# pg_locks has the locks of all databases of the server; another run of the tests may have a gate of its own in one of them.
_WAITING = f"""
SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = {_GATE} AND NOT granted
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


def before(table):
    """The trigger that stops a transaction which writes to the table, before its COMMIT."""
    return f"CREATE TRIGGER test_gate BEFORE INSERT OR UPDATE ON {table} {_CALLS}"


def within(table):
    """The trigger that stops a transaction inside its COMMIT, as it is deferred: who is killed there never learns the outcome."""
    return f"CREATE CONSTRAINT TRIGGER test_gate AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED {_CALLS}"


def sql(statement, *params):
    """All rows of a statement, which must have columns: `SELECT FROM …` looks to psycopg like a command without rows."""
    assert "SELECT FROM" not in statement
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def gate_at(trigger):
    """Transactions that fire this trigger wait while `kill_at_the_gate` has it closed."""
    sql(_FUNCTION)
    sql(trigger)
    try:
        yield
    finally:
        sql("SELECT pg_advisory_unlock_all()")
        sql("DROP FUNCTION test_gate CASCADE")


def kill_at_the_gate(service, send):
    """Calls `send()`, kills the web processes while its transaction waits at the gate, and opens the gate again."""
    sql(f"SELECT pg_advisory_lock({_GATE})")
    sender = threading.Thread(target=send)
    sender.start()
    service.wait(lambda: sql(_WAITING), "the transaction waits at the gate")
    ((backend,),) = sql(_WAITING)
    for child in service.children():
        os.kill(child.pid, signal.SIGKILL)
    # Otherwise the round shows nothing: PostgreSQL ended it, because this machine took longer than the statement_timeout.
    assert sql(_WAITING) == [(backend,)], "the transaction did not wait until its process was dead"
    sql(f"SELECT pg_advisory_unlock({_GATE})")
    sender.join()
    service.wait(lambda: not sql("SELECT pid FROM pg_stat_activity WHERE pid = %s", backend), "its connection is gone")
