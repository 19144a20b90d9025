"""The doors of the support desk: who gets in where, shapes, and what is refused. Lists are in test_lists."""

import json

import pytest
from rest_framework.test import APIRequestFactory

from tickets.api import serializers
from tickets.models import Answer, StatusChange, Ticket

pytestmark = pytest.mark.django_db

BOTH = pytest.mark.parametrize(
    ("ticket_path", "answer_path"), [("/api/ticket", "/api/comment"), ("/api/v1/tickets", "/api/v1/answers")]
)


def by_serializer(serializer_class, row, user):
    request = APIRequestFactory().get("/")
    request.user = user
    return json.loads(json.dumps(serializer_class(row, context={"request": request}).data))


@BOTH
def test_both_spellings_with_and_without_the_slash(as_user, thread, alice, ticket_path, answer_path):
    client = as_user(alice)
    for slash in ("", "/"):
        assert client.get(f"{ticket_path}{slash}").json() == [client.get(f"{ticket_path}/{thread.pk}{slash}").json()]
        assert client.post(f"{ticket_path}{slash}", {"message": "x"}).status_code == 201
        Ticket.objects.filter(pk__gt=thread.pk).delete()
        assert client.post(f"{ticket_path}/{thread.pk}/answer{slash}", {"message": "x"}).status_code == 201
        assert client.get(f"{answer_path}/{thread.said[0].pk}{slash}").status_code == 200


@pytest.mark.parametrize("who", ["alice", "sue"])
def test_the_fast_reads_say_what_the_serializers_say(as_user, thread, who, request):
    user = request.getfixturevalue(who)
    client, path = as_user(user), f"/api/v1/tickets/{thread.pk}/"

    def same(fast, serializer_class, row):
        slow = by_serializer(serializer_class, row, user)
        assert fast == slow
        assert list(fast) == list(slow)

    same(client.get(path).json(), serializers.TicketSerializer, Ticket.objects.get(pk=thread.pk))
    for fast, row in zip(client.get(f"{path}answer/").json(), Answer.objects.visible_to(user).order_by("-id"), strict=True):
        same(fast, serializers.AnswerSerializer, row)
    for fast, row in zip(client.get(f"{path}history/").json(), StatusChange.objects.order_by("-id"), strict=True):
        same(fast, serializers.StatusChangeSerializer, row)


def test_history_is_shown(as_user, thread, alice, sue):
    changes = as_user(alice).get(f"/api/ticket/{thread.pk}/history").json()

    assert [(one["from_status"], one["to_status"], one["changed_by"]) for one in changes] == [
        ("c", "f", sue.pk),
        ("u", "c", sue.pk),
    ]


@BOTH
def test_somebody_elses_ticket_is_a_missing_one_on_every_path(as_user, thread, bob, ticket_path, answer_path):
    client = as_user(bob)

    def requests(ticket, answer, attachment):
        yield client.get(f"{ticket_path}/{ticket}")
        yield client.patch(f"{ticket_path}/{ticket}", {"subject": "x"})
        yield client.get(f"{ticket_path}/{ticket}/answer")
        yield client.post(f"{ticket_path}/{ticket}/answer", {"message": "x"})
        yield client.post(f"{ticket_path}/{ticket}/answer", {})
        yield client.post(f"{ticket_path}/{ticket}/set_status", {"status": "c"})
        yield client.post(f"{ticket_path}/{ticket}/set_status", {"status": "x"})
        yield client.get(f"{ticket_path}/{ticket}/history")
        yield client.get(f"{answer_path}/{answer}")
        yield client.get(f"/api/v1/attachments/{attachment}/")

    keys = thread.pk, thread.said[0].pk, thread.attachments.filter(answer=None).first().pk
    theirs = [(answer.status_code, answer.content) for answer in requests(*keys)]
    for missing in (0, 10**18, 10**19 - 1):
        assert theirs == [(answer.status_code, answer.content) for answer in requests(*[missing] * 3)]
    assert {status for status, _body in theirs} == {404}
    for query in ("", "?status=f", f"?assignee={thread.user_id}", "?awaiting=support", "?search=fire", "?search=suspicious"):
        assert client.get(f"{ticket_path}{query}").json() == []


def test_everything_needs_sign_in(api, thread):
    for path in ("", f"/{thread.pk}", f"/{thread.pk}/answer", f"/{thread.pk}/history"):
        assert api.get(f"/api/ticket{path}").status_code == 401
    for path in ("", f"/{thread.pk}/answer", f"/{thread.pk}/set_status"):
        assert api.post(f"/api/ticket{path}", {}).status_code == 401


