"""What does each technique give, and what does each promise cost? CPU µs of a request, with it and without it, in turn.

    PGHOST=/path/of/socket python -m bench.techniques    # on the data of bench.requests --load 1

Of this process, what it leaves for the garbage collector included, and of PostgreSQL's. "Without" a technique puts back what
Django, DRF or gunicorn would do; without a promise, less is done. The last lines serve /livez by both kinds of gunicorn worker.
"""

import gc
import itertools
import statistics
import time
from contextlib import contextmanager, nullcontext
from pathlib import Path
from unittest import mock

from bench.environment import environment
from bench.inside import FREE_SLOTS, caller
from bench.requests import LINES, ORDER, Server, measure

ROUNDS, REQUESTS = 15, 20


@contextmanager
def cursors():
    """Statements run by Django's cursor."""
    from django.db import connections

    wrapper = connections["default"]
    wrapper.execute_wrappers.append(lambda execute, *rest: execute(*rest))
    try:
        yield
    finally:
        wrapper.execute_wrappers.pop()


@contextmanager
def search_of_routes():
    """Patterns tried one after the other."""
    from config.resolver import RememberingResolver

    with mock.patch.object(RememberingResolver, "resolve", RememberingResolver.__mro__[1].resolve):
        yield


@contextmanager
def pages_for_all():
    """The API passes sessions, forms and messages too."""
    from config.pages import PagesMiddleware

    with mock.patch.object(PagesMiddleware, "__call__", lambda self, request: self.pages(request)):
        yield


@contextmanager
def new_serializers():
    """A serializer for each request."""
    from config import viewsets

    with mock.patch.object(viewsets, "_serializer", lambda serializer_class: serializer_class()):
        yield


@contextmanager
def plain_dispatch():
    """DRF's own dispatch: negotiation, versions, throttles, headers."""
    from rest_framework.views import APIView

    from config.viewsets import LeanMixin

    own = {name: getattr(APIView, name) for name in ("default_response_headers", "dispatch", "get_authenticators", "initial")}
    with mock.patch.multiple(LeanMixin, **own):
        yield


@contextmanager
def circles():
    """View, request and context refer to each other until the garbage collector comes."""
    from rest_framework.views import APIView

    from config.viewsets import LeanMixin

    with mock.patch.object(LeanMixin, "dispatch", APIView.dispatch):
        yield


@contextmanager
def transactions_of_one():
    """BEGIN and COMMIT around a single INSERT."""
    from django.db import transaction

    from tickets import services

    with mock.patch.object(services, "one_statement", transaction.atomic):
        yield


@contextmanager
def each_awaited():
    """Somebody waits for each command: for BEGIN, for who acts, and for what is told."""
    from config.postgresql import transactions

    exchange = transactions.exchange

    def one_by_one(pgconn, commands):
        return [exchange(pgconn, [command]) for command in commands][-1]

    with mock.patch.object(transactions, "exchange", one_by_one):
        yield


@contextmanager
def read_afterwards():
    """What was written is read by a statement of its own."""
    from config.reads import Detail

    with mock.patch.object(Detail, "returning", return_value=None):
        yield


@contextmanager
def whole_tables():
    """Plans may read whole tables, where these are small."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = on; DISCARD PLANS")
        yield
        cursor.execute("RESET enable_seqscan; DISCARD PLANS")


def _nothing(*arguments):
    pass


@contextmanager
def untold():
    """Nobody is told of an order or a booking: no notification, no message in the outbox, no job."""
    from scheduling.services import telling
    from shop.services import orders

    with mock.patch.object(orders, "tell", _nothing), mock.patch.object(telling, "booked", _nothing):
        yield


@contextmanager
def without_triggers(table, pattern):
    """The table's triggers of that name do nothing."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname LIKE %s", [table, pattern])
        names = [name for (name,) in cursor.fetchall()]
        assert names
        for name in names:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
        yield
        for name in names:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {name}")


def unledgered():
    """Stock changes without a ledger."""
    return without_triggers("shop_product", "%record_stock%")


def unsearchable():
    """The words of a ticket are not indexed."""
    return without_triggers("tickets_ticket", "%index_words%")


@contextmanager
def instances():
    """Lists by model instances and serializer fields."""

    from rest_framework.response import Response

    from config.reads import Listing

    def respond(self, request, **places):
        rows = self.rows(request.user).order_by(*self.ordering.names)[:20]
        return Response(self.serializer_class(rows, many=True, context={"request": request}).data)

    with mock.patch.object(Listing, "respond", respond):
        yield


