"""Fuzzes the service for long, as each role in turn, with figures that add up over several runs.

    python -m bench.fuzz FOLDER [SECONDS]

In FOLDER it keeps an embedded PostgreSQL, the reports of what it found (`found-*.txt`) and the sum so far (`fuzz.json`), so
that 100,000 requests can be made in pieces. Exit code 1 when this run found a server error or an answer that the OpenAPI
document does not allow. Seeds are never used twice.
"""

import io
import json
import sys
import time
from pathlib import Path

from bench.house import open_house
from tests.fuzzing import fuzz

SLICE = 50  # seconds of a role; tokens live for ten minutes
ROLES = ("anonymous", "customer", "support", "admin")


def cast(number):
    """Tokens of people who are new, as the last slice's may have closed their accounts, and the world that they see."""
    from accounts.services import start_session
    from tests.conftest import make_user
    from tests.world import world

    people = {
        "customer": make_user(f"customer{number}"),
        "support": make_user(f"support{number}", is_staff=True),
        "admin": make_user(f"admin{number}", user_type="admin", is_staff=True, is_superuser=True),
    }
    world(alice=people["customer"], sue=people["support"], tim=people["admin"])
    return {"anonymous": None} | {role: start_session(user=user).access for role, user in people.items()}


def main(folder, seconds=200):
    folder = Path(folder).resolve()
    server = open_house(folder, fast=True)
    from django.core.management import call_command

    from tests.live import Service

    sums = folder / "fuzz.json"
    total = json.loads(sums.read_text()) if sums.exists() else {"requests": 0, "seconds": 0, "slices": 0, "failed": 0}
    failed, ends = 0, time.monotonic() + float(seconds)
    try:
        with Service(folder, workers=1) as service:
            while time.monotonic() < ends:
                role = ROLES[total["slices"] % len(ROLES)]
                token = cast(time.time_ns())[role]
                began = time.monotonic()
                found = fuzz(service.url, token, seconds=SLICE, examples=1000, seed=total["slices"] + 1)
                if found.failed:
                    failed += 1
                    (folder / f"found-{total['slices']}-{role}.txt").write_text(found.report)
                total["requests"] += found.requests
                total["seconds"] += round(time.monotonic() - began)
                total["slices"] += 1
                total["failed"] += found.failed
                total[role] = total.get(role, 0) + found.requests
                sums.write_text(json.dumps(total))
                print(f"{role}: {found.requests} requests, {'FAILURES' if found.failed else 'nothing'}", flush=True)
        call_command("verify", stdout=io.StringIO())
    finally:
        server.stop()
    slices = f"{total['failed']} of {total['slices']} slices failed"
    print(f"| Fuzzing | {total['requests']:,} requests in {total['seconds']} s | {slices} |")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
