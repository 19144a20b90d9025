"""python3 -m local run|test|browser|screenshots|check|manage|lock"""

import os
import signal
import sys

if sys.version_info < (3, 11):  # noqa: UP036 (older ones get here)
    sys.exit(f"Frontdesk needs Python 3.11 or later; this is {sys.version.split()[0]}. Try: make PYTHON=python3.12 run")

from local import ROOT, Stop, browser, check, environment, locks, say, venv
from local.postgres import Server
from local.processes import call
from local.run import run


def test(arguments):
    """Runs pytest on a PostgreSQL of its own, or on the one that TEST_DATABASE_URL names. Returns pytest's exit code."""
    python = environment.python_for_tests()
    with environment.for_tests(python) as env:
        # By file: a service that is started for the tests of one file is started once. In their order: otherwise files of
        # few tests come last, which are the slow ones, and one process waits for the other's.
        split = [] if "-n" in arguments else ["-n", str(os.cpu_count()), "--dist", "loadfile", "--no-loadscope-reorder"]
        # The server goes with its databases; dropping them first would only take time.
        keep = [] if "TEST_DATABASE_URL" in os.environ else ["--reuse-db"]
        return call([python, "-m", "pytest", *split, *keep, *arguments], cwd=ROOT, env=env)


def manage(arguments):
    """Runs a command of manage.py in the settings of `make run`, starting its PostgreSQL for as long as that takes."""
    env = environment.for_run(dict(os.environ))
    if "DATABASE_URL" in env:
        return call([venv.ensure("run"), "manage.py", *arguments], cwd=ROOT, env=env)
    python = venv.ensure("run", "postgres")
    server = Server(environment.data_dir(env) / "postgres", python)
    server.start()
    try:
        env["DATABASE_URL"] = server.create_database("frontdesk")
        return call([python, "manage.py", *arguments], cwd=ROOT, env=env)
    finally:
        server.stop()


def browse(arguments):
    """Runs the tests that need a browser, with a browser: without one `test` leaves them out, and this says how to have one."""
    browser.needed()
    return test(arguments or ["tests/browser"])


def screenshots(arguments):
    """Keeps pictures of the pages in .screenshots, in both widths and each language."""
    folder = ROOT / ".screenshots"
    folder.mkdir(exist_ok=True)
    code = browse(["tests/browser/test_pages.py", "--screenshots", str(folder), *arguments])
    say(f"The pictures are in {folder}.")
    return code


COMMANDS = {
    "run": lambda arguments: run(),
    "test": test,
    "browser": browse,
    "screenshots": screenshots,
    "check": lambda arguments: check.run(test),
    "manage": manage,
    "lock": lambda arguments: locks.write(),
}


def main(name="", *arguments):
    """Runs a command. Returns its exit code: 1 for what is in the way, 2 for a command that there is not."""
    if name not in COMMANDS:
        say(f"usage: {__doc__}")
        return 2
    # As Ctrl-C does: what was started is stopped on the way out.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        return COMMANDS[name](list(arguments))
    except Stop as problem:
        say(f"\n{problem}")
        return 1
    except OSError as problem:
        if not problem.filename:  # no file is in the way: its traceback tells more
            raise
        say(f"\n{problem.filename} cannot be used: {problem.strerror}. If it is data, set FRONTDESK_DATA to another folder.")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
