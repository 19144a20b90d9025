"""Does a request cost more with 100 times the data? Every list, search and booking, by both databases in turn.

    PGHOST=/path/of/socket python -m bench.growth --load 1 100     # two databases, $BENCH_DB_1 and $BENCH_DB_100; takes long
    PGHOST=/path/of/socket python -m bench.growth 1 100            # asks them (or those whose names begin with what follows)
    PGHOST=/path/of/socket python -m bench.growth --plans 100 "search products"     # what PostgreSQL does for such requests

A process for each database sends requests through the whole application, without a network. Printed are medians in ms, the rows
of a page, and the CPU µs of PostgreSQL's process, which other work on the machine disturbs less.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench.environment import HERE, environment
from bench.inside import FREE_SLOTS, caller
from bench.requests import LINES, ORDER

ROUNDS, TRIES = 7, 12
BASE = os.environ.get("BENCH_DB", "frontdesk_bench")
# 4 is a customer, 6 a student, 101 support, 20 an administrator; places in braces are those of `places`.
REQUESTS = {
    "own tickets": (4, "/api/v1/tickets/"),
    "own tickets ?status=f": (4, "/api/v1/tickets/?status=f"),
    "own tickets, from the middle": (4, "/api/v1/tickets/?limit=20&cursor={own_ticket}"),
    "a ticket": (4, "/api/v1/tickets/{ticket}/"),
    "its answers": (4, "/api/v1/tickets/{ticket}/answer/"),
    "its history": (4, "/api/v1/tickets/{ticket}/history/"),
    "tickets": (101, "/api/v1/tickets/"),
    "tickets ?status=f": (101, "/api/v1/tickets/?status=f"),
    "tickets ?awaiting=support": (101, "/api/v1/tickets/?awaiting=support"),
    "tickets ?awaiting=support&status=u": (101, "/api/v1/tickets/?awaiting=support&status=u"),
    "tickets ?awaiting=support&status=f (none)": (101, "/api/v1/tickets/?awaiting=support&status=f"),
    "tickets ?awaiting=customer&status=c (none)": (101, "/api/v1/tickets/?awaiting=customer&status=c"),
    "tickets ?assignee=101": (101, "/api/v1/tickets/?assignee=101"),
    "tickets ?assignee=101&status=u": (101, "/api/v1/tickets/?assignee=101&status=u"),
    "tickets, from the middle": (101, "/api/v1/tickets/?cursor={middle_ticket}"),
    "search tickets, in all": (101, "/api/v1/tickets/?search=order"),
    "search tickets, in every tenth": (101, "/api/v1/tickets/?search=tenth"),
    "search tickets, in one of 100": (101, "/api/v1/tickets/?search=a100"),
    "search tickets, in one of 1,000": (101, "/api/v1/tickets/?search=a1000"),
    "search tickets, in one": (101, "/api/v1/tickets/?search=ref{recent_ticket}"),
    "search tickets, in none": (101, "/api/v1/tickets/?search=nowhere"),
    "search tickets, never together": (101, "/api/v1/tickets/?search=evenly+oddly"),
    "search own tickets": (4, "/api/v1/tickets/?search=order"),
    "search own tickets, in none": (4, "/api/v1/tickets/?search=nowhere"),
    "own orders": (4, "/api/v1/orders/"),
    "own orders ?status=new": (4, "/api/v1/orders/?status=new"),
    "an order": (4, "/api/v1/orders/{order}/"),
    "orders": (20, "/api/v1/orders/"),
    "orders ?status=canceled": (20, "/api/v1/orders/?status=canceled"),
    "orders ?category=uncompleted": (20, "/api/v1/orders/?category=uncompleted"),
    "orders ?user_id=4": (20, "/api/v1/orders/?category=user&user_id=4"),
    "orders, from the middle": (20, "/api/v1/orders/?cursor={middle_order}"),
    "products": (4, "/api/v1/products/"),
    "products, from the middle": (4, "/api/v1/products/?cursor={middle_product}"),
    "products ?in_stock=false (none)": (4, "/api/v1/products/?in_stock=false"),
    "products ?category= of a tenth": (4, "/api/v1/products/?category={category}"),
    "products ?category= of three": (4, "/api/v1/products/?category={small_category}"),
    "search products, in all": (4, "/api/v1/products/?search=product"),
    "search products, in three": (4, "/api/v1/products/?search=lathe"),
    "search products, in none": (4, "/api/v1/products/?search=nowhere"),
    "search products, two letters, in none": (4, "/api/v1/products/?search=qx"),
    "stock ledger of a product": (20, "/api/v1/products/11/stock/"),
    "a product": (4, "/api/v1/products/11/"),
    "categories": (4, "/api/v1/categories/"),
    "slots": (4, "/api/v1/timeslots/"),
    "slots, from the middle": (4, "/api/v1/timeslots/?cursor={middle_slot}"),
    "slots ?tutor=20": (4, "/api/v1/timeslots/?tutor=20"),
    "slots ?tutor=20 in two days": (4, "/api/v1/timeslots/?tutor=20&start_after={in_10_days}&start_before={in_12_days}"),
    "slots in an hour (none)": (4, "/api/v1/timeslots/?start_after={in_10_days}&start_before={an_hour_later}"),
    "slots ?tutor=3 (none)": (4, "/api/v1/timeslots/?tutor=3"),
    "slots, all": (20, "/api/v1/timeslots/"),
    "slots, all ?tutor=20&is_available=false": (20, "/api/v1/timeslots/?tutor=20&is_available=false"),
    "own meetings": (6, "/api/v1/meetings/"),
    "own meetings ?status=canceled": (6, "/api/v1/meetings/?status=canceled"),
    "own meetings ?tutor=20": (6, "/api/v1/meetings/?tutor=20"),
    "own meetings ?time_slot=": (6, "/api/v1/meetings/?time_slot={slot}"),
    "own meetings ?start_after=": (6, "/api/v1/meetings/?start_after={in_10_days}"),
    "a meeting": (6, "/api/v1/meetings/{meeting}/"),
    "meetings": (20, "/api/v1/meetings/"),
    "meetings ?status=completed": (20, "/api/v1/meetings/?status=completed"),
    "meetings ?tutor=20": (20, "/api/v1/meetings/?tutor=20"),
    "meetings ?student=6": (20, "/api/v1/meetings/?student=6"),
    "meetings ?tutor=20&status=pending": (20, "/api/v1/meetings/?tutor=20&status=pending"),
    "meetings ?time_slot=": (20, "/api/v1/meetings/?time_slot={slot}"),
    "meetings ?start_after=": (20, "/api/v1/meetings/?start_after={in_10_days}"),
    "meetings ?start_after= (none)": (20, "/api/v1/meetings/?start_after={in_10_years}"),
    "meetings in two days": (20, "/api/v1/meetings/?start_after={in_10_days}&start_before={in_12_days}"),
    "meetings ?tutor=20 in two days": (20, "/api/v1/meetings/?tutor=20&start_after={in_10_days}&start_before={in_12_days}"),
    "own notifications": (4, "/api/v1/notifications/"),
    "own notifications ?is_read=false": (4, "/api/v1/notifications/?is_read=false"),
    "own notifications ?type=reminder": (4, "/api/v1/notifications/?type=reminder"),
    "how many are unread": (4, "/api/v1/notifications/unread_count/"),
    "oneself": (4, "/auth/users/me/"),
    "own sessions": (5, "/auth/sessions/"),
    "accounts": (20, "/api/v1/users/"),
    "accounts ?user_type=admin": (20, "/api/v1/users/?user_type=admin"),
    "accounts ?is_staff=true": (20, "/api/v1/users/?is_staff=true"),
    "search accounts, in all": (20, "/api/v1/users/?search=user"),
    "search accounts, in one": (20, "/api/v1/users/?search=szczygie%C5%82"),
    "search accounts, in one, by digits of all": (20, "/api/v1/users/?search=5550000044"),
    "search accounts, in none": (20, "/api/v1/users/?search=nobody"),
    "an account": (20, "/api/v1/users/44/"),
    "lesson credits": (4, "/api/v1/credits/"),
    "weekly hours": (20, "/api/v1/availability/"),
    "order of 3 lines": (8, "/api/v1/orders/"),
    "open a ticket": (12, "/api/v1/tickets/"),
    "book": (16, "/api/v1/meetings/"),
    "sign in": (24, "/auth/jwt/create/"),
}
PLACES = {
    "ticket": "SELECT max(id) FROM tickets_ticket WHERE user_id = 4 AND status = 'f'",
    "own_ticket": "SELECT id FROM tickets_ticket WHERE user_id = 4 ORDER BY id OFFSET 20 LIMIT 1",
    "middle_ticket": "SELECT max(id) / 2 FROM tickets_ticket",
    "recent_ticket": "SELECT 100000 * (max(id) / 100000) - 1500 FROM tickets_ticket",
    "order": "SELECT max(id) FROM shop_order WHERE user_id = 4",
    "middle_order": "SELECT max(id) / 2 FROM shop_order",
    "middle_product": "SELECT name, id FROM shop_product WHERE id = (SELECT max(id) / 2 FROM shop_product)",
    "category": "SELECT min(id) FROM shop_category",
    "small_category": "SELECT max(id) FROM shop_category",
    "middle_slot": "SELECT to_char(now() + interval '10 days', 'YYYY-MM-DD\"T\"HH24:MI:SSZ'), 0",
    "slot": "SELECT time_slot_id FROM scheduling_meeting WHERE student_id = 6 ORDER BY id LIMIT 1",
    "meeting": "SELECT max(id) FROM scheduling_meeting WHERE student_id = 6",
    **{
        name: f"SELECT to_char(now() + interval '{span}', 'YYYY-MM-DD\"T\"HH24:MI:SSZ')"
        for name, span in {
            "in_10_days": "10 days",
            "an_hour_later": "10 days 1 hour",
            "in_12_days": "12 days",
            "in_10_years": "10 years",
        }.items()
    },
}


class Asking:
    """In the process of one database: sends requests through the application."""

    def __init__(self):
        self.calls = {user: caller(f"user{user}") for user in {user for user, _path in REQUESTS.values()}}
        from django.db import connection

        self.connection = connection
        connection.settings_dict["CONN_MAX_AGE"] = None  # what is prepared stays
        from config.pagination import Order

        self.places = {}
        with connection.cursor() as cursor:
            for name, sql in PLACES.items():
                cursor.execute(sql)
                row = dict(zip("ab", cursor.fetchone(), strict=False))
                is_cursor = name.startswith(("middle_", "own_"))
                self.places[name] = Order(*row).cursor(json.dumps(row)) if is_cursor else row["a"]
            cursor.execute(FREE_SLOTS)
            self.free = [slot for (slot,) in cursor.fetchall()]

    def ask(self, name):
        """Sends one request; returns the body."""
        user, path = REQUESTS[name]
        body = {
            "order of 3 lines": ORDER | {"items": LINES},
            "open a ticket": {"message": "My order has not arrived yet, please look into it."},
            "book": {"time_slot": self.free[-1], "subject": "Algebra"},
            "sign in": {"username": "user24", "password": "password"},
        }.get(name)
        if name == "book":
            self.free.pop()
        return self.calls[user](path.format(**self.places), body)

    def measure(self, name):
        """[median ms, mean CPU µs of PostgreSQL, rows]."""
        body, times = json.loads(self.ask(name)), []
        before = self._cpu()
        for _ in range(TRIES):
            began = time.perf_counter()
            self.ask(name)
            times.append((time.perf_counter() - began) * 1000)
        spent = (self._cpu() - before) / TRIES / 1000
        return statistics.median(times), spent, len(body) if isinstance(body, list) else 1

    def _cpu(self):
        """Nanoseconds that PostgreSQL's process was on a processor."""
        return int(Path(f"/proc/{self.connection.connection.info.backend_pid}/schedstat").read_text().split()[0])

    def plans(self, name):
        """Prints the plan of each statement that such a request prepares, as it is prepared."""
        from unittest import mock

        from psycopg.sql import quote

        from config import sql

        ran, run = [], sql.Statement.run

        def spy(statement, places):
            ran.append((statement, [places[name] for name in statement.places]))
            return run(statement, places)

        with mock.patch.object(sql.Statement, "run", spy):
            self.ask(name)
        names = {prepared: known.decode() for (prepared, _types), known in self.connection.prepared.items()}
        for statement, values in ran[1:]:  # the first asks who it is
            texts = [quote(value) for value in values]
            if statement.planned:
                shown = statement.prepared.sql % tuple(texts)
            else:
                shown = f"EXECUTE {names[statement.prepared]}" + (f"({', '.join(texts)})" if texts else "")
            print(f"\n{name}: {statement.prepared.sql}\n{texts}")
            with self.connection.cursor() as cursor:
                cursor.execute(f"BEGIN; EXPLAIN (ANALYZE, BUFFERS) {shown}")
                cursor.nextset()
                print("\n".join(f"    {line}" for (line,) in cursor.fetchall()))
                cursor.execute("ROLLBACK")

    def serve(self):
        """Measures what the parent names, a line each."""
        for line in sys.stdin:
            print(json.dumps(self.measure(line.strip())), flush=True)


