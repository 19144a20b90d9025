"""A mail server that refuses, hangs or is away changes no answer; the mail comes once it is back."""

import json
import urllib.error
import urllib.request
from email.utils import parseaddr

import pytest
from django.db import connection

from tests.live import Service, free_port
from tests.notifications.smtp import SMTPServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def ask(service, path, body, token=None):
    """(status, body) of a POST."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(service.url + path, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def conversation(service, name):
    """Everything about accounts that sends mail, and what it is answered."""
    account = {"email": f"{name}@example.com", "password": "a long password"}
    answers = [ask(service, "/auth/users/", account)[0]]
    status, body = ask(service, "/auth/jwt/create/", account)
    token = json.loads(body)["access"]
    return [
        *answers,
        status,
        ask(service, "/auth/users/verify/", {"channel": "email"}, token),
        ask(service, "/auth/users/reset_password/", {"email": account["email"]}),
        ask(service, "/auth/users/reset_password/", {"email": "nobody@example.com"}),
    ]


@pytest.fixture
def fresh_queue(db):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")


@pytest.mark.parametrize("mode", ["away", "refuse", "hang"])
def test_the_answers_are_the_same_and_the_mail_arrives_when_it_is_back(tmp_path, fresh_queue, mode):
    port = free_port()
    server = None if mode == "away" else SMTPServer(port)
    with Service(tmp_path, EMAIL_URL=f"smtp://127.0.0.1:{port}?tls=off") as service:
        if server:
            server.mode = mode
        while_down = conversation(service, "down")

        if server:
            server.stop()
        server = SMTPServer(port)
        try:
            assert conversation(service, "up") == while_down
            service.wait(lambda: len(server.mails) >= 4, "all mails have arrived", seconds=45)
            sent = sorted(parseaddr(str(mail["To"]))[1] for mail in server.mails)
        finally:
            server.stop()

    assert sent == ["down@example.com"] * 2 + ["up@example.com"] * 2
    assert while_down == [201, 200, (204, b""), (204, b""), (204, b"")]


def test_the_log_holds_no_secrets(tmp_path, fresh_queue):
    with Service(tmp_path) as service:
        account = {"email": "quiet@example.com", "password": "a secret password"}
        ask(service, "/auth/users/", account)
        tokens = json.loads(ask(service, "/auth/jwt/create/", account)[1])
        ask(service, "/auth/users/verify/", {"channel": "email"}, tokens["access"])
        ask(service, "/auth/jwt/refresh/?token=in-the-query", {"refresh": tokens["refresh"]})
        ask(service, "/auth/jwt/create/", account | {"password": "a wrong password"})
        service.wait(lambda: list((tmp_path / "outbox").glob("*")), "the mail is there")
        digits = next(
            word
            for path in (tmp_path / "outbox").glob("*")
            for word in path.read_text().split()
            if word.strip(".").isdigit() and len(word.strip(".")) == 6
        ).strip(".")
        log = service.log("web") + service.log("worker")

    lines = [json.loads(line) for line in service.log("web").splitlines() if line.startswith("{")]
    assert {line["path"] for line in lines} >= {"/auth/users/", "/auth/jwt/create/", "/auth/jwt/refresh/"}
    assert all(line["request_id"] for line in lines if line["message"] == "request")
    for secret in ("a secret password", "a wrong password", tokens["access"], tokens["refresh"], digits, "in-the-query"):
        assert secret not in log
