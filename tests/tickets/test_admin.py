"""The staff's door to tickets: the same services, and a message where they refuse."""

import pytest

from tests.desk.forms import fields_of
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

TICKETS = "/admin/tickets/ticket/"


@pytest.fixture
def staff(client, tim):
    client.force_login(tim)
    return client


def form(**fields):
    """The change form as it is sent: what is not named stays as a new ticket has it."""
    inlines = {f"{name}-{part}": 0 for name in ("answers", "status_changes") for part in ("TOTAL_FORMS", "INITIAL_FORMS")}
    return {"subject": "", "status": "u", "priority": "normal", "assignee": "", **inlines, **fields}


def messages(response):
    return [str(message) for message in response.context["messages"]]


def test_pages_show(staff, ask, say, sue, tim):
    ticket = ask(subject="Fire")
    say(sue, ticket, "A <b>bold</b> note", internal=True)

    assert b"Fire" in staff.get(TICKETS).content
    page = staff.get(f"{TICKETS}{ticket.pk}/change/").content
    assert b"A &lt;b&gt;bold&lt;/b&gt; note" in page


def test_of_a_long_conversation_the_newest_is_shown(staff, ask, say, sue, monkeypatch):
    ticket = ask()
    for place in range(5):
        say(sue, ticket, f"Word {place}")
    monkeypatch.setattr("tickets.admin._MOST_ROWS", 2)
    path = f"{TICKETS}{ticket.pk}/change/"

    page = staff.get(path).content.decode()

    assert [f"Word {place}" in page for place in range(5)] == [False, False, False, True, True]
    assert f'href="/admin/desk/tickets/{ticket.pk}/">Older: 3</a>' in page
    assert page.count("Older:") == 1  # there is no change of its status
    assert staff.post(path, fields_of(staff.get(path)) | {"priority": "high"}).status_code == 302
    assert Ticket.objects.get().priority == "high"


def test_a_change_goes_through_the_services(staff, ask, tim, sue):
    ticket = ask()
    body = form(status="c", priority="high", subject="Fire", assignee=sue.pk)
    assert staff.post(f"{TICKETS}{ticket.pk}/change/", body).status_code == 302

    ticket.refresh_from_db()
    assert (ticket.status, ticket.changed_status, ticket.priority, ticket.assignee) == ("c", tim, "high", sue)
    assert (ticket.subject, ticket.awaiting, ticket.status_changes.count()) == ("Fire", None, 1)


def test_what_is_refused_is_told(staff, ask, sue, monkeypatch):
    """Somebody of support who is demoted while the form is open."""
    from accounts.models import User
    from tickets import services

    ticket, change = ask(), services.change_ticket

    def demoted(**values):
        User.objects.filter(pk=sue.pk).update(is_staff=False)
        change(**values)

    monkeypatch.setattr(services, "change_ticket", demoted)
    answer = staff.post(f"{TICKETS}{ticket.pk}/change/", form(assignee=sue.pk), follow=True)

    assert messages(answer) == ["Tickets are assigned to support."]
    assert Ticket.objects.get().assignee is None


@pytest.mark.parametrize(("action", "status"), [("close", "c"), ("freeze", "f"), ("reopen", "u")])
def test_actions(staff, ask, tim, action, status):
    tickets = [ask() for _ in range(2)]
    answer = staff.post(TICKETS, {"action": action, "_selected_action": [ticket.pk for ticket in tickets]}, follow=True)

    assert messages(answer) == ["2 tickets changed."]
    assert set(Ticket.objects.values_list("status", "changed_status")) == {(status, tim.pk)}


def test_search_looks_through_answers_and_notes(staff, ask, say, sue):
    ticket, other = ask("Printer"), ask("Scanner")
    say(sue, ticket, "suspicious", internal=True)

    page = staff.get(TICKETS, {"q": "suspicious"}).content.decode()
    assert f"{TICKETS}{ticket.pk}/change/" in page
    assert f"{TICKETS}{other.pk}/change/" not in page
    assert staff.get(TICKETS, {"q": "a\x00b" * 100}).status_code == 200


def test_nothing_is_added_or_erased_here(staff, ask):
    assert staff.get(f"{TICKETS}add/").status_code == 403
    assert staff.post(f"{TICKETS}{ask().pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_list_takes_as_many_queries_for_many_tickets(staff, ask, django_assert_num_queries):
    ask()
    staff.get(TICKETS)
    with django_assert_num_queries(5) as captured:
        staff.get(TICKETS)
    for _ in range(20):
        ask()
    with django_assert_num_queries(len(captured)):
        staff.get(TICKETS)
