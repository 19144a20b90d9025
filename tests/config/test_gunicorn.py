"""What gunicorn does under the settings in config.gunicorn, which its own do not promise."""

import gc
import http.client
import json
import re
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from config import gunicorn as hooks
from tests.live import Service, conversation, get

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


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
