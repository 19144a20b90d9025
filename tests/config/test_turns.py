"""One thread of a process works at a time, unless it is held up."""

from contextlib import suppress

import pytest

from config.turns import Turns
from tests.config.threads import waits


@pytest.fixture
def ours():
    return Turns()


@pytest.fixture
def queue(ours, threads):
    """It is the first one's turn, and the second waits for it; the third has done nothing."""
    threads[0].does(ours.take)
    waits(threads[1], ours)
    return threads


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
