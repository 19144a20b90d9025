"""Writes call nobody, and the worker finds their jobs all the same."""

import time

import psycopg
import pytest
from django.db import connection

from notifications.models import Delivery
from notifications.services import notify
from tests.live import Service, database_url

pytestmark = pytest.mark.django_db(transaction=True)


def tell(user, number):
    notify(user=user, type="system", title="News", message="Read all about it.", key=f"news:{number}")


def test_a_commit_waits_for_no_other(alice):
    """Commits that announce something queue for one lock of the whole server, each for its own flush to the disk."""
    with psycopg.connect(database_url(), autocommit=True) as listening:
        listening.execute("LISTEN procrastinate_any_queue_v1")

        tell(alice, 1)

        assert list(listening.notifies(timeout=0.2)) == []
        listening.execute("NOTIFY procrastinate_any_queue_v1")
        assert len(list(listening.notifies(timeout=5, stop_after=1))) == 1  # so one would have been heard


def test_no_trigger_of_new_jobs_announces_them(db):
    """Of whatever name: procrastinate numbers its triggers' versions."""
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT t.tgname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
            WHERE t.tgrelid = 'procrastinate_jobs'::regclass AND t.tgenabled <> 'D' AND t.tgtype & 4 <> 0  -- of INSERT
                AND p.prosrc ILIKE '%notify%'""")
        assert cursor.fetchall() == []


def test_nothing_is_noted_of_a_job_before_it_begins(alice):
    tell(alice, 1)

    with connection.cursor() as cursor:
        cursor.execute("SELECT (SELECT count(*) FROM procrastinate_jobs), (SELECT count(*) FROM procrastinate_events)")
        assert cursor.fetchone() == (1, 0)


@pytest.mark.slow
def test_the_worker_looks_into_the_queue_all_the_time(tmp_path, alice):
    with Service(tmp_path, workers=1) as service:
        tell(alice, 0)
        service.wait(lambda: Delivery.objects.filter(status="sent").count() == 1, "the worker is at work")

        began = time.monotonic()
        for number in (1, 2, 3, 4):
            tell(alice, number)
            service.wait(lambda sent=number + 1: Delivery.objects.filter(status="sent").count() == sent, "it is sent")

    # At procrastinate's own five seconds a look, these would take fifteen at the least.
    assert time.monotonic() - began < 10
