"""Prepared statements without a cursor: the rows, errors and connections that a cursor would have."""

from contextlib import nullcontext, suppress
from datetime import UTC, date, datetime
from decimal import Decimal

import psycopg
import pytest
from django.db import DataError, IntegrityError, OperationalError, connection, connections, transaction
from psycopg.pq import ConnStatus, ExecStatus

from accounts.models import User
from config.postgresql.exchange import checked
from config.postgresql.prepared import Prepared, run

pytestmark = pytest.mark.django_db(transaction=True)

VALUES = [
    (1, 2**40, -(2**63)),
    ("zażółć", "%", "it's"),
    (None, True, False),
    (datetime(2026, 3, 29, 1, 30, tzinfo=UTC), date(2026, 2, 28), Decimal("0.10")),
    ([1, 2, 3], ["a", "b"], 2.5),
]


@pytest.mark.parametrize("values", VALUES)
def test_the_rows_are_those_of_a_cursor(values):
    prepared = Prepared("SELECT %s, %s, %s, '100%%'", 3)
    with connection.cursor() as cursor:
        cursor.execute(prepared.sql, values)
        expected = cursor.fetchall()

    assert run(prepared, values) == expected
    assert run(prepared, values) == expected


def test_it_is_prepared_once_for_each_set_of_types():
    prepared = Prepared("SELECT %s + 1", 1)
    run(Prepared("SELECT 1", 0), [])
    before = len(connections["default"].prepared)

    assert [run(prepared, [value])[0][0] for value in (1, 2, 3, 2**40)] == [2, 3, 4, 2**40 + 1]
    assert len(connections["default"].prepared) == before + 2


def test_a_new_connection_knows_nothing_of_the_old_ones_statements():
    prepared = Prepared("SELECT %s", 1)
    run(prepared, ["before"])
    connection.close()

    assert run(prepared, ["after"]) == [("after",)]


@pytest.mark.parametrize("undo", ["a savepoint", "a transaction", "a DROP"])
def test_a_rollback_leaves_what_was_prepared(undo):
    """psycopg would deallocate everything on the connection, had it prepared anything itself."""
    prepared = Prepared("SELECT %s + 1", 1)
    run(prepared, [1])
    with connection.cursor() as cursor:
        for number in range(10):
            cursor.execute("SELECT %s::integer", [number])

    if undo == "a DROP":
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE test_gone ()")
            cursor.execute("DROP TABLE test_gone")
    else:
        with nullcontext() if undo == "a transaction" else transaction.atomic():
            with suppress(KeyError), transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("SELECT 1")
                raise KeyError
            assert run(prepared, [1]) == [(2,)]

    assert run(prepared, [2]) == [(3,)]


@pytest.mark.parametrize(
    ("sql", "error"),
    [("SELECT 1 / %s", DataError), ("INSERT INTO accounts_user (phone) VALUES (%s) RETURNING id", IntegrityError)],
)
def test_errors_are_djangos_and_leave_the_connection_usable(sql, error):
    with pytest.raises(error) as caught:
        run(Prepared(sql, 1), [0 if error is DataError else "+48600100200"])

    assert caught.value.__cause__.sqlstate in ("22012", "23502")
    assert run(Prepared("SELECT %s", 1), [1]) == [(1,)]


def test_what_cannot_be_written_is_djangos_error_too():
    with pytest.raises(DataError):
        run(Prepared("SELECT %s", 1), ["a\0b"])


def test_a_connection_that_died_meanwhile_is_an_operational_error():
    run(Prepared("SELECT %s", 1), [1])
    connection.connection.pgconn.finish()

    with pytest.raises(OperationalError):
        run(Prepared("SELECT %s", 1), [1])
    connection.close()


def test_a_connection_that_ends_before_its_status_knows_is_an_operational_error():
    """As when PostgreSQL is stopped at once: clients are to get a 503, not a 500. Found by bench/faults."""
    connection.ensure_connection()
    pgconn = connection.connection.pgconn
    broken = pgconn.make_empty_result(ExecStatus.FATAL_ERROR)
    assert pgconn.status == ConnStatus.OK

    with pytest.raises(psycopg.OperationalError):
        checked(pgconn, broken)


def test_inside_a_transaction_it_sees_and_keeps_to_the_transaction(alice):
    count = Prepared("SELECT count(*) FROM accounts_user WHERE id = %s", 1)
    with transaction.atomic():
        User.objects.filter(pk=alice.pk).delete()
        assert run(count, [alice.pk]) == [(0,)]
        transaction.set_rollback(True)

    assert run(count, [alice.pk]) == [(1,)]


def test_whoever_counts_queries_sees_it(django_assert_num_queries):
    with django_assert_num_queries(1):
        run(Prepared("SELECT %s", 1), [1])
