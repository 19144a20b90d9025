"""Answers of which less comes than they said."""

import socket

import pytest

from tests.live import Service

pytestmark = pytest.mark.slow


def application(environ, start_response):
    """Files that got shorter after somebody looked how long they are."""
    start_response("200 OK", [("Content-Length", "9")])
    return [b"short"]


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("short")
    with Service(folder, worker=False, workers=1, application="tests.config.test_short_answers:application") as service:
        yield service


def said(service, method):
    """What comes until the connection is closed, or nothing more comes."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=3) as client:
        client.sendall(method + b" / HTTP/1.1\r\nHost: x\r\n\r\n")
        while part := client.recv(65536):
            yield part


def test_who_waits_for_the_rest_hears_that_there_is_none(service):
    assert b"".join(said(service, b"GET")).endswith(b"\r\n\r\nshort")


def test_a_head_alone_is_whole(service):
    with pytest.raises(TimeoutError):  # the connection is kept
        list(said(service, b"HEAD"))
