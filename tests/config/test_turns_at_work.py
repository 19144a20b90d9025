"""Turns in use: who works while others commit, send slowly or die."""

import socket
from contextlib import suppress

import pytest
from django.db import connection, transaction

from config.sql import Insertion
from config.turns import turns
from config.worker import Worker
from shop.models import Category
from tests.config.threads import waits
from tests.live import Service, get


@pytest.mark.django_db(transaction=True)
def test_the_others_go_on_at_commit(threads):
    other = threads[0]
    turns.take()
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            waits(other, turns)

        assert other.ends()
    finally:
        other.does(turns.pass_on)
        turns.pass_on()


@pytest.mark.django_db(transaction=True)
def test_the_others_go_on_while_a_lone_row_is_committed(threads):
    other = threads[0]
    turns.take()
    try:
        waits(other, turns)
        Insertion(Category, "name").run(name="Paper")

        assert other.ends()
    finally:
        other.does(turns.pass_on)
        turns.pass_on()


def test_a_thread_that_dies_takes_nobody_with_it(threads):
    class Broken:
        def poll(self, **options):
            raise SystemExit

    worker = Worker.__new__(Worker)
    worker.epoll = Broken()
    with suppress(SystemExit):
        worker._serve()

    threads[0].begins(turns.take)

    try:
        assert threads[0].ends()
    finally:
        turns.pass_on()
        threads[0].begins(turns.pass_on)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_client_who_sends_slowly_holds_up_nobody(tmp_path):
    with (
        Service(tmp_path, worker=False, workers=1, WEB_THREADS="2") as service,
        socket.create_connection(("127.0.0.1", service.port)) as slow,
    ):
        slow.sendall(
            b"POST /auth/jwt/create/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
        )

        statuses = {get(service, "/livez", timeout=5)[0] for _ in range(20)}

    assert statuses == {200}
