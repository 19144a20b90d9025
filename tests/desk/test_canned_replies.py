"""Replies that support need not type: their placeholders, languages and place on a ticket's page."""

import pytest
from django.db import IntegrityError, transaction

from tickets.models import CannedReply


def canned(title="Thanks", text="Thank you.", language="en"):
    return CannedReply.objects.create(title=title, text=text, language=language)


def offered(desk, ticket, query=""):
    return [text for _one, text in desk.get(f"/admin/desk/tickets/{ticket.pk}/{query}").context["canned"]]


def test_placeholders_are_filled_in(at_desk, sue, alice, ticket):
    canned(text="Dear {first_name}, about #{ticket_id} ({subject}): done. {agent}")

    assert offered(at_desk(sue), ticket) == [
        f"Dear {alice.get_short_name()}, about #{ticket.pk} (Fire): done. {sue.get_full_name()}"
    ]


def test_what_customers_wrote_is_not_filled_in(at_desk, sue, ticket):
    type(ticket).objects.update(subject="{agent} {nothing}")
    canned(text="About {subject}")

    assert offered(at_desk(sue), ticket) == ["About {agent} {nothing}"]


@pytest.mark.parametrize(
    "text", ["Dear {name}", "{", "}", "{}", "{{subject}}", "{first_{agent}name}", "{subject!r}", "{agent.password}", "{0}"]
)
def test_what_is_no_placeholder_is_refused_by_the_database(db, text):
    with pytest.raises(IntegrityError, match="canned_reply_placeholders_known"), transaction.atomic():
        canned(text=text)


def test_one_text_for_each_title_and_language(db):
    canned()
    canned(language="pl")
    with pytest.raises(IntegrityError, match="canned_reply_unique"), transaction.atomic():
        canned()


def test_the_services_own_language_need_not_be_the_first_of_the_alphabet(at_desk, sue, alice, ticket, settings):
    settings.LANGUAGE_CODE = "pl"
    type(alice).objects.filter(pk=alice.pk).update(language="ru")
    canned(text="Thanks", language="en")
    canned(text="Dzięki", language="pl")

    assert offered(at_desk(sue), ticket) == ["Dzięki"]


def test_customers_get_their_own_language_else_the_services_own_else_any(at_desk, sue, alice, ticket):
    type(alice).objects.filter(pk=alice.pk).update(language="pl")
    for title, languages in {"A": ["en", "pl", "ru"], "B": ["ru", "en"], "C": ["ru"]}.items():
        for language in languages:
            canned(title, f"{title} {language}", language)

    assert offered(at_desk(sue), ticket) == ["A pl", "B en", "C ru"]


def test_a_reply_comes_into_the_box_without_a_script(at_desk, sue, ticket):
    one = canned(text="About {subject}")

    response = at_desk(sue).get(f"/admin/desk/tickets/{ticket.pk}/?canned={one.pk}")

    assert response.context["reply"]["message"].value() == "About Fire"


@pytest.mark.parametrize("query", ["?canned=x", "?canned=0", "?canned="])
def test_a_reply_that_there_is_not_leaves_the_box_empty(at_desk, sue, ticket, query):
    canned()

    assert at_desk(sue).get(f"/admin/desk/tickets/{ticket.pk}/{query}").context["reply"]["message"].value() == ""


def test_a_text_is_no_markup(at_desk, sue, ticket):
    canned(text='"><script>alert(1)</script>')

    assert b"<script>alert" not in at_desk(sue).get(f"/admin/desk/tickets/{ticket.pk}/").content


def test_support_writes_them(at_desk, sue, db):
    desk, path = at_desk(sue), "/admin/tickets/cannedreply/add/"
    fields = {"title": "Thanks", "language": "en", "text": "Dear {name}"}

    refused = desk.post(path, fields)
    assert b"Braces stand around placeholders only" in refused.content
    assert not CannedReply.objects.exists()
    assert desk.post(path, {**fields, "text": "Dear {first_name}"}).status_code == 302
    one = CannedReply.objects.get()
    desk.post(f"/admin/tickets/cannedreply/{one.pk}/change/", {**fields, "text": "Hello {first_name}"})
    assert CannedReply.objects.get().text == "Hello {first_name}"


def test_customers_do_not(at_desk, alice):
    assert at_desk(alice).get("/admin/tickets/cannedreply/").status_code == 302
