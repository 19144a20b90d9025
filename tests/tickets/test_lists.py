"""Lists of tickets and of answers: filters, pages, and what they cost."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tickets import services
from tickets.models import Answer

pytestmark = pytest.mark.django_db


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
