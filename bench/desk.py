"""What do the staff's pages cost with 100,000 tickets, meetings and orders? Queries, and milliseconds in the server.

    PGHOST=/path/of/socket python -m bench.desk --load    # a database of its own, frontdesk_desk; minutes
    PGHOST=/path/of/socket python -m bench.desk           # measures what is loaded

Each page is asked for by an administrator through the whole application without a network: twice to warm up and to count
its queries, then ten times.
Ends with 1 if a page takes 300 ms or more at its slowest, or more queries than it may.
"""

import os
import statistics
import subprocess
import sys
import time

from bench.environment import HERE, settle

COLD = "home, nothing remembered"
TRIES, MOST_MS, MOST_QUERIES = 10, 300, 20


def load():
    """A database of its own with bench/load.sql, slots.sql and desk.sql in it."""
    for command in (["bash", f"{HERE}/load.sh", "1"], _psql("-q", "-v", "scale=1", "-f", f"{HERE}/desk.sql")):
        subprocess.run(command, check=True)


def _psql(*arguments):
    where = ["-h", os.environ["PGHOST"], "-U", "postgres", "-d", os.environ["BENCH_DB"]]
    return ["psql", "-X", "-v", "ON_ERROR_STOP=1", *where, *arguments]


def pages():
    """Path by name. The ids are those of people and things that have much."""
    from accounts.models import User
    from shop.models import Order
    from tickets.models import Ticket

    busy, ticket = User.objects.get(pk=4).pk, Ticket.objects.order_by("-id").values_list("id", flat=True)[0]
    order = Order.objects.filter(status="new").values_list("id", flat=True)[0]
    return {
        "home": "/admin/",
        COLD: "/admin/",
        "tickets awaiting support": "/admin/desk/tickets/",
        "tickets, mine": "/admin/desk/tickets/?show=mine",
        "tickets, unassigned": "/admin/desk/tickets/?show=unassigned",
        "tickets, all": "/admin/desk/tickets/?show=all",
        "tickets, a page in the middle": f"/admin/desk/tickets/?show=all&after={ticket // 2}",
        "search, in every ticket": "/admin/desk/tickets/?q=order",
        "search, in one of 1,000": "/admin/desk/tickets/?q=reference777",
        "search, unassigned": "/admin/desk/tickets/?q=order&show=unassigned",
        "search, in none": "/admin/desk/tickets/?q=nowhere",
        "ticket with 1,000 answers": f"/admin/desk/tickets/{ticket}/",
        "next ticket": f"/admin/desk/tickets/{ticket // 2}/next/",
        "week of one tutor": "/admin/desk/week/?tutor=20",
        "week of all tutors": "/admin/desk/week/?tutor=",
        "new orders": "/admin/desk/orders/",
        "order, complete?": f"/admin/desk/orders/{order}/complete/",
        "packing list": "/admin/desk/orders/packing/",
        "orders as CSV": "/admin/desk/orders/export.csv",
        "stock": "/admin/desk/stock/",
        "stock of a product": "/admin/desk/stock/20/",
        "jobs": "/admin/desk/jobs/",
        "one person": f"/admin/desk/users/{busy}/",
        "list: accounts": "/admin/accounts/user/",
        "list: tickets": "/admin/tickets/ticket/",
        "list: meetings": "/admin/scheduling/meeting/",
        "list: slots": "/admin/scheduling/timeslot/",
        "list: orders": "/admin/shop/order/",
        "list: products": "/admin/shop/product/",
        "list: notifications": "/admin/notifications/notification/",
    }


def measure(browser, path, *, cold):
    """(queries, milliseconds of each try) of one page; `cold`: as in a process that has just begun."""
    from django.core.cache import cache
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    browser.get(path)
    if cold:
        cache.clear()
    with CaptureQueriesContext(connection) as caught:
        response = browser.get(path)
    queries = len(caught)  # before the next request clears the log
    if response.status_code not in (200, 302):
        raise SystemExit(f"{path} answers {response.status_code}")
    took = []
    for _try in range(TRIES):
        if cold:
            cache.clear()
        started = time.perf_counter()
        browser.get(path)
        took.append((time.perf_counter() - started) * 1000)
    return queries, took


def main():
    settle("frontdesk_desk")
    if "--load" in sys.argv:
        load()
    import django

    django.setup()
    from django.conf import settings
    from django.test import Client

    from accounts.models import User

    settings.ALLOWED_HOSTS = ["testserver"]
    browser = Client()
    browser.force_login(User.objects.get(pk=20), backend="accounts.backends.IdentifierBackend")
    slow = []
    print(f"{'page':<32}{'queries':>8}{'median ms':>11}{'max ms':>8}")
    for name, path in pages().items():
        queries, took = measure(browser, path, cold=name == COLD)
        print(f"{name:<32}{queries:>8}{statistics.median(took):>11.0f}{max(took):>8.0f}", flush=True)
        if max(took) >= MOST_MS or queries > MOST_QUERIES:
            slow.append(name)
    if slow:
        raise SystemExit(f"Over {MOST_MS} ms or {MOST_QUERIES} queries: {', '.join(slow)}")


if __name__ == "__main__":
    main()
