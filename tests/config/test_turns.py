"""One thread of a process works at a time, unless it is held up."""

import socket
import threading
from contextlib import suppress

import pytest
from django.db import connection, transaction

from config.sql import Insertion
from config.turns import Turns, turns
from config.worker import Worker
from shop.models import Category
from tests.live import Service, get


class Thread:
    """A thread that does one thing after another, when it is told to."""

    def __init__(self):
        self._told, self._done = threading.Semaphore(0), threading.Semaphore(0)
        self._task = None
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self):
        while self._told.acquire():
            self._task()
            self._done.release()

    def begins(self, task):
        self._task = task
        self._told.release()

    def ends(self, within=10):
        """Whether what it began last has ended."""
        return self._done.acquire(timeout=within)

    def does(self, task):
        self.begins(task)
        assert self.ends()


@pytest.fixture
def threads():
    return Thread(), Thread(), Thread()


@pytest.fixture
def ours():
    return Turns()


@pytest.fixture
def queue(ours, threads):
    """It is the first one's turn, and the second waits for it; the third has done nothing."""
    threads[0].does(ours.take)
    waits(threads[1], ours)
    return threads


def waits(thread, ours):
    """Makes a thread wait for its turn. Returns once it does."""
    before = len(ours._waiting)
    thread.begins(ours.take)
    while len(ours._waiting) == before:
        assert not thread.ends(0.001)


def test_one_waits_until_the_other_passes_on(ours, queue):
    first, second, _ = queue

    first.does(ours.pass_on)

    assert second.ends()


def test_it_stays_ones_turn_from_request_to_request(ours, queue):
    first, second, _ = queue
    for _ in range(3):
        for step in (ours.begin, ours.end, ours.take):
            first.does(step)
        ours.look()

    assert not second.ends(0.05)


def test_who_waited_last_is_next(ours, queue):
    first, second, third = queue
    waits(third, ours)

    first.does(ours.pass_on)

    assert third.ends()
    assert not second.ends(0.05)


def test_only_the_one_whose_turn_it_is_passes_on(ours, queue):
    _, second, third = queue

    third.does(ours.pass_on)

    assert not second.ends(0.05)


def test_a_request_seen_twice_is_held_up(ours, queue):
    first, second, _ = queue
    first.does(ours.begin)

    ours.look()
    assert not second.ends(0.05)
    ours.look()

    assert second.ends()


def test_another_request_is_not_held_up_for_the_one_before(ours, queue):
    first, second, _ = queue
    first.does(ours.begin)
    ours.look()
    for step in (ours.end, ours.begin):
        first.does(step)

    ours.look()

    assert not second.ends(0.05)


def test_who_ends_at_the_last_moment_is_not_held_up(ours, queue, monkeypatch):
    """A turn that is taken away from a thread without work leaves two that wait for the same."""
    first, second, _ = queue
    first.does(ours.begin)
    ours.look()
    change, early = ours._change, [ours.end]

    class Change:
        def __enter__(self):
            if early:
                first.does(early.pop())
            return change.__enter__()

        def __exit__(self, *exception):
            return change.__exit__(*exception)

    monkeypatch.setattr(ours, "_change", Change())
    ours.look()

    assert not second.ends(0.05)


def test_who_ends_late_leaves_the_others_request_alone(ours, threads):
    first, second, third = threads
    for step in (ours.take, ours.begin, ours.pass_on):
        first.does(step)
    for step in (ours.take, ours.begin):
        second.does(step)
    waits(third, ours)
    ours.look()

    first.does(ours.end)
    ours.look()

    assert third.ends()


@pytest.fixture
def aside(ours, queue):
    """The first one stands aside in the midst of its request, and the second works meanwhile. Gives the first one's way back."""
    first, second, _ = queue
    waiting = ours.aside()
    for step in (ours.begin, waiting.__enter__):
        first.does(step)
    assert second.ends()
    second.does(ours.begin)
    return lambda: waiting.__exit__(None, None, None)


def test_who_stood_aside_goes_on_before_who_wants_work(ours, queue, aside):
    first, second, third = queue
    waits(third, ours)
    first.begins(aside)
    assert not first.ends(0.05)

    second.does(ours.end)

    assert first.ends()
    assert not third.ends(0.05)


def test_who_goes_on_may_be_held_up_again(ours, queue, aside):
    first, second, third = queue
    first.begins(aside)
    assert not first.ends(0.05)
    second.does(ours.end)
    waits(third, ours)

    ours.look()
    ours.look()

    assert third.ends()


def test_who_stood_aside_does_not_wait_for_one_without_work(ours, queue, aside):
    first, second, _ = queue
    second.does(ours.end)

    first.does(aside)


def test_who_stood_aside_does_not_wait_for_one_that_is_held_up(ours, queue, aside):
    first, _, _ = queue
    first.begins(aside)
    assert not first.ends(0.05)

    ours.look()
    ours.look()

    assert first.ends()


def test_who_had_no_turn_has_none_for_standing_aside(ours, threads):
    first, second, _ = threads
    waiting = ours.aside()
    first.does(waiting.__enter__)
    first.does(lambda: waiting.__exit__(None, None, None))

    second.does(ours.take)


def test_who_comes_back_to_a_free_turn_has_it_and_may_be_held_up(ours, threads):
    first, second, _ = threads
    waiting = ours.aside()
    for step in (ours.take, ours.begin, waiting.__enter__, lambda: waiting.__exit__(None, None, None)):
        first.does(step)
    waits(second, ours)

    ours.look()
    ours.look()

    assert second.ends()


def test_who_waits_for_work_is_not_held_up_for_the_request_before(ours, queue):
    first, second, third = queue
    waits(third, ours)
    for step in (ours.begin, ours.pass_on):
        first.does(step)
    assert third.ends()

    ours.look()
    ours.look()

    assert not second.ends(0.05)


def test_an_error_meanwhile_takes_no_turn_away(ours, threads):
    """A COMMIT may fail; the request has its answer to make."""
    first, second, _ = threads

    def fail():
        with suppress(KeyError), ours.aside():
            raise KeyError

    for step in (ours.take, ours.begin, fail):
        first.does(step)
    second.begins(ours.take)

    assert not second.ends(0.05)


@pytest.mark.django_db(transaction=True)
def test_the_others_go_on_at_commit(threads):
    other = threads[0]
    turns.take()
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            waits(other, turns)

        assert other.ends()
    finally:
        other.does(turns.pass_on)
        turns.pass_on()


@pytest.mark.django_db(transaction=True)
def test_the_others_go_on_while_a_lone_row_is_committed(threads):
    other = threads[0]
    turns.take()
    try:
        waits(other, turns)
        Insertion(Category, "name").run(name="Paper")

        assert other.ends()
    finally:
        other.does(turns.pass_on)
        turns.pass_on()


def test_a_thread_that_dies_takes_nobody_with_it(threads):
    class Broken:
        def poll(self, **options):
            raise SystemExit

    worker = Worker.__new__(Worker)
    worker.epoll = Broken()
    with suppress(SystemExit):
        worker._serve()

    threads[0].begins(turns.take)

    try:
        assert threads[0].ends()
    finally:
        turns.pass_on()
        threads[0].begins(turns.pass_on)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_client_who_sends_slowly_holds_up_nobody(tmp_path):
    with (
        Service(tmp_path, worker=False, workers=1, WEB_THREADS="2") as service,
        socket.create_connection(("127.0.0.1", service.port)) as slow,
    ):
        slow.sendall(
            b"POST /auth/jwt/create/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
        )

        statuses = {get(service, "/livez", timeout=5)[0] for _ in range(20)}

    assert statuses == {200}
