"""Many at once, on a real PostgreSQL; each guard with a control that fails without it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import pytest
from django.db import OperationalError, connection

from notifications import delivery
from notifications.errors import NotDelivered
from notifications.models import Delivery, Notification
from notifications.services import notify

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 12


def at_once(work):
    """Runs `work(barrier)` in MANY threads, each with a connection of its own. Returns what they returned."""
    barrier = threading.Barrier(MANY)

    def run(_):
        try:
            connection.ensure_connection()
            return work(barrier)
        finally:
            connection.close()

    with ThreadPoolExecutor(MANY) as pool:
        return list(pool.map(run, range(MANY)))


WORDS = {"type": "system", "title": "News", "message": "Read all about it.", "key": "news:1"}


def test_one_cause_told_by_many_at_once_is_told_once(alice, jobs):
    def tell(barrier):
        barrier.wait()
        notify(user=alice, **WORDS)

    at_once(tell)

    assert Notification.objects.count() == Delivery.objects.count() == len(jobs()) == 1


def test_control_without_the_constraint_a_look_before_tells_it_many_times(alice):
    def tell(barrier):
        known = Notification.objects.filter(user=alice, key=WORDS["key"]).exists()
        barrier.wait()
        if not known:
            Notification.objects.create(user=alice, **WORDS)

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE notifications_notification DROP CONSTRAINT notification_key_unique")
        try:
            at_once(tell)
            assert Notification.objects.count() > 1
        finally:
            Notification.objects.all().delete()
            cursor.execute("ALTER TABLE notifications_notification ADD CONSTRAINT notification_key_unique UNIQUE (user_id, key)")


def deliver_at_once(pk):
    def work(barrier):
        barrier.wait()
        try:
            delivery.deliver(pk)
        except NotDelivered:
            return "later"
        return "done"

    return at_once(work)


def test_one_delivery_run_by_many_at_once_is_sent_once(queue, smtp):
    smtp.seconds = 0.3
    waiting = queue()

    outcomes = deliver_at_once(waiting.pk)

    assert len(smtp.mails) == 1
    assert "done" in outcomes
    waiting.refresh_from_db()
    assert (waiting.status, waiting.attempts) == ("sent", 1)


def test_who_failed_leaves_it_to_others(queue, smtp):
    waiting, smtp.mode = queue(), "refuse"
    with pytest.raises(NotDelivered):
        delivery.deliver(waiting.pk)

    smtp.mode = "accept"
    deliver_at_once(waiting.pk)

    assert len(smtp.mails) == 1


def test_who_lost_the_connection_goes_on_with_another(queue, kind):
    broken = queue(key="broken", kind=kind("test.broken", lambda delivery: connection.connection.close()))
    with pytest.raises(OperationalError):
        delivery.deliver(broken.pk)

    kind("test.broken", lambda delivery: None)
    delivery.deliver(broken.pk)

    broken.refresh_from_db()
    assert broken.status == "canceled"


def test_control_without_the_lock_it_is_sent_many_times(queue, smtp, monkeypatch):
    monkeypatch.setattr(delivery, "_alone", lambda delivery_id: nullcontext(True))
    smtp.seconds = 0.3

    deliver_at_once(queue().pk)

    assert len(smtp.mails) > 1


def test_no_transaction_is_open_while_a_server_talks(queue, smtp):
    """A slow server must neither hold locks nor run into idle_in_transaction_session_timeout."""
    states = []

    def look():
        with connection.cursor() as cursor:
            cursor.execute("SELECT state FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
            states.extend(state for (state,) in cursor.fetchall())
        connection.close()

    smtp.while_it_talks = look
    delivery.deliver(queue().pk)

    assert "idle" in states
    assert "idle in transaction" not in states
