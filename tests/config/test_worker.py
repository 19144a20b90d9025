"""The worker with a small application of our own: what it does with answers and connections, whatever they are for."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psutil
import pytest

from config.connections import LINGER
from tests.live import Service, conversation, get

closed = []


class Body:
    """Pieces of an answer, which notes that it was closed."""

    def __init__(self, *pieces):
        self.pieces = iter(pieces)

    def __iter__(self):
        return self

    def __next__(self):
        if isinstance(piece := next(self.pieces), Exception):
            raise piece
        return piece

    def close(self):
        closed.append(self)


def application(environ, start_response):
    """Answers in pieces of no known length, but for paths that it does not know."""
    bodies = {
        "/pieces": ("200 OK", [b"one", b"", b"two"]),
        "/much": ("200 OK", [b"x" * 1_000_000] * 20),
        "/breaks": ("200 OK", [b"one", ValueError("in the midst")]),
        "/closed": ("200 OK", [str(len(closed)).encode()]),
    }
    if environ["PATH_INFO"] == "/sleeps":
        time.sleep(3)
    if environ["PATH_INFO"] == "/fails":
        raise ValueError("at once")
    if environ["PATH_INFO"] not in bodies:
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]
    status, pieces = bodies[environ["PATH_INFO"]]
    start_response(status, [])
    return Body(*pieces)


def serve(folder, threads=2, options=""):
    return Service(
        folder,
        worker=False,
        workers=1,
        application="tests.config.test_worker:application",
        WEB_THREADS=str(threads),
        GUNICORN_CMD_ARGS=options,
    )


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """One process with two threads."""
    with serve(tmp_path_factory.mktemp("small")) as service:
        yield service


def ask(path, *headers):
    return b"\r\n".join([b"GET " + path + b" HTTP/1.1", b"Host: x", *headers, b"", b""])


def test_pieces_arrive_as_one_answer(small):
    assert get(small, "/pieces") == (200, b"onetwo")


def test_an_answer_that_breaks_off_is_not_told_as_whole_and_another_page_is_no_part_of_it(small):
    said = conversation(small, ask(b"/breaks"))

    assert said.endswith(b"\r\n\r\n3\r\none\r\n")


def test_an_application_that_fails_at_once_is_a_500(small):
    assert get(small, "/fails")[0] == 500


def test_bodies_are_closed_whatever_becomes_of_them(small):
    before = int(get(small, "/closed")[1])
    for path in ("/pieces", "/breaks"):
        conversation(small, ask(path.encode(), b"Connection: close"))

    assert int(get(small, "/closed")[1]) == before + 3


def test_a_request_that_takes_long_holds_up_nobody(small):
    with ThreadPoolExecutor(1) as other:
        long = other.submit(get, small, "/sleeps")
        time.sleep(0.5)

        assert get(small, "/") == (200, b"ok")
        assert not long.done()


def test_who_takes_many_pieces_slowly_holds_up_nobody(small):
    with ExitStack() as stack:
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", small.port))
            client.sendall(ask(b"/much"))
        time.sleep(0.5)

        assert get(small, "/", timeout=5) == (200, b"ok")


def test_a_head_without_end_is_refused(small):
    assert conversation(small, ask(b"/")[:-2] + b"X: " + b"x" * 900_000).startswith(b"HTTP/1.1 4")


def test_a_large_body_is_answered_before_it_has_come(small):
    assert conversation(small, ask(b"/", b"content-length: 200000") + b"x" * 70_000).startswith(b"HTTP/1.1 200")


def test_who_is_told_to_close_hears_the_end(small):
    with socket.create_connection(("127.0.0.1", small.port), timeout=LINGER / 2) as client:
        client.sendall(ask(b"/", b"Connection: close"))
        while client.recv(65536):
            pass


@pytest.mark.parametrize("body", [b"x" * 10, b"\r\n\r\n" * 10], ids=["words", "ends of heads"])
def test_a_body_that_nobody_read_holds_no_thread(tmp_path, body):
    with (
        serve(tmp_path, threads=1) as service,
        socket.create_connection(("127.0.0.1", service.port), timeout=5) as client,
    ):
        client.sendall(ask(b"/", b"Content-Length: %d" % len(body)) + body)
        assert client.recv(65536).startswith(b"HTTP/1.1 200")

        assert get(service, "/", timeout=3) == (200, b"ok")


def test_one_thread_alone_takes_large_bodies_and_gives_large_answers(tmp_path):
    with serve(tmp_path, threads=1) as service:
        assert get(service, "/much") == (200, b"x" * 20_000_000)
        assert conversation(service, ask(b"/", b"Content-Length: 200000"), b"x" * 200_000).startswith(b"HTTP/1.1 200")


def test_no_more_connections_than_are_allowed(tmp_path):
    with serve(tmp_path, options="--worker-connections 2") as service, ThreadPoolExecutor(1) as other, ExitStack() as stack:
        first, _ = [stack.enter_context(socket.create_connection(("127.0.0.1", service.port))) for _ in range(2)]
        time.sleep(0.5)
        third = other.submit(get, service, "/", timeout=10)
        time.sleep(1.5)
        assert not third.done()

        first.close()

        assert third.result() == (200, b"ok")


@pytest.mark.parametrize(("options", "kept"), [("--keep-alive 1", False), ("", True)])
def test_a_connection_is_kept_for_its_time(tmp_path, options, kept):
    with (
        serve(tmp_path, options=options) as service,
        socket.create_connection(("127.0.0.1", service.port), timeout=5) as client,
    ):
        client.sendall(ask(b"/"))
        assert client.recv(65536)
        time.sleep(3)
        if kept:
            client.sendall(ask(b"/"))

        assert bool(client.recv(65536)) == kept


def test_who_stands_in_line_has_the_seat_of_who_took_an_answer(small):
    """Of two threads one may wait for clients: for the first, who takes its answer slowly, and then for the second's body."""
    with socket.socket() as slow, socket.create_connection(("127.0.0.1", small.port), timeout=10) as large:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.settimeout(10)
        slow.connect(("127.0.0.1", small.port))
        slow.sendall(ask(b"/much", b"Connection: close"))
        time.sleep(0.5)
        large.sendall(ask(b"/", b"Content-Length: 200000") + b"x" * 200_000)
        time.sleep(0.5)
        while slow.recv(1_000_000):
            pass

        assert large.recv(65536).startswith(b"HTTP/1.1 200")


def test_without_a_master_the_processes_end(tmp_path):
    with serve(tmp_path) as service:
        children = service.children()
        service.processes["web"].kill()

        _, left = psutil.wait_procs(children, timeout=10)
        for child in left:
            child.kill()

    assert len(children) == 1
    assert not left


def test_a_process_that_no_longer_gets_on_is_replaced_and_one_without_work_is_not(tmp_path):
    with serve(tmp_path, options="--timeout 3") as service:
        (process,) = service.children()
        time.sleep(5)
        assert service.children() == [process]

        process.suspend()
        service.wait(lambda: process not in service.children(), "the process was replaced")

        assert get(service, "/") == (200, b"ok")


def test_who_says_nothing_keeps_no_worker_from_stopping(tmp_path):
    with serve(tmp_path) as service, socket.create_connection(("127.0.0.1", service.port)):
        time.sleep(0.5)
        began = time.monotonic()

        assert service.stop("web") == 0
        assert time.monotonic() < began + LINGER + 5
