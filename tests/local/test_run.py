"""`make run` itself: one parent that heals what dies and takes everything with it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress

import psutil
import psycopg
import pytest

import local.run
from local import Stop
from local.postgres import Server
from tests.live import ROOT, Service, free_port

# One after another in one process: some stop what others started.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("run")]


COMMAND = [sys.executable, "-m", "local", "run"]
PASSWORD = "a long password"
PLAIN = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}


class Run:
    """python3 -m local run, in a folder of its own."""

    def __init__(self, folder, port=None):
        self.folder, self.port = folder, port or free_port()
        env = PLAIN | {"FRONTDESK_DATA": str(folder), "PORT": str(self.port), "LIMIT_SIGN_UP": "off"}
        self.out = folder.with_name(f"out-{time.monotonic()}")
        with self.out.open("w") as out:
            self.process = subprocess.Popen(COMMAND, cwd=ROOT, env=env, stdout=out, stderr=out, start_new_session=True)

    def wait(self):
        """Until it serves. Returns the seconds that took."""
        return self.wait_for(lambda: self.process.poll() is not None or "Frontdesk answers at" in self.text(), 90, "it serves")

    def family(self):
        return psutil.Process(self.process.pid).children(recursive=True)

    def named(self, *words):
        """The processes that live and whose command has these words."""
        found = []
        for process in self.family():
            with suppress(psutil.NoSuchProcess):  # it has just died, which is what these tests are about
                if all(word in " ".join(process.cmdline()) for word in words):
                    found.append(process)
        return found

    def process_id(self, role):
        """Of one process in that role, or None while there is none."""
        found = {
            "postgres": lambda: [p.pid for p in self.named("bin/postgres", "-D")],
            "worker": lambda: [p.pid for p in self.named("procrastinate", "worker")],
            "gunicorn": lambda: [p.pid for p in self.named("gunicorn") if p.ppid() == self.process.pid],
            "gunicorn worker": lambda: [p.pid for p in self.named("gunicorn") if p.ppid() != self.process.pid],
        }[role]()
        return found[-1] if found else None

    def register(self, name):
        """The status of a registration, or None where nobody answers."""
        with suppress(OSError), self.ask("POST", "/auth/users/", email=f"{name}@example.com", password=PASSWORD) as answer:
            return answer.status
        return None

    def ask(self, method, path, token="", **body):
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        url = f"http://127.0.0.1:{self.port}{path}"
        request = urllib.request.Request(url, json.dumps(body).encode(), headers, method=method)
        return urllib.request.urlopen(request, timeout=5)

    def wait_for(self, condition, seconds, what):
        began = time.monotonic()
        Service.wait(condition, f"{what}; it printed:\n{self.text()}", seconds)
        return time.monotonic() - began

    def text(self):
        return self.out.read_text()[-3000:]

    def stop(self, number=signal.SIGTERM):
        family = self.family() if self.process.poll() is None else []
        with suppress(ProcessLookupError):
            self.process.send_signal(number)
        code = self.process.wait(60)
        return code, psutil.wait_procs(family, timeout=10)[1]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    run = Run(tmp_path_factory.mktemp("run") / "data")
    run.wait()
    assert run.process.poll() is None, run.text()
    yield run
    if run.process.poll() is None:
        run.stop()


def accounts(run):
    with psycopg.connect(Server(run.folder / "postgres", sys.executable).url("frontdesk")) as connection:
        return {email for (email,) in connection.execute("SELECT email FROM accounts_user")}


@pytest.mark.parametrize("victim", ["postgres", "worker", "gunicorn worker", "gunicorn"])
def test_it_heals_within_ten_seconds_and_loses_nothing(run, victim):
    name = victim.replace(" ", "-")
    acknowledged = {f"{name}-{n}" for n in range(10)}
    assert {run.register(account) for account in acknowledged} == {201}
    killed = run.process_id(victim)
    # Seconds; more where other programs take their share of the machine.
    limit = 10 * max(1, os.getloadavg()[0] / os.cpu_count())

    os.kill(killed, signal.SIGKILL)
    died = time.monotonic()
    run.wait_for(lambda: not psutil.pid_exists(killed) and run.process_id(victim), limit, f"{victim} is back")
    run.wait_for(lambda: run.register(f"after-{name}-{time.monotonic()}") == 201, limit, "it serves")
    run.wait_for(lambda: run.process_id("worker"), limit, "the worker is back")

    assert time.monotonic() - died < limit
    assert {f"{account}@example.com" for account in acknowledged} <= accounts(run)


def refused(**variables):
    """What a start says that cannot be."""
    done = subprocess.run(COMMAND, cwd=ROOT, env=PLAIN | variables, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout


def test_the_log_of_postgresql_repeats_no_row(run):
    """Its constraints refuse a name that is taken, and the statement holds all of the account, its password's hash too."""
    tokens = []
    for name in ("first", "second"):
        assert run.register(name) == 201
        with run.ask("POST", "/auth/jwt/create/", username=f"{name}@example.com", password=PASSWORD) as answer:
            tokens.append(json.load(answer)["access"])
    run.ask("PATCH", "/auth/users/me/", tokens[0], username="parp").close()

    with pytest.raises(urllib.error.HTTPError, match="400"):
        run.ask("PATCH", "/auth/users/me/", tokens[1], username="PARP")

    said = (run.folder / "postgres" / "postgres.log").read_text()

    assert 'unique constraint "user_username_unique"' in said
    assert not re.search("argon2|parp", said, re.IGNORECASE)


