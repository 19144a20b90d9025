"""The worker's parts, one at a time: seats, the line for them, and how much time clients have."""

import collections
import select
import socket
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from gunicorn.config import Config

from config import connections
from config.connections import SLOWEST, Connection, Seats
from config.worker import Worker


def test_a_thread_has_one_seat_at_most():
    seats = Seats(2)
    assert [seats.take(), seats.take()] == [True, False]
    with ThreadPoolExecutor(1) as other:
        assert other.submit(seats.take).result()
    seats.leave()

    assert not seats.sits()
    assert seats.take()


def test_who_finds_no_seat_waits_a_moment_for_one():
    seats, left = Seats(1), threading.Event()

    def sit():
        seats.take()
        left.wait()
        time.sleep(0.05)
        seats.leave()

    with ThreadPoolExecutor(1) as other:
        other.submit(sit)
        while seats.take():
            seats.leave()
        left.set()
        assert seats.take(timeout=5)


@pytest.fixture
def pair():
    """A socket of ours, and its client's."""
    ours, client = socket.socketpair()
    with ours, client:
        yield ours, client


@pytest.fixture
def worker():
    """One that is about to serve."""
    worker = Worker.__new__(Worker)
    worker.cfg, worker.epoll, worker.is_open = Config(), select.epoll(), False
    worker.connections, worker.idle, worker.in_line = set(), {}, collections.deque()
    return worker


def test_who_stood_in_line_for_long_is_not_too_late(worker, pair):
    connection = Connection(worker.cfg, pair[0])
    connection.unreader.deadline = time.monotonic() - 1
    worker.connections.add(connection)
    worker.in_line.append(connection)
    worker.epoll.register(connection.sock, 0)

    worker._call_in()
    worker._close_idle(time.monotonic())

    assert worker.connections == {connection}


def test_who_has_gone_from_the_door_is_not_taken_in(worker):
    with socket.create_server(("127.0.0.1", 0)) as door:
        client = socket.create_connection(door.getsockname())
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # to go at once
        client.close()
        sock, _ = door.accept()

        worker._take_in(sock)

    assert (worker.connections, sock.fileno()) == (set(), -1)


def test_who_takes_much_has_time_for_much(pair, monkeypatch):
    monkeypatch.setattr(connections, "PATIENT", 0.2)
    ours, client = pair
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)

    def take():
        time.sleep(1)
        return sum(iter(lambda: len(client.recv(65536)), 0))

    with ThreadPoolExecutor(1) as other:
        taken = other.submit(take)
        try:
            connections.send(ours, b"x" * 20 * SLOWEST)
        finally:
            ours.shutdown(socket.SHUT_WR)

    assert taken.result() == 20 * SLOWEST


def test_who_sends_much_has_time_for_much(pair):
    ours, client = pair
    unreader, taken = connections.Unreader(ours), 0
    unreader.deadline = 10
    client.sendall(b"x" * 2 * SLOWEST)
    while taken < 2 * SLOWEST:
        taken += len(unreader.chunk())

    assert unreader.deadline == 12


def test_who_has_the_number_of_one_that_expired_is_kept(worker, pair):
    """The number of a connection that another thread took and closed while the expired ones were looked through."""
    new = Connection(worker.cfg, pair[0])
    descriptor = pair[0].fileno()

    class Old(Connection):
        @property
        def expires(self):
            worker.idle[descriptor] = new
            return 0

        @expires.setter
        def expires(self, when):
            """Whatever it is."""

    worker.idle[descriptor] = Old(worker.cfg, pair[0])
    worker.connections.add(new)

    worker._close_idle(time.monotonic())

    assert (worker.idle, worker.connections) == ({descriptor: new}, {new})
    assert pair[0].fileno() == descriptor
