"""The browser tests run where there is a browser, and say what is lacking where there is none."""

import subprocess
import sys

import pytest

from local import Stop, browser
from tests.live import ROOT


def test_the_one_that_is_named_is_taken(monkeypatch):
    monkeypatch.setenv("CHROMIUM", sys.executable)

    assert browser.needed() == sys.executable


@pytest.mark.parametrize(
    ("named", "told"), [("/no/chromium", "CHROMIUM=/no/chromium is no program."), ("", "There is no Chromium here.")]
)
def test_without_one_it_says_what_to_do(monkeypatch, named, told):
    monkeypatch.setenv("CHROMIUM", named)
    monkeypatch.setenv("PATH", "")

    assert browser.chromium() is None
    with pytest.raises(Stop, match="apt-get install chromium") as stop:
        browser.needed()
    assert str(stop.value).startswith(told)


@pytest.mark.parametrize(("named", "collected"), [(sys.executable, True), ("/no/chromium", False)])
def test_they_are_collected_only_where_there_is_one(monkeypatch, named, collected):
    monkeypatch.setenv("CHROMIUM", named)

    others = [f"--ignore={path}" for path in ROOT.glob("tests/*") if path.name not in ("browser", "conftest.py")]
    command = [sys.executable, "-m", "pytest", "--collect-only", "-p", "no:cacheprovider", "tests", *others]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert ("test_desk.py" in done.stdout) is collected
    assert ("no Chromium found" in done.stdout) is not collected
    assert "skipped" not in done.stdout
