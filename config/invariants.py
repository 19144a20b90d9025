"""What must hold over the whole database: constraints and triggers keep it, `manage.py verify` proves it.

Each app has a module `invariants` with `CHECKS`: rules in words, each with a query for the rows that break it as
`(id, detail)`. No rows, nothing wrong.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple

from django.apps import apps
from django.db import connection

MOST_SHOWN = 20  # rows of each rule; a broken trigger may have let millions through

# Of the guards themselves: who restores or repairs data may have turned them off, and forgotten it.
CHECKS = {
    # But for the two of docs/adr/0020-nobody-calls-the-worker.md, which are off.
    "every trigger is on": """
        SELECT t.oid::bigint, format('%s on %s', t.tgname, t.tgrelid::regclass)
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE c.relnamespace = 'public'::regnamespace AND t.tgenabled <>
            CASE WHEN t.tgname IN ('procrastinate_jobs_notify_queue_job_inserted_v1',
                'procrastinate_trigger_status_events_insert_v1') THEN 'D' ELSE 'O' END""",
    "every constraint was proved of every row": """
        SELECT oid::bigint, format('%s on %s', conname, conrelid::regclass)
        FROM pg_constraint WHERE NOT convalidated AND connamespace = 'public'::regnamespace""",
    "every index is whole": """
        SELECT indexrelid::bigint, format('%s of %s', indexrelid::regclass, indrelid::regclass)
        FROM pg_index WHERE NOT (indisvalid AND indisready)""",
}


class Rule(NamedTuple):
    """One thing that must hold, in words, and the query for what breaks it."""

    app: str
    words: str
    query: str

    def violations(self):
        """The first rows that break it, as (id, detail)."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM ({self.query}) violations LIMIT {MOST_SHOWN}")  # noqa: S608 (constants of ours)
            return cursor.fetchall()


def rules():
    """All rules of all apps."""
    for app in apps.get_app_configs():
        if find_spec(f"{app.name}.invariants"):
            for words, query in import_module(f"{app.name}.invariants").CHECKS.items():
                yield Rule(app.label, words, query)
