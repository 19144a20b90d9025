"""A known vulnerability is told; that nobody could be asked is told as well, and is something else."""

import json

import pytest

from local import audit

SOUND = {"name": "django", "version": "5.2.19", "vulns": []}
BROKEN = {"name": "pillow", "version": "1.0", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["1.1", "2.0"]}]}
UNKNOWN = {"name": "djoser", "skip_reason": "Dependency not found on PyPI and could not be audited: djoser (2.3.5)"}


def said(*packages):
    return json.dumps({"dependencies": packages, "fixes": []})


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """`asked("echo …")`: the report where pip-audit does this instead of asking the index."""

    def ask(script):
        python = tmp_path / "python"
        python.write_text(f"#!/bin/sh\n{script}\n")
        python.chmod(0o755)
        monkeypatch.setattr(audit, "FILES", [tmp_path / "some.txt"])
        return audit.Audit(python).report()

    return ask


def test_a_vulnerability_is_named_with_what_mends_it(asked):
    assert asked(f"echo '{said(SOUND, BROKEN)}'; exit 1") == (["some.txt: pillow 1.0 has PYSEC-2026-1, mended in 1.1, 2.0"], [])


def test_sound_packages_are_nothing_to_speak_of(asked):
    assert asked(f"echo '{said(SOUND)}'") == ([], [])


def test_packages_that_the_index_does_not_know_are_not_sound(asked):
    """pip-audit itself calls this "No known vulnerabilities found"."""
    sentence = "some.txt: 1 of 2 packages (djoser); of 1 it was said: Dependency not found on PyPI and could not be audited"
    assert asked(f"echo '{said(SOUND, UNKNOWN)}'") == ([], [sentence])


def test_where_nobody_can_be_asked_that_is_told(asked):
    assert asked("echo 'Traceback' >&2; echo 'ConnectionError: no route' >&2; exit 1") == (
        [],
        ["some.txt: ConnectionError: no route"],
    )
    assert asked("exit 1") == ([], ["some.txt: no answer"])


def test_whoever_does_not_answer_is_not_waited_for(asked, monkeypatch):
    monkeypatch.setattr(audit, "_PATIENCE", 0.1)

    assert asked("exec sleep 60") == ([], ["some.txt: no answer within 0.1 s"])


def test_each_file_that_is_installed_from_is_asked_about():
    assert {path.name for path in audit.FILES} == {path.name for path in audit.ROOT.glob("requirements*.txt")} | {"uv.txt"}
