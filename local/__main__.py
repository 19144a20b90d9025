"""python3 -m local run|test|check|manage|lock"""

import os
import subprocess
import sys

if sys.version_info < (3, 11):
    sys.exit(f"Frontdesk needs Python 3.11 or later; this is {sys.version.split()[0]}. Try: make PYTHON=python3.12 run")

from local import ROOT, Stop, check, environment, say, venv
from local.postgres import Server
from local.run import run


def test(arguments):
    """Runs pytest on a PostgreSQL of its own, or on the one that TEST_DATABASE_URL names. Returns pytest's exit code."""
    python = venv.ensure("dev")
    with environment.for_tests(python) as env:
        workers = [] if any(a == "-n" or a.startswith("--numprocesses") for a in arguments) else ["-n", str(os.cpu_count())]
        return subprocess.call([python, "-m", "pytest", *workers, *arguments], cwd=ROOT, env=env)


def manage(arguments):
    """Runs a command of manage.py in the settings of `make run`, starting its PostgreSQL for as long as that takes."""
    python = venv.ensure("run")
    env = environment.for_run(dict(os.environ))
    if "DATABASE_URL" in env:
        return subprocess.call([python, "manage.py", *arguments], cwd=ROOT, env=env)
    server = Server(environment.data_dir(env) / "postgres", python)
    was_up = server.is_up()
    server.start()
    try:
        env["DATABASE_URL"] = server.create_database("frontdesk")
        return subprocess.call([python, "manage.py", *arguments], cwd=ROOT, env=env)
    finally:
        if not was_up:
            server.stop()


COMMANDS = {
    "run": lambda arguments: run(),
    "test": test,
    "check": lambda arguments: check.run(test),
    "manage": manage,
    "lock": lambda arguments: venv.lock(),
}


def main(name="", *arguments):
    if name not in COMMANDS:
        say(f"usage: {__doc__}")
        return 2
    try:
        return COMMANDS[name](list(arguments))
    except Stop as problem:
        say(f"\n{problem}")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
