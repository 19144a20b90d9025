"""A disk with no room left under PostgreSQL: a small tmpfs, in a mount namespace of its own."""

import random
import subprocess
import sys
import time
from contextlib import suppress

import psycopg

from bench.faults.database import CLIENTS
from bench.faults.site import House, Line, answers, fresh_start, revive, seconds, summary, unexpected
from tests.live import ROOT, Service

_SIZE = "320m"
_FULL = 4  # seconds that it stays so
# `mount` needs a namespace in which we are root; it ends with the process, and the disk with it.
_SCRIPT = 'mount -t tmpfs -o size="$1",mode=0700 frontdesk "$2" && exec "$3" -m bench.faults.disk "$4" "$5"'


def disk(house, rounds=5):
    """Runs `fill` in another process, whose PostgreSQL is on a small disk."""
    folder = house.folder / "disk"
    (folder / "postgres").mkdir(mode=0o700, parents=True, exist_ok=True)
    what = ["sh", "-c", _SCRIPT, "sh", _SIZE, str(folder / "postgres"), sys.executable, str(folder), str(rounds)]
    done = subprocess.run(["unshare", "-Urm", *what], cwd=ROOT, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    if not lines or "\t" not in lines[-1]:
        return Line("Disk full", "not tried: it needs `unshare -Urm`, and a tmpfs in it", [done.stderr[-600:]])
    return Line(f"Disk full under PostgreSQL {rounds} times ({CLIENTS} clients)", *_parsed(lines[-1]))


def fill(house, rounds):
    """Fills the disk under load, waits, and makes room again. Some times PostgreSQL only refuses rows; mostly it gives up."""
    from tests.writers import Crowd

    ledger, folder = fresh_start(house, "fill")
    heals, deaths = [], 0
    with psycopg.connect(house.server.url("postgres"), autocommit=True) as connection:
        # It keeps written-ahead segments for later, which would carry it over a disk that is full for a while.
        for setting in ("wal_recycle = off", "min_wal_size = '32MB'", "max_wal_size = '64MB'"):
            connection.execute(f"ALTER SYSTEM SET {setting}")
        connection.execute("SELECT pg_reload_conf()")
    with Service(folder, keep_port=True, worker=False) as service, Crowd(ledger, service.url, CLIENTS) as crowd:
        for turn in range(rounds):
            crowd.wait_for_writes(random.randint(5, 40))
            ballast = house.server.folder / "ballast"
            _until_full(house, ballast, force=turn % 2 == 0)
            deaths += not house.server.is_alive()
            ballast.unlink()
            house.server.start()
            room = time.monotonic()
            crowd.wait_for_writes(1)
            heals.append(max(0.0, ledger.last_written - room))
            revive(service, "web")
        crowd.wait_for_writes(20)
    seen = (
        f"{summary(ledger)}; answers {answers(ledger)}; PostgreSQL ended {deaths} times; "
        f"writing again {seconds(heals)} after there was room and a server"
    )
    return seen, ledger.faults() + unexpected(ledger, 200, 201, 400, 409, 503)


def _until_full(house, ballast, *, force):
    with ballast.open("wb", buffering=0) as file:
        ends = time.monotonic() + _FULL
        while time.monotonic() < ends:
            with suppress(OSError):
                while True:
                    file.write(bytes(64 * 1024))
            with suppress(OSError):
                while True:
                    file.write(bytes(512))
            if force:  # the next record needs a new segment
                with suppress(psycopg.Error), psycopg.connect(house.server.url("postgres"), autocommit=True) as connection:
                    connection.execute("SELECT pg_switch_wal()")
            time.sleep(0.1)


def _parsed(line):
    seen, *faults = line.split("\t")
    return seen, [fault for fault in faults if fault]


if __name__ == "__main__":
    found = House(sys.argv[1])
    try:
        told, wrong = fill(found, int(sys.argv[2]))
    finally:
        found.server.stop()
    print(told, *wrong, sep="\t", end="\t\n")
