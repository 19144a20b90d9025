"""The doors of the support desk: who gets in where, shapes, pages, and what they cost."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIRequestFactory

from tests.tickets.conftest import upload
from tickets import services
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


@pytest.fixture
def thread(ask, say, alice, sue):
    """A ticket with a file, a word of each side, a note, and a history."""
    ticket = ask(subject="Fire", files=[upload("a.txt"), upload("b.txt")])
    ticket.said = say(alice, ticket), say(sue, ticket, files=[upload("c.txt")])
    ticket.note = say(sue, ticket, "A suspicious customer", internal=True, files=[upload("secret.txt")])
    services.change_ticket(by=sue, ticket_id=ticket.pk, assignee_id=sue.pk)
    for status in ("c", "f"):
        services.set_status(by=sue, ticket_id=ticket.pk, status=status)
    return ticket


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


@pytest.mark.parametrize(
    "query", ["status=x", "awaiting=x", "assignee=x", "assignee=0", f"assignee={2**63}", "cursor=x", "limit=0"]
)
def test_queries_that_are_refused(as_user, sue, query):
    for search in ("", "&search=fire"):
        assert as_user(sue).get(f"/api/ticket?{query}{search}").status_code == 400


def test_filters(as_user, ask, say, alice, sue):
    closed, asked_again, answered, assigned = (ask() for _ in range(4))
    for one in (closed, asked_again):
        services.set_status(by=sue, ticket_id=one.pk, status="c")
    say(alice, asked_again)
    say(sue, answered)
    services.change_ticket(by=sue, ticket_id=assigned.pk, assignee_id=sue.pk)
    wanted = {
        "status=c": [asked_again, closed],
        "status=c&awaiting=support": [asked_again],
        "status=c&awaiting=customer": [],
        "awaiting=customer": [answered],
        "awaiting=support": [assigned, asked_again],
        f"assignee={sue.pk}": [assigned],
        f"assignee={alice.pk}": [],
    }

    for user in (alice, sue):
        client = as_user(user)
        found = {query: [one["id"] for one in client.get(f"/api/ticket?{query}").json()] for query in wanted}
        assert found == {query: [one.pk for one in tickets] for query, tickets in wanted.items()}


def test_a_repeated_request_has_its_effect_once(as_user, ask, alice, sue):
    path = f"/api/ticket/{ask().pk}/answer"
    for client, url in ((as_user(alice), "/api/ticket"), (as_user(sue), path)):
        first, again = (client.post(url, {"message": "Once"}, headers={"Idempotency-Key": "k"}) for _ in range(2))
        assert first.content == again.content
        assert again.headers["Idempotency-Replayed"] == "true"
        assert client.post(url, {"message": "Twice"}, headers={"Idempotency-Key": "k"}).status_code == 422
    assert (Ticket.objects.count(), Answer.objects.count()) == (2, 1)


def statements(client, path):
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(path)
        assert answer.status_code == 200
    return len(captured), len(answer.json())


def test_lists_cost_the_same_for_any_number(as_user, thread, ask, alice, sue):
    paths = ("/api/ticket?limit=200", "/api/ticket?search=fire&limit=200", f"/api/ticket/{thread.pk}/answer?limit=200")
    clients = as_user(alice), as_user(sue)
    few = [[statements(client, path)[0] for path in paths] for client in clients]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tickets_ticket (user_id, message) SELECT %s, 'fire' FROM generate_series(1, 1000)", [alice.pk]
        )
        cursor.execute(
            "INSERT INTO tickets_answer (ticket_id, user_id, message) SELECT %s, %s, 'fire' FROM generate_series(1, 1000)",
            [thread.pk, sue.pk],
        )

    many = [[statements(client, path) for path in paths] for client in clients]

    assert [[number for number, _rows in row] for row in many] == few
    assert {rows for row in many for _number, rows in row} == {200}
    # Who asks, and one statement; before that, for a search, its hits, and for a ticket's answers, whether it may be seen.
    assert few == [[2, 3, 3]] * 2


def test_a_ticket_names_its_newest_500_answers_and_where_all_are(as_user, ask, alice, sue):
    ticket = ask()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE tickets_answer DISABLE TRIGGER USER")  # quickly
        cursor.execute(
            "INSERT INTO tickets_answer (ticket_id, user_id, message) SELECT %s, %s, 'Gladly' FROM generate_series(1, 503)",
            [ticket.pk, sue.pk],
        )
    keys = list(Answer.objects.filter(ticket=ticket).order_by("-id").values_list("pk", flat=True))

    for user in (alice, sue):
        client = as_user(user)
        shown = client.get(f"/api/ticket/{ticket.pk}").json()
        assert [int(url.rsplit("/", 1)[1]) for url in shown["answers"]] == keys[:500]
        found, path = [], shown["answers_url"].removeprefix("http://testserver") + "?limit=200"
        while path:
            page = client.get(path)
            found += [one["id"] for one in page.json()]
            link = page.headers.get("Link")
            path = link and link[link.index("/api") : link.index(">")]
        assert found == keys


def test_pages_of_answers_are_linked(as_user, thread, say, alice):
    for _ in range(5):
        say(alice, thread)
    client, path, seen = as_user(alice), f"/api/ticket/{thread.pk}/answer?limit=3", []
    while path:
        answer = client.get(path)
        seen += [one["id"] for one in answer.json()]
        link = answer.headers.get("Link", "")
        path = link[link.index("/api") : link.index(">")] if link else None

    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 7