def test_a_second_start_finds_the_port_taken(run):
    said = refused(PORT=str(run.port), FRONTDESK_DATA=str(run.folder))

    assert f"Port {run.port} of 127.0.0.1 cannot be used" in said


def test_a_port_that_is_none(tmp_path):
    assert "PORT=http is no port number" in refused(PORT="http", FRONTDESK_DATA=str(tmp_path))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"DATABASE_URL": "mysql://127.0.0.1/none"}, "DATABASE_URL must name a PostgreSQL database"),
        ({"DATABASE_URL": "postgres://127.0.0.1:1/none", "SECRET_KEY": "short"}, "SECRET_KEY must be set to at least 32 bytes"),
    ],
    ids=["not PostgreSQL", "a short key"],
)
def test_a_database_that_cannot_be_used_is_told(tmp_path, settings, said):
    assert said in refused(PORT=str(free_port()), FRONTDESK_DATA=str(tmp_path), **settings)


def test_a_database_that_does_not_answer_is_told(monkeypatch):
    monkeypatch.setattr(local.run, "_PATIENCE", 0)
    env = os.environ | {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}

    with pytest.raises(Stop, match=r"The server of DATABASE_URL cannot be used: connection failed.*Connection refused"):
        local.run._wait_for_database(sys.executable, env)


def test_manage_reaches_the_database_of_a_running_service(run):
    env = PLAIN | {"FRONTDESK_DATA": str(run.folder)}
    code = "from accounts.models import User; print(User.objects.count())"
    command = [sys.executable, "-m", "local", "manage", "shell", "-v", "0", "-c", code]

    counted = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout

    assert int(counted) == len(accounts(run))
    assert run.register("still-there") == 201


def test_another_one_on_the_same_data_and_either_may_stop(run):
    other = Run(run.folder)
    other.wait()
    assert other.register("through-the-other") == 201

    assert other.stop() == (0, [])

    assert run.register("through-the-first") == 201
    assert {"through-the-other@example.com", "through-the-first@example.com"} <= accounts(run)


def test_a_migration_that_is_another_by_now_is_told(tmp_path, monkeypatch, capsys):
    migration = tmp_path / "shop" / "migrations" / "0001_initial.py"
    migration.parent.mkdir(parents=True)
    monkeypatch.setattr(local.run, "ROOT", tmp_path)

    def said(text):
        migration.write_text(text)
        local.run._compare(tmp_path)
        return capsys.readouterr().out

    assert said("first") == said("first") == ""
    for _ in range(2):  # until there is a new database
        assert "made by another shop/migrations/0001_initial.py:" in said("second")
    assert said("first") == ""


def test_sigterm_stops_everything(run):
    assert run.stop() == (0, [])

    assert not (run.folder / "postgres" / "data" / "postmaster.pid").exists()
    assert run.text().rstrip().endswith("Stopped.")


def test_a_second_start_is_quick_and_kill_9_of_it_leaves_nobody(run):
    second = Run(run.folder, run.port)
    took = second.wait()
    before = accounts(second)
    family = second.family()

    os.kill(second.process.pid, signal.SIGKILL)
    second.process.wait()
    third = Run(run.folder, run.port)  # at once, while the others are still ending
    third.wait()

    assert psutil.wait_procs(family, timeout=20)[1] == []
    assert accounts(third) == before
    assert third.stop() == (0, [])
    assert took < 10 * max(1, os.getloadavg()[0] / os.cpu_count())  # seconds; 4 on a machine with nothing else to do
