"""The outbox with its real worker."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.db.models.functions import Now
from procrastinate.contrib.django import app

from config import writes
from notifications.messages import Message
from notifications.models import Delivery
from notifications.services import notify, retry_delivery
from notifications.tasks import defer_again, forget_old_deliveries

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def queue_of_its_own(jobs, monkeypatch):
    """Starts with no jobs, and lets the worker's threads close their connections."""
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 0)


def work():
    """Runs a worker until there is nothing to do now."""
    with app.replace_connector(app.connector.get_worker_connector()) as worker_app:
        worker_app.run_worker(wait=False, listen_notify=False, install_signal_handlers=False, delete_jobs="successful")


def execute(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else None


def test_the_worker_sends_what_was_told(alice, jobs):
    notify(user=alice, type="system", title="News", message="Read all about it.", key="news:1")

    work()

    assert [sent.subject for sent in mail.outbox] == ["News"]
    assert Delivery.objects.get().status == "sent"
    assert jobs() == []


def test_a_refused_mail_waits_while_others_go_on(queue, smtp, kind):
    def broken(delivery):
        raise RuntimeError("poison")

    poisoned = queue(key="poisoned", kind=kind("test.broken", broken))
    good = queue(key="good")

    work()

    assert [sent["Message-ID"] for sent in smtp.mails] == [good.message_id]
    assert execute(
        "SELECT status, attempts, scheduled_at > now() FROM procrastinate_jobs WHERE task_name = 'notifications.deliver'"
    ) == [("todo", 1, True)]

    smtp.mails.clear()
    kind("test.broken", lambda delivery: Message(subject="Cured", text="Well again."))
    execute("UPDATE procrastinate_jobs SET scheduled_at = now()")
    work()

    assert [sent["Message-ID"] for sent in smtp.mails] == [poisoned.message_id]


def test_what_is_given_up_leaves_no_failed_job_and_is_sent_again_by_the_delivery(queue, smtp, settings):
    """A failed job beside it would be tried again in vain."""
    smtp.mode, settings.DELIVERY_ATTEMPTS = "refuse", 1
    delivery = queue()
    work()
    assert Delivery.objects.get().status == "failed"
    assert execute("SELECT status FROM procrastinate_jobs WHERE task_name = 'notifications.deliver'") == []

    smtp.mode = "accept"
    retry_delivery(delivery_id=delivery.pk)
    work()

    assert [sent["Message-ID"] for sent in smtp.mails] == [delivery.message_id]


def test_a_delivery_whose_job_was_lost_gets_another(queue, jobs):
    lost, fresh = queue(key="lost"), queue(key="fresh")
    waiting, done = queue(key="waiting"), queue(key="done")
    Delivery.objects.exclude(pk=fresh.pk).update(created_at=Now() - timedelta(hours=1))
    Delivery.objects.filter(pk=done.pk).update(status="canceled")
    execute(f"DELETE FROM procrastinate_jobs WHERE args->>'delivery_id' <> '{waiting.pk}'")

    defer_again(timestamp=0)
    defer_again(timestamp=0)

    assert sorted(pk for pk, _ in jobs()) == sorted([lost.pk, waiting.pk])


@pytest.mark.parametrize(("job", "another"), [("doing", 0), ("succeeded", 1), ("failed", 1)])
def test_a_job_that_is_over_sends_nothing_more(queue, jobs, job, another):
    queue()
    Delivery.objects.update(created_at=Now() - timedelta(hours=1))
    execute(f"UPDATE procrastinate_jobs SET status = '{job}'")

    defer_again(timestamp=0)

    assert len(jobs()) == another


def test_nothing_lost_is_nothing_to_do(queue, jobs):
    queue()

    defer_again(timestamp=0)

    assert len(jobs()) == 1


def test_old_deliveries_are_forgotten_unless_something_is_to_be_done(queue, settings, monkeypatch):
    monkeypatch.setattr(writes, "PART", 1)
    rows = {status: queue(key=status) for status in ("sent", "canceled", "failed", "queued")}
    young = queue(key="young")
    Delivery.objects.filter(pk=rows["sent"].pk).update(status="sent", sent_at=Now())
    Delivery.objects.filter(pk=young.pk).update(status="sent", sent_at=Now())
    for status in ("canceled", "failed"):
        Delivery.objects.filter(pk=rows[status].pk).update(status=status)
    Delivery.objects.exclude(pk=young.pk).update(created_at=Now() - settings.DELIVERY_RETENTION - timedelta(hours=1))

    forget_old_deliveries(timestamp=0)

    assert set(Delivery.objects.values_list("key", flat=True)) == {"message:failed", "message:queued", "message:young"}