def test_a_note_shows_nowhere_to_a_customer(as_user, thread, alice, run_jobs, mailoutbox):
    client = as_user(alice)
    run_jobs()
    link = thread.note.attachments.get().pk
    seen = [
        client.get(path).content.decode()
        for path in (
            "/api/ticket",
            f"/api/ticket/{thread.pk}",
            f"/api/ticket/{thread.pk}/answer",
            f"/api/ticket/{thread.pk}/history",
            "/api/ticket?search=suspicious",
            "/auth/users/me/",
            "/api/v1/notifications/",
        )
    ]
    seen += [mail.message().as_string() for mail in mailoutbox]

    assert len(mailoutbox) == 3  # the answer, and two changes of status
    for text in seen:
        for secret in ("suspicious", "secret.txt", f"/api/comment/{thread.note.pk}", f"/api/v1/attachments/{link}"):
            assert secret not in text
    assert client.get(f"/api/comment/{thread.note.pk}").status_code == 404
    assert len(client.get(f"/api/ticket/{thread.pk}").json()["answers"]) == 2


def test_customers_may_not_do_supports_work(as_user, thread, alice):
    client, path = as_user(alice), f"/api/ticket/{thread.pk}"

    for body in ({"status": "c"}, {"status": "x"}, {}):
        assert client.post(f"{path}/set_status", body).status_code == 403
    assert client.patch(path, {"priority": "urgent"}).status_code == 403
    for method in (client.put, client.delete):
        assert method(path, {"message": "x"}).status_code == 405


def test_what_clients_may_not_set_changes_nothing(as_user, alice, bob):
    body = {"message": "Help", "status": "c", "user": bob.pk, "from_user_id": bob.pk, "awaiting": None, "assignee": alice.pk}
    made = as_user(alice).post("/api/ticket", body | {"changed_status": bob.pk, "id": 1, "priority": "high"}).json()

    ticket = Ticket.objects.get(pk=made["id"])
    assert (ticket.user, ticket.status, ticket.awaiting, ticket.assignee) == (alice, "u", "support", None)
    assert (ticket.changed_status, ticket.priority) == (None, "high")
    written = as_user(alice).post(f"/api/ticket/{ticket.pk}/answer", {"message": "x", "internal": True, "user": bob.pk}).json()
    assert Answer.objects.values_list("user", "internal").get(pk=written["id"]) == (alice.pk, False)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "message"),
        ({"message": ""}, "message"),
        ({"message": " \n"}, "message"),
        ({"message": None}, "message"),
        ({"message": ["x"]}, "message"),
        ({"message": "x" * 50_001}, "message"),
        ({"message": "x", "subject": "x" * 201}, "subject"),
        ({"message": "x", "priority": "x"}, "priority"),
        ({"message": "x", "order": "x"}, "order"),
        ({"message": "x", "order": 0}, "order"),
        ({"message": "x", "order": 2**63}, "order"),
        ({"message": "x", "order": 2**63 - 1}, "order"),
        ({"message": "x", "meeting": 2**63 - 1}, "meeting"),
    ],
)
def test_bodies_that_are_refused(as_user, alice, body, field):
    answer = as_user(alice).post("/api/ticket", body)

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize(
    ("path", "body"),
    [("/set_status", {}), ("/set_status", {"status": "x"}), ("/set_status", {"status": None}), ("/answer", {"message": ""})],
)
def test_support_is_told_what_is_wrong(as_user, ask, sue, path, body):
    assert as_user(sue).post(f"/api/ticket/{ask().pk}{path}", body).status_code == 400


def test_support_sorts_by_patch(as_user, ask, alice, sue):
    path, client = f"/api/v1/tickets/{ask().pk}/", as_user(sue)

    changed = client.patch(path, {"subject": "Fire", "priority": "high", "assignee": sue.pk, "message": "x", "status": "c"})
    assert changed.status_code == 200
    assert changed.json().items() >= {"subject": "Fire", "priority": "high", "assignee": sue.pk, "status": "u"}.items()
    assert changed.json()["message"] == "My printer is on fire"
    assert client.patch(path, {"assignee": None}).json()["assignee"] is None
    assert client.patch(path, {"assignee": alice.pk}).json()["errors"][0]["field"] == "assignee"
    assert client.patch(path, {}).status_code == 200


def test_a_repeated_request_has_its_effect_once(as_user, ask, alice, sue):
    path = f"/api/ticket/{ask().pk}/answer"
    for client, url in ((as_user(alice), "/api/ticket"), (as_user(sue), path)):
        first, again = (client.post(url, {"message": "Once"}, headers={"Idempotency-Key": "k"}) for _ in range(2))
        assert first.content == again.content
        assert again.headers["Idempotency-Replayed"] == "true"
        assert client.post(url, {"message": "Twice"}, headers={"Idempotency-Key": "k"}).status_code == 422
    assert (Ticket.objects.count(), Answer.objects.count()) == (2, 1)
