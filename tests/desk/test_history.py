"""The history of a row in the admin: what changed from what to what, by whom and when."""

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.services import change_account, close_account
from config.actors import acting
from config.changes import MOST, entries_of
from scheduling.models import Meeting, TimeSlot
from scheduling.services import cancel_meeting, delete_slot
from shop.models import Order, Product, Voucher
from shop.services import complete_order
from tickets.models import Ticket
from tickets.services import change_ticket

pytestmark = pytest.mark.django_db


def told(model, row):
    """[(who, {field: (from, to)})] of a row, newest first."""
    return [
        (str(entry.by) if entry.by else None, {change.field: (change.before, change.after) for change in entry.changes})
        for entry in entries_of(model, row.pk)
    ]


def test_a_change_is_told_in_words(tim, sue, ticket):
    with acting(sue):
        change_ticket(by=sue, ticket_id=ticket.pk, priority="high", assignee_id=tim.pk)
    assert told(Ticket, ticket) == [("sue", {"priority": ("normal", "high"), "assignee": ("—", "tim")})]


def test_changes_are_told_newest_first_each_with_its_own(tim, alice):
    with acting(tim):
        change_account(by=tim, user=alice, is_staff=True)
    User.objects.filter(pk=alice.pk).update(is_staff=False, user_type="vip")
    assert told(User, alice) == [
        (None, {"staff": ("yes", "no"), "type": ("student", "VIP")}),
        ("tim", {"staff": ("no", "yes")}),
    ]


def test_what_triggers_change_is_not_laid_to_whoever_changed_the_row_before(tim, alice, slot):
    """The slot is taken by a meeting after its price was changed: the entry tells of the price alone."""
    from scheduling.services import book_meeting

    with acting(tim):
        TimeSlot.objects.filter(pk=slot.pk).update(credits=3)
    TimeSlot.objects.filter(pk=slot.pk).update(credits=0)
    book_meeting(by=alice, time_slot_id=slot.pk, subject="Algebra")
    assert [list(changes) for _who, changes in told(TimeSlot, slot)] == [["credits"], ["credits"]]


def test_money_stays_as_it_was_written(db):
    pen = Product.objects.create(name="Pen", price="99999999.10", amount=1)
    Product.objects.update(price="10.00")
    assert told(Product, pen) == [(None, {"price": ("99999999.10", "10.00")})]


def test_a_deleted_row_tells_what_it_was(at_desk, tim, slot):
    with acting(tim):
        delete_slot(by=tim, slot_id=slot.pk)
    [(who, changes)] = told(TimeSlot, slot)
    assert (who, changes["tutor"]) == ("tim", ("tim", "—"))
    page = at_desk(tim).get(f"/admin/scheduling/timeslot/{slot.pk}/history/")
    assert b"deleted" in page.content


@pytest.mark.parametrize("language", ["en", "pl", "ru"])
def test_each_kind_has_its_page(at_desk, tim, alice, ticket, order, meeting, slot, language):
    voucher = Voucher.objects.create(code="TEN", kind="percent", value=10)
    with acting(tim):
        change_account(by=tim, user=alice, first_name="Ally")
        change_ticket(by=tim, ticket_id=ticket.pk, subject="Flames")
        cancel_meeting(by=tim, meeting_id=meeting.pk)
        complete_order(by=tim, order_id=order.pk)
        Voucher.objects.update(value=20)
        TimeSlot.objects.filter(pk=slot.pk).update(credits=7)
        Product.objects.update(name="Quill")
    desk = at_desk(tim)
    rows = {User: alice, Ticket: ticket, Meeting: meeting, Order: order, Voucher: voucher, TimeSlot: slot}
    for model, row in {**rows, Product: Product.objects.get()}.items():
        path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/{row.pk}/history/"
        page = desk.get(path, headers={"Accept-Language": language})
        assert page.status_code == 200, path
        assert [str(entry.by) for entry in page.context["entries"]] == ["tim"], path


def test_words_are_text_there(at_desk, tim, ticket):
    Ticket.objects.update(subject="<script>alert(1)</script>")
    assert b"<script>alert" not in at_desk(tim).get(f"/admin/tickets/ticket/{ticket.pk}/history/").content


@pytest.mark.parametrize("key", ["0", "x", "9" * 30, "1%27"])
def test_of_what_never_was_there_is_none(at_desk, tim, key):
    assert at_desk(tim).get(f"/admin/tickets/ticket/{key}/history/").status_code == 404


def test_who_may_not_see_the_row_sees_no_history_of_it(at_desk, sue, tim, order, ticket):
    tess = sue
    assert at_desk(sue).get(f"/admin/shop/order/{order.pk}/history/").status_code == 403
    assert at_desk(sue).get(f"/admin/tickets/ticket/{ticket.pk}/history/").status_code == 200
    tess.groups.set([Group.objects.get(name="Tutors")])
    assert at_desk(tess).get(f"/admin/tickets/ticket/{ticket.pk}/history/").status_code == 403


def test_of_a_closed_account_the_page_shows_nothing_of_the_person(at_desk, tim, alice):
    change_account(by=tim, user=alice, first_name="Zanzibar")
    close_account(by=tim, user=alice)
    page = at_desk(tim).get(f"/admin/accounts/user/{alice.pk}/history/").content.decode()
    assert "deleted user" in page
    assert not [word for word in ("Zanzibar", "Alice", "alice@example.com") if word in page]


def test_a_long_history_takes_as_many_queries_as_a_short_one_and_is_cut(at_desk, tim, sue, ticket):
    desk, path, counts = at_desk(tim), f"/admin/tickets/ticket/{ticket.pk}/history/", []
    for number in (1, MOST + 5):
        for place in range(number):
            with acting(sue):
                change_ticket(by=sue, ticket_id=ticket.pk, subject=f"{number}.{place}", assignee_id=[tim.pk, sue.pk][place % 2])
        with CaptureQueriesContext(connection) as seen:
            page = desk.get(path)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 8
    assert len(page.context["entries"]) == MOST
    assert b"The newest 100 changes." in page.content
