import pytest
from django.db import transaction

from config.postgresql import transactions
from config.postgresql.prepared import run
from tests.config.statements import ACTOR, ADD, ONE, PAPER
from tests.config.threads import Thread
from tests.live import Service

MEMBERS = {"type", "title", "status", "detail", "code"}


def assert_problem(answer, status, code):
    """Asserts that an answer is a problem, in the one shape. Returns its body."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert set(body) >= MEMBERS
    assert (body["status"], body["code"]) == (status, code)
    return body


@pytest.fixture
def service(tmp_path):
    with Service(tmp_path, worker=False) as service:
        yield service


@pytest.fixture
def sent(monkeypatch):
    """What was sent, a list for each time that somebody waited for the answer. What tests use is prepared already."""
    run(ONE, []), run(ACTOR, [])
    with transaction.atomic():
        run(ADD, PAPER)
        transaction.set_rollback(True)
    seen, send = [], transactions.exchange

    def spy(pgconn, commands):
        seen.append([command.text.decode() if command.values is None else "statement" for command in commands])
        return send(pgconn, commands)

    monkeypatch.setattr(transactions, "exchange", spy)
    return seen


@pytest.fixture
def threads():
    """Three that have nothing to do."""
    return Thread(), Thread(), Thread()
