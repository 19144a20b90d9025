"""One parent for web, worker and PostgreSQL: restarts what dies, and stops everything together."""

import http.client
import os
import signal
import subprocess
import time
from contextlib import closing, contextmanager, suppress

from local import ROOT, Stop, say
from local.processes import start_child

_POLL = 0.2  # seconds between looks
_PATIENCE = 60  # seconds for the web server to come up
_GRACE = 35  # seconds to finish requests and jobs in hand
_SETTLED = 30  # seconds after which a death is no longer one of a series
_LONGEST_PAUSE = 5  # seconds before another start of something that keeps dying


class _Child:
    def __init__(self, name, command, listener):
        self.name, self.command, self.listener = name, command, listener
        self.process, self.started, self.ended, self.pause = None, 0.0, None, 0.0


class Supervisor:
    """`with Supervisor(env, server) as …:` ends everything it started when the block ends, or a signal comes."""

    def __init__(self, env, server=None):
        self.env, self.server, self.children = env, server, []
        self.stopping = self._busy = False

    def __enter__(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._signaled)
        return self

    def __exit__(self, *exception):
        self.stopping = True
        say("Stopping …")
        for child in self.children:
            self._end(child)
        if self.server:
            self.server.stop()
        say("Stopped.")
        # A signal during the start ends it in whatever it was doing; that is no error.
        return exception[0] is _Signaled

    def _signaled(self, number, frame):
        if self.stopping:  # asked twice: at once
            for child in self.children:
                _kill_group(child)
            return
        self.stopping = True
        if not self._busy:
            raise _Signaled

    @contextmanager
    def _undisturbed(self):
        # A signal that came here would leave a process started and not yet written down; it is heeded right after.
        self._busy = True
        yield
        self._busy = False
        if self.stopping:
            raise _Signaled

    def add(self, name, command, listener=None):
        """Starts a process, and again whenever it dies. `listener`: the socket that it is to serve.

        We keep the socket open: while there is no process to serve it, clients wait instead of being turned away, and nobody
        else can take the port.
        """
        self._start(_Child(name, command, listener))

    def wait_until_answers(self):
        """Returns once /readyz is content. Raises Stop where the web process gives up, or takes more than a minute."""
        deadline, web = time.monotonic() + _PATIENCE, self.children[0]
        while not self._is_ready():
            if web.process.poll() is not None:
                raise Stop("The web server ended while it started; see above.")
            if time.monotonic() > deadline:
                raise Stop("The web server did not answer within a minute; see above.")
            time.sleep(_POLL)

    def _is_ready(self):
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.env["HOST"], self.env["HOST"])
        # Not urllib, which would ask the proxy that the environment names.
        with (
            suppress(OSError, http.client.HTTPException),
            closing(http.client.HTTPConnection(host, int(self.env["PORT"]), timeout=3)) as connection,
        ):
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        return False

    def watch(self):
        """Keeps everything running until a signal comes. Returns the exit code."""
        while not self.stopping:
            if self.server and not self.server.is_alive():
                self._revive_server()
            for child in self.children:
                self._revive(child)
            time.sleep(_POLL)
        return 0

    def _revive_server(self):
        say("PostgreSQL ended; starting it again.")
        try:
            self.server.start()
        except Stop as problem:  # a full disk, say: what was true at the start may be true again later
            say(f"{problem}\nTrying again in {_LONGEST_PAUSE} s.")
            time.sleep(_LONGEST_PAUSE)

    def _revive(self, child):
        code = child.process.poll()
        now = time.monotonic()
        if code is None:
            if now - child.started > _SETTLED:
                child.pause = 0.0
            return
        if child.ended is None:
            child.ended = now
            _kill_group(child)
        if now - child.ended >= child.pause:
            say(f"The {child.name} process ended ({code}); starting it again.")
            child.pause = min(_LONGEST_PAUSE, child.pause * 2 or 0.5)
            self._start(child)

    def _start(self, child):
        child.started, child.ended = time.monotonic(), None
        with self._undisturbed():
            sockets = [child.listener.fileno()] if child.listener else []
            child.process = start_child(child.command, cwd=ROOT, env=self.env, pass_fds=sockets)
            if child not in self.children:
                self.children.append(child)

    def _end(self, child):
        if child.listener:
            child.listener.close()
        if child.process.poll() is None:
            child.process.send_signal(signal.SIGTERM)
        try:
            child.process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            say(f"The {child.name} process did not end by itself.")
        _kill_group(child)
        child.process.wait()


def _kill_group(child):
    # What it started itself goes with it, such as gunicorn's workers.
    with suppress(ProcessLookupError):
        os.killpg(child.process.pid, signal.SIGKILL)


class _Signaled(BaseException):
    """SIGTERM, SIGINT or SIGHUP came."""
