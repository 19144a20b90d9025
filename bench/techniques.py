"""What does each technique give? CPU µs of a request in this process, with it and without it, in turn.

    PGHOST=/path/of/socket python -m bench.techniques    # on the data of bench.requests --load 1

"Without" puts back what Django, DRF or gunicorn would do. The last lines serve /livez by both kinds of gunicorn worker.
"""

import gc
import io
import json
import os
import statistics
import time
from contextlib import contextmanager
from unittest import mock

from bench.requests import LINES, ORDER, Server, environment, measure

ROUNDS, REQUESTS = 15, 20
os.environ.update(environment() | {"LOG_LEVEL": "WARNING"})


def caller(username="user4"):
    """A function that sends one request of theirs through the application, and returns the body: `call(path, body=None)`."""
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
    from accounts.models import User
    from accounts.services import start_session

    token = start_session(user=User.objects.get(username=username)).access

    def call(path, body=None):
        raw = json.dumps(body).encode() if body else b""
        path, _, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": "POST" if body else "GET",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "127.0.0.1",
            "HTTP_AUTHORIZATION": f"Bearer {token}",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_LENGTH": str(len(raw)),
            "CONTENT_TYPE": "application/json",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(raw),
            "wsgi.errors": io.StringIO(),
        }
        status = []
        response = application(environ, lambda code, headers, error=None: status.append(code))
        content = b"".join(response)
        response.close()
        assert status[0][0] == "2", (status, content)
        return content

    return call


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

    own = {name: getattr(APIView, name) for name in ("default_response_headers", "get_authenticators", "initial")}
    with mock.patch.multiple(LeanMixin, **own):
        yield


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


def compare(call, name, without, path, body=None):
    """Prints the medians of both, and what the technique saves."""
    spent = {True: [], False: []}
    for _ in range(ROUNDS):
        for kept in (True, False):
            if kept:
                spent[kept].append(_cost(call, path, body))
            else:
                with without():
                    spent[kept].append(_cost(call, path, body))
    kept, left_out = statistics.median(spent[True]), statistics.median(spent[False])
    print(f"{name:52}{path.split('?')[0]:24}{left_out:9.0f}{kept:9.0f}{left_out - kept:9.0f}")


def _cost(call, path, body):
    call(path, body)
    began = time.process_time()
    for _ in range(REQUESTS):
        call(path, body)
    return (time.process_time() - began) / REQUESTS * 1e6


def main():
    call = caller()
    gc.collect()
    gc.freeze()
    tickets, orders = "/api/v1/tickets/?limit=20", "/api/v1/orders/"
    order = ORDER | {"items": LINES}
    print(f"{'CPU us a request, in the process':76}{'without':>9}{'with':>9}{'saved':>9}")
    compare(call, "JSON built by PostgreSQL, statements compiled once", instances, orders + "?limit=20")
    compare(call, "hot statements prepared, without a cursor", cursors, tickets)
    compare(call, "hot statements prepared, without a cursor", cursors, orders, order)
    compare(call, "routes remembered", search_of_routes, tickets)
    compare(call, "pages' middleware for pages alone", pages_for_all, tickets)
    compare(call, "DRF's dispatch without what is always the same", plain_dispatch, tickets)
    compare(call, "serializers of writes kept per thread", new_serializers, orders, order)
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