def start(scale, *arguments, **pipes):
    command = [sys.executable, "-m", "bench.growth", *arguments]
    return subprocess.Popen(command, env=os.environ | {"BENCH_DB": f"{BASE}_{scale}"}, cwd=HERE.parent, text=True, **pipes)


def compare(small, large, wanted):
    """Prints the table."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    sides = [start(scale, "--serve", **pipes) for scale in (small, large)]
    names = [name for name in REQUESTS if not wanted or any(name.startswith(one) for one in wanted)]
    found = {name: ([], []) for name in names}
    for _ in range(ROUNDS):
        for name in names:
            for side, rounds in zip(sides, found[name], strict=True):
                side.stdin.write(f"{name}\n")
                side.stdin.flush()
                rounds.append(json.loads(side.stdout.readline()))
    print(f"{'':46}{'median ms':>17}{'ratio':>7}{'PostgreSQL us':>18}{'ratio':>7}{'rows':>9}")
    print(f"{'':46}{small:>8}x{large:>7}x{'':7}{small:>9}x{large:>7}x")
    for name, rounds in found.items():
        (ms, pg, rows), (ms2, pg2, rows2) = ([statistics.median(column) for column in zip(*one, strict=True)] for one in rounds)
        shown = f"{rows:.0f}" if rows == rows2 else f"{rows:.0f}/{rows2:.0f}"
        print(f"{name:46}{ms:9.2f}{ms2:8.2f}{ms2 / ms:7.2f}{pg:10.0f}{pg2:8.0f}{pg2 / pg:7.2f}{shown:>9}")
    for side in sides:
        side.stdin.close()
        side.wait()


def load(scale):
    """A database of that scale."""
    os.environ["BENCH_DB"] = f"{BASE}_{scale}"
    env = environment()
    subprocess.run(["bash", f"{HERE}/load.sh", scale], env=env, check=True)
    command = ["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-h", env["PGHOST"], "-U", "postgres", "-d", env["BENCH_DB"]]
    subprocess.run([*command, "-v", f"scale={scale}", "-f", f"{HERE}/growth.sql"], check=True)


def main(*arguments):
    match arguments:
        case ["--serve"]:
            Asking().serve()
        case ["--explain", *names]:
            asking = Asking()
            for name in names:
                asking.plans(name)
        case ["--plans", scale, *names]:
            start(scale, "--explain", *names).wait()
        case ["--load", *scales]:
            for scale in scales:
                load(scale)
        case [small, large, *names]:
            compare(small, large, names)


if __name__ == "__main__":
    main(*sys.argv[1:])
