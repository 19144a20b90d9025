"""The web server told to stop, and processes killed, while clients write."""

import os
import random
import signal
import time
from contextlib import suppress

from bench.faults.database import CLIENTS
from bench.faults.site import Line, answers, fresh_start, outbox_of, revive, seconds, summary, unexpected, wait_for_jobs
from tests.live import Service


def terminate(house, rounds=20, number=signal.SIGTERM):
    """SIGTERM to gunicorn, and another one in its place, as at each deployment. Nobody may notice."""
    from tests.writers import Crowd

    (ledger, folder), stopping = fresh_start(house, "terminate"), []
    with Service(folder, keep_port=True, worker=False) as service, Crowd(ledger, service.url, CLIENTS) as crowd:
        for _ in range(rounds):
            crowd.wait_for_writes(random.randint(5, 40))
            began = time.monotonic()
            service.stop("web", number)
            stopping.append(time.monotonic() - began)
            service.start_web()
        crowd.wait_for_writes(20)
    faults = ledger.faults() + unexpected(ledger, 200, 201, 400, 409, 503)
    return Line(
        f"SIGTERM to the web server under load {rounds} times ({CLIENTS} clients)",
        f"{summary(ledger)}; answers {answers(ledger)}; requests without an answer {len(ledger.cut)}; "
        f"it ends after {seconds(stopping)}",
        faults,
    )


def kill(house, rounds=40):
    """`kill -9` of a web process, of all of them, of the whole web server, and of the worker, in turn."""
    from tests.ledger import mail_faults
    from tests.writers import Crowd

    ledger, folder = fresh_start(house, "kill")
    with Service(folder, keep_port=True) as service:
        with Crowd(ledger, service.url, CLIENTS) as crowd:
            for turn in range(rounds):
                crowd.wait_for_writes(random.randint(5, 40))
                _kill(service, turn % 4)
                revive(service, "web")
                revive(service, "worker")
            crowd.wait_for_writes(20)
        drained = wait_for_jobs(service)
    faults = ledger.faults() + mail_faults(outbox_of(folder))
    faults += [
        f"status {status} × {count}" for status, count in ledger.statuses.items() if status not in {200, 201, 400, 409, None}
    ]
    if len(ledger.cut) > rounds * CLIENTS:
        faults.append(f"{len(ledger.cut)} requests cut, more than were under way")
    return Line(
        f"`kill -9` of web and worker processes under load, {rounds} times ({CLIENTS} clients)",
        f"{summary(ledger)}; answers {answers(ledger)}, where `none` are those under way, all of them sent again; "
        f"all mails out {drained:.0f} s after the last kill, each once",
        faults,
    )


def _kill(service, turn):
    match turn:
        case 0:
            os.kill(random.choice(service.children()).pid, signal.SIGKILL)
        case 1:
            for child in service.children():
                with suppress(ProcessLookupError):
                    os.kill(child.pid, signal.SIGKILL)
        case 2:
            service.processes["worker"].kill()
            service.processes["worker"].wait()
        case 3:
            os.killpg(service.processes["web"].pid, signal.SIGKILL)
            service.processes["web"].wait()
