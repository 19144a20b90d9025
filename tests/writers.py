"""Clients that write without pause, as a well-behaved client would: what was not acknowledged is sent again under its key."""

import http.client
import itertools
import json
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit

from tests.conftest import PASSWORD, make_user
from tests.scheduling.conftest import hour

PAUSE = 0.1  # seconds before something is sent again; Retry-After asks for more, but we want to see when it heals
_PATIENCE = 15  # seconds for an answer
_SLOTS = 30  # of each writer's own tutor


class Writer(threading.Thread):
    """One customer. Registers people, opens tickets, answers them, orders, books, cancels, until told to stop."""

    def __init__(self, ledger, url, number, *, token, slots, product, ticket):
        super().__init__(name=f"writer-{number}", daemon=True)
        self.ledger, self.host, self.token = ledger, urlsplit(url).netloc, token
        self.product, self.ticket, self.number = product, ticket, number
        self.slots, self.booked = itertools.cycle(slots), {}
        self.stopping, self._connection = threading.Event(), None
        # Half of them keep their connection, as browsers do; the others come anew each time.
        self.keeps = number % 2 == 0

    def run(self):
        steps = [self.order, self.answer, self.book, self.open_ticket, self.answer, self.order, self.book, self.answer]
        rest = itertools.cycle(steps)
        for turn in itertools.count():
            if self.stopping.is_set():
                return
            # A password takes a tenth of a second to hash: now and then.
            (self.register if turn % 40 == self.number else next(rest))()

    def register(self):
        marker = self.ledger.marker("account")
        self._write("account", marker, "/auth/users/", {"email": f"{marker}@example.com", "password": PASSWORD}, keyed=False)

    def open_ticket(self):
        marker = self.ledger.marker("ticket")
        self._write("ticket", marker, "/api/v1/tickets/", {"message": marker})

    def answer(self):
        marker = self.ledger.marker("answer")
        self._write("answer", marker, f"/api/v1/tickets/{self.ticket}/answer/", {"message": marker})

    def order(self):
        marker = self.ledger.marker("order")
        items = [{"product_id": self.product, "amount": 1}]
        made = self._write("order", marker, "/api/v1/orders/", {"address": marker, "phone": "+48123666789", "items": items})
        if made and made["id"] % 3 == 0:
            self._cancel("order", made["id"], "POST", f"/api/v1/orders/{made['id']}/cancel/", None)

    def book(self):
        """The next of the writer's slots; where it is taken already, what it was booked for is canceled."""
        slot = next(self.slots)
        if slot in self.booked:
            key = self.booked[slot]
            if self._cancel("meeting", key, "PATCH", f"/api/v1/meetings/{key}/", {"status": "canceled"}):
                del self.booked[slot]
        else:
            marker = self.ledger.marker("meeting")
            if made := self._write("meeting", marker, "/api/v1/meetings/", {"time_slot": slot, "subject": marker}):
                self.booked[slot] = made["id"]

    def _write(self, kind, marker, path, body, *, keyed=True):
        """Sends it until it is acknowledged. Returns the answer, or None where the end came first."""
        uncertain = False
        while True:
            status, data = self._send("POST", path, body, marker if keyed else None)
            if status == 201:
                self.ledger.acknowledged(kind, marker, data["id"])
                return data
            if uncertain and not keyed and status == 400:
                return None  # it had gone through; that there is one, and not two, is asked of the database
            if status not in (None, 503) and (data or {}).get("code") != "idempotency_key_in_progress":
                self.ledger.refused(f"{kind}: {status} {data}")
                return None
            uncertain = True
            if self.stopping.wait(PAUSE):
                return None

    def _cancel(self, kind, key, method, path, body):
        uncertain = False
        while True:
            status, data = self._send(method, path, body, None)
            if status == 200 or (uncertain and status == 409):
                self.ledger.acknowledged_cancel(kind, key)
                return True
            if status not in (None, 503):
                self.ledger.refused(f"cancel {kind}: {status} {data}")
                return False
            uncertain = True
            if self.stopping.wait(PAUSE):
                return False

    def _send(self, method, path, body, key):
        headers = {"Authorization": f"Bearer {self.token}"} if path != "/auth/users/" else {}
        headers |= {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
        status, found, data, began = None, {}, None, time.monotonic()
        try:
            connection = self._connection or http.client.HTTPConnection(self.host, timeout=_PATIENCE)
            self._connection = connection
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            data = answer.read()
            status, found = answer.status, answer.headers
            data = json.loads(data) if data else None
        except (OSError, http.client.HTTPException):
            status = None
        self.ledger.answered(status, found, began)
        if status is None or not self.keeps:
            with suppress(OSError):
                self._connection.close()
            self._connection = None
        return status, data


class Crowd:
    """`with Crowd(ledger, url, 6):` so many writers write until the block ends. Needs Django on the service's database."""

    def __init__(self, ledger, url, size=6):
        self.ledger = ledger
        self.writers = [Writer(ledger, url, number, **person(f"{ledger.name}{number}", number)) for number in range(size)]

    def __enter__(self):
        for writer in self.writers:
            writer.start()
        return self

    def __exit__(self, *exception):
        for writer in self.writers:
            writer.stopping.set()
        for writer in self.writers:
            writer.join(_PATIENCE * 2)

    def wait_for_writes(self, count, seconds=60):
        """Returns once so many more writes were acknowledged; how long that took from now to the first, in seconds."""
        began, known = time.monotonic(), len(self.ledger.written)
        first = None
        while len(self.ledger.written) < known + count:
            if first is None and self.ledger.last_written > began:
                first = self.ledger.last_written - began
            assert time.monotonic() < began + seconds, f"no {count} writes in {seconds} s"
            time.sleep(0.01)
        return first if first is not None else self.ledger.last_written - began


def person(name, number):
    """What a writer needs: a customer, a tutor of their own with free hours, something to buy, and a ticket."""
    from accounts.services import start_session
    from scheduling.models import TimeSlot
    from shop.models import Product
    from tickets.services import open_ticket

    customer = make_user(name)
    tutor = make_user(f"{name}-tutor", user_type="admin", is_staff=True, is_superuser=True)
    slots = [TimeSlot(tutor=tutor, start_time=hour(n), end_time=hour(n + 1)) for n in range(_SLOTS)]
    return {
        "token": start_session(user=customer).access,
        "slots": [slot.pk for slot in TimeSlot.objects.bulk_create(slots)],
        "product": Product.objects.create(name=f"{name} pen", amount=100_000, price="2.50").pk,
        "ticket": open_ticket(by=customer, message="Everything").pk,
    }
