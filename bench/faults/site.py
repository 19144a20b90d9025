"""What all campaigns share: the database, how a line of the table looks, and the wait for what is still to be done."""

import os
import shutil
import time
from pathlib import Path
from typing import NamedTuple

from bench.house import open_house
from tests.live import Service


class Line(NamedTuple):
    """One campaign: what was done, what was seen, and what should not have been."""

    what: str
    seen: str
    faults: list


class House:
    """A PostgreSQL server that keeps what it promised, and the folder of its campaigns."""

    def __init__(self, folder):
        self.folder = Path(folder).resolve()
        self.server = open_house(self.folder)

    def kill(self, number):
        """Sends PostgreSQL a signal that ends it without a checkpoint, and waits until no process of it is left."""
        os.kill(self.server.postmaster(), number)
        Service.wait(lambda: not self.server.is_alive(), "PostgreSQL is gone")


def outbox_of(folder):
    """Where the mails of a service in this folder are written to."""
    return folder / "outbox"


def fresh_start(house, campaign):
    """An empty ledger, whose markers no other run has used, and an empty folder. The queue is emptied, too."""
    from django.db import connection

    from tests.ledger import Ledger

    connection.close()  # it may have broken in the campaign before
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
        cursor.execute("DELETE FROM notifications_delivery")
    folder = house.folder / campaign
    shutil.rmtree(folder, ignore_errors=True)
    return Ledger(f"{campaign}{time.time_ns()}"), folder


def wait_for_jobs(service, seconds=120):
    """Waits until nothing is left to be done, restarting the worker if it died. Returns the seconds that it took."""
    from django.db import connection

    began = time.monotonic()
    connection.close()

    def done():
        revive(service, "worker")
        hurry()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM notifications_delivery WHERE status = 'queued'")
            return cursor.fetchone()[0] == 0

    Service.wait(done, "all deliveries are sent", seconds)
    return time.monotonic() - began


def hurry():
    """Jobs that wait for their next try wait no longer; the pauses between tries have tests of their own."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo' AND scheduled_at > now()")


def revive(service, name):
    """What the supervisor does: starts a process that has died. Returns whether it had."""
    if service.processes[name].poll() is None:
        return False
    service.processes.pop(name)
    (service.start_web if name == "web" else service.start_worker)()
    return True


def seconds(values):
    """The median and the worst of some times, in words."""
    values = sorted(values)
    return f"{values[len(values) // 2]:.2f} s, at worst {values[-1]:.2f} s"


def milliseconds(values):
    """The same of times that are short."""
    values = sorted(values)
    return f"{values[len(values) // 2] * 1000:.1f} ms, at worst {values[-1] * 1000:.0f} ms"


def answers(ledger):
    """How often each status was answered, in words."""
    words = {None: "none"}
    return ", ".join(f"{words.get(status, status)} × {count}" for status, count in sorted(ledger.statuses.items(), key=str))


def unexpected(ledger, *expected):
    """The answers of other statuses, in words."""
    return [f"{count} answers were {status}" for status, count in ledger.statuses.items() if status not in expected]


def summary(ledger):
    """How much was written."""
    return f"{len(ledger.written)} acknowledged writes and {len(ledger.canceled)} cancellations"
