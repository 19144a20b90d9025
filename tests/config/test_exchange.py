"""What nobody waits for is sent with the next command: BEGIN, who acts, and what is told."""

import threading
import time
from contextlib import suppress

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, InternalError, OperationalError, connection, transaction

from config.actors import acting
from config.postgresql import exchange, transactions
from config.postgresql.prepared import Prepared, later, run
from shop.models import Category

pytestmark = pytest.mark.django_db(transaction=True)

ONE = Prepared("SELECT 1", 0)
ACTOR = Prepared("SELECT current_setting('frontdesk.actor', true)", 0)
ADD = Prepared("INSERT INTO shop_category (name) VALUES (%s)", 1)
PAPER = ["Paper"]


@pytest.fixture
def sent(monkeypatch):
    """What was sent, a list for each time that somebody waited for the answer. What tests use is prepared already."""
    run(ONE, []), run(ACTOR, [])
    with transaction.atomic():
        run(ADD, PAPER)
        transaction.set_rollback(True)
    seen, send = [], transactions.exchange

    def spy(pgconn, commands):
        seen.append([command.text.decode() if command.values is None else "statement" for command in commands])
        return send(pgconn, commands)

    monkeypatch.setattr(transactions, "exchange", spy)
    return seen


def names():
    return set(Category.objects.values_list("name", flat=True))


def test_begin_goes_with_the_first_statement(sent):
    with transaction.atomic():
        run(ONE, [])
        run(ONE, [])

    assert sent == [["BEGIN", "statement"], ["statement"], ["COMMIT"]]


def test_so_does_who_acts(sent, alice):
    with acting(alice), transaction.atomic():
        assert run(ACTOR, []) == [(str(alice.pk),)]

    assert sent[0] == ["BEGIN", f"SET LOCAL frontdesk.actor = '{alice.pk}'", "statement"]


def test_who_acts_from_now_on_goes_with_the_next_statement(sent, alice):
    with transaction.atomic():
        with acting(alice):
            assert run(ACTOR, []) == [(str(alice.pk),)]
        assert run(ACTOR, []) == [("",)]

    assert [len(commands) for commands in sent] == [3, 2, 1]


def test_outside_a_transaction_nobody_asks_who_acts(sent, alice):
    with acting(alice):
        run(ONE, [])

    assert sent == [["statement"]]


def test_who_acts_may_be_known_before_there_is_a_connection(alice):
    connection.close()
    with acting(alice), transaction.atomic():
        assert run(ACTOR, []) == [(str(alice.pk),)]


def test_without_a_connection_there_is_nothing_to_commit():
    connection.close()
    transaction.commit()

    assert connection.connection is None


def test_a_transaction_that_does_nothing_sends_nothing(sent, alice):
    with acting(alice), transaction.atomic():
        pass
    assert sent == []

    run(ONE, [])
    assert sent == [["statement"]]


def test_a_copy_is_in_the_transaction():
    with transaction.atomic():
        with connection.cursor() as cursor, cursor.copy("COPY shop_category (name) FROM STDIN") as copy:
            copy.write_row(["Paper"])
        transaction.set_rollback(True)

    assert names() == set()


@pytest.mark.parametrize("when", ["before", "inside"])
def test_a_cursor_is_in_the_transaction_whenever_it_was_opened(when, sent):
    with connection.cursor() as cursor:
        if when == "inside":
            cursor = connection.cursor()
        with transaction.atomic():
            cursor.execute("INSERT INTO shop_category (name) VALUES ('Paper')")
            transaction.set_rollback(True)

    assert sent == [["BEGIN"]]
    assert names() == set()


def test_what_nobody_waits_for_goes_with_commit(sent):
    with transaction.atomic():
        later(ADD, PAPER)

    assert sent == [["BEGIN", "statement", "COMMIT"]]
    assert names() == {"Paper"}


@pytest.mark.parametrize("look", [names, lambda: {name for (name,) in run(Prepared("SELECT name FROM shop_category", 0), [])}])
def test_the_next_statement_sees_what_nobody_waited_for(look, sent):
    with transaction.atomic():
        later(ADD, PAPER)
        assert look() == {"Paper"}


def test_outside_a_transaction_it_is_done_at_once(sent):
    later(ADD, PAPER)

    assert sent == [["statement"]]
    assert names() == {"Paper"}


def test_a_connection_that_knows_too_many_statements_does_it_at_once(monkeypatch):
    monkeypatch.setattr("config.postgresql.prepared.MOST", 0)
    with transaction.atomic():
        later(Prepared("INSERT INTO shop_category (name) VALUES (%s)", 1), ["Ink"])
        assert not connection.kept

    assert names() == {"Ink"}


def test_what_is_rolled_back_is_never_sent(sent):
    with transaction.atomic():
        later(ADD, PAPER)
        transaction.set_rollback(True)

    assert run(ONE, []) == [(1,)]
    assert sent == [["statement"]]


def test_what_was_kept_for_a_connection_is_not_sent_on_another(sent):
    with transaction.atomic():
        later(ADD, PAPER)
        connection.close()

    assert run(ONE, []) == [(1,)]
    assert sent == [["statement"]]


def test_a_savepoint_that_is_undone_takes_it_along_with_its_error(sent):
    with transaction.atomic():
        run(ADD, PAPER)
        with suppress(KeyError), transaction.atomic():
            later(ADD, PAPER)
            raise KeyError
        run(ADD, ["Ink"])

    assert names() == {"Paper", "Ink"}


@pytest.mark.parametrize("size", [300_000, 5_000_000])
def test_what_is_larger_than_the_sockets_buffer_arrives(size):
    length = Prepared("SELECT length(%s)", 1)
    with transaction.atomic():
        assert run(length, ["x" * size]) == [(size,)]
        later(length, ["x" * size])

    with transaction.atomic():
        later(length, ["x" * size])
        assert run(length, ["x" * size]) == [(size,)]


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


def test_others_work_while_postgresql_does():
    """libpq's own waiting for what was sent together would keep the interpreter."""
    sleep = Prepared("SELECT pg_sleep(%s)", 1)
    run(sleep, [0])
    ticks, over = [], threading.Event()

    def tick():
        while not over.wait(0.005):
            ticks.append(time.monotonic())

    ticking = threading.Thread(target=tick)
    ticking.start()
    with transaction.atomic():
        began = time.monotonic()
        run(sleep, [0.3])
        ended = time.monotonic()
    over.set()
    ticking.join()

    assert sum(began < moment < ended for moment in ticks) > 10
