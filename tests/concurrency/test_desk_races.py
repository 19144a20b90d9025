"""Double clicks at the desk: each guard beside a control that shows the race without it."""

import threading
from contextlib import contextmanager

import pytest
from django.test import Client

from config import desk
from notifications.models import Delivery
from scheduling.services import book_meeting, create_slot
from tests.concurrency.racing import race
from tests.desk.conftest import once, said, tomorrow, week_of
from tickets.models import Answer
from tickets.services import open_ticket

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def ticket(alice):
    return open_ticket(by=alice, message="My printer is on fire")


@pytest.fixture
def double_click(sue):
    """Sends a form twice at the same moment, from two tabs of one person."""

    def click(path, form):
        tabs = [Client(), Client()]
        for tab in tabs:
            tab.force_login(sue, backend="accounts.backends.IdentifierBackend")
        return [response.status_code for response in race(lambda tab: tab.post(path, form), tabs)]

    return click


def test_a_reply_that_is_clicked_twice_is_one_answer_and_one_mail(double_click, ticket):
    for number in range(5):
        assert double_click(f"/admin/desk/tickets/{ticket.pk}/", once(message=f"Use water {number}")) == [302, 302]

    assert [answer.message for answer in Answer.objects.order_by("id")] == [f"Use water {number}" for number in range(5)]
    assert Delivery.objects.filter(channel="email").count() == 5


def test_control_looking_first_answers_twice(double_click, ticket, monkeypatch):
    both = threading.Barrier(2)

    @contextmanager
    def look_first(*, form, **_anything):
        seen = Answer.objects.filter(message=form.cleaned_data["message"]).exists()
        both.wait(timeout=30)
        if seen:
            raise desk.Repeated
        yield

    monkeypatch.setattr(desk, "once", look_first)

    double_click(f"/admin/desk/tickets/{ticket.pk}/", once(message="Use water"))

    assert Answer.objects.count() == 2


def test_of_two_tabs_that_cancel_at_once_one_wins_and_the_other_is_told(tim, alice):
    slot = create_slot(by=tim, start_time=tomorrow(), end_time=tomorrow(1))
    meeting = book_meeting(by=alice, time_slot_id=slot.pk, subject="Algebra")
    Delivery.objects.all().delete()
    tabs = [Client(), Client()]
    for tab in tabs:
        tab.force_login(tim, backend="accounts.backends.IdentifierBackend")

    race(lambda tab: tab.post(week_of(slot), {"deed": f"cancel:{meeting.pk}"}), tabs)

    assert sorted(said(tab.get(week_of(slot))) for tab in tabs) == [
        ["Done."],
        ["“Algebra” is canceled already. Nothing was changed."],
    ]
    assert Delivery.objects.filter(channel="email", to="alice@example.com").count() == 1
