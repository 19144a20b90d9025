"""Does a page of tickets, or a search, cost more with a million tickets than with a thousand? Plans, and times by HTTP.

    PGHOST=/path/of/socket python -m bench.tickets [tickets …]

Makes a database of its own, frontdesk_tickets, anew, and fills it: first up to 1,000, then up to 1,000,000 (or what is named), as
SQL does it quickest: without triggers, with the words computed by the functions that the triggers call. Every ticket has
one answer; 200 customers have opened them in turn.
"""

import statistics
import sys
import time

import django

from bench.environment import create, settle

settle("frontdesk_tickets")
django.setup()

from django.db import connection, transaction  # noqa: E402 (Django first)
from rest_framework.test import APIClient  # noqa: E402

from accounts.models import User  # noqa: E402
from accounts.services import register_user, start_session  # noqa: E402

CUSTOMERS, TRIES = 200, 60
# Words, and how often tickets hold them. Three of the first two never meet in one ticket.
WORDS = """
CASE WHEN n %% 2 = 0 THEN 'evenly ' ELSE 'oddly ' END || CASE WHEN n %% 10 = 0 THEN 'tenth ' ELSE '' END
|| CASE WHEN n %% 100 = 7 THEN 'percent ' ELSE '' END || CASE WHEN n %% 1000 = 77 THEN 'permille ' ELSE '' END
|| CASE WHEN n = 777 THEN 'needle ' ELSE '' END || 'Nie działa płatność за возврат '
|| (SELECT string_agg('word' || (n * k * 7919) %% 20011, ' ') FROM generate_series(1, 20) AS k)"""
LOAD = (
    f"""
INSERT INTO tickets_ticket (id, user_id, message, status, awaiting, created_at)
SELECT n, (%(users)s::bigint[])[1 + n %% %(customers)s::bigint], {WORDS},
    CASE WHEN n %% 20 = 0 THEN 'u' WHEN n %% 500 = 1 THEN 'f' ELSE 'c' END,
    CASE WHEN n %% 40 = 0 THEN 'support' WHEN n %% 20 = 0 THEN 'customer' END,
    now() - (%(last)s::bigint - n) * interval '1 minute'
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n""",
    """
INSERT INTO tickets_answer (ticket_id, user_id, message, answered_at)
SELECT id, %(support)s::bigint, 'We look at it. Reference' || id, created_at FROM tickets_ticket
WHERE id BETWEEN %(first)s AND %(last)s ORDER BY id""",
    """
INSERT INTO tickets_searchtext (ticket_id, owner, status, awaiting, assignee, words, staff_words)
SELECT t.id, t.user_id, t.status, t.awaiting, t.assignee_id, w, w
FROM tickets_ticket t JOIN tickets_answer a ON a.ticket_id = t.id,
    LATERAL (SELECT tickets_words(t.message || ' ' || a.message) AS w OFFSET 0) AS words
WHERE t.id BETWEEN %(first)s AND %(last)s ORDER BY t.id""",
)
# Each is asked for the first page; the last one for a page in the middle, too.
PATHS = {
    "list": "/api/ticket",
    "list of a customer": "/api/ticket",
    "list ?status=f": "/api/ticket?status=f",
    "list ?awaiting=support": "/api/ticket?awaiting=support",
    "page in the middle": "/api/ticket?cursor={middle}",
    "search, in every ticket": "/api/ticket?search=возврат",
    "search, in every tenth": "/api/ticket?search=tenth",
    "search, in one of 100": "/api/ticket?search=percent",
    "search, in one of 1,000": "/api/ticket?search=permille",
    "search, in one ticket": "/api/ticket?search=needle",
    "search, in none": "/api/ticket?search=nowhere",
    "search, two words that never meet": "/api/ticket?search=evenly+oddly",
    "search, Polish": "/api/ticket?search=płatności",
    "search, frozen ones": "/api/ticket?search=возврат&status=f",
    "search of a customer": "/api/ticket?search=tenth",
}


def load(last, users, support):
    """Fills up to so many tickets."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("SET LOCAL maintenance_work_mem = '1GB'")
        cursor.execute("SELECT coalesce(max(id), 0) + 1 FROM tickets_ticket")
        values = {"first": cursor.fetchone()[0], "last": last, "users": users, "customers": len(users), "support": support}
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'ticket_words'")
        index = cursor.fetchone()[0]
        cursor.execute("DROP INDEX ticket_words")
        for statement in LOAD:
            cursor.execute(statement, values)
        cursor.execute(index)
        cursor.execute("SELECT setval('tickets_ticket_id_seq', %s)", [last])
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("VACUUM ANALYZE tickets_ticket, tickets_answer, tickets_searchtext")
        cursor.execute("RESET statement_timeout")


def middle_of(client, tickets):
    """The cursor of a page in the middle: made as the Link header's are."""
    from config.pagination import Order

    return Order("-id").cursor(b'{"id": %d}' % (tickets // 2))


def measure(clients, tickets):
    """{name: median ms}."""
    found = {}
    for name, path in PATHS.items():
        client = clients["customer" if "customer" in name and "awaiting" not in name else "support"]
        url = path.format(middle=middle_of(client, tickets))
        times = []
        for number in range(TRIES):
            began = time.perf_counter()
            answer = client.get(url)
            if number >= TRIES // 6:  # the first ones warm up
                times.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200, answer.content
        found[name] = statistics.median(times), len(answer.json())
    return found


def plans():
    """The plans of the list's page and of a search in one block, with what they read."""
    statements = {
        "list": "SELECT * FROM tickets_ticket ORDER BY id DESC LIMIT 51",
        "search, as a whole": "SELECT tickets_search('percent', NULL, NULL, NULL, NULL, NULL, 51, '4 ms')",
        "search, one block": "SELECT ticket_id FROM tickets_searchtext WHERE block = 0::bigint AND ticket_id <= 30000"
        " AND staff_words @@ tickets_query('percent') ORDER BY ticket_id DESC LIMIT 51",
    }
    with connection.cursor() as cursor:
        for name, statement in statements.items():
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) {statement}")
            print(f"\n{name}:")
            print("\n".join(f"    {line}" for (line,) in cursor.fetchall()))


def main(*sizes):
    create()
    support = register_user(username="bench_support", email="bench_support@example.com", password="a long password")
    User.objects.filter(pk=support.pk).update(is_staff=True)
    customers = [
        User.objects.create(username=f"bench{number}", username_chosen=True, email=f"bench{number}@example.com")
        for number in range(CUSTOMERS)
    ]
    results = {}
    for size in sizes or (1_000, 1_000_000):
        began = time.perf_counter()
        load(size, [user.pk for user in customers], support.pk)
        print(f"\n{size:,} tickets, loaded in {time.perf_counter() - began:.0f} s")
        plans()
        clients = {name: APIClient(HTTP_HOST="127.0.0.1") for name in ("support", "customer")}
        for name, user in (("support", support), ("customer", customers[0])):
            clients[name].credentials(HTTP_AUTHORIZATION=f"Bearer {start_session(user=user).access}")
        results[size] = measure(clients, size)
    print(f"\n{'median ms (rows)':36}" + "".join(f"{size:>18,}" for size in results) + "     ratio")
    for name in PATHS:
        row = [results[size][name] for size in results]
        print(f"{name:36}" + "".join(f"{ms:>12.2f} ({rows:>3})" for ms, rows in row) + f"{row[-1][0] / row[0][0]:>10.2f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
