"""Canned replies and double clicks on a real page."""

import pytest
from playwright.sync_api import expect

from tickets.models import Answer, CannedReply
from tickets.services import open_ticket

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def page(visitor, sue, alice):
    CannedReply.objects.create(title="Thanks", text="Thank you, {first_name}.")
    CannedReply.objects.create(title="Water", text="Use water on #{ticket_id}.")
    ticket = open_ticket(by=alice, message="My printer is on fire")
    return visitor(sue).open(f"/admin/desk/tickets/{ticket.pk}/")


def test_a_canned_reply_comes_where_the_cursor_stands(page, alice):
    box = page.get_by_label("Reply", exact=True)
    box.fill("Hello!  Goodbye!")
    box.evaluate("box => box.setSelectionRange(7, 7)")

    page.get_by_label("Canned reply").select_option("Thanks")
    page.get_by_role("button", name="Insert").press("Enter")

    expect(box).to_have_value(f"Hello! Thank you, {alice.get_short_name()}. Goodbye!")
    expect(box).to_be_focused()


def test_a_reply_that_is_clicked_twice_is_one(page):
    page.get_by_label("Reply", exact=True).fill("Use sand.")

    page.get_by_role("button", name="Send").dblclick()

    expect(page.get_by_role("region", name="Conversation")).to_contain_text("Use sand.")
    expect(page.get_by_label("Reply", exact=True)).to_have_value("")
    assert Answer.objects.count() == 1
