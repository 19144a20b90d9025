"""One parent for web, worker and PostgreSQL: restarts what dies, and stops everything together."""

import ctypes
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress

from local import ROOT, Stop, say

_PR_SET_PDEATHSIG = 1
_POLL = 0.2  # seconds between looks
_GRACE = 35  # seconds to finish requests and jobs in hand
_SETTLED = 30  # seconds after which a death is no longer one of a series
_LONGEST_PAUSE = 5  # seconds before another start of something that keeps dying


class _Child:
    def __init__(self, name, command):
        self.name, self.command = name, command
        self.process, self.started, self.ended, self.pause = None, 0.0, None, 0.0


class Supervisor:
    """`with Supervisor(env, server) as …:` ends everything it started when the block ends, or a signal comes."""

    def __init__(self, env, server=None):
        self.env, self.server, self.children, self.stopping = env, server, [], False

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
                self._kill(child)
            return
        self.stopping = True
        raise _Signaled

    def add(self, name, command):
        """Starts a process, and again whenever it dies."""
        child = _Child(name, command)
        self.children.append(child)
        self._start(child)

    def wait_until_answers(self):
        """Returns once /readyz says 200. Raises Stop where the web process gives up, or takes more than a minute."""
        deadline, web = time.monotonic() + 60, self.children[0]
        host = self.env["HOST"] if self.env["HOST"] not in ("0.0.0.0", "::") else "127.0.0.1"
        while time.monotonic() < deadline:
            with (
                suppress(OSError, urllib.error.URLError),
                urllib.request.urlopen(f"http://{f'[{host}]' if ':' in host else host}:{self.env['PORT']}/readyz", timeout=3),
            ):
                return
            if web.process.poll() is not None:
                raise Stop("The web server ended while it started; see above.")
            time.sleep(_POLL)
        raise Stop("The web server did not answer within a minute; see above.")

    def watch(self):
        """Keeps everything running until a signal comes. Returns the exit code."""
        while not self.stopping:
            if self.server and self.server.postmaster() is None:
                say("PostgreSQL died; starting it again.")
                self.server.start()
            for child in self.children:
                self._revive(child)
            time.sleep(_POLL)
        return 0

    def _revive(self, child):
        code = child.process.poll()
        now = time.monotonic()
        if code is None:
            if now - child.started > _SETTLED:
                child.pause = 0.0
            return
        child.ended = child.ended or now
        if now - child.ended >= child.pause:
            say(f"The {child.name} process ended ({code}); starting it again.")
            child.pause = min(_LONGEST_PAUSE, child.pause * 2 or 0.5)
            self._start(child)

    def _start(self, child):
        child.started, child.ended = time.monotonic(), None
        child.process = subprocess.Popen(
            child.command, cwd=ROOT, env=self.env, start_new_session=True, preexec_fn=_die_with_parent
        )

    def _end(self, child):
        if child.process.poll() is None:
            child.process.send_signal(signal.SIGTERM)
        try:
            child.process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            say(f"The {child.name} process did not end by itself.")
        self._kill(child)

    @staticmethod
    def _kill(child):
        # Its whole group: gunicorn's workers do not outlive a master that had to be killed.
        with suppress(ProcessLookupError):
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()


class _Signaled(BaseException):
    """SIGTERM, SIGINT or SIGHUP came."""


def _die_with_parent():
    # After kill -9 of the parent nobody would be left to stop the children. Linux only; elsewhere they live on.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
