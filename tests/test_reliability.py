"""docs/reliability.md names what is there."""

import os
import re
import subprocess
import sys

import pytest

from tests.live import ROOT

PAGE = (ROOT / "docs" / "reliability.md").read_text()


def test_every_test_that_the_page_names_exists():
    named = set(re.findall(r"`((?:\w+/)?test_\w+)`", PAGE))

    assert len(named) > 30
    assert [name for name in sorted(named) if not (ROOT / "tests" / f"{name}.py").exists()] == []


def test_every_bench_that_the_page_names_exists():
    named = set(re.findall(r"python -m bench\.(\w+)", PAGE))

    assert len(named) >= 4
    assert [name for name in sorted(named) if not list((ROOT / "bench").glob(f"{name}*"))] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sign_in_timing", "mail_server_away"])
def test_a_bench_needs_nothing_but_a_folder(name, tmp_path):
    command = [sys.executable, "-m", f"bench.{name}", str(tmp_path), "1"]

    done = subprocess.run(command, cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False)

    assert f"python -m bench.{name} FOLDER" in PAGE
    assert (done.returncode, "ms" in done.stdout) == (0, True), done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", ["desk", "growth", "history", "requests", "techniques", "tickets"])
def test_a_bench_needs_nothing_but_a_server(name):
    """It begins without a key or a setting in the environment; what it asks of the server is not tried here."""
    code = f"import bench.{name} as bench; print(bench.__doc__)"
    env = {"PATH": os.environ["PATH"], "PGHOST": "/nowhere"}

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=False)

    assert f"PGHOST=/path/of/socket python -m bench.{name}" in done.stdout, done.stderr
