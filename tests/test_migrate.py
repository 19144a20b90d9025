"""`manage.py migrate` beside a service that goes on serving."""

import threading
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction

from config.management.commands import migrate
from tests.live import database_url


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(migrate, "_PAUSE", 0.05)
    monkeypatch.setattr(migrate, "_LOCK_TIMEOUT", "50ms")


@pytest.fixture
def other():
    """Another connection to the test database."""
    with psycopg.connect(database_url().replace("postgres://", "postgresql://")) as somebody:
        yield somebody


def limits():
    with connection.cursor() as cursor:
        names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout", "enable_seqscan")
        cursor.execute("SELECT " + ", ".join(["current_setting(%s)"] * len(names)), names)
        return cursor.fetchone()


@pytest.mark.django_db(transaction=True)
def test_migrations_have_limits_of_their_own_and_leave_the_services(monkeypatch):
    seen = []
    monkeypatch.setattr(migrate.migrate.Command, "handle", lambda self, *args, **options: seen.append(limits()))

    call_command("migrate", stdout=StringIO())

    assert seen == [("2s", "30min", "5min", "on")]
    assert limits() == ("2s", "5s", "10s", "off")


@pytest.mark.django_db(transaction=True)
def test_a_lock_that_cannot_be_had_is_asked_for_again(quick, other, monkeypatch):
    """Others wait for as long as one lock timeout, and not until whoever holds the lock is done."""
    other.execute("LOCK TABLE config_try")
    tries = []

    def alter(self, *args, **options):
        tries.append(1)
        if len(tries) == 3:
            other.rollback()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE config_try")

    monkeypatch.setattr(migrate.migrate.Command, "handle", alter)
    out = StringIO()
    call_command("migrate", stdout=out)

    assert len(tries) == 3
    assert out.getvalue().count("A lock could not be had") == 2


@pytest.mark.django_db(transaction=True)
def test_a_lock_that_can_never_be_had_ends_it(quick, other, monkeypatch):
    monkeypatch.setattr(migrate, "_TRIES", 2)
    other.execute("LOCK TABLE config_try")

    def alter(self, *args, **options):
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE config_try")

    monkeypatch.setattr(migrate.migrate.Command, "handle", lambda self, *args, **options: transaction.atomic(alter)(self))
    with pytest.raises(OperationalError, match="lock timeout"):
        call_command("migrate", stdout=StringIO())
    assert limits() == ("2s", "5s", "10s", "off")


@pytest.mark.django_db(transaction=True)
def test_two_that_migrate_at_once_do_it_one_after_the_other(quick, other):
    other.execute("SELECT pg_advisory_lock(%s)", [migrate._LOCK_KEY])
    out = StringIO()
    release = threading.Timer(0.2, lambda: other.execute("SELECT pg_advisory_unlock(%s)", [migrate._LOCK_KEY]))
    release.start()

    call_command("migrate", stdout=out, verbosity=1)

    release.join()
    assert "Somebody else is migrating" in out.getvalue()
    assert "No migrations to apply" in out.getvalue()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("encoding", ["UTF8", "SQL_ASCII", "LATIN1"])
def test_a_database_that_knows_no_polish_letters_is_refused(encoding, monkeypatch):
    """As `initdb` makes them where no locale is set: a name in capitals would be another account's."""
    name = f"{connection.settings_dict['NAME']}_{encoding.lower()}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C' ENCODING '{encoding}'")
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "NAME", name)
    try:
        with pytest.raises(CommandError, match="ENCODING 'UTF8' LOCALE"):
            call_command("migrate", stdout=StringIO())
    finally:
        connection.close()
        monkeypatch.undo()
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
