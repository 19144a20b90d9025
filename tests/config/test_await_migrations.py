"""The worker's command that waits for the migrations, by a clock that does not make us wait."""

from io import StringIO
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from config.management.commands import await_migrations

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def wait(monkeypatch):
    """`wait({2: act})`: runs the command, calls `act()` in its 2nd second, and returns what it told and how long it took."""

    def command(events):
        clock = SimpleNamespace(now=0)

        def sleep(seconds):
            assert connection.connection is None, "it holds a connection meanwhile"
            assert clock.now < 100, "it waits for ever"
            clock.now += seconds
            events.get(clock.now, lambda: None)()

        monkeypatch.setattr(await_migrations, "time", SimpleNamespace(monotonic=lambda: clock.now, sleep=sleep))
        told = StringIO()
        try:
            call_command("await_migrations", stdout=told)
        except CommandError as error:
            told.write(str(error))
        return told.getvalue(), clock.now

    return command


@pytest.fixture
def database(rows):
    """`database.away()`, and `database.back()`."""
    name = connection.settings_dict["NAME"]

    def called(name):
        connection.close()
        connection.settings_dict["NAME"] = name

    yield SimpleNamespace(away=lambda: called(f"{name}_away"), back=lambda: called(name))
    called(name)


@pytest.fixture
def rows():
    """Two of the migrations that the database has, and has again afterwards."""
    found = list(MigrationRecorder.Migration.objects.filter(app__in=["config", "accounts"]))
    yield found
    for row in found:
        row.save()


def test_it_tells_how_many_are_waiting_when_that_changes(wait, rows):
    for row in rows:
        row.delete()

    assert wait({2: rows[0].save, 5: rows[1].save}) == ("2 migrations waiting\n1 migrations waiting\n", 5)


def test_it_waits_for_a_database_that_starts(wait, database):
    database.away()

    assert wait({await_migrations.PATIENCE - 1: database.back}) == ("", await_migrations.PATIENCE - 1)


def test_it_does_not_wait_for_ever(wait, database):
    """For a wrong password, say: it is told once, and who started it decides what then."""
    database.away()

    told, seconds = wait({})

    assert told.startswith("The database cannot be used: ")
    assert told.count("does not exist") == 1
    assert seconds == await_migrations.PATIENCE


def test_its_patience_begins_anew_with_each_answer(wait, database, rows):
    rows[0].delete()

    def done():
        database.back()
        rows[0].save()

    events = {20: database.away, 40: database.back, 50: database.away, 70: done}
    assert wait(events) == ("1 migrations waiting\n", 70)
