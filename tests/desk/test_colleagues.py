"""Two at the same row's page in the admin: each one's changes stay, and nothing else is written."""

from datetime import date
from decimal import Decimal

import pytest
from django.contrib import admin
from django.test import RequestFactory

from accounts.models import User
from accounts.services import change_account
from scheduling.models import AvailabilityException, AvailabilityRule, Meeting, TimeSlot, TutorSettings
from shop.models import Category, Product, Voucher
from tests.desk.forms import fields_of
from tests.world import world
from tickets.models import CannedReply, Ticket
from tickets.services import change_ticket, set_status

pytestmark = pytest.mark.django_db

# Of each model: what a colleague changes while the page is open, and what is changed on the page.
CHANGES = {
    User: ({"last_name": "Hargreaves", "language": "pl", "is_active": False}, {"first_name": "Alicia"}),
    Ticket: ({"status": "f", "subject": "Fire"}, {"priority": "high"}),
    CannedReply: ({"text": "Many thanks"}, {"title": "Gratitude"}),
    TimeSlot: ({"credits": 3}, {}),
    Meeting: ({"subject": "Geometry"}, {"notes": "Bring a ruler."}),
    AvailabilityRule: ({"slot_minutes": 30}, {"credits": 2}),
    AvailabilityException: ({"date": date(2031, 1, 6)}, {}),
    TutorSettings: ({"buffer_minutes": 7}, {}),
    Category: ({"name": "Board"}, {}),
    Product: ({"price": Decimal("5.00"), "is_active": False}, {"name": "Blue pen"}),
    Voucher: ({"value": Decimal("20.00"), "is_active": False}, {"max_uses": 5}),
}


@pytest.fixture
def rows(alice, sue, tim, settings, tmp_path):
    """A row of each model."""
    settings.MEDIA_ROOT = tmp_path
    world(alice=alice, sue=sue, tim=tim)
    CannedReply.objects.create(title="Thanks", text="Thank you", language="en")
    Voucher.objects.create(code="TEN", kind="percent", value=10)
    TutorSettings.objects.create(tutor=tim, buffer_minutes=5)
    return {model: alice if model is User else model._default_manager.order_by("-pk").first() for model in CHANGES}


def page_of(row):
    return f"/admin/{row._meta.app_label}/{row._meta.model_name}/{row.pk}/change/"


@pytest.mark.parametrize("model", CHANGES)
def test_what_a_colleague_changed_meanwhile_stays(at_desk, tim, rows, model):
    desk, row, (theirs, mine) = at_desk(tim), rows[model], CHANGES[model]
    sent = fields_of(desk.get(page_of(row)))
    model._default_manager.filter(pk=row.pk).update(**theirs)

    answer = desk.post(page_of(row), {**sent, **mine})

    assert answer.status_code == 302, answer.context["errors"]
    row.refresh_from_db()
    assert {name: getattr(row, name) for name in {**theirs, **mine}} == {**theirs, **mine}


@pytest.mark.parametrize("path", ["/admin/desk/tickets/{}/", "/admin/tickets/ticket/{}/change/"])
def test_who_saw_to_a_closed_ticket_and_left_support_is_still_named(at_desk, sue, tim, ticket, path):
    change_ticket(by=tim, ticket_id=ticket.pk, assignee_id=sue.pk)
    set_status(by=tim, ticket_id=ticket.pk, status="c")
    change_account(by=tim, user=sue, is_staff=False)
    desk, path = at_desk(tim), path.format(ticket.pk)
    sent = fields_of(desk.get(path))
    sent.pop("message", None)  # of the desk's other form, for an answer

    assert desk.post(path, {**sent, "priority": "high"}).status_code == 302
    ticket.refresh_from_db()
    assert (ticket.priority, ticket.assignee, ticket.status) == ("high", sue, "c")

    assert desk.post(path, {**sent, "priority": "high", "assignee": ""}).status_code == 302
    ticket.refresh_from_db()
    assert ticket.assignee is None


def test_no_page_that_changes_rows_is_left_out(tim):
    request = RequestFactory().get("/admin/")
    request.user = tim
    assert {model for model, page in admin.site._registry.items() if page.has_change_permission(request)} == set(CHANGES)
