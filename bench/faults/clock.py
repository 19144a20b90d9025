"""Hosts whose clocks are five minutes off: one fast, one slow, one right, on one database. The database's clock decides."""

import base64
import http.client
import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, timedelta
from email import message_from_bytes
from email.utils import parsedate_to_datetime

from bench.faults.site import Line, fresh_start, outbox_of
from tests.live import ROOT, Service

OFF = 300  # seconds
# Loaded before the C library, it answers in its place. Waiting goes by other clocks, which stay right.
_SHIM = """
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/time.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
static long off(void) { const char *text = getenv("CLOCK_OFF"); return text ? atol(text) : 0; }
int clock_gettime(clockid_t id, struct timespec *at) {
    int result = syscall(SYS_clock_gettime, id, at);
    if (!result && id == CLOCK_REALTIME) at->tv_sec += off();
    return result;
}
int gettimeofday(struct timeval *at, void *zone) {
    struct timespec now; clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec; at->tv_usec = now.tv_nsec / 1000; return 0;
}
time_t time(time_t *at) {
    struct timespec now; clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
"""
_REMIND = """
from scheduling import services
for meeting, seconds, _start in services.due_reminders():
    services.remind(meeting_id=meeting, seconds=seconds)
"""


def clock(house, rounds=1):
    """Everything that expires or falls due, just before and just after it does, at hosts that would err by five minutes."""
    ledger, folder = fresh_start(house, "clock")
    if not shutil.which("cc"):
        return Line("Clocks five minutes off", "not tried: it needs a C compiler (cc)", ["not tried"])
    library, checked = _compile(folder), 0
    for number in range(rounds):
        for off in (OFF, -OFF, 0):
            preload = {"LD_PRELOAD": str(library), "CLOCK_OFF": str(off)}
            with Service(folder / f"{number}{off}", **preload) as service:
                trial = Trial(service, off, f"{ledger.name}-{number}-{off % 1000}")
                for check in (trial.clocks, trial.tokens, trial.codes, trial.bookings, trial.reminders):
                    check()
                checked += trial.checked
                for what in trial.wrong:
                    ledger.refused(f"host {off:+} s: {what}")
    return Line(
        f"Hosts whose clocks are {OFF // 60} minutes fast, {OFF // 60} minutes slow, and right",
        f"{checked} decisions about access tokens, codes, bookings and reminders, 100 s before and after their time: "
        "all as the database's clock says",
        ledger.faults(),
    )


def _compile(folder):
    folder.mkdir(parents=True, exist_ok=True)
    source, library = folder / "clock.c", folder / "clock.so"
    source.write_text(_SHIM)
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
    return library


class Trial:
    """What is tried at one host. `wrong` says what was not as expected."""

    def __init__(self, service, off, name):
        from accounts.services import start_session
        from tests.conftest import make_user

        self.service, self.off, self.name, self.checked, self.wrong = service, off, name, 0, []
        self.alice = make_user(f"{name}-a")
        self.token = start_session(user=self.alice).access

    def expect(self, what, found, wanted):
        """Compares, and goes on."""
        self.checked += 1
        if found != wanted:
            self.wrong.append(f"{what}: {found}, not {wanted}")

    def ask(self, method, path, body=None, token=None):
        """(status, answer, headers)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=20)
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        data = answer.read()
        return answer.status, json.loads(data) if data else None, answer.headers

    def clocks(self):
        """The host's clock is off indeed, or nothing was shown."""
        date = parsedate_to_datetime(self.ask("GET", "/livez")[2]["Date"])
        self.expect("the host's clock is off", abs((date - _now()).total_seconds() - self.off) < 10, True)

    def tokens(self):
        """An access token lives for ten minutes of the database."""
        from accounts import tokens
        from accounts.models import Session
        from tests.conftest import PASSWORD

        _, made, _ = self.ask("POST", "/auth/jwt/create/", {"email": self.alice.email, "password": PASSWORD})
        ends = json.loads(base64.urlsafe_b64decode(made["access"].split(".")[1] + "=="))["exp"]
        self.expect("a new token lives ten minutes", abs(ends - _now().timestamp() - 600) < 10, True)
        session = Session.objects.filter(user=self.alice).first()
        for age, status in ((500, 200), (700, 401)):
            issued = _now() - timedelta(seconds=age)
            token = tokens.mint(tokens.ACCESS, session_id=session.pk, user_id=self.alice.pk, issued_at=issued)
            self.expect(f"a token {age} s old", self.ask("GET", "/auth/users/me/", token=token)[0], status)

    def codes(self):
        """A code is good until its time."""
        from accounts.models import Code

        for left, status in ((-100, 400), (100, 204)):
            self.ask("POST", "/auth/users/verify/", {"channel": "email"}, self.token)
            code = Code.objects.filter(user=self.alice).order_by("-id").first()
            digits = self._digits()
            Code.objects.filter(pk=code.pk).update(expires_at=_now() + timedelta(seconds=left))
            answer = self.ask("POST", "/auth/users/verify/confirm/", {"channel": "email", "code": digits}, self.token)
            self.expect(f"a code with {left} s left", answer[0], status)

    def _digits(self):
        """Those of the newest mail, which is taken away."""
        outbox, found = outbox_of(self.service.folder), []

        def arrived():
            for path in outbox.glob("*.eml"):
                mail = message_from_bytes(path.read_bytes())
                text = next(part for part in mail.walk() if part.get_content_type() == "text/plain").get_payload(decode=True)
                if mail["To"].find(self.alice.email) >= 0 and (digits := re.search(rb"\b\d{6}\b", text)):
                    found.append(digits[0].decode())
                path.unlink()
            return found

        self.service.wait(arrived, "the code has come", 60)
        return found[-1]

    def bookings(self):
        """A slot can be booked until it begins."""
        for left, status in ((-100, 409), (100, 201)):
            slot = self._slot(left)
            body = {"time_slot": slot.pk, "subject": "Algebra"}
            self.expect(f"a slot {left} s from now", self.ask("POST", "/api/v1/meetings/", body, self.token)[0], status)

    def reminders(self):
        """One goes out an hour before the start, and not earlier."""
        from django.db import transaction

        from notifications.models import Notification
        from scheduling.services import book_meeting, cancel_meeting
        from tests.scheduling.conftest import shift

        for hours, due in ((3, -100), (5, 100)):
            slot = self._slot(hours * 3600)
            meeting = book_meeting(by=self.alice, time_slot_id=slot.pk, subject="Algebra")
            with transaction.atomic():
                shift(meeting, (slot.start_time - _now()).total_seconds() - 3600 - due)
            subprocess.run(
                [sys.executable, "manage.py", "shell", "-v0", "-c", _REMIND], cwd=ROOT, env=self.service.env, check=True
            )
            found = Notification.objects.filter(meeting=meeting, user=self.alice, type="reminder").exists()
            self.expect(f"a reminder due in {due} s was written", found, due < 0)
            cancel_meeting(by=self.alice, meeting_id=meeting.pk)  # the next one would overlap it

    def _slot(self, left):
        """One that begins in so many seconds, of a tutor of its own: those of one would overlap."""
        from scheduling.models import TimeSlot
        from tests.conftest import make_user

        tutor = make_user(f"{self.name}-t{left}", user_type="admin", is_staff=True, is_superuser=True)
        start = _now() + timedelta(seconds=left)
        return TimeSlot.objects.create(tutor=tutor, start_time=start, end_time=start + timedelta(minutes=5))


def _now():
    """The database's time."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        return cursor.fetchone()[0].astimezone(UTC)
