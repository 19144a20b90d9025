"""An account that closes while it books, orders, pays and cancels."""

import threading
from datetime import time, timedelta
from functools import partial

import pytest
from django.db import transaction
from django.utils import timezone

from accounts import codes
from accounts.models import DELETED_USER, Code, Export, Session, User
from accounts.services import change_account, change_password, close_account, confirm_reset, request_export, start_session
from accounts.services.codes import open_code
from accounts.tasks import write_export
from notifications.models import Delivery, Notification, Preference
from notifications.services import set_preferences
from scheduling.errors import UnknownStudent
from scheduling.models import AvailabilityRule, CalendarFeed, Meeting, TimeSlot, TutorSettings
from scheduling.services import (
    add_exception,
    add_rule,
    book_meeting,
    cancel_meeting,
    change_rule,
    create_feed,
    move_meeting,
    remind,
    set_buffer,
)
from shop import services
from shop.models import CreditLot, Order
from tests.concurrency.calendars import check_invariants
from tests.concurrency.racing import aside, race
from tests.concurrency.stores import left, order, outcome
from tests.conftest import PASSWORD, make_user
from tests.scheduling.conftest import hour

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.usefixtures("patience", "sums_agree_afterwards"),
]
NEW = "another long one"
# What one may hear whose account closes meanwhile: that one, or what one had, is not there (any more).
HEARD = {"done", "not_found", "does_not_exist", "illegal_transition", "meeting_over", "nothing_to_pay", "payment_under_way"}


@pytest.fixture
def hours(tim):
    """`hours(3)`: so many slots of tim's, which cost a credit each."""

    def make(number):
        times = [(hour(index), hour(index + 1)) for index in range(number)]
        return TimeSlot.objects.bulk_create(
            TimeSlot(tutor=tim, start_time=start, end_time=end, credits=1) for start, end in times
        )

    return make


def all_at_once(user, tim, slots, pen):
    """Books, moves, cancels, orders, pays, and closes the account, each as far as it comes. Returns the outcomes."""
    services.grant_credits(by=tim, user=user, credits=6)
    first, second = (book_meeting(by=user, time_slot_id=slot.pk, subject="Algebra") for slot in slots[:2])
    placed, paying = order(user, (pen, 1)), order(user, (pen, 2))
    acts = [
        *(lambda slot=slot: book_meeting(by=user, time_slot_id=slot.pk, subject="Algebra") for slot in slots[2:5]),
        lambda: cancel_meeting(by=user, meeting_id=first.pk),
        lambda: move_meeting(by=user, meeting_id=second.pk, time_slot_id=slots[5].pk),
        lambda: order(user, (pen, 1)),
        lambda: services.cancel_order(by=user, order_id=placed.pk),
        lambda: services.start_payment(by=user, order_id=paying.pk),
        lambda: close_account(by=tim, user=User.objects.get(pk=user.pk)),
    ]
    return [outcome(result) for result in race(lambda act: act(), acts)]


def test_nothing_is_left_alive(tim, hours, stocked):
    slots, pen = hours(6), stocked("Pen", 1000)
    for number in range(8):
        user = make_user(f"user{number}")

        results = all_at_once(user, tim, slots, pen)

        assert set(results) <= HEARD
        assert results[-1] == "done"
        assert not Meeting.objects.live().filter(student=user).exists()
        assert not TimeSlot.objects.filter(is_available=False).exists()
        assert services.balance_of(user_id=user.pk) == 6  # all came back
        assert not Order.objects.filter(user=user).exclude(address="").exists()
        with pytest.raises(UnknownStudent):
            book_meeting(by=user, time_slot_id=slots[0].pk, subject="Algebra")
    check_invariants()
    sold = sum(item.amount for one in Order.objects.exclude(status="canceled") for item in one.items.all())
    assert left(pen) == 1000 - sold


