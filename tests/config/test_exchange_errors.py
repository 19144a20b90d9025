"""What was sent together, and failed or broke off: who is told of it, and that nothing is left over."""

from contextlib import suppress

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, InternalError, OperationalError, connection, transaction

from config.postgresql import exchange
from config.postgresql.prepared import Prepared, later, run
from tests.config.statements import ADD, ONE, PAPER, names

pytestmark = pytest.mark.django_db(transaction=True)


def test_its_error_is_that_of_commit_and_nothing_is_kept(sent):
    def add_twice():
        with transaction.atomic():
            run(ADD, ["Ink"])
            later(ADD, ["Ink"])

    with pytest.raises(IntegrityError) as caught:
        add_twice()

    assert caught.value.__cause__.sqlstate == "23505"
    assert sent[-1] == ["statement", "COMMIT"]
    assert names() == set()
    assert run(ONE, []) == [(1,)]


def test_its_error_is_that_of_the_next_statement(sent):
    with transaction.atomic():
        run(ADD, PAPER)
        later(ADD, PAPER)
        with pytest.raises(IntegrityError):
            run(ONE, [])
        transaction.set_rollback(True)

    assert names() == set()


def test_its_error_is_djangos_for_a_cursor_that_was_open_before():
    with connection.cursor() as cursor, transaction.atomic():
        later(ADD, PAPER)
        later(ADD, PAPER)
        with pytest.raises(IntegrityError):
            cursor.execute("SELECT 1")
        transaction.set_rollback(True)


def test_an_error_in_a_savepoint_leaves_the_rest(sent):
    with transaction.atomic():
        run(ADD, PAPER)
        with pytest.raises(IntegrityError), transaction.atomic():
            later(ADD, PAPER)
        run(ADD, ["Ink"])

    assert names() == {"Paper", "Ink"}


def test_an_error_that_somebody_passed_over_is_no_commit():
    """It came at another's SAVEPOINT, outside of any block that Django would have undone."""
    done = []

    def pass_over():
        with transaction.atomic():
            transaction.on_commit(lambda: done.append("commit"))
            run(ADD, ["Ink"])
            later(ADD, ["Ink"])
            with suppress(IntegrityError), transaction.atomic():
                run(ADD, PAPER)

    with pytest.raises(InternalError, match="ROLLBACK"):
        pass_over()

    assert done == []
    assert names() == set()


def test_nothing_is_kept_in_a_transaction_that_failed():
    with transaction.atomic():
        with pytest.raises(DatabaseError), transaction.atomic(savepoint=False):
            run(Prepared("SELECT 1 / %s", 1), [0])
        with pytest.raises(transaction.TransactionManagementError):
            later(ADD, PAPER)
        transaction.set_rollback(True)


def test_a_connection_that_ends_meanwhile_is_an_operational_error(sent):
    def be_cut_off():
        with transaction.atomic():
            later(ADD, PAPER)
            with psycopg.connect(**{**connection.get_connection_params(), "cursor_factory": None}) as other:
                other.execute("SELECT pg_terminate_backend(%s, 2000)", [connection.connection.info.backend_pid])
            run(ONE, [])

    with pytest.raises(OperationalError):
        be_cut_off()

    assert run(ONE, []) == [(1,)]
    assert names() == set()


def test_no_answer_is_left_for_the_next_question(sent, monkeypatch):
    def interrupted(pgconn):
        raise KeyboardInterrupt

    def ask_again():
        with transaction.atomic():
            with suppress(KeyboardInterrupt), monkeypatch.context() as patch:
                patch.setattr(exchange, "_results", interrupted)
                run(ADD, PAPER)
            run(ONE, [])

    with pytest.raises(DatabaseError, match="closed"):
        ask_again()

    assert run(ONE, []) == [(1,)]
    assert names() == set()


def test_nobody_waits_for_a_connection_that_is_gone(sent, monkeypatch):
    results = exchange._results

    def lost(pgconn):
        pgconn.finish()
        return results(pgconn)

    monkeypatch.setattr(exchange, "_results", lost)
    with pytest.raises(OperationalError), transaction.atomic():
        run(ONE, [])
