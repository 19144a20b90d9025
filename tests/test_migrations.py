"""Migrations that lock briefly, can be taken back, and leave a schema on which the release before goes on working.

tests/schema.txt is the schema of the newest release, under its version. A release writes it anew, when CHANGELOG.md has its
date; until the first one it follows the migrations:

    make test ARGS="-n 0 tests/test_migrations.py --write-tables" && git diff tests/schema.txt
"""

import functools
import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.apps import apps
from django.conf import settings as configured
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.db.models.functions import Now
from django_migration_linter import MigrationLinter
from django_migration_linter.sql_analyser import analyse_sql_statements

from tests.live import ROOT, database_url
from tests.schema import breaks, read_schema

SNAPSHOT = ROOT / "tests" / "schema.txt"
OURS = ("config", "accounts", "notifications", "tickets", "scheduling", "shop")
# What the release before would trip over, and why it does not: a sentence of tests.schema.breaks, and the reason.
REVIEWED: dict[str, str] = {}


def current_version():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def is_released(version, changes=None):
    """Whether CHANGELOG.md has a date for it."""
    changes = changes or (ROOT / "CHANGELOG.md").read_text()
    heading = re.search(rf"^## {re.escape(version)} \((.*)\)$", changes, re.MULTILINE)
    return bool(heading and re.fullmatch(r"\d{4}-\d\d-\d\d", heading[1]))


def our_migrations():
    return {key: one for key, one in MigrationLoader(None).disk_migrations.items() if key[0] in OURS}


def digests():
    """Each migration with a digest of its file: what was released is not edited."""
    files = {key: ROOT / key[0] / "migrations" / f"{key[1]}.py" for key in our_migrations()}
    return [f"migration {key[0]} {key[1]} {hashlib.sha256(path.read_bytes()).hexdigest()[:16]}" for key, path in files.items()]


def read_snapshot():
    """(version, lines of the schema, lines of the migrations) of the newest release."""
    version, *lines = SNAPSHOT.read_text().splitlines()
    return (
        version,
        [line for line in lines if not line.startswith("migration ")],
        [line for line in lines if line.startswith("migration ")],
    )


def write_snapshot():
    version = read_snapshot()[0] if SNAPSHOT.exists() else None
    current = current_version()
    # The snapshot of a release stands until the next one: else it could be written to please the test.
    if version is None or not is_released(version) or (version != current and is_released(current)):
        kept = sorted(digests()) if is_released(current) else []
        SNAPSHOT.write_text("\n".join([current, *kept, *read_schema()]) + "\n")


@pytest.mark.django_db
def test_the_release_before_can_work_with_this_schema(request):
    if request.config.getoption("--write-tables"):
        write_snapshot()
    version, lines, files = read_snapshot()

    if is_released(version):
        assert [sentence for sentence in breaks(lines, read_schema()) if sentence not in REVIEWED] == []
        assert set(files) <= set(digests()), "a migration that was released is not edited: write another"
    else:
        assert lines == read_schema(), "the schema has changed; if this is meant, see above: --write-tables"


def test_a_version_is_released_when_the_changes_have_its_date():
    changes = "# Changes\n\n## 1.1.0 (not yet released)\n\n## 1.0.0 (2026-12-01)\n"

    assert (is_released("1.0.0", changes), is_released("1.1.0", changes), is_released("9.9.9", changes)) == (True, False, False)


# --- Bad migrations, planted: each is refused by our rules, by the linter, or by both

_TICKET, _ORDER = ("tickets", "ticket"), ("shop", "order")
_BAD = {
    "a column is dropped": (_TICKET, migrations.RemoveField("ticket", "subject"), "tickets_ticket.subject is gone"),
    "a column is renamed": (_ORDER, migrations.RenameField("order", "address", "street"), "shop_order.address is gone"),
    "a table is dropped": (
        ("notifications", "preference"),
        migrations.DeleteModel("preference"),
        "notifications_preference.enabled is gone",
    ),
    "a table is renamed": (("notifications", "preference"), migrations.RenameModel("preference", "wish"), "enabled is gone"),
    "a column needs a value that the code before does not give": (
        _TICKET,
        migrations.AddField("ticket", "mood", models.CharField(max_length=10, default="good")),
        "tickets_ticket.mood is new and needs a value that nobody gives",
    ),
    "a column may not be null any more": (
        _TICKET,
        migrations.AlterField("ticket", "awaiting", models.CharField(max_length=10)),
        "tickets_ticket.awaiting may not be null any more",
    ),
    "a column has another type": (
        _TICKET,
        migrations.AlterField("ticket", "message", models.CharField(max_length=100)),
        "tickets_ticket.message was text and is character varying(100)",
    ),
    "a default is gone": (
        _ORDER,
        migrations.AlterField("order", "created_at", models.DateTimeField()),
        "shop_order.created_at has lost its default",
    ),
    "rows must obey what the code before does not know": (
        _TICKET,
        migrations.AddConstraint("ticket", models.UniqueConstraint(fields=["user", "subject"], name="planted")),
        "tickets_ticket unique planted is new",
    ),
}
_GOOD = {
    "a table is added": (
        _TICKET,
        migrations.CreateModel("Mood", [("id", models.BigAutoField(primary_key=True)), ("name", models.TextField())]),
    ),
    "a column is added that may be null": (_TICKET, migrations.AddField("ticket", "mood", models.TextField(null=True))),
    "a column is added that the database fills": (
        _TICKET,
        migrations.AddField("ticket", "seen_at", models.DateTimeField(db_default=Now())),
    ),
}


