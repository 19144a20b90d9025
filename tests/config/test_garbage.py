"""Requests leave nothing for the garbage collector, which would hold up whoever is served while it works.

But for those that make a serializer or a form, whose fields refer to it and it to them, for pages, and for errors of the
database, which their own tracebacks hold.
"""

import gc
import io
import json

import pytest
from django.core.handlers.wsgi import WSGIHandler

from accounts.services import start_session

pytestmark = pytest.mark.django_db(transaction=True)
REQUESTS = {
    "a list": ("GET", "/api/v1/tickets/", None, 200),
    "oneself": ("GET", "/auth/users/me/", None, 200),
    "a write": ("POST", "/api/v1/tickets/", {"message": "Where is my order?"}, 201),
    "a path that is none": ("GET", "/api/v1/nowhere/", None, 404),
    "a row that is none": ("GET", "/api/v1/tickets/999/", None, 404),
    "a body that is wrong": ("POST", "/api/v1/tickets/", {}, 400),
    "a method that is wrong": ("PUT", "/api/v1/tickets/", {}, 405),
}


@pytest.fixture(scope="module")
def application():
    return WSGIHandler()


def ask(application, access, method, path, body):
    """One request, as a server hands it to the application. Returns the status."""
    raw = json.dumps(body).encode() if body is not None else b""
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(raw),
        "wsgi.errors": io.StringIO(),
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(raw)),
        "HTTP_AUTHORIZATION": f"Bearer {access}",
        "REMOTE_ADDR": "127.0.0.1",
    }
    statuses = []
    response = application(environ, lambda status, headers: statuses.append(int(status.split()[0])))
    b"".join(response)
    response.close()
    return statuses[0]


@pytest.mark.parametrize("name", REQUESTS)
def test_requests_leave_no_circles(application, alice, name):
    *request, status = REQUESTS[name]
    access = start_session(user=alice).access
    statuses = [ask(application, access, *request)]  # what is kept from the first request on is no garbage
    gc.collect()
    gc.disable()
    try:
        statuses += [ask(application, access, *request) for _ in range(3)]
        left = gc.collect()
    finally:
        gc.enable()

    assert statuses == [status] * 4
    assert left == 0
