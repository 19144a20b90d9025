"""What nobody waits for is sent with the next command: BEGIN, who acts, and what is told."""

import threading
import time
from contextlib import suppress

import pytest
from django.db import connection, transaction

from config.actors import acting
from config.postgresql.prepared import Prepared, later, run
from tests.config.statements import ACTOR, ADD, ONE, PAPER, names

pytestmark = pytest.mark.django_db(transaction=True)


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