def apply(app, operation, *, collect=False):
    """Applies an operation to the test database, or returns the SQL that it would run."""
    before = _state_now()
    after = before.clone()
    operation.state_forwards(app, after)
    with connection.schema_editor(collect_sql=collect, atomic=not collect) as editor:
        operation.database_forwards(app, editor, before, after)
        return ["BEGIN;", *editor.collected_sql, "COMMIT;"] if collect else None


@functools.cache
def _state_now():
    state = ProjectState.from_apps(apps)
    state.apps  # noqa: B018 (rendered once for all: clones share what they do not change)
    return state


def lint(statements):
    errors, _ignored, warnings = analyse_sql_statements(linter().sql_analyser_class, statements, [])
    return [issue.code for issue in errors + warnings]


def linter():
    return MigrationLinter(
        include_apps=OURS, analyser_string="postgresql", no_cache=True, all_warnings_as_errors=True, no_output=True
    )


@pytest.mark.django_db
@pytest.mark.parametrize("what", _BAD)
def test_a_migration_that_breaks_the_release_before_is_refused(what):
    (app, _model), operation, sentence = _BAD[what]
    before = read_schema()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    apply(app, operation)

    assert any(sentence in found for found in breaks(before, read_schema(_known(before))))


@pytest.mark.django_db
@pytest.mark.parametrize("what", _GOOD)
def test_a_migration_that_only_adds_is_welcome(what):
    (app, _model), operation = _GOOD[what]
    before = read_schema()

    apply(app, operation)

    assert breaks(before, read_schema([*_known(before), "tickets_mood"])) == []
    assert lint(apply(app, operation, collect=True)) == []


def _known(lines):
    return sorted({re.match(r"\w+", line)[0] for line in lines})


@pytest.mark.django_db
def test_the_linter_finds_nothing_in_our_migrations_and_ignores_nothing():
    with connection.cursor() as cursor:
        # Meanwhile nothing is asked of PostgreSQL: on a busy machine for longer than requests may be idle.
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    checking = linter()
    checking.lint_all_migrations()

    assert (checking.nb_erroneous, checking.nb_warnings) == (0, 0)
    assert checking.nb_valid == len(our_migrations())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("a column is dropped", "DROP_COLUMN"),
        ("a column is renamed", "RENAME_COLUMN"),
        ("a table is dropped", "DROP_TABLE"),
        ("a table is renamed", "RENAME_TABLE"),
        ("a column needs a value that the code before does not give", "NOT_NULL"),
        ("a column may not be null any more", "NOT_NULL"),
        ("a column has another type", "ALTER_COLUMN"),
        ("rows must obey what the code before does not know", "ADD_UNIQUE"),
    ],
)
def test_the_linter_refuses_them_as_well(what, code):
    (app, _model), operation, _sentence = _BAD[what]

    assert code in lint(apply(app, operation, collect=True))


@pytest.mark.django_db
def test_the_linter_refuses_an_index_that_locks_a_table():
    index = migrations.AddIndex("ticket", models.Index(fields=["message"], name="planted"))

    assert lint(apply("tickets", index, collect=True)) == ["CREATE_INDEX"]


# --- Back and forth


def test_every_operation_can_be_taken_back():
    kept = [
        f"{app} {name}: {operation.describe()}"
        for (app, name), one in our_migrations().items()
        for operation in one.operations
        if not operation.reversible
    ]
    assert kept == []


_BACK_AND_FORTH = """
import json, django
from django.db import connection
from django.core.management import call_command
django.setup()
from tests.schema import read_schema, tables
go = lambda *where: call_command("migrate", *where, interactive=False, verbosity=0)
go()
there = read_schema()
go("accounts", "zero")  # on which all others stand
left = set(tables()) & set(connection.introspection.table_names())
with connection.cursor() as cursor:
    cursor.execute("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        " AND proname ~ '^(tickets|scheduling|shop|accounts|notifications|config)_'")  # pgtrigger leaves its functions behind
    left |= {name for (name,) in cursor.fetchall()}
go()
print(json.dumps([sorted(left), there == read_schema(), len(there)]))
"""


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_all_migrations_can_be_taken_back_and_applied_again():
    name = f"{connection.settings_dict['NAME']}_migrated"
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}"')
    url = urlunsplit(urlsplit(database_url())._replace(path=f"/{name}"))
    keys = {"SECRET_KEY": configured.SECRET_KEY, "JWT_KEY": configured.JWT_KEY, "HTTPS": "off"}
    env = {**os.environ, **keys, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}
    try:
        done = subprocess.run([sys.executable, "-c", _BACK_AND_FORTH], cwd=ROOT, env=env, capture_output=True, text=True)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    assert done.returncode == 0, done.stderr
    left, same, lines = json.loads(done.stdout.splitlines()[-1])
    assert left == []
    assert same
    assert lines > 300
