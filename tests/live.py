"""The service as it is deployed, gunicorn and worker in processes of their own, on the test database."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

import psutil
from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent


def free_port():
    """A TCP port on loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def database_url():
    """The test database as DATABASE_URL names it."""
    found = connection.settings_dict
    user, host = quote(found["USER"] or "postgres"), found["HOST"] or found["OPTIONS"].get("host", "")
    password = f":{quote(found['PASSWORD'])}" if found["PASSWORD"] else ""
    if host.startswith("/"):
        return f"postgres://{user}{password}@/{found['NAME']}?host={quote(host, safe='')}"
    return f"postgres://{user}{password}@{host}:{found['PORT'] or 5432}/{found['NAME']}"


class Service:
    """`with Service(folder) as service:` serves at `service.url` until the block ends. Variables override the environment.

    `keep_port`: as under `make run`, the socket is ours, so that clients wait while no process serves it.
    """

    def __init__(self, folder, *, worker=True, workers=2, keep_port=False, application="config.wsgi", **variables):
        self.folder, self.with_worker, self.port, self.application = Path(folder), worker, free_port(), application
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=2048) if keep_port else None
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = {
            **os.environ,
            "DATABASE_URL": database_url(),
            "SECRET_KEY": settings.SECRET_KEY,
            "JWT_KEY": settings.JWT_KEY,
            "HTTPS": "off",
            "SITE_URL": self.url,
            "FRONTDESK_DATA": str(self.folder),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "WEB_WORKERS": str(workers),
            **variables,
        }
        self.processes = {}

    def __enter__(self):
        self.start_web()
        if self.with_worker:
            self.start_worker()
        try:
            self.wait(lambda: self.status("/readyz") == 200, "the service is ready")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception):
        for name in reversed(list(self.processes)):
            self.stop(name)
        if self.listener:
            self.listener.close()

    def start_web(self):
        bind = ["-b", f"fd://{self.listener.fileno()}"] if self.listener else []
        self._start("web", "-m", "gunicorn", "-c", "config/gunicorn.py", *bind, self.application)

    def start_worker(self):
        self._start("worker", "manage.py", "procrastinate", "worker")

    def _start(self, name, *arguments):
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{name}.log").open("ab") as log:
            # A group of its own, so that whatever it starts can be ended with it.
            self.processes[name] = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=self.env,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=[self.listener.fileno()] if self.listener else [],
            )

    def stop(self, name, number=signal.SIGTERM):
        """Ends a process and all that it started; by SIGTERM, or at once by SIGKILL. Returns its exit code."""
        process = self.processes.pop(name)
        with suppress(ProcessLookupError):
            (process.send_signal if number == signal.SIGTERM else lambda n: os.killpg(process.pid, n))(number)
        try:
            return process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return process.wait()

    def children(self, name="web"):
        """The processes that a process started: gunicorn's workers."""
        return psutil.Process(self.processes[name].pid).children()

    def log(self, name="web"):
        return (self.folder / f"{name}.log").read_text()

    def status(self, path):
        """The status of a GET, or None where nobody answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    @staticmethod
    def wait(condition, what, seconds=20):
        """Returns once `condition()` is true; AssertionError after so many seconds."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"waited {seconds} s in vain until {what}"
            time.sleep(0.05)


def get(service, path, timeout=30, **headers):
    """(status, body) of a GET on a connection of its own."""
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=timeout)) as connection:
        connection.connect()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()


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
