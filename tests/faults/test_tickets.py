"""`kill -9` of web and worker: answers and their mails exist together or not at all, and each mail is there once."""

import json
import signal
import urllib.request
from collections import Counter
from contextlib import suppress
from email import message_from_bytes

import pytest

from accounts.services import start_session
from notifications.models import Delivery, Notification
from tests.faults.gates import before, gate_at, kill_at_the_gate, sql, within
from tests.live import Service
from tickets import services
from tickets.models import Answer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

ROUNDS = 28  # before the commit, and as many after it
# Where a transaction is stopped, to be killed there. What is told is sent together with COMMIT: who is killed there is too late.
GATES = {
    "before": [before(table) for table in ("tickets_answer", "tickets_searchtext")],
    "after": [
        within("tickets_answer"),
        *(before(table) for table in ("notifications_notification", "notifications_delivery", "procrastinate_jobs")),
    ],
}


@pytest.fixture(autouse=True)
def fresh_queue(db):
    sql("DELETE FROM procrastinate_jobs")
    yield
    sql("DELETE FROM procrastinate_jobs")


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
                    kill_at_the_gate(service, lambda: post(url, token, "Killed"))
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
        service.wait(lambda: not sql("SELECT id FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"), "all jobs are done")

    found = mails_in(outbox)
    assert Counter(mail["Message-ID"] for mail in found) == dict.fromkeys(
        Delivery.objects.values_list("message_id", flat=True), 1
    )
    assert len(found) == len(answers)
    assert not list(outbox.glob(".*"))
