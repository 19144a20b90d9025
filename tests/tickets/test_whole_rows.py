"""A closed ticket of which all columns are written again, as `save()` does it: nothing has changed."""

import pytest

from accounts.models import User
from config.actors import acting
from tickets import services
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def closed(alice, sue, tim):
    """A ticket that sue saw to, and closed."""
    ticket = services.open_ticket(by=alice, message="Help")
    services.change_ticket(by=tim, ticket_id=ticket.pk, assignee_id=sue.pk)
    services.set_status(by=sue, ticket_id=ticket.pk, status="c")


def test_it_stays_with_who_saw_to_it_and_is_support_no_longer(closed, sue):
    User.objects.filter(pk=sue.pk).update(is_staff=False)

    Ticket.objects.get().save()

    assert Ticket.objects.get().assignee == sue


def test_its_status_was_set_by_who_set_it(closed, sue, tim):
    with acting(tim):
        Ticket.objects.get().save()

    assert Ticket.objects.get().changed_status == sue
