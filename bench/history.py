"""What the history costs the busiest writes: with its triggers and the told actor, and without, in turn.

    PGHOST=/path/of/socket python -m bench.history [blocks]

In one process, on a database of its own, frontdesk_history, made anew. The triggers are switched after each
16 calls of a service (of which the first 6 do not count, as plans are made anew), the actor is told in every other call.
Milliseconds; the quickest tenth is what a busy machine disturbs least.
"""

import sys
import time
from contextlib import nullcontext
from datetime import timedelta

import django

from bench.environment import create, settle

settle("frontdesk_history")
django.setup()

from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from config.actors import acting  # noqa: E402
from config.history import history_of  # noqa: E402
from scheduling.models import TimeSlot  # noqa: E402
from scheduling.services import book_meeting  # noqa: E402
from shop.models import Product  # noqa: E402
from shop.services import place_order  # noqa: E402
from tickets.services import answer_ticket, open_ticket  # noqa: E402

CALLS, WARM = 16, 6


def switch(on):
    """The history's triggers."""
    with connection.cursor() as cursor:
        for model in django.apps.apps.get_models():
            if history_of(model):
                table = model._meta.db_table
                cursor.execute(
                    "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname LIKE %s", [table, "pgtrigger_note_%"]
                )
                for (name,) in cursor.fetchall():
                    cursor.execute(f"ALTER TABLE {table} {'ENABLE' if on else 'DISABLE'} TRIGGER {name}")


def main(blocks):
    create()
    alice = User.objects.create(username="bench-alice", email="bench-alice@example.com")
    tim = User.objects.create(
        username="bench-tim", email="bench-tim@example.com", user_type="admin", is_staff=True, is_superuser=True
    )
    pens = [Product.objects.create(name=f"Pen {n}", price=1, amount=10**6) for n in range(3)]
    lines = [{"product_id": pen.pk, "amount": 1} for pen in pens]
    start = timezone.now() + timedelta(days=1)
    slots = TimeSlot.objects.bulk_create(
        TimeSlot(tutor=tim, start_time=start + timedelta(minutes=n * 10), end_time=start + timedelta(minutes=n * 10 + 10))
        for n in range(blocks * CALLS * 2)
    )
    free = iter(slots)
    tickets = iter([open_ticket(by=alice, message="Help") for _n in range(blocks * CALLS * 2)])
    calls = {
        "place_order": lambda: place_order(by=alice, address="Here", phone="+48123666789", items=lines),
        "open_ticket": lambda: open_ticket(by=alice, message="Help me"),
        "answer_ticket": lambda: answer_ticket(by=alice, ticket_id=next(tickets).pk, message="Please"),
        "book_meeting": lambda: book_meeting(by=alice, time_slot_id=next(free).pk, subject="Algebra"),
    }
    for name, call in calls.items():
        triggers = {True: [], False: []}
        for block in range(blocks):
            on = block % 4 in (0, 3)  # in both orders, as time favors neither
            switch(on)
            for place in range(CALLS):
                took = timed(call)
                if place >= WARM:
                    triggers[on].append(took)
        switch(True)
        told = {True: [], False: []}
        for number in range(blocks * CALLS // 2):
            on = number % 4 in (0, 3)
            with acting(alice) if on else nullcontext():
                told[on].append(timed(call))
        tell(f"{name}: triggers", triggers)
        tell(f"{name}: actor", told)


def timed(call):
    """Milliseconds."""
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def tell(what, found):
    for name, at in (("median", 0.5), ("quickest tenth", 0.1)):
        without, with_it = (sorted(found[on])[int(len(found[on]) * at)] for on in (False, True))
        print(
            f"{what:24} {name:14} without {without:6.3f}  with {with_it:6.3f}  {100 * (with_it / without - 1):+5.1f} %",
            flush=True,
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
