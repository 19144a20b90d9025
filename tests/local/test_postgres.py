"""The embedded PostgreSQL survives what happens to it."""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack

import psutil
import psycopg
import pytest

from local import Stop, processes
from local.postgres import Server
from tests.live import ROOT, Service

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "postgres"


@pytest.fixture
def server(folder):
    server = Server(folder, sys.executable, fast=True)
    server.start()
    yield server
    server.stop()


def ask(server, statement="SELECT 1"):
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        return connection.execute(statement).fetchall()


class Program:
    """Another program that uses the server until it is told to stop."""

    CODE = """if True:
        import sys
        from local.postgres import Server

        server = Server(sys.argv[1], sys.executable, fast=True)
        server.start()
        print("started", flush=True)
        sys.stdin.readline()
        server.stop()
    """

    def __init__(self, folder, stack):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = stack.enter_context(subprocess.Popen([sys.executable, "-c", self.CODE, folder], cwd=ROOT, **pipes))

    def wait(self):
        assert "started\n" in iter(self.process.stdout.readline, "")

    def stop(self):
        self.process.communicate("\n", timeout=30)
        assert self.process.returncode == 0


def test_four_first_starts_at_once_and_the_last_to_stop_ends_it(folder):
    with ExitStack() as stack:
        programs = [Program(folder, stack) for _ in range(4)]
        for program in programs:
            program.wait()
        server = Server(folder, sys.executable, fast=True)
        launcher = psutil.Process(server.postmaster()).ppid()
        programs.sort(key=lambda program: program.process.pid == launcher)
        for program in programs:
            assert ask(server) == [(1,)]
            program.stop()
    assert not server.is_alive()


def test_it_ends_with_a_program_that_was_killed(folder):
    with ExitStack() as stack:
        program = Program(folder, stack)
        program.wait()
        program.process.kill()
    Service.wait(lambda: not Server(folder, sys.executable).is_alive(), "the server is gone", 10)


def test_kill_9_loses_nothing_that_was_committed(server):
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE kept")
    os.kill(server.postmaster(), signal.SIGKILL)

    Service.wait(lambda: not server.is_alive(), "its death is seen", 5)
    server.start()

    assert ask(server, "SELECT count(*) FROM pg_database WHERE datname = 'kept'") == [(1,)]


@pytest.mark.parametrize("content", ["", "12", "{pid}\n/elsewhere\n", "999999999\n"], ids=["empty", "cut", "another's", "dead"])
def test_a_pid_file_that_lies(server, content):
    server.stop()
    (server.data / "postmaster.pid").write_text(content.format(pid=os.getpid()))

    server.start()

    assert ask(server) == [(1,)]


def test_a_pid_file_that_is_cut_short_meanwhile_keeps_nobody_from_stopping_it(server):
    (server.data / "postmaster.pid").write_text("")

    assert server.is_alive()
    server.stop()

    assert not server.is_alive()


def test_a_first_start_that_was_cut_short_is_begun_again(folder):
    half = folder / "draft-1" / "data"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    server = Server(folder, sys.executable, fast=True)

    server.start()

    assert ask(server) == [(1,)]
    assert not half.exists()
    server.stop()


def test_a_server_that_cannot_start_says_why(server):
    server.stop()
    (server.data / "PG_VERSION").write_text("17\n")

    with pytest.raises(Stop, match=r"(?s)did not start.*not compatible with this version"):
        server.start()


def test_a_deep_folder_gets_a_short_socket(tmp_path):
    server = Server(tmp_path / ("deep" * 30), sys.executable, fast=True)
    server.start()
    try:
        assert ask(server) == [(1,)]
    finally:
        server.stop()


def test_only_its_owner_gets_in(server):
    assert server.socket.stat().st_mode & 0o077 == 0
    assert ask(server, "SHOW listen_addresses") == [("",)]


def test_text_folds_the_same_everywhere(server):
    assert ask(server, "SELECT lower('ÄŻЖ')") == [("äżж",)]


def test_without_user_namespaces_it_runs_as_nobody_or_as_oneself(folder, monkeypatch):
    """PostgreSQL refuses to run as root: whoever is root runs it as nobody, and everybody else as themselves."""
    allowed = processes._succeeds
    monkeypatch.setattr(processes, "_succeeds", lambda *command: command[0] != "unshare" and allowed(*command))
    server = Server(folder, sys.executable, fast=True)

    server.start()

    assert psutil.Process(server.postmaster()).uids().effective == (os.getuid() or 65534)
    assert ask(server) == [(1,)]
    server.stop()
    assert not server.is_alive()
