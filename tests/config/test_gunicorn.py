"""What gunicorn does under the settings in config.gunicorn, which its own do not promise."""

import gc
import http.client
import json
import re
import signal
import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest

from config import gunicorn as hooks
from tests.live import Service

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def service(tmp_path):
    with Service(tmp_path, worker=False) as service:
        yield service


def get(service, path, timeout=30, **headers):
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=timeout)) as connection:
        connection.connect()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()


@pytest.mark.parametrize("keep", [False, True], ids=["a connection each", "kept connections"])
def test_sigterm_under_load_fails_no_request(service, keep):
    outcomes, enough = Counter(), threading.Event()

    def client():
        connection = None
        while True:
            try:
                if connection is None:
                    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
                    connection.connect()
            # It has stopped, and says so. Whoever comes in the microseconds between the worker's last look into the kernel's
            # queue and the closing is let in and put out again, before a request was sent.
            except (ConnectionRefusedError, ConnectionResetError):
                return
            try:
                connection.request("GET", "/livez")
                answer = connection.getresponse()
                answer.read()
                outcomes[answer.status] += 1
            except (OSError, http.client.HTTPException) as error:
                outcomes[type(error).__name__] += 1
                answer = None
            if outcomes.total() > 200:
                enough.set()
            if not keep or answer is None or answer.will_close:
                connection.close()
                connection = None

    clients = [threading.Thread(target=client) for _ in range(16)]
    for thread in clients:
        thread.start()
    assert enough.wait(20)

    assert service.stop("web") == 0
    for thread in clients:
        thread.join(20)

    assert set(outcomes) == {200}


def test_a_worker_heeds_sigterm_from_its_first_moment(service):
    known = set(service.children())
    known.pop().terminate()
    for _ in range(20):  # each makes room for the next, which is asked to stop as soon as there is one
        deadline = time.monotonic() + 30
        while not (newborn := set(service.children()) - known):  # without a pause: the first milliseconds matter
            assert time.monotonic() < deadline

        for worker in newborn:
            worker.terminate()

        service.wait(lambda: not newborn & set(service.children()), "it has ended", 30)


def test_no_client_says_where_the_path_begins(service):
    plain = get(service, "/api/livez")[0]

    assert plain == 404
    for header in ("SCRIPT_NAME", "PATH_INFO"):
        assert get(service, "/api/livez", **{header: "/api"})[0] == plain


def test_its_own_lines_are_json_too(service):
    victim = service.children()[0]
    victim.kill()
    service.wait(lambda: "SIGKILL" in service.log(), "it says so")

    assert [json.loads(line)["logger"] for line in service.log().splitlines() if "SIGKILL" in line] == ["gunicorn.error"]


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /api/ticket?search=a-secret and more HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /livez?token=a-secret HTTP/a-secret\r\nHost: x\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\na-secret\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nCookie a-secret: x\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer\r\n a-secret\r\n\r\n",
        b"POST /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: a-secret\r\n\r\n",
        b"POST /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\na-secret\r\n\r\n",
        b"a-secret\r\n\r\n",
    ],
    ids=["words in a query", "version", "no header", "header", "folded", "coding", "chunk", "nonsense"],
)
def test_what_is_no_request_is_not_repeated_in_the_log(service, request_):
    conversation(service, request_)

    assert "a-secret" not in service.log("web")


def conversation(service, *pieces):
    """What the service says on one connection to these bytes, until it closes it or is silent for a second."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=1) as connection:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(0.05)
        said = b""
        with suppress(TimeoutError):
            while part := connection.recv(65536):
                said += part
        return said


PROBE = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"


def body_of(length, *headers):
    head = [b"POST /auth/users/ HTTP/1.1", b"Host: 127.0.0.1", b"Content-Type: application/json", *headers]
    return b"\r\n".join([*head, b"Content-Length: %d" % length, b"", b""])


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
    "taking many answers": b"GET /api/schema/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 40,
}


def test_slow_clients_hold_no_thread(narrow):
    for sent in SLOW.values():
        with ExitStack() as stack:
            for _ in range(20):
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
    said = conversation(narrow, body_of(2, b"Expect: 100-continue"), b"{}")

    assert re.findall(rb"HTTP/1\.1 (\d+) ", said) == [b"100", b"400"]


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


def test_a_head_is_nothing_to_warn_of(service):
    for path in (b"/livez", b"/auth/users/me", b"/admin/login/"):
        said = conversation(service, b"HEAD " + path + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert said.endswith(b"\r\n\r\n")

    assert "warning" not in service.log("web")


def dying(environ, start_response):
    """An application that /die ends the thread of."""
    if environ["PATH_INFO"] == "/die":
        raise SystemExit
    start_response("200 OK", [("Content-Length", "0")])
    return [b""]


def test_a_thread_that_dies_is_replaced_and_its_client_told(tmp_path):
    with Service(tmp_path, worker=False, workers=1, application="tests.config.test_gunicorn:dying", WEB_THREADS="2") as service:
        first = service.children()[0].pid

        with pytest.raises(ConnectionResetError):  # or its kind RemoteDisconnected
            get(service, "/die", timeout=5)

        service.wait(lambda: first not in [process.pid for process in service.children()], "its process has ended")
        assert get(service, "/", timeout=10)[0] == 200


def test_an_answer_is_one_piece(service):
    with socket.create_connection(("127.0.0.1", service.port), timeout=5) as connection:
        connection.sendall(PROBE)
        assert connection.recv(65536).endswith(b'{"status":"ok"}')


def test_a_file_arrives_whole(service):
    whole = get(service, "/static/docs/docs.css")

    assert whole[0] == 200
    assert len(whole[1]) > 100


@pytest.mark.parametrize("again", [False, True], ids=["started", "loaded anew"])
def test_workers_share_what_was_loaded(service, again):
    """After its first requests a worker has little of its own: what they needed was there before the fork."""
    if again:
        before = {process.pid for process in service.children()}
        service.processes["web"].send_signal(signal.SIGHUP)
        service.wait(
            lambda: len(now := {process.pid for process in service.children()}) == 2 and not now & before, "new workers serve"
        )
    for _ in range(20):
        get(service, "/api/v1/products/")
        get(service, "/auth/users/me/")

    for process in service.children():
        kept = dict(re.findall(r"^(\w+): +(\d+) kB$", Path(f"/proc/{process.pid}/smaps_rollup").read_text(), re.MULTILINE))
        assert int(kept["Private_Dirty"]) < int(kept["Rss"]) / 3


@pytest.mark.parametrize("hook", [hooks.when_ready, hooks.on_reload])
def test_what_was_loaded_is_no_work_for_the_collector(hook):
    gc.unfreeze()
    try:
        hook(None)
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
