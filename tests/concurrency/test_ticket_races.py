"""The support desk under races: each guard beside a control that shows the race without it."""

import threading
from collections import Counter
from contextlib import contextmanager

import pytest
from django.db import OperationalError, connection, transaction
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services import change_account, close_account, start_session
from notifications.models import Notification
from scheduling.models import TimeSlot
from scheduling.services import book_meeting
from tests.concurrency.racing import aside, race
from tests.concurrency.stores import outcome
from tests.conftest import make_user
from tests.scheduling.conftest import hour
from tickets import services
from tickets.errors import AssigneeRefused
from tickets.models import Answer, StatusChange, Ticket

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.usefixtures("patience")]


@pytest.fixture
def ticket(alice):
    return services.open_ticket(by=alice, message="My printer is on fire")


def owed(ticket):
    """What `awaiting` must be: the side that did not speak last."""
    newest = ticket.answers.filter(internal=False).latest("id")
    return "support" if newest.user_id == ticket.user_id else "customer"


def test_the_newest_word_decides_who_owes_the_next(ticket, alice, sue):
    for _ in range(5):
        race(lambda who: services.answer_ticket(by=who, ticket_id=ticket.pk, message="x"), [alice, sue] * 10)
        ticket.refresh_from_db()
        assert ticket.awaiting == owed(ticket)
    assert Answer.objects.count() == 100


def _speak_first_and_write_last(ticket, alice, sue):
    """alice's answer gets the lower id, but her transaction writes after sue's has committed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('tickets_answer_id_seq')")
        first = cursor.fetchone()[0]
    Answer.objects.create(ticket=ticket, user=sue, message="Second")
    Answer.objects.create(pk=first, ticket=ticket, user=alice, message="First")
    ticket.refresh_from_db()


def test_the_last_to_write_need_not_be_the_last_to_speak(ticket, alice, sue):
    _speak_first_and_write_last(ticket, alice, sue)

    assert ticket.awaiting == owed(ticket) == "customer"


def test_control_whoever_writes_last_decides_wrongly(ticket, alice, sue, without_trigger, monkeypatch):
    """As one would do it in Python: look at the answer just written."""
    create = Answer.objects.create

    def naive(**fields):
        answer = create(**fields)
        side = "support" if fields["user"] == alice else "customer"
        Ticket.objects.filter(pk=ticket.pk).update(awaiting=side)
        return answer

    monkeypatch.setattr(Answer.objects, "create", naive)
    with without_trigger(Answer, "speak"):
        _speak_first_and_write_last(ticket, alice, sue)

    assert (ticket.awaiting, owed(ticket)) == ("support", "customer")


def chain_of(ticket):
    """The history as pairs, oldest first, from the first status to the present one."""
    return list(ticket.status_changes.order_by("id").values_list("from_status", "to_status"))


def is_whole(ticket, chain):
    ticket.refresh_from_db()
    ends = ["u", *(to for _from, to in chain)]
    return [one for one, _to in chain] == ends[:-1] and ends[-1] == ticket.status


def test_many_who_set_the_status_leave_one_history(ticket, sue):
    race(lambda status: services.set_status(by=sue, ticket_id=ticket.pk, status=status), list("cfu") * 10)

    chain = chain_of(ticket)
    assert is_whole(ticket, chain)
    assert all(one != to for one, to in chain)
    assert Notification.objects.filter(type="ticket_status").count() == len(chain)


def test_control_history_written_after_a_look_is_torn(ticket, sue, without_trigger):
    looked = threading.Barrier(3)

    def naive(status):
        with transaction.atomic():
            old = Ticket.objects.get(pk=ticket.pk).status
            looked.wait(timeout=10)
            Ticket.objects.filter(pk=ticket.pk).update(status=status)
            StatusChange.objects.create(ticket=ticket, user=sue, from_status=old, to_status=status)

    with without_trigger(Ticket, "record_status"):
        race(naive, "cfu")

    assert not is_whole(ticket, chain_of(ticket))


def answer_50_times(ticket, user, **headers):
    client = APIClient(headers={"authorization": f"Bearer {start_session(user=user).access}", **headers})
    path = f"/api/ticket/{ticket.pk}/answer"
    return Counter(race(lambda _: client.post(path, {"message": "Once"}).status_code, range(50)))


def test_50_times_the_same_request_have_one_effect(ticket, sue):
    statuses = answer_50_times(ticket, sue, idempotency_key="k1")

    assert set(statuses) <= {201, 409}
    assert statuses[201] >= 1
    assert Answer.objects.count() == Notification.objects.count() == 1


def test_control_without_a_key_each_has_its_own(ticket, sue):
    assert answer_50_times(ticket, sue) == {201: 50}
    assert Answer.objects.count() == 50


def test_closing_an_account_and_its_work_never_wait_for_each_other(alice, tim):
    """People are locked before tickets, so there is no deadlock: nobody gets an error, and no ticket stays assigned."""
    for number in range(10):
        worker = make_user(f"worker{number}", is_staff=True)
        tickets = [services.open_ticket(by=alice, message="Help") for _ in range(4)]
        Ticket.objects.filter(pk__in=[one.pk for one in tickets]).update(assignee=worker)
        actions = [
            lambda worker=worker: close_account(by=tim, user=worker),
            *(lambda t=t, w=worker: services.set_status(by=w, ticket_id=t.pk, status="f") for t in tickets),
            *(lambda t=t, w=worker: services.answer_ticket(by=w, ticket_id=t.pk, message="x") for t in tickets),
        ]
        results = race(lambda action: action(), actions)
        assert not [one for one in results if isinstance(one, Exception)]
        assert not Ticket.objects.filter(assignee=worker).exists()


def test_a_customer_and_who_answered_them_may_be_closed_at_once(tim):
    """One waits for the other's account before it has any ticket, which the other would wait for."""
    for number in range(10):
        customer, worker = make_user(f"customer{number}"), make_user(f"worker{number}", is_staff=True)
        for _ in range(3):
            ticket = services.open_ticket(by=customer, message="Help")
            services.answer_ticket(by=worker, ticket_id=ticket.pk, message="Gladly")
            services.change_ticket(by=worker, ticket_id=ticket.pk, assignee_id=worker.pk)

        assert race(lambda user: close_account(by=tim, user=user), [customer, worker]) == [None, None]

        assert not Ticket.objects.filter(assignee=worker).exists()


