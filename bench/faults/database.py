"""PostgreSQL stopped at once, and PostgreSQL that takes no more connections."""

import http.client
import random
import signal
import time
from contextlib import suppress

import psycopg

from bench.faults.site import (
    Line,
    answers,
    fresh_start,
    milliseconds,
    outbox_of,
    revive,
    seconds,
    summary,
    unexpected,
    wait_for_jobs,
)
from tests.live import Service

CLIENTS = 6


def stop(house, rounds=50, *, worker=True):
    """`kill -9` of the postmaster and immediate shutdowns in turn, in the middle of writing."""
    from tests.ledger import mail_faults
    from tests.writers import Crowd

    ledger, folder = fresh_start(house, "stop")
    outages, heals, revived, drained = [], [], 0, None
    with Service(folder, keep_port=True, worker=worker) as service:
        with Crowd(ledger, service.url, CLIENTS) as crowd:
            for number in range(rounds):
                crowd.wait_for_writes(random.randint(5, 60))  # so that it is struck in whatever it does
                struck = time.monotonic()
                house.kill(signal.SIGKILL if number % 2 else signal.SIGQUIT)
                house.server.start()
                up = time.monotonic()
                crowd.wait_for_writes(1)
                outages.append(ledger.last_written - struck)
                heals.append(max(0.0, ledger.last_written - up))
                revived += sum(revive(service, name) for name in list(service.processes))
        if worker:
            drained = wait_for_jobs(service)
    faults = ledger.faults() + unexpected(ledger, 200, 201, 400, 409, 503)
    if worker:
        faults += mail_faults(outbox_of(folder))
    return Line(
        f"PostgreSQL stopped at once {rounds} times ({CLIENTS} clients)",
        f"{summary(ledger)}; answers {answers(ledger)}; writing again {seconds(heals)} after PostgreSQL, "
        f"{seconds(outages)} after the blow; restarts of web and worker {revived}"
        + (f"; all mails out {drained:.0f} s after the last" if worker else ""),
        faults,
    )


def full(house, rounds=3):
    """Somebody takes every connection that PostgreSQL has, the service's own among them, and gives them back."""
    from tests.writers import Crowd

    ledger, folder = fresh_start(house, "full")
    waits, heals, faults = [], [], []
    with Service(folder, keep_port=True, worker=False) as service, Crowd(ledger, service.url, CLIENTS) as crowd:
        for _ in range(rounds):
            crowd.wait_for_writes(20)
            with AllConnections(house.server.url("postgres")):
                known = len(ledger.written)
                for path, expected in (("/livez", 200), ("/readyz", 503)):
                    if (found := service.status(path)) != expected:
                        faults.append(f"{path} was {found} while all connections were taken")
                waits += [_refusal(service, crowd.writers[0].token, faults) for _ in range(50)]
                time.sleep(1)
                if len(ledger.written) > known + CLIENTS:
                    faults.append("writes went on: not all connections were taken")
            freed = time.monotonic()
            crowd.wait_for_writes(1)
            heals.append(max(0.0, ledger.last_written - freed))
            crowd.wait_for_writes(CLIENTS * 2)
            service.wait(lambda: service.status("/readyz") == 200, "it is ready again")
    faults += ledger.faults() + unexpected(ledger, 200, 201, 400, 409, 503)
    return Line(
        f"All of PostgreSQL's connections taken {rounds} times",
        f"{summary(ledger)}; answers {answers(ledger)}; a refusal takes {milliseconds(waits)}; /livez 200, /readyz 503; "
        f"writing again {seconds(heals)} later",
        faults,
    )


def _refusal(service, token, faults):
    """How long a request takes that cannot be served, in seconds."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)
    began = time.monotonic()
    connection.request("GET", "/api/v1/products/", headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    answer.read()
    spent = time.monotonic() - began
    connection.close()
    if answer.status != 503 or not answer.headers["Retry-After"]:
        faults.append(f"{answer.status}, Retry-After {answer.headers['Retry-After']}, while all connections were taken")
    return spent


class AllConnections:
    """Holds every connection until the block ends; those of the service are ended and taken too."""

    def __init__(self, url):
        self.url, self.held = url, []

    def __enter__(self):
        self._take()
        for _ in range(20):
            with suppress(psycopg.Error):
                self.held[0].execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'frontdesk' AND pid <> %s",
                    [self.held[0].info.backend_pid],
                )
            self._take()
        return self

    def __exit__(self, *exception):
        for connection in self.held:
            connection.close()

    def _take(self):
        failures = 0
        while failures < 3:
            try:
                self.held.append(psycopg.connect(self.url, autocommit=True, connect_timeout=3))
            except psycopg.OperationalError:
                failures += 1
                time.sleep(0.01)
