"""The support desk in the browser: the queue, a ticket as a conversation, replies."""

import pytest

from config.errors import Missing
from notifications.models import Delivery
from tests.desk.conftest import once, said_levels
from tickets.models import Answer, Ticket
from tickets.services import answer_ticket, open_ticket


def test_an_answer_from_here_reaches_the_customer(at_desk, sue, ticket):
    response = at_desk(sue).post(f"/admin/desk/tickets/{ticket.pk}/", once(message="Use water"), follow=True)

    assert b"Use water" in response.content
    assert Delivery.objects.get(channel="email").to == "alice@example.com"
    assert Ticket.objects.get().awaiting == "customer"


def test_an_internal_note_reaches_nobody(at_desk, sue, ticket):
    at_desk(sue).post(f"/admin/desk/tickets/{ticket.pk}/", once(message="Not water", internal="on"))

    assert Answer.objects.get().internal
    assert not Delivery.objects.exists()


def shown(**changes):
    """The sorting form as the browser sends it: what was shown, and what it is now."""
    fields = {"status": "u", "priority": "normal", "assignee": ""}
    return {**{f"initial-{name}": value for name, value in fields.items()}, **fields, **changes}


def test_a_ticket_is_sorted(at_desk, sue, ticket):
    at_desk(sue).post(f"/admin/desk/tickets/{ticket.pk}/", shown(status="c", priority="high", assignee=sue.pk))

    found = Ticket.objects.get()
    assert (found.status, found.priority, found.assignee, found.changed_status) == ("c", "high", sue, sue)


def test_sorting_leaves_what_a_colleague_changed_meanwhile(at_desk, sue, ticket):
    Ticket.objects.update(priority="urgent")

    at_desk(sue).post(f"/admin/desk/tickets/{ticket.pk}/", shown(assignee=sue.pk))

    assert (Ticket.objects.get().priority, Ticket.objects.get().assignee) == ("urgent", sue)


def test_an_empty_answer_is_not_sent(at_desk, sue, ticket):
    assert at_desk(sue).post(f"/admin/desk/tickets/{ticket.pk}/", once(message=" ")).status_code == 200
    assert not Answer.objects.exists()


def test_the_next_ticket(at_desk, sue, alice, ticket):
    newer = open_ticket(by=alice, message="And the ink")
    desk = at_desk(sue)

    assert desk.get(f"/admin/desk/tickets/{ticket.pk}/next/").url == f"/admin/desk/tickets/{newer.pk}/"
    assert desk.get(f"/admin/desk/tickets/{newer.pk}/next/").url == f"/admin/desk/tickets/{ticket.pk}/"
    answer_ticket(by=sue, ticket_id=ticket.pk, message="Done")
    assert desk.get(f"/admin/desk/tickets/{newer.pk}/next/").url == "/admin/desk/tickets/"


def test_the_queue_of_mine_and_of_nobody(at_desk, sue, alice, ticket):
    mine = open_ticket(by=alice, message="Mine")
    Ticket.objects.filter(pk=mine.pk).update(assignee=sue)
    desk = at_desk(sue)

    assert desk.get("/admin/desk/tickets/?show=mine").context["queue"] == [mine]
    assert desk.get("/admin/desk/tickets/?show=unassigned").context["queue"] == [ticket]


def test_what_customers_write_is_text(at_desk, sue, alice):
    evil = open_ticket(by=alice, message="<script>alert(1)</script>")

    for path in ("/admin/", f"/admin/desk/tickets/{evil.pk}/"):
        assert b"<script>alert" not in at_desk(sue).get(path).content


def test_a_reply_that_is_sent_twice_is_one(at_desk, sue, ticket):
    desk, path, form = at_desk(sue), f"/admin/desk/tickets/{ticket.pk}/", once(message="Use water")

    first, again = desk.post(path, form, follow=True), desk.post(path, form, follow=True)

    assert Answer.objects.get().message == "Use water"
    assert Delivery.objects.filter(channel="email").count() == 1
    assert (said_levels(first), said_levels(again)) == (["success"], ["info"])


def test_other_words_from_the_same_page_are_another_reply(at_desk, sue, ticket):
    desk, form = at_desk(sue), once(message="Use water")

    for words in ("Use water", "No, sand"):
        desk.post(f"/admin/desk/tickets/{ticket.pk}/", {**form, "message": words})

    assert [answer.message for answer in Answer.objects.order_by("id")] == ["Use water", "No, sand"]


def test_a_reply_that_failed_may_be_sent_again(at_desk, sue, ticket, monkeypatch):
    desk, path, form = at_desk(sue), f"/admin/desk/tickets/{ticket.pk}/", once(message="Use water")
    with monkeypatch.context() as patched:
        patched.setattr("tickets.services.answer_ticket", refuse)
        desk.post(path, form)

    desk.post(path, form)

    assert Answer.objects.get().message == "Use water"


