"""`kill -9` of web and worker: answers and their mails exist together or not at all, and each mail is there once."""

import json
import os
import signal
import threading
import urllib.request
from collections import Counter
from contextlib import contextmanager, suppress
from email import message_from_bytes

import pytest
from django.db import connection

from accounts.services import start_session
from notifications.models import Delivery, Notification
from tests.live import Service
from tickets import services
from tickets.models import Answer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

ROUNDS = 25  # before the commit, and as many after it
GATE = 4711
# It outwaits what the service's own sessions allow.
_GATE = f"""
CREATE FUNCTION test_gate() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = '20s' AS $$
BEGIN PERFORM pg_advisory_xact_lock_shared({GATE}); RETURN NEW; END $$"""
_CALLS = "FOR EACH ROW EXECUTE FUNCTION test_gate()"
# Where a transaction is stopped, to be killed there.
GATES = {
    "before": [
        f"CREATE TRIGGER test_gate BEFORE INSERT OR UPDATE ON {table} {_CALLS}"
        for table in (
            "tickets_answer",
            "tickets_searchtext",
            "notifications_notification",
            "notifications_delivery",
            "procrastinate_jobs",
        )
    ],
    # Deferred: it fires inside COMMIT, whose outcome the killed process never learns.
    "after": [
        f"CREATE CONSTRAINT TRIGGER test_gate AFTER INSERT ON tickets_answer DEFERRABLE INITIALLY DEFERRED {_CALLS}",
    ],
}
_WAITING = f"SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = {GATE} AND NOT granted"


def sql(statement, *params):
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture(autouse=True)
def fresh_queue(db):
    sql("DELETE FROM procrastinate_jobs")
    yield
    sql("DELETE FROM procrastinate_jobs")


@contextmanager
def gate_at(trigger):
    """Transactions that fire this trigger wait until the gate is opened (pg_advisory_unlock)."""
    sql(_GATE)
    sql(trigger)
    try:
        yield
    finally:
        sql("SELECT pg_advisory_unlock_all()")
        sql("DROP FUNCTION test_gate CASCADE")


def post(url, token, message):
    """The status of an answer posted, or None where the service died meanwhile."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(url, json.dumps({"message": message}).encode(), headers)
    with suppress(OSError), urllib.request.urlopen(request, timeout=20) as answer:
        return answer.status


def state():
    """How many answers, notifications, deliveries and jobs there are."""
    ((jobs,),) = sql("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'notifications.deliver'")
    return Answer.objects.count(), Notification.objects.count(), Delivery.objects.count(), jobs


def kill_at_the_gate(service, url, token):
    """Posts an answer, kills the web process while its transaction waits at the gate, and opens the gate again."""
    sql(f"SELECT pg_advisory_lock({GATE})")
    sender = threading.Thread(target=post, args=(url, token, "Killed"))
    sender.start()
    service.wait(lambda: sql(_WAITING), "the transaction waits at the gate")
    ((backend,),) = sql(_WAITING)
    for child in service.children():
        os.kill(child.pid, signal.SIGKILL)
    sql(f"SELECT pg_advisory_unlock({GATE})")
    sender.join()
    service.wait(lambda: not sql("SELECT FROM pg_stat_activity WHERE pid = %s", backend), "its connection is gone")


@pytest.mark.parametrize("when", ["before", "after"])
def test_answer_and_mail_job_exist_together_or_not_at_all(tmp_path, alice, sue, when):
    ticket = services.open_ticket(by=alice, message="My printer is on fire")
    token = start_session(user=sue).access
    gates = GATES[when]
    with Service(tmp_path, worker=False, workers=1) as service:
        url = f"{service.url}/api/ticket/{ticket.pk}/answer"
        for gate in gates:
            with gate_at(gate):
                for _ in range(ROUNDS // len(gates)):
                    known = state()
                    kill_at_the_gate(service, url, token)
                    expected = known if when == "before" else tuple(number + 1 for number in known)
                    assert state() == expected, gate
        assert post(url, token, "Alive") == 201

    assert len(set(state())) == 1
    assert set(Notification.objects.values_list("key", flat=True)) == {
        f"ticket_answer:{key}" for key in Answer.objects.values_list("pk", flat=True)
    }


def mails_in(folder):
    return [message_from_bytes(path.read_bytes()) for path in folder.glob("*.eml")]


def test_each_mail_is_there_once_though_the_worker_is_killed(tmp_path, alice, sue):
    ticket = services.open_ticket(by=alice, message="My printer is on fire")
    answers = [services.answer_ticket(by=sue, ticket_id=ticket.pk, message=f"Answer {number}") for number in range(80)]
    outbox = tmp_path / "outbox"
    with Service(tmp_path, workers=1) as service:
        for kill in range(1, 5):
            service.wait(lambda enough=kill * 10: len(mails_in(outbox)) >= enough, "some mails are out")
            service.stop("worker", signal.SIGKILL)
            # What config.tasks.retry_stalled_jobs does half a minute later.
            sql("UPDATE procrastinate_jobs SET status = 'todo', worker_id = NULL WHERE status = 'doing'")
            service.start_worker()
        service.wait(lambda: not Delivery.objects.exclude(status="sent").exists(), "all mails are sent", seconds=60)
        service.wait(lambda: not sql("SELECT FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"), "all jobs are done")

    found = mails_in(outbox)
    assert Counter(mail["Message-ID"] for mail in found) == dict.fromkeys(
        Delivery.objects.values_list("message_id", flat=True), 1
    )
    assert len(found) == len(answers)
    assert not list(outbox.glob(".*"))