@pytest.mark.parametrize("first", ["publishing", "closing"])
def test_publishing_and_closing_take_slots_in_the_same_order(alice, tim, first):
    day = timezone.now().date() + timedelta(days=3)
    fields = {"start_time": time(9), "end_time": time(11), "slot_minutes": 60, "time_zone": "UTC"}
    add_rule(by=tim, weekday=day.weekday(), valid_from=day, valid_until=day, **fields)
    slots = TimeSlot.objects.order_by("id")
    for slot in reversed(slots):
        book_meeting(by=alice, time_slot_id=slot.pk, subject="Algebra")

    acts = {
        "publishing": lambda: add_exception(by=tim, kind="off", date=day, time_zone="UTC"),
        "closing": lambda: close_account(by=tim, user=alice),
    }

    with transaction.atomic():
        slots.select_for_update().first()
        done = [aside(acts.pop(first)), aside(*acts.values())]

    assert [outcome(end()) for end in done] == ["done", "done"]
    assert set(slots.values_list("origin", "is_available")) == {("retired", False)}


def test_a_reminder_and_closing_take_people_first(alice, tim):
    soon = timezone.now() + timedelta(hours=6)
    slot = TimeSlot.objects.create(tutor=tim, start_time=soon, end_time=soon + timedelta(hours=1))
    meeting = book_meeting(by=alice, time_slot_id=slot.pk, subject="Algebra")
    Meeting.objects.update(reminded=None)

    with transaction.atomic():
        Meeting.objects.select_for_update().get()
        reminding = aside(lambda: remind(meeting_id=meeting.pk, seconds=24 * 3600))
        closing = aside(lambda: close_account(by=tim, user=alice))

    assert reminding() is True
    assert outcome(closing()) == "done"


def test_the_closing_tells_the_other_side_at_the_address_that_it_has_by_then(alice, tim):
    """Who changes an address waits for nobody here; the closing waits, and reads the other side after that."""
    slot = TimeSlot.objects.create(tutor=tim, start_time=hour(), end_time=hour(1))
    book_meeting(by=alice, time_slot_id=slot.pk, subject="Algebra")
    Delivery.objects.all().delete()

    with transaction.atomic():
        change_account(by=tim, user=tim, current_password=PASSWORD, email="tim@new.example.com")
        Delivery.objects.all().delete()  # the old address hears of that
        closing = aside(lambda: close_account(by=tim, user=alice))

    assert outcome(closing()) == "done"
    assert [one.to for one in Delivery.objects.all()] == ["tim@new.example.com"]


def test_a_move_and_the_old_tutors_closing_take_people_first(alice, tim, make_admin):
    tom = make_admin("tom")
    slots = [TimeSlot.objects.create(tutor=tutor, start_time=hour(), end_time=hour(1)) for tutor in (tom, tim)]
    meeting = book_meeting(by=alice, time_slot_id=slots[0].pk, subject="Algebra")

    with transaction.atomic():
        Meeting.objects.select_for_update().get()
        moving = aside(lambda: move_meeting(by=alice, meeting_id=meeting.pk, time_slot_id=slots[1].pk))
        closing = aside(lambda: close_account(by=tim, user=tom))

    assert [outcome(moving()), outcome(closing())] == ["done", "done"]
    assert Meeting.objects.get().tutor == tim


def test_credits_that_expire_and_closing_take_the_account_first(alice, tim, hours):
    lot = services.grant_credits(by=tim, user=alice, credits=2, expires_at=timezone.now() + timedelta(hours=1))
    book_meeting(by=alice, time_slot_id=hours(1)[0].pk, subject="Algebra")
    CreditLot.objects.update(expires_at=timezone.now())

    with transaction.atomic():
        CreditLot.objects.select_for_update().get(pk=lot.pk)
        expiring = aside(services.expire_credits)
        closing = aside(lambda: close_account(by=tim, user=alice))

    assert expiring() == 1
    assert outcome(closing()) == "done"


def test_an_order_that_is_completed_meanwhile_is_not_canceled(alice, tim, stocked):
    placed = order(alice, (stocked("Pen", 10), 1))
    close_account(by=tim, user=alice)

    with transaction.atomic():
        services.complete_order(by=tim, order_id=placed.pk)
        canceling = aside(lambda: services.cancel_orders_of(user_id=alice.pk))

    assert outcome(canceling()) == "done"
    assert Order.objects.get().status == "completed"


@pytest.mark.parametrize("end", [services.complete_order, services.cancel_order], ids=["completed", "canceled"])
def test_an_orders_end_and_closing_take_the_account_first(alice, tim, stocked, end):
    placed = order(alice, (stocked("Pen", 5), 1))

    with transaction.atomic():
        Order.objects.select_for_update().get(pk=placed.pk)
        ending = aside(lambda: end(by=tim, order_id=placed.pk))
        closing = aside(lambda: close_account(by=tim, user=alice))

    assert [outcome(ending()), outcome(closing())] == ["done", "done"]


