"""The virtual environment is made once, and again when something is wrong with it. Nothing is fetched here."""

import subprocess

import pytest

from local import Stop, venv

pytestmark = pytest.mark.slow


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """What was installed, in order; the environment and its requirement files are in a folder of their own."""
    folder = tmp_path / ".venv"
    for name, value in {"ROOT": tmp_path, "VENV": folder, "PYTHON": folder / "bin" / "python"}.items():
        monkeypatch.setattr(venv, name, value)
    monkeypatch.setattr(venv, "_UNFINISHED", folder / ".unfinished")
    files = {name: tmp_path / f"{name}.txt" for name in ("run", "dev")}
    for file in files.values():
        file.write_text("django==5.2\n")
    monkeypatch.setattr(venv, "SETS", {name: (name, file) for name, file in files.items()})
    names = []
    monkeypatch.setattr(venv, "_install", names.append)
    return names


def test_it_is_made_once_and_what_changed_is_installed(installed, tmp_path):
    python = venv.ensure("run", "dev")

    assert subprocess.run([python, "-c", "import pip"]).returncode == 0
    assert venv.ensure("run", "dev") == venv.ensure("dev") == python
    assert installed == ["run", "dev"]

    (tmp_path / "dev.txt").write_text("django==5.3\n")
    venv.ensure("run", "dev")
    assert installed == ["run", "dev", "dev"]


def test_one_that_was_interrupted_or_is_of_another_python_is_made_anew(installed, tmp_path, monkeypatch):
    folder = tmp_path / ".venv"

    def killed(name):
        (folder / "half-a-package").touch()
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(venv, "_install", killed)
        with pytest.raises(KeyboardInterrupt):
            venv.ensure("run")
    venv.ensure("run")
    assert not (folder / "half-a-package").exists()

    (folder / "bin" / "python").unlink()
    (folder / "bin" / "python").write_text("#!/bin/sh\nexit 1\n")
    (folder / "bin" / "python").chmod(0o755)
    assert subprocess.run([venv.ensure("run"), "-c", "import pip"]).returncode == 0
    assert installed == ["run", "run"]


def test_a_missing_module_is_told(installed, monkeypatch):
    monkeypatch.setattr(venv.importlib.util, "find_spec", lambda name: None if name == "ensurepip" else object())

    with pytest.raises(Stop, match=r"module ensurepip is missing. On Debian and Ubuntu: apt-get install python3-venv"):
        venv.ensure("run")
