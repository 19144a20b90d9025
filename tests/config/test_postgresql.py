"""A connection that died while idle is replaced before the next request uses it."""

import select

import psycopg
import pytest
from django.db import connection, connections

pytestmark = pytest.mark.django_db(transaction=True)


def kill(pid):
    with psycopg.connect(**{**connection.get_connection_params(), "cursor_factory": None}) as other:
        other.execute("SELECT pg_terminate_backend(%s, 2000)", [pid])


def test_a_request_after_the_server_said_good_bye(alice, as_user):
    client = as_user(alice)
    connection.ensure_connection()
    kill(connection.connection.info.backend_pid)
    connection.health_check_enabled = True  # as close_old_connections leaves it between requests
    connection.health_check_done = False

    assert client.get("/auth/users/me/").status_code == 200


def test_control_without_the_check_the_request_fails(alice, as_user, monkeypatch):
    monkeypatch.setattr(type(connections["default"]), "is_usable", lambda self: True)
    client = as_user(alice)
    client.raise_request_exception = False
    kill(connection.connection.info.backend_pid)

    assert client.get("/auth/users/me/").status_code == 503
    connection.close()


def test_an_idle_connection_is_asked_nothing(alice, django_assert_num_queries):
    connection.ensure_connection()
    with django_assert_num_queries(0):
        assert connection.is_usable()


@pytest.mark.parametrize("end", [lambda: connection.close(), lambda: connection.connection.close()], ids=["Django", "psycopg"])
def test_a_closed_connection_is_of_no_use(end):
    connection.ensure_connection()
    end()

    assert not connection.is_usable()
    connection.close()


def test_not_all_that_the_server_says_is_a_good_bye():
    with connection.cursor() as cursor:
        cursor.execute("LISTEN test")
    with psycopg.connect(**{**connection.get_connection_params(), "cursor_factory": None}) as other:
        other.execute("NOTIFY test")
    assert select.select([connection.connection], [], [], 5)[0]

    assert connection.is_usable()
    connection.close()
