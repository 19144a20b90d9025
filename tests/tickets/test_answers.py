"""What is said, who owes the next word, and what the owner hears of it."""

import pytest

from accounts.models import User
from accounts.services import close_account
from config.erasing import ERASED
from config.errors import Missing
from notifications.models import Delivery, Notification
from tests.conftest import make_user
from tests.refusals import broken
from tickets import services
from tickets.models import Answer, Ticket

pytestmark = pytest.mark.django_db


def awaiting(ticket):
    ticket.refresh_from_db()
    return ticket.awaiting


def test_who_owes_the_next_word(ask, say, alice, sue):
    ticket = ask()
    assert ticket.awaiting == awaiting(ticket) == "support"

    for by, then in ((alice, "support"), (sue, "customer"), (sue, "customer"), (alice, "support")):
        say(by, ticket)
        assert awaiting(ticket) == then


def test_a_note_is_no_word(ask, say, alice, sue):
    ticket = ask()
    say(sue, ticket, internal=True)
    assert awaiting(ticket) == "support"

    say(sue, ticket)
    say(alice, ticket)
    say(sue, ticket, internal=True)
    assert awaiting(ticket) == "support"


def test_nobody_owes_a_word_on_a_closed_ticket_until_its_owner_speaks(ask, say, alice, sue):
    ticket = ask()
    services.set_status(by=sue, ticket_id=ticket.pk, status="c")
    assert awaiting(ticket) is None
    say(sue, ticket)
    assert awaiting(ticket) is None

    say(alice, ticket, "It burns again")
    assert awaiting(ticket) == "support"
    services.set_status(by=sue, ticket_id=ticket.pk, status="c")
    assert awaiting(ticket) is None


@pytest.mark.parametrize(
    ("speakers", "then"),
    [
        ((), "support"),
        (["alice"], "support"),
        (["sue"], "customer"),
        (["sue", "alice"], "support"),
        (["alice", "sue"], "customer"),
    ],
)
def test_a_reopened_ticket_waits_for_whoever_did_not_speak_last(ask, say, sue, request, speakers, then):
    ticket = ask()
    for speaker in speakers:
        say(request.getfixturevalue(speaker), ticket)
    say(sue, ticket, internal=True)
    for status in ("c", "f"):
        services.set_status(by=sue, ticket_id=ticket.pk, status=status)

    assert awaiting(ticket) == then


def test_the_database_keeps_it_whoever_writes(ask, alice, sue):
    ticket = ask()
    answer = Answer.objects.create(ticket=ticket, user=sue, message="By SQL")
    assert awaiting(ticket) == "customer"

    Answer.objects.filter(pk=answer.pk).update(internal=True)
    assert awaiting(ticket) == "support"
    Answer.objects.filter(pk=answer.pk).update(internal=False)
    Answer.objects.all()._raw_delete("default")
    assert awaiting(ticket) == "support"


def test_nobody_owes_a_word_on_a_closed_ticket_that_has_none(ask, say, sue):
    """Its only answer is a note after all: that its owner asked was settled by closing it."""
    ticket = ask()
    services.set_status(by=sue, ticket_id=ticket.pk, status="c")
    answer = say(sue, ticket)

    Answer.objects.filter(pk=answer.pk).update(internal=True)

    assert awaiting(ticket) is None


@pytest.mark.django_db(transaction=True)
def test_without_the_trigger_nobody_keeps_it(ask, sue, without_trigger):
    ticket = ask()
    with without_trigger(Answer, "speak"):
        Answer.objects.create(ticket=ticket, user=sue, message="By SQL")

    assert awaiting(ticket) == "support"


def test_an_answer_stays_with_its_ticket(ask, say, sue):
    answer, other = say(sue, ask()), ask()

    assert broken(lambda: Answer.objects.filter(pk=answer.pk).update(ticket=other)) == "answer_stays_with_ticket"


def test_nobody_else_answers(ask, say, bob, vera):
    for somebody in (bob, vera):
        with pytest.raises(Missing):
            say(somebody, ask())
    assert not Answer.objects.exists()


def test_only_support_writes_notes(ask, say, alice, sue):
    ticket = ask()

    assert say(sue, ticket, internal=True).internal
    assert not say(alice, ticket, internal=True).internal


def test_the_owner_hears_of_support_alone(ask, say, alice, sue, tim):
    ticket = ask()
    say(alice, ticket)
    say(sue, ticket, internal=True)
    assert not Notification.objects.exists()

    answer = say(tim, ticket, "Gladly")

    told = Notification.objects.get()
    assert (told.user, told.type, told.link) == (alice, "ticket_answered", f"/api/ticket/{ticket.pk}")
    assert (told.title, told.message) == (f"Reply to your ticket #{ticket.pk}", "Gladly")
    assert told.key == f"ticket_answer:{answer.pk}"
    assert [(d.channel, d.to, d.status) for d in Delivery.objects.all()] == [("email", "alice@example.com", "queued")]


def test_support_hears_nothing_of_its_own_answer_to_its_own_ticket(ask, say, sue):
    say(sue, ask(by=sue))

    assert not Notification.objects.exists()


def test_the_owner_is_told_in_their_language(ask, say, sue):
    ticket = ask(by=make_user("olga", language="ru"))
    say(sue, ticket)

    assert Delivery.objects.get().language == "ru"


def test_a_phone_alone_gets_no_mail(ask, say, sue, phil):
    say(sue, ask(by=phil))

    assert Notification.objects.filter(user=phil).count() == 1
    assert not Delivery.objects.exists()


def test_an_account_closed_meanwhile_is_written_nothing(ask, say, alice, sue, tim, monkeypatch):
    """The ticket was read with its owner's address; that was erased before the answer came to be written."""
    ticket = ask()
    real = Answer.objects.create

    def later(**fields):
        close_account(by=tim, user=alice)
        return real(**fields)

    monkeypatch.setattr(Answer.objects, "create", later)
    say(sue, ticket)

    assert not Delivery.objects.exists()


def test_nobody_speaks_by_an_account_that_was_closed_meanwhile(ask, say, alice, tim):
    """Whoever closed it has erased all that there was; what came later would stay for good."""
    ticket, as_it_was = ask(), User.objects.get(pk=alice.pk)
    close_account(by=tim, user=alice)

    for speak in (lambda: ask(by=as_it_was), lambda: say(as_it_was, ticket)):
        with pytest.raises(Missing):
            speak()

    assert not Answer.objects.exists()
    assert list(Ticket.objects.values_list("message", flat=True)) == [ERASED]


def test_a_long_answer_is_cut_in_the_notification(ask, say, sue):
    say(sue, ask(), "x" * 5000)

    assert len(Notification.objects.get().message) == 500


def test_answering_takes_few_statements(ask, say, sue, django_assert_max_num_queries):
    ticket = ask()
    with django_assert_max_num_queries(7):  # look, begin, answer, owner, notify, commit
        say(sue, ticket)
    assert Ticket.objects.get().awaiting == "customer"
