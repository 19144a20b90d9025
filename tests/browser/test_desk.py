"""The staff's day, as they do it: by pointer and by keyboard, on real pages."""

from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from scheduling.models import Meeting
from scheduling.services import book_meeting, create_slot
from shop.models import Order, Product
from shop.services import place_order
from tests.browser.conftest import ZONE
from tests.conftest import PASSWORD
from tests.desk.conftest import week_of
from tickets.models import Answer
from tickets.services import open_ticket

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def ticket(alice):
    return open_ticket(by=alice, message="My printer is on fire", subject="Fire")


@pytest.fixture
def order(alice):
    pen = Product.objects.create(name="Pen", amount=5, price="2.50")
    return place_order(by=alice, address="1 Main Street", phone="+48123666789", items=[{"product_id": pen.pk, "amount": 2}])


@pytest.fixture
def meeting(alice, tim):
    start = (timezone.now() + timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
    slot = create_slot(by=tim, start_time=start, end_time=start + timedelta(hours=1))
    return book_meeting(by=alice, time_slot_id=slot.pk, subject="Algebra")


def test_signing_in_by_the_form(visitor, sue):
    page = visitor().open("/admin/")

    page.fill("#id_username", "sue@example.com")
    page.fill("#id_password", PASSWORD)
    page.press("#id_password", "Enter")

    expect(page.get_by_role("heading", name="Tickets awaiting support")).to_be_visible()


def test_a_wrong_password_is_told(visitor, sue):
    page = visitor().open("/admin/")

    page.fill("#id_username", "sue@example.com")
    page.fill("#id_password", "wrong")
    page.press("#id_password", "Enter")

    expect(page.get_by_text("Please enter the correct")).to_be_visible()


def test_an_answer_to_a_ticket_is_mailed(visitor, sue, ticket, service):
    page = visitor(sue).open("/admin/")
    page.get_by_role("link", name="Fire").click()
    page.get_by_label("Reply").fill("Use water.")
    page.get_by_role("button", name="Send").click()

    expect(page.get_by_text("The answer is on its way.")).to_be_visible()
    expect(page.get_by_role("region", name="Conversation")).to_contain_text("Use water.")
    mail = the_mail(service)
    assert (mail["To"], mail["Subject"]) == ("alice@example.com", f"Reply to your ticket #{ticket.pk}: Fire")
    assert "Use water." in mail.get_body(("plain",)).get_content()


def the_mail(service):
    """The only one in the outbox, which the worker puts there."""
    outbox = service.folder / "outbox"
    service.wait(lambda: list(outbox.glob("*.eml")), "the worker has sent the mail", 30)
    (path,) = outbox.glob("*.eml")
    return message_from_bytes(path.read_bytes(), policy=default)


def test_a_ticket_is_answered_by_keyboard_alone(visitor, sue, ticket):
    page = visitor(sue).open("/admin/desk/tickets/")

    def go_to(target):
        for _step in range(60):
            page.keyboard.press("Tab")
            if target.evaluate("element => element === document.activeElement"):
                # Whoever has no pointer sees where they are.
                assert target.evaluate("element => getComputedStyle(element).outlineStyle") != "none"
                return
        raise AssertionError("Tab does not lead there")

    go_to(page.get_by_role("link", name="Fire"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/tickets/*/")
    go_to(page.get_by_label("Reply"))
    page.keyboard.type("Use sand.")
    go_to(page.get_by_role("button", name="Send"))
    page.keyboard.press("Enter")

    expect(page.get_by_text("The answer is on its way.")).to_be_visible()
    assert Answer.objects.get().message == "Use sand."


def test_a_meeting_is_confirmed(visitor, tim, meeting):
    page = visitor(tim).open(week_of(meeting, ZONE))
    page.get_by_role("button", name="Confirm").click()

    expect(page.get_by_role("button", name="Complete")).to_be_visible()
    expect(page.get_by_role("button", name="Confirm")).to_have_count(0)
    assert Meeting.objects.get().status == "confirmed"


def test_an_order_is_completed_after_a_question(visitor, tim, order):
    page = visitor(tim).open("/admin/desk/orders/")
    page.get_by_role("link", name="Complete", exact=True).click()
    expect(page.get_by_role("heading", name=f"Complete order {order.pk}?")).to_be_visible()
    assert Order.objects.get().status == "new"
    page.get_by_role("button", name="Yes").click()

    expect(page.get_by_text(f"Order {order.pk} changed.")).to_be_visible()
    assert Order.objects.get().status == "completed"


def test_of_two_tabs_that_cancel_a_meeting_one_wins_and_the_other_is_told(visitor, tim, meeting):
    window = visitor(tim)
    tabs = [window.open(week_of(meeting, ZONE)) for _ in range(2)]
    for tab in tabs:
        tab.get_by_role("button", name="Cancel").click()
        expect(tab.get_by_role("button", name="Cancel")).to_have_count(0)

    expect(tabs[0].get_by_text("Done.")).to_be_visible()
    expect(tabs[1].get_by_text("Done.")).to_have_count(0)
    expect(tabs[1].get_by_text("“Algebra” is canceled already.")).to_be_visible()
    assert Meeting.objects.get().status == "canceled"


def test_support_is_kept_out_of_what_is_not_theirs(visitor, sue, tim, order, meeting, ticket):
    window = visitor(sue)
    page = window.open("/admin/")
    expect(page.get_by_role("heading", name="Tickets awaiting support")).to_be_visible()
    for title in ("New orders", "Meetings today and tomorrow", "Low stock"):
        expect(page.get_by_role("heading", name=title)).to_have_count(0)

    for path in (
        "/admin/desk/orders/",
        week_of(meeting, ZONE),
        "/admin/desk/jobs/",
        "/admin/shop/order/",
        f"/admin/desk/users/{tim.pk}/close/",
    ):
        assert window.context.request.get(path, max_redirects=0).status in (302, 403), path


def test_customers_do_not_get_in(visitor, alice):
    page = visitor(alice).open("/admin/")

    expect(page.locator("#id_password")).to_be_visible()
