"""The settings that benches measure with: those of bench/environment.sh, for this process and for those that it starts."""

import os
import subprocess
from pathlib import Path

HERE = Path(__file__).parent


def environment():
    """The environment, with what bench/environment.sh sets in it."""
    shown = subprocess.run(["bash", "-c", f". {HERE}/environment.sh && env -0"], capture_output=True, text=True, check=True)
    return dict(line.split("=", 1) for line in shown.stdout.split("\0") if "=" in line)


def settle(database=None):
    """Gives it to this process, without a line for each request; `database` is the one that it uses."""
    if database:
        os.environ["BENCH_DB"] = database
    os.environ.update(environment(), LOG_LEVEL="WARNING")


def create():
    """Makes this process's database anew, with the tables in it."""
    subprocess.run(["bash", f"{HERE}/create.sh"], check=True)
