"""Who sees to a ticket: support alone, and only while it is support."""

import pytest
from django.db import connection

from accounts.models import User
from accounts.services import change_account, close_account
from tests.conftest import make_user
from tests.refusals import broken
from tickets import services
from tickets.errors import AssigneeRefused
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


def test_tickets_are_assigned_to_support_only(ask, sue, alice):
    ticket = ask()
    gone = make_user("gone", is_staff=True, is_active=False)

    for key in (alice.pk, gone.pk, 10**12):
        with pytest.raises(AssigneeRefused):
            services.change_ticket(by=sue, ticket_id=ticket.pk, assignee_id=key)
    assert broken(lambda: Ticket.objects.update(assignee=alice)) == "ticket_assignee_is_support"
    assert broken(lambda: Ticket.objects.create(user=alice, message="x", assignee=alice)) == "ticket_assignee_is_support"


@pytest.fixture
def seen_to(ask, sue, make_admin):
    """sue's open ticket, and one that she closed."""
    tickets = ask(), ask()
    for ticket in tickets:
        services.change_ticket(by=sue, ticket_id=ticket.pk, assignee_id=sue.pk)
    services.set_status(by=sue, ticket_id=tickets[1].pk, status="c")
    return tickets


def assignees(tickets):
    return [Ticket.objects.get(pk=ticket.pk).assignee_id for ticket in tickets]


@pytest.mark.parametrize(
    "leave",
    [
        lambda sue, tim: change_account(by=tim, user=sue, is_staff=False),
        lambda sue, tim: change_account(by=tim, user=sue, is_active=False),
        lambda sue, tim: close_account(by=tim, user=sue),
        lambda sue, tim: User.objects.filter(pk=sue.pk).update(is_staff=False),
        lambda sue, tim: User.objects.filter(pk=sue.pk).update(is_active=False),
    ],
    ids=["demoted", "deactivated", "closed", "demoted by SQL", "deactivated by SQL"],
)
def test_who_is_support_no_longer_has_no_open_tickets(seen_to, sue, tim, as_user, leave):
    assert assignees(seen_to) == [sue.pk, sue.pk]

    leave(sue, tim)

    assert assignees(seen_to) == [None, sue.pk]
    searched = as_user(tim).get("/api/ticket", {"search": "printer", "assignee": sue.pk}).json()
    assert [one["id"] for one in searched] == [seen_to[1].pk]


@pytest.mark.parametrize(
    ("change", "still"), [({"is_staff": True}, True), ({"is_staff": False}, False), ({"is_active": False}, False)]
)
def test_a_reopened_ticket_stays_with_support_only(seen_to, sue, tim, as_user, change, still):
    change_account(by=tim, user=sue, **change)

    services.set_status(by=tim, ticket_id=seen_to[1].pk, status="u")

    expected = sue.pk if still else None
    assert assignees(seen_to) == [expected] * 2
    found = as_user(tim).get("/api/ticket", {"search": "printer", "assignee": sue.pk}).json()
    assert len(found) == (2 if still else 0)


def test_control_without_the_trigger_they_stay_with_whoever_left(seen_to, sue):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_user DISABLE TRIGGER tickets_give_back")
    User.objects.filter(pk=sue.pk).update(is_staff=False)
    assert assignees(seen_to) == [sue.pk, sue.pk]


def test_other_changes_of_an_account_give_nothing_back(seen_to, sue, tim):
    change_account(by=tim, user=sue, first_name="Susan")
    change_account(by=tim, user=sue, user_type="admin")
    assert assignees(seen_to) == [sue.pk, sue.pk]
