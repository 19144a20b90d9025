"""Document E, the support desk: its requests about tickets, in its order, with the answers that it shows."""

import re

import pytest
from rest_framework.test import APIClient

from tests.conftest import make_user

pytestmark = pytest.mark.django_db

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
TICKET = ["id", "from_user_id", "from_user", "message", "status", "changed_status", "answers", "created_at"]
ANSWER = ["id", "from_user_id", "from_user", "to_ticket", "message", "answered_at"]
SITE = "http://127.0.0.1:8000"


@pytest.fixture
def customer(api):
    """E's user, registered and signed in as the document has it, at its address."""
    client = APIClient(HTTP_HOST="127.0.0.1:8000")
    account = {"email": "email@example.com", "username": "example_user", "password": "example.password"}
    user = client.post("/auth/users/", account).json()
    tokens = client.post("/auth/jwt/create/", {"username": "example_user", "password": "example.password"}).json()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens['access']}")
    client.user_id = user["id"]
    return client


@pytest.fixture
def support(as_user, sue):
    client = as_user(sue)
    client.defaults["HTTP_HOST"] = "127.0.0.1:8000"
    return client


@pytest.fixture
def ticket(customer):
    return customer.post("/api/ticket", {"message": "Some message like FOO BAR BIZ"}).json()


def test_a_new_ticket(customer):
    answer = customer.post("/api/ticket", {"message": "Some message like FOO BAR BIZ"})

    assert answer.status_code == 201
    body = answer.json()
    assert list(body)[: len(TICKET)] == TICKET
    assert TIME.fullmatch(body["created_at"])
    assert (
        body.items()
        >= {
            "from_user_id": customer.user_id,
            "from_user": "example_user",
            "message": "Some message like FOO BAR BIZ",
            "status": "u",
            "changed_status": None,
            "answers": [],
        }.items()
    )
    assert customer.get(f"/api/ticket/{body['id']}").json() == body
    assert customer.get("/auth/users/me/").json()["tickets"] == [f"{SITE}/api/ticket/{body['id']}"]


def test_an_answer_by_the_customer(customer, ticket):
    answer = customer.post(f"/api/ticket/{ticket['id']}/answer", {"message": "answer message"})

    assert answer.status_code == 201
    assert list(answer.json()) == ["id", "message"]
    assert answer.json()["message"] == "answer message"
    comment = customer.get(f"/api/comment/{answer.json()['id']}").json()
    assert list(comment)[: len(ANSWER)] == ANSWER
    assert TIME.fullmatch(comment["answered_at"])
    assert (
        comment.items()
        >= {
            "id": answer.json()["id"],
            "from_user_id": customer.user_id,
            "from_user": "example_user",
            "to_ticket": f"{SITE}/api/ticket/{ticket['id']}",
            "message": "answer message",
        }.items()
    )


def test_the_mail_when_support_answers(customer, support, ticket, run_jobs, mailoutbox, settings):
    customer.post(f"/api/ticket/{ticket['id']}/answer", {"message": "Anybody there?"})
    assert run_jobs() == 0

    assert support.post(f"/api/ticket/{ticket['id']}/answer", {"message": "answer message"}).status_code == 201
    run_jobs()

    (mail,) = mailoutbox
    assert mail.to == ["email@example.com"]
    assert f"#{ticket['id']}" in mail.subject
    assert [line for line in mail.body.splitlines() if line] == [
        "Support has replied to your ticket:",
        "\tSome message like FOO BAR BIZ",
        "------------------------------",
        "Reply message:",
        "\tanswer message",
        "______________________________",
        f"To check your ticket, follow the link: {settings.SITE_URL}/api/ticket/{ticket['id']}",
    ]


def test_answers_gather_newest_first(customer, support, ticket):
    clients = (customer, support, customer, support)
    keys = [client.post(f"/api/ticket/{ticket['id']}/answer", {"message": "Next"}).json()["id"] for client in clients]

    body = customer.get(f"/api/ticket/{ticket['id']}").json()

    assert body["answers"] == [f"{SITE}/api/comment/{key}" for key in reversed(keys)]
    assert body["status"] == "u"


def test_support_sets_the_status(customer, support, sue, ticket):
    answer = support.post(f"/api/ticket/{ticket['id']}/set_status", {"status": "c"})

    assert answer.status_code == 200
    assert answer.json() == {"status": "c", "changed_status": sue.pk}
    assert customer.get(f"/api/ticket/{ticket['id']}").json().items() >= {"status": "c", "changed_status": sue.pk}.items()


def test_tickets_by_status(customer, support, ticket):
    frozen = customer.post("/api/ticket", {"message": "Another"}).json()["id"]
    make_user("somebody").tickets.create(message="Somebody else's")
    support.post(f"/api/ticket/{ticket['id']}/set_status", {"status": "c"})
    support.post(f"/api/ticket/{frozen}/set_status", {"status": "f"})

    assert [one["id"] for one in customer.get("/api/ticket?status=c").json()] == [ticket["id"]]
    assert [one["id"] for one in customer.get("/api/ticket?status=f").json()] == [frozen]
    assert customer.get("/api/ticket?status=u").json() == []
    assert customer.get("/api/ticket?status=x").status_code == 400
    assert [one["id"] for one in customer.get("/api/ticket").json()] == [frozen, ticket["id"]]
    assert len(support.get("/api/ticket").json()) == 3
    assert len(support.get("/api/ticket?status=u").json()) == 1


def test_the_tick_box_staff_makes_support(as_user, tim, bob, ticket):
    assert as_user(bob).get(f"/api/ticket/{ticket['id']}").status_code == 404
    as_user(tim).patch(f"/api/v1/users/{bob.pk}/", {"is_staff": True})
    bob.refresh_from_db()

    assert as_user(bob).post(f"/api/ticket/{ticket['id']}/set_status", {"status": "f"}).status_code == 200