def bookings():
    """Bodies that book one free slot after the other."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(FREE_SLOTS)
        for (slot,) in cursor.fetchall():
            yield {"time_slot": slot, "subject": "Algebra", "notes": "Chapter 3"}


def compare(call, name, without, path, body=None):
    """Prints the medians of both, and what the technique saves."""
    spent = {True: [], False: []}
    for _ in range(ROUNDS):
        for kept in (True, False):
            with nullcontext() if kept else without():
                spent[kept].append(_cost(call, path, body))
    medians = {kept: [statistics.median(one) for one in zip(*found, strict=True)] for kept, found in spent.items()}
    (ours, theirs), (ours_without, theirs_without) = medians[True], medians[False]
    print(f"{name:52}{path.split('?')[0]:20}{ours_without:9.0f}{ours:8.0f}{theirs_without:11.0f}{theirs:8.0f}")


def _cost(call, path, body):
    """(of this process, of PostgreSQL's)"""
    from django.db import connection

    bodies = body if hasattr(body, "__next__") else itertools.repeat(body)
    call(path, next(bodies))
    gc.collect(0)
    server = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    began, theirs = time.process_time(), int(server.read_text().split()[0])
    for _ in range(REQUESTS):
        call(path, next(bodies))
    gc.collect(0)
    return (time.process_time() - began) / REQUESTS * 1e6, (int(server.read_text().split()[0]) - theirs) / REQUESTS / 1e3


def main():
    call = caller()
    gc.collect()
    gc.freeze()
    tickets, orders = "/api/v1/tickets/?limit=20", "/api/v1/orders/"
    order, ticket = ORDER | {"items": LINES}, {"message": "My order has not arrived yet, please look into it."}
    heading = f"{'without':>9}{'with':>8}{'without':>11}{'with':>8}"
    print(f"{'CPU us a request: of the application, of PostgreSQL':72}{heading}")
    compare(call, "JSON built by PostgreSQL, statements compiled once", instances, orders + "?limit=20")
    compare(call, "hot statements prepared, without a cursor", cursors, tickets)
    compare(call, "hot statements prepared, without a cursor", cursors, orders, order)
    compare(call, "routes remembered", search_of_routes, tickets)
    compare(call, "pages' middleware for pages alone", pages_for_all, tickets)
    compare(call, "DRF's dispatch without what is always the same", plain_dispatch, tickets)
    compare(call, "serializers of writes kept per thread", new_serializers, orders, order)
    compare(call, "what refers to each other is parted", circles, tickets)
    compare(call, "one statement needs no transaction around it", transactions_of_one, "/api/v1/tickets/", ticket)
    compare(call, "BEGIN, and what is told, wait for other statements", each_awaited, orders, order)
    compare(call, "a write returns what it answers", read_afterwards, orders, order)
    compare(call, "a write returns what it answers", read_afterwards, "/api/v1/tickets/", ticket)
    compare(call, "no plan reads a whole table", whole_tables, orders, order)
    print(f"\n{'What promises cost':72}{heading}")
    compare(call, "the buyer is told, in the app and by mail", untold, orders, order)
    compare(call, "the tutor is told", untold, "/api/v1/meetings/", bookings())
    compare(call, "the stock's ledger", unledgered, orders, order)
    compare(call, "a ticket's words can be found", unsearchable, "/api/v1/tickets/", ticket)
    env = environment()
    kinds = {
        "gthread, 4 threads": ["-k", "gthread"],
        "own worker, 4 threads": [],
        "own worker, Python's parser": ["--http-parser", "python"],
    }
    print(f"\n{'/livez by gunicorn':32}{'RPS':>8}{'p50 ms':>9}{'p99 ms':>9}{'CPU us':>9}")
    found = {kind: [] for kind in kinds}
    for _ in range(3):
        for kind, arguments in kinds.items():
            with Server(env, *arguments) as server:
                found[kind].append(measure(server, "/livez", None, ["none"], seconds=3)[:4])
    for kind, rounds in found.items():
        rps, p50, p99, cpu = (statistics.median(values) for values in zip(*rounds, strict=True))
        print(f"{kind:32}{rps:8.0f}{p50:9.2f}{p99:9.2f}{cpu:9.0f}")


if __name__ == "__main__":
    main()
