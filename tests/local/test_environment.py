"""What `make run` sets by itself."""

import os
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from local import Stop, environment
from local import __main__ as front
from tests.live import ROOT


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    return tmp_path


def test_keys_are_made_once_and_kept_from_others(root):
    first = environment.for_run({})
    second = environment.for_run({})

    assert first["JWT_KEY"] == second["JWT_KEY"] != first["SECRET_KEY"]
    assert len(first["JWT_KEY"]) >= 32
    assert (root / ".data" / "keys.env").stat().st_mode & 0o777 == 0o600


def test_the_environment_comes_before_the_file(root):
    (root / ".env").write_text('# a remark\n\nPORT=9000\nexport LOG_LEVEL="DEBUG"\nSITE_URL=\n')

    env = environment.for_run({"PORT": "9001"})

    assert (env["PORT"], env["LOG_LEVEL"], env["SITE_URL"]) == ("9001", "DEBUG", "http://127.0.0.1:9001")


def test_make_adds_nothing_to_the_environment(root):
    """A variable that it exports unset is there and empty, and would come before the file's."""
    plain = {name: value for name, value in os.environ.items() if name not in ("HOST", "PORT")}

    def seen(*words):
        command = ["make", "-s", "-C", ROOT, "run", "LOCAL=@env; true", *words]
        said = subprocess.run(command, env=plain, capture_output=True, text=True, check=True).stdout
        return [line for line in said.splitlines() if line.startswith(("HOST=", "PORT="))]

    assert seen() == []
    assert seen("PORT=8001") == ["PORT=8001"]


@pytest.mark.parametrize("line", ["PORT", "two words=1", "=1"])
def test_a_malformed_line_is_told(root, line):
    (root / ".env").write_text(f"PORT=1\n{line}\n")

    with pytest.raises(Stop, match="line 2: write NAME=value"):
        environment.for_run({})


@pytest.mark.parametrize(
    ("host", "site"),
    [("", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]"), ("desk.example.com", "desk.example.com")],
)
def test_links_lead_where_the_service_listens(root, host, site):
    assert environment.for_run({"HOST": host})["SITE_URL"] == f"http://{site}:8000"


def test_a_file_that_is_no_text_is_told(root):
    (root / ".env").write_bytes("DEFAULT_FROM_EMAIL=Święta <a@example.com>".encode("iso-8859-2"))

    with pytest.raises(Stop, match=r"\.env is not UTF-8"):
        environment.for_run({})


def test_a_full_disk_is_told(root, monkeypatch):
    full = Path("/dev/full")
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", lambda mode, **place: full.open(mode))

    with pytest.raises(Stop, match=r"\.data cannot be used: No space left on device"):
        environment.for_run({})


def test_what_is_in_the_way_of_a_command_is_told(root, monkeypatch, capsys):
    (root / ".env").mkdir()
    monkeypatch.setattr(signal, "signal", lambda *handler: None)

    assert front.main("manage", "check") == 1

    assert f"{root}/.env cannot be used: Is a directory." in capsys.readouterr().out