def reset_by_link(user):
    code = Code.objects.create(user=user, purpose="reset", address=user.email, expires_at=timezone.now() + timedelta(hours=1))
    return lambda: confirm_reset(user_id=user.pk, token=codes.token_of(code), new_password=NEW)


# What has to wait until an account is closed: `begin(user)` gives what is to be done, beside what comes of it.
LATE = {
    "a sign-in": (lambda user: lambda: start_session(user=user), "no_active_account"),
    "another name": (lambda user: lambda: change_account(by=user, user=user, first_name="Alicia"), "not_found"),
    "another password": (
        lambda user: lambda: change_password(by=user, current_password=PASSWORD, new_password=NEW),
        "not_found",
    ),
    "a reset": (reset_by_link, "invalid_token"),
    "a code": (lambda user: lambda: open_code(user_id=user.pk, purpose=Code.Purpose.RESET, channel="email"), "done"),
    "an export": (lambda user: lambda: request_export(by=user), "not_found"),
    "an export's job": (lambda user: request_export(by=user) and (lambda: write_export(user_id=user.pk)), "done"),
    "preferences": (lambda user: lambda: set_preferences(by=user, wanted={"reminder": {"sms": True}}), "not_found"),
    "another closing": (lambda user: lambda: close_account(by=user, user=user, current_password=PASSWORD), "not_found"),
}


@pytest.mark.parametrize(("begin", "heard"), LATE.values(), ids=LATE)
def test_what_waits_for_the_closing_leaves_nothing_behind(alice, tim, begin, heard):
    act = begin(alice)

    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=alice.pk)
        acting = aside(act)
        close_account(by=tim, user=user)
    assert outcome(acting()) == heard

    closed = User.objects.get(pk=alice.pk)
    assert (closed.username, closed.email, closed.first_name, closed.last_login) == (DELETED_USER, None, "", None)
    assert closed.closed_at
    assert not closed.has_usable_password()
    theirs = (Session, Code, Export, Notification, Delivery, Preference)
    assert not [model for model in theirs if model.objects.filter(user=alice).exists()]


NINE_TO_TEN = {"start_time": time(9), "end_time": time(10), "slot_minutes": 60, "time_zone": "UTC"}
WISHES = {
    "new hours": lambda user: lambda: add_rule(by=user, weekday=0, **NINE_TO_TEN),
    "other hours": lambda user: partial(change_rule, by=user, rule_id=add_rule(by=user, weekday=0, **NINE_TO_TEN).pk, weekday=1),
    "a pause": lambda user: lambda: set_buffer(by=user, buffer_minutes=5),
    "another pause": lambda user: set_buffer(by=user, buffer_minutes=5) and (lambda: set_buffer(by=user, buffer_minutes=10)),
    "a calendar": lambda user: lambda: create_feed(by=user),
    "another calendar": lambda user: create_feed(by=user) and (lambda: create_feed(by=user)),
}


@pytest.mark.parametrize("begin", WISHES.values(), ids=WISHES)
def test_a_tutors_wishes_that_wait_for_the_closing_leave_nothing_behind(tim, make_admin, begin):
    tom = make_admin("tom")
    act = begin(tom)

    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=tom.pk)
        acting = aside(act)
        close_account(by=tim, user=user)

    assert outcome(acting()) == "not_found"
    assert not [model for model in (AvailabilityRule, TutorSettings, CalendarFeed) if model.objects.exists()]


def test_control_looking_first_books_for_somebody_who_is_gone(alice, tim, hours):
    (slot,) = hours(1)
    looked, closed = threading.Event(), threading.Event()

    def book():
        with transaction.atomic():
            open_still = User.objects.get(pk=alice.pk).closed_at is None
            looked.set()
            closed.wait(timeout=10)
            if open_still:
                Meeting.objects.create(student=alice, tutor=tim, time_slot=slot, subject="Algebra")

    def close():
        looked.wait(timeout=10)
        close_account(by=tim, user=alice)
        closed.set()

    race(lambda act: act(), [book, close])

    alice.refresh_from_db()
    assert alice.closed_at <= timezone.now()
    assert Meeting.objects.live().filter(student=alice).exists()