def test_nobody_opens_a_ticket_at_the_moment_of_the_closing(alice, tim):
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=alice.pk)
        opening = aside(lambda: services.open_ticket(by=alice, message="Help"))
        close_account(by=tim, user=user)

    assert outcome(opening()) == "not_found"
    assert not Ticket.objects.exists()


def test_a_customer_closes_while_their_tutor_who_sees_to_their_ticket_is_demoted(alice, tim, make_admin):
    """The demotion holds the tutor and wants the ticket; the closing wants both, the tutor for the meeting's sake."""
    tom = make_admin("tom")
    slot = TimeSlot.objects.create(tutor=tom, start_time=hour(), end_time=hour(1))
    meeting = book_meeting(by=alice, time_slot_id=slot.pk, subject="Algebra")
    ticket = services.open_ticket(by=alice, message="Help", meeting_id=meeting.pk)
    services.change_ticket(by=tim, ticket_id=ticket.pk, assignee_id=tom.pk)

    with transaction.atomic():
        Ticket.objects.select_for_update().get()
        closing = aside(lambda: close_account(by=tim, user=alice))
        demotion = aside(lambda: change_account(by=tim, user=tom, user_type="student", is_staff=False))

    assert [outcome(closing()), outcome(demotion())] == ["done", "done"]
    assert Ticket.objects.get().assignee is None


def test_control_a_ticket_locked_before_its_people_is_a_deadlock(ticket, sue):
    Ticket.objects.update(assignee=sue)
    both = threading.Barrier(2)

    def work():
        with transaction.atomic():
            Ticket.objects.filter(pk=ticket.pk).update(priority="high")
            both.wait(timeout=10)
            User.objects.select_for_update(no_key=True).get(pk=sue.pk)

    def demote():
        with transaction.atomic():
            User.objects.select_for_update().get(pk=sue.pk)
            both.wait(timeout=10)
            User.objects.filter(pk=sue.pk).update(is_staff=False)

    results = race(lambda action: action(), [work, demote])
    (error,) = [one for one in results if one is not None]
    assert isinstance(error, OperationalError)
    assert "deadlock" in str(error)


@contextmanager
def being_demoted(user):
    """Somebody demotes the user at this moment, and commits when the block asks for it."""
    written, commit = threading.Event(), threading.Event()

    def demote():
        try:
            with transaction.atomic():
                User.objects.filter(pk=user.pk).update(is_staff=False)
                written.set()
                commit.wait(timeout=10)
        finally:
            connection.close()

    thread = threading.Thread(target=demote)
    thread.start()
    assert written.wait(timeout=10)
    try:
        yield commit
    finally:
        commit.set()
        thread.join()


def _assign_while_demoted(ticket, sue, tim):
    with being_demoted(sue) as commit:
        threading.Timer(0.3, commit.set).start()
        services.change_ticket(by=tim, ticket_id=ticket.pk, assignee_id=sue.pk)


def test_nobody_is_assigned_work_at_the_moment_of_being_demoted(ticket, sue, tim):
    with pytest.raises(AssigneeRefused):
        _assign_while_demoted(ticket, sue, tim)


def test_control_without_the_lock_work_goes_to_somebody_who_is_not_support(ticket, sue, tim, without_trigger):
    with without_trigger(Ticket, "assign_support"):
        assert User.objects.get(pk=sue.pk).is_staff  # as Python would look
        _assign_while_demoted(ticket, sue, tim)

    assert not Ticket.objects.get().assignee.is_staff


def test_nobody_sees_again_to_what_is_reopened_at_the_moment_of_the_demotion(ticket, sue, tim):
    services.change_ticket(by=tim, ticket_id=ticket.pk, assignee_id=sue.pk)
    services.set_status(by=tim, ticket_id=ticket.pk, status="c")
    with being_demoted(sue) as commit:
        threading.Timer(0.3, commit.set).start()
        services.set_status(by=tim, ticket_id=ticket.pk, status="u")

    assert Ticket.objects.get().assignee is None


def test_what_is_assigned_at_the_moment_of_the_demotion_is_given_back(ticket, sue, tim):
    """The assignment comes first and holds sue's row; the demotion waits for it, and then finds the ticket."""
    with transaction.atomic():
        services.change_ticket(by=tim, ticket_id=ticket.pk, assignee_id=sue.pk)
        demotion = threading.Thread(target=_demote, args=(sue,))
        demotion.start()
        demotion.join(0.3)
        assert demotion.is_alive(), "it waits"
    demotion.join()

    assert not User.objects.get(pk=sue.pk).is_staff
    assert Ticket.objects.get().assignee is None


def _demote(user):
    User.objects.filter(pk=user.pk).update(is_staff=False)
    connection.close()