def refuse(**_anything):
    raise Missing


def test_each_page_has_a_key_of_its_own(at_desk, sue, ticket):
    desk, path = at_desk(sue), f"/admin/desk/tickets/{ticket.pk}/"

    assert len({desk.get(path).context["reply"]["once"].value() for _time in range(2)}) == 2


def test_an_answer_and_on_to_the_next(at_desk, sue, alice, ticket):
    newer = open_ticket(by=alice, message="And the ink")

    response = at_desk(sue).post(f"/admin/desk/tickets/{ticket.pk}/", once(message="Use water", next="1"), follow=True)

    assert response.redirect_chain[-1][0] == f"/admin/desk/tickets/{newer.pk}/"


def test_words_are_looked_for_in_every_ticket_and_its_answers(at_desk, sue, alice, ticket):
    answer_ticket(by=sue, ticket_id=ticket.pk, message="Use an extinguisher")
    open_ticket(by=alice, message="And the ink")
    desk = at_desk(sue)

    assert desk.get("/admin/desk/tickets/?q=extinguisher").context["queue"] == [ticket]
    assert desk.get("/admin/desk/tickets/?q=extinguisher&show=awaiting").context["queue"] == []
    assert b"Nothing found." in desk.get("/admin/desk/tickets/?q=nowhere").content


def test_words_are_looked_for_in_mine_and_in_nobodys(at_desk, sue, alice, ticket):
    mine = open_ticket(by=alice, message="My printer is on fire, too")
    Ticket.objects.filter(pk=mine.pk).update(assignee=sue)
    desk = at_desk(sue)

    for show, queue in (("", [mine, ticket]), ("mine", [mine]), ("unassigned", [ticket]), ("awaiting", [mine, ticket])):
        assert desk.get(f"/admin/desk/tickets/?q=printer&show={show}").context["queue"] == queue


@pytest.mark.parametrize(("query", "order"), [("show=awaiting", [0, 1, 2]), ("show=all", [2, 1, 0]), ("q=printer", [2, 1, 0])])
def test_the_queue_goes_on_where_a_page_ends(at_desk, sue, alice, monkeypatch, query, order):
    made = [open_ticket(by=alice, message="My printer") for _time in range(3)]
    monkeypatch.setattr("tickets.desk._MOST_TICKETS", 2)
    desk = at_desk(sue)

    first = desk.get(f"/admin/desk/tickets/?{query}")
    rest = desk.get(f"/admin/desk/tickets/?{query}&after={first.context['more']}")

    assert [*first.context["queue"], *rest.context["queue"]] == [made[place] for place in order]
    assert rest.context["more"] is None


def test_a_long_conversation_goes_on_where_the_newest_answers_end(at_desk, sue, ticket, monkeypatch):
    said = [answer_ticket(by=sue, ticket_id=ticket.pk, message=f"Word {place}") for place in range(5)]
    monkeypatch.setattr("tickets.desk._MOST_WORDS", 2)
    desk, path = at_desk(sue), f"/admin/desk/tickets/{ticket.pk}/"

    pages = [desk.get(path), desk.get(f"{path}?before={said[3].pk}"), desk.get(f"{path}?before={said[1].pk}")]

    assert [page.context["answers"] for page in pages] == [said[3:], said[1:3], said[:1]]
    assert [page.context["older"] for page in pages] == [3, 1, 0]
    assert f'href="?before={said[3].pk}">Older: 3</a>' in pages[0].content.decode()
    assert b"Older" not in pages[2].content


@pytest.mark.parametrize("before", ["x", "-1", "99999999999999999999", ""])
def test_an_answer_that_is_none_leads_to_the_newest(at_desk, sue, ticket, before):
    answer = answer_ticket(by=sue, ticket_id=ticket.pk, message="Use water")

    assert at_desk(sue).get(f"/admin/desk/tickets/{ticket.pk}/?before={before}").context["answers"] == [answer]


@pytest.mark.parametrize(
    "query", ["show=nonsense", "after=x", "after=99999999999999999999", f"q={'x' * 300}", "q=%00", "q=%27%22<"]
)
def test_a_query_that_is_none_is_survived(at_desk, sue, ticket, query):
    assert at_desk(sue).get(f"/admin/desk/tickets/?{query}").status_code == 200


@pytest.mark.parametrize("path", ["/admin/desk/tickets/", "/admin/tickets/ticket/"])
def test_all_tickets_are_no_people_in_polish(at_desk, sue, ticket, path):
    page = at_desk(sue).get(path, headers={"accept-language": "pl"}).content.decode()

    assert "Wszyst" in page
    assert "Wszyscy" not in page
