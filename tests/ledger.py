"""What the service acknowledged, and whether the database still knows it: nothing lost, nothing twice."""

import io
import threading
import time
from collections import Counter
from email import message_from_bytes

from django.core.management import CommandError, call_command
from django.db import connection

# Where each kind of write is found again by its marker, a word that occurs nowhere else.
PLACES = {
    "account": ("accounts_user", "email"),
    "ticket": ("tickets_ticket", "message"),
    "answer": ("tickets_answer", "message"),
    "order": ("shop_order", "address"),
    "meeting": ("scheduling_meeting", "subject"),
}
_TABLES = {"order": "shop_order", "meeting": "scheduling_meeting"}
_WITHOUT_JOB = """
SELECT count(*) FROM notifications_delivery d WHERE d.status = 'queued' AND NOT EXISTS (
    SELECT FROM procrastinate_jobs j WHERE j.status IN ('todo', 'doing') AND j.task_name = 'notifications.deliver'
    AND j.args = jsonb_build_object('delivery_id', d.id))"""


class Ledger:
    """Filled by many threads. Times are those of time.monotonic()."""

    def __init__(self, name):
        self.name = name  # the beginning of every marker
        self.written = {}  # {(kind, marker): id}, acknowledged
        self.canceled = set()  # {(kind, id)}, acknowledged
        self.statuses = Counter()
        self.cut = []  # when requests were sent that nobody answered
        self.spent = []  # seconds that each answer took
        self.wrong = []  # answers that nobody should have seen
        self.last_written = 0.0
        self._lock, self._number = threading.Lock(), 0

    def marker(self, kind):
        """A new word."""
        with self._lock:
            self._number += 1
            return f"{self.name}-{kind}-{self._number}"

    def answered(self, status, headers, began):
        """Writes down a status, or None where the connection broke instead. `began`: when the request was sent."""
        with self._lock:
            self.statuses[status] += 1
            if status is None:
                self.cut.append(began)
            else:
                self.spent.append(time.monotonic() - began)
            if status == 503 and not headers.get("Retry-After"):
                self.wrong.append("503 without Retry-After")

    def refused(self, what):
        """Writes down an answer that is wrong whatever happened to the service."""
        with self._lock:
            self.wrong.append(what)

    def acknowledged(self, kind, marker, key):
        """Writes down that something exists now."""
        with self._lock:
            self.written[kind, marker] = key
            self.last_written = time.monotonic()

    def acknowledged_cancel(self, kind, key):
        """Writes down that something is canceled now."""
        with self._lock:
            self.canceled.add((kind, key))
            self.last_written = time.monotonic()

    def faults(self):
        """What differs between the ledger and the database, in words; and what breaks an invariant. [] is what we want."""
        connection.close()  # it may be a broken one by now
        found = list(self.wrong)
        for kind, (table, column) in PLACES.items():
            rows = _ask(f"SELECT {column}, id FROM {table} WHERE {column} LIKE %s", [f"{self.name}-{kind}-%"])
            there = Counter(marker for marker, _ in rows)
            found += [f"{kind} {marker}: there {count} times" for marker, count in there.items() if count > 1]
            known = {marker.partition("@")[0]: key for marker, key in rows}
            for (of, marker), key in self.written.items():
                if of == kind and known.get(marker) != key:
                    found.append(f"{kind} {marker}: acknowledged as {key}, found {known.get(marker)}")
        for kind, table in _TABLES.items():
            canceled = {key for (key,) in _ask(f"SELECT id FROM {table} WHERE status = 'canceled'")}
            found += [f"{kind} {key}: canceled, but is not" for of, key in self.canceled if of == kind and key not in canceled]
        if without := _ask(_WITHOUT_JOB)[0][0]:
            found.append(f"{without} deliveries wait without a job")
        return found + broken_rules()


def broken_rules():
    """What `manage.py verify` finds wrong."""
    out = io.StringIO()
    try:
        call_command("verify", stdout=out, stderr=out)
    except CommandError as error:
        return [str(error), *(line for line in out.getvalue().splitlines() if not line.endswith("ms)") or "BROKEN" in line)]
    return []


def mail_faults(folder):
    """How the mails in an outbox folder differ from the deliveries that are said to be sent. [] is what we want."""
    mails = Counter(message_from_bytes(path.read_bytes())["Message-ID"] for path in folder.glob("*.eml"))
    sent = {key for (key,) in _ask("SELECT message_id FROM notifications_delivery WHERE status = 'sent' AND channel = 'email'")}
    return [
        *(f"mail {key} is there {count} times" for key, count in mails.items() if count > 1),
        *(f"mail {key} was sent, and is not there" for key in sent - set(mails)),
        *(f"mail {key} is there, and was not sent" for key in set(mails) - sent),
    ]


def _ask(statement, values=()):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()
