"""Do answers tell existing and missing accounts apart by their time? Interleaved tries of both, and the difference.

    python -m bench.sign_in_timing FOLDER [tries]

In FOLDER it keeps an embedded PostgreSQL, with an account of its own in it.
"""

import os
import statistics
import sys
import time

from bench.house import open_house

KNOWN, UNKNOWN = "timing-known@example.com", "timing-other@example.com"


def spend(call):
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def compare(name, call, tries, *, status):
    """Prints the medians (ms) of both kinds of tries and their difference."""
    for who in (KNOWN, UNKNOWN) * 10:
        answer = call(who)
        assert answer.status_code == status, answer.content
    times = {KNOWN: [], UNKNOWN: []}
    for number in range(tries):
        # Which comes first changes, so that nothing clings to the order.
        for who in (KNOWN, UNKNOWN) if number % 2 else (UNKNOWN, KNOWN):
            times[who].append(spend(lambda who=who: call(who)))
    known, unknown = (statistics.median(times[who]) for who in (KNOWN, UNKNOWN))
    print(f"{name}: known {known:.3f} ms, unknown {unknown:.3f} ms, difference {(known / unknown - 1) * 100:+.2f} %")


def main(folder, tries=2000):
    os.environ["ALLOWED_HOSTS"] = "testserver"
    server = open_house(folder)
    try:
        measure(int(tries))
    finally:
        server.stop()


def measure(tries):
    from rest_framework.test import APIClient

    from accounts.models import User
    from accounts.services import register_user

    client = APIClient()
    if not User.objects.named(KNOWN).exists():
        register_user(email=KNOWN, password="a long password")
    compare("sign-in", lambda who: client.post("/auth/jwt/create/", {"email": who, "password": "wrong"}), tries, status=401)
    compare("reset", lambda who: client.post("/auth/users/reset_password/", {"email": who}), tries, status=204)


if __name__ == "__main__":
    main(*sys.argv[1:])
