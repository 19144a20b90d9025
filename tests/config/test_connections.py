"""What clients send and take on a connection: whole or in pieces, at once or slowly, and who waits for them."""

import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.live import Service, conversation, get

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PROBE = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"


def body_of(length, *headers):
    head = [b"POST /auth/users/ HTTP/1.1", b"Host: 127.0.0.1", b"Content-Type: application/json", *headers]
    return b"\r\n".join([*head, b"content-length: %d" % length, b"", b""])  # in small letters, as some proxies write it


@pytest.fixture
def narrow(tmp_path):
    """One process with two threads."""
    with Service(tmp_path, worker=False, workers=1, WEB_THREADS="2") as service:
        yield service


# What twenty clients send, who then wait. One that is given up, or waits for the other to close, may take its thread for
# some seconds in all, and twenty take ten times that.
SLOW = {
    "silent": b"",
    "in the head": PROBE[:10],
    "in the body": body_of(5_000) + b"{",
    "in a large body": body_of(200_000) + b"{" * 100_000,
    "in a chunk": b"POST /auth/users/ HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
    "at the end": b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "taking an answer": b"GET /api/schema/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "taking a file": b"GET /static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js HTTP/1.1\r\n"
    b"Host: 127.0.0.1\r\n\r\n",
    "taking many answers": b"GET /api/schema/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 40,
}


def test_slow_clients_hold_no_thread(narrow):
    each = [[sent] * 20 for sent in SLOW.values()]
    for clients in [*each, [*SLOW.values()] * 3]:
        with ExitStack() as stack:
            for sent in clients:
                client = stack.enter_context(socket.socket())
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                client.connect(("127.0.0.1", narrow.port))
                client.sendall(sent)
            time.sleep(0.5)

            assert get(narrow, "/livez", timeout=5)[0] == 200


def test_who_never_pauses_keeps_nobody_waiting(tmp_path):
    """One thread, and a client whose next requests are always there when its last ones are answered."""
    with (
        Service(tmp_path, worker=False, workers=1, WEB_THREADS="1") as service,
        socket.create_connection(("127.0.0.1", service.port), timeout=5) as busy,
        ThreadPoolExecutor(1) as other,
    ):
        busy.sendall(PROBE * 100)
        answer, deadline = other.submit(get, service, "/livez"), time.monotonic() + 5
        while not answer.done() and time.monotonic() < deadline:
            busy.sendall(PROBE * busy.recv(65536).count(b"HTTP/1.1 200"))
        waited = not answer.done()
        busy.close()

        assert not waited


def test_a_request_comes_in_its_time(narrow):
    """However little is sent at a time: bytes that keep coming keep no connection open."""
    with ExitStack() as stack:
        clients = []
        for sent in (SLOW["in the head"], SLOW["in the body"], SLOW["in a large body"]):
            clients.append(stack.enter_context(socket.create_connection(("127.0.0.1", narrow.port), timeout=1)))
            clients[-1].sendall(sent)
        began = time.monotonic()
        while clients and time.monotonic() < began + 30:
            time.sleep(0.5)
            for client in list(clients):
                try:
                    client.sendall(b" ")
                except OSError:
                    clients.remove(client)

        assert not clients


def test_large_bodies_stand_in_line(narrow):
    with ExitStack() as stack:
        clients = [stack.enter_context(socket.create_connection(("127.0.0.1", narrow.port), timeout=10)) for _ in range(4)]
        for client in clients:
            client.sendall(body_of(200_000) + b"[" * 100_000)
        time.sleep(0.5)
        for client in clients:
            client.sendall(b"]" * 100_000)

        assert [client.recv(65536).split()[1] for client in clients] == [b"400"] * 4


@pytest.mark.parametrize(("length", "sent"), [(100, 50), (200_000, 100_000)], ids=["small", "large"])
def test_half_a_request_is_none(narrow, length, sent):
    with socket.create_connection(("127.0.0.1", narrow.port), timeout=10) as client:
        client.sendall(body_of(length) + b'{"email": "half@example.com", "password": "a long password"}'.ljust(sent)[:sent])
        client.shutdown(socket.SHUT_WR)
        said = b""
        while part := client.recv(65536):
            said += part

    assert said == b"" or said.split()[1] == b"408"
    assert "Traceback" not in narrow.log("web"), narrow.log("web")


def test_who_asks_whether_to_go_on_is_told_once(narrow):
    asked = [body_of(2, b"expect: 100-continue"), b"{", b"}"]
    said = conversation(narrow, *asked, *asked)

    assert re.findall(rb"HTTP/1\.1 (\d+) ", said) == [b"100", b"400"] * 2


def test_a_body_in_chunks_is_refused(narrow):
    sent = SLOW["in a chunk"].replace(b"5\r\n{", b"2\r\n{}\r\n0\r\n\r\n")

    assert b"length_required" in conversation(narrow, sent)


@pytest.mark.parametrize(
    ("pieces", "statuses"),
    [
        ([PROBE, PROBE], [200, 200]),
        ([PROBE + PROBE + PROBE], [200, 200, 200]),
        ([PROBE[:10], PROBE[10:]], [200]),
        # A body that no view reads is not the next request.
        (
            [
                b"GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 30\r\n\r\n" + b"GET /readyz HTTP/1.1\r\nHost: x\r\n"[:30],
                PROBE,
            ],
            [200, 200],
        ),
        ([b"HEAD /livez HTTP/1.1\r\nHost: x\r\n\r\n", PROBE], [200, 200]),
        ([b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", PROBE], [200]),
        ([b"GET /livez HTTP/1.0\r\n\r\n"], [200]),
        ([b"nonsense\r\n\r\n", PROBE], [400]),
        ([b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", PROBE], [400]),
    ],
    ids=["kept", "pipelined", "in pieces", "unread body", "HEAD", "close", "HTTP/1.0", "nonsense", "two lengths"],
)
def test_one_connection(service, pieces, statuses):
    said = conversation(service, *pieces)

    assert [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d+) ", said)] == statuses


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (body_of(65_535) + b"x" * 65_535, True),
        (body_of(65_536) + b"x" * 65_536, False),
        (SLOW["in a chunk"], False),
    ],
    ids=["short", "large", "in chunks"],
)
def test_an_answer_says_whether_its_connection_is_kept(narrow, sent, kept):
    """Of a body that no view reads, much is not read for the next request's sake."""
    said = conversation(narrow, sent.replace(b"POST /auth/users/", b"POST /nowhere/"), *[PROBE] * kept)

    assert re.findall(rb"\r\nConnection: (\S+)\r\n", said) == ([b"keep-alive"] * 2 if kept else [b"close"])


def test_a_head_is_nothing_to_warn_of(service):
    for path in (b"/livez", b"/auth/users/me", b"/admin/login/"):
        said = conversation(service, b"HEAD " + path + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert said.endswith(b"\r\n\r\n")

    assert "warning" not in service.log("web")


def test_an_answer_is_one_piece(service):
    with socket.create_connection(("127.0.0.1", service.port), timeout=5) as connection:
        connection.sendall(PROBE)
        assert connection.recv(65536).endswith(b'{"status":"ok"}')


def test_a_file_arrives_whole(service):
    whole = get(service, "/static/docs/docs.css")

    assert whole[0] == 200
    assert len(whole[1]) > 100
