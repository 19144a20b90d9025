"""Meetings and calendars that several change at once."""

from collections import Counter
from datetime import time, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.services import change_account
from config.errors import Missing
from scheduling import errors, services
from scheduling.models import Meeting, TimeSlot
from scheduling.services.locks import lock_tutor
from tests.concurrency.calendars import check_invariants
from tests.concurrency.racing import aside, race
from tests.concurrency.stores import outcome
from tests.scheduling.conftest import hour

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.usefixtures("patience")]


def test_cancel_and_confirm_at_once_is_one_legal_story(slot, students, tim):
    """Canceling is legal before and after, so both may succeed; but never a confirmation after a cancellation."""
    for number in range(15):
        meeting = services.book_meeting(by=students[0], time_slot_id=slot(number).pk, subject="x")
        acts = [services.cancel_meeting, services.confirm_meeting] * 2
        done = race(lambda act, key=meeting.pk: act(by=tim, meeting_id=key), acts)
        assert Counter(type(one) for one in done)[errors.IllegalTransition] in (2, 3)
        meeting.refresh_from_db()
        assert meeting.status == "canceled"


def test_complete_and_cancel_at_once_is_one_change(slot, students, tim):
    now = timezone.now()
    for number in range(15):
        start = now - timedelta(hours=number + 1)
        one = TimeSlot.objects.create(tutor=tim, start_time=start, end_time=start + timedelta(hours=1))
        meeting = Meeting.objects.create(student=students[0], tutor=tim, time_slot=one, subject="x", status="confirmed")
        acts = [services.cancel_meeting, services.complete_meeting] * 2
        done = race(lambda act, key=meeting.pk: act(by=tim, meeting_id=key), acts)
        assert Counter(type(result) for result in done) == {type(None): 1, errors.IllegalTransition: 3}


def test_everything_at_once_neither_overlaps_nor_deadlocks(slot, students, tim, make_admin):
    """Bookings, moves back and forth, cancellations, confirmations and closed accounts over the same few slots."""
    tom = make_admin("tom")
    slots = [slot(number, tutor) for number in range(6) for tutor in (tim, tom)]
    people = students[:8]

    def live(number):
        student, target = people[number % 8], slots[(number * 7) % 12].pk
        step = number % 5
        mine = Meeting.objects.live().filter(student=student).first()
        if step < 2 or mine is None:
            services.book_meeting(by=student, time_slot_id=target, subject="x")
        elif step == 2:
            services.cancel_meeting(by=student, meeting_id=mine.pk)
        elif step == 3:
            services.move_meeting(by=student, meeting_id=mine.pk, time_slot_id=target)
        else:
            services.move_meeting(by=mine.tutor, meeting_id=mine.pk, time_slot_id=target)

    done = race(live, range(400))

    strange = [one for one in done if one is not None and not hasattr(one, "code")]
    assert strange == []
    check_invariants()


def test_tutors_who_book_each_other(tim, make_admin):
    """Each locks both accounts; without the order of ids, they would wait for each other."""
    tom = make_admin("tom")
    pairs = [
        (student, TimeSlot.objects.create(tutor=tutor, start_time=hour(number), end_time=hour(number + 1)))
        for number in range(20)
        for student, tutor in ((tim, tom), (tom, tim))
    ]
    done = race(lambda pair: services.book_meeting(by=pair[0], time_slot_id=pair[1].pk, subject="x"), pairs)
    assert [one for one in done if not isinstance(one, Meeting | errors.StudentOverlap)] == []
    check_invariants()


def test_the_buffer_holds_between_two_who_book_at_once(slot, students, tim):
    """No constraint knows of it: it is the lock on the tutor that makes the second one see the first."""
    services.set_buffer(by=tim, buffer_minutes=30)
    for number in range(15):
        pair = [slot(number * 4), slot(number * 4 + 1)]
        done = race(
            lambda two: services.book_meeting(by=two[0], time_slot_id=two[1].pk, subject="x"),
            zip(students, pair, strict=False),
        )
        assert Counter(type(one) for one in done) == {Meeting: 1, errors.TooClose: 1}


def test_new_times_and_a_booking_at_once(slot, students, tim):
    for number in range(15):
        one, start = slot(number * 2), hour(number * 2) + timedelta(minutes=30)

        def act(student, one=one, start=start):
            if student is tim:
                services.change_slot(by=tim, slot_id=one.pk, start_time=start)
            else:
                services.book_meeting(by=student, time_slot_id=one.pk, subject="x")

        done = race(act, [tim, students[0]])
        assert [result for result in done if result is not None and not isinstance(result, errors.SlotBooked)] == []
    check_invariants()


def test_publishing_and_booking_at_once(students, tim):
    rule = services.add_rule(by=tim, weekday=0, start_time=time(9), end_time=time(17), slot_minutes=30, time_zone="UTC")

    def act(number):
        if number % 4 == 0:
            services.change_rule(by=tim, rule_id=rule.pk, slot_minutes=(20, 30, 45)[number // 4 % 3])
        elif found := TimeSlot.objects.filter(is_available=True).order_by("?").first():
            services.book_meeting(by=students[number], time_slot_id=found.pk, subject="x")

    done = race(act, range(80))

    allowed = (errors.Obstacle, errors.UnknownSlot)
    assert [one for one in done if one is not None and not isinstance(one, allowed)] == []
    check_invariants()


@pytest.mark.parametrize(("act", "status"), [("cancel", "canceled"), ("confirm", "confirmed")])
def test_who_waited_while_a_meeting_went_to_another_tutor_finds_it(slot, alice, tim, make_admin, act, status):
    one, other = slot(0), slot(0, make_admin("tom"))
    meeting = services.book_meeting(by=alice, time_slot_id=one.pk, subject="x")
    acts = {
        "cancel": lambda: services.cancel_meeting(by=alice, meeting_id=meeting.pk),
        "confirm": lambda: services.confirm_meeting(by=tim, meeting_id=meeting.pk),
    }

    with transaction.atomic():
        services.move_meeting(by=tim, meeting_id=meeting.pk, time_slot_id=other.pk)
        waiting = aside(acts[act])

    assert waiting() is None
    meeting.refresh_from_db()
    assert (meeting.status, meeting.tutor_id) == (status, other.tutor_id)


@pytest.mark.parametrize("first", ["hours", "cancel"])
def test_hours_that_come_back_and_a_cancellation_at_once_free_the_slot(alice, tim, first):
    day = timezone.now().date() + timedelta(days=3)
    fields = {"start_time": time(9), "end_time": time(10), "slot_minutes": 60, "time_zone": "UTC"}
    services.add_rule(by=tim, weekday=day.weekday(), valid_from=day, valid_until=day, **fields)
    slot = TimeSlot.objects.get()
    meeting = services.book_meeting(by=alice, time_slot_id=slot.pk, subject="x")
    off = services.add_exception(by=tim, kind="off", date=day, time_zone="UTC")
    acts = {
        "hours": lambda: services.remove_exception(by=tim, exception_id=off.pk),
        "cancel": lambda: services.cancel_meeting(by=alice, meeting_id=meeting.pk),
    }

    with transaction.atomic():
        acts.pop(first)()
        second = aside(*acts.values())

    assert second() is None
    slot.refresh_from_db()
    assert (slot.origin, slot.is_available) == ("rule", True)


def test_whoever_withdraws_a_slot_while_its_meeting_is_canceled_is_heeded(slot, alice, tim):
    meeting = services.book_meeting(by=alice, time_slot_id=slot().pk, subject="x")

    with transaction.atomic():
        services.cancel_meeting(by=alice, meeting_id=meeting.pk)
        withdrawing = aside(lambda: services.change_slot(by=tim, slot_id=meeting.time_slot_id, is_available=False))

    assert isinstance(withdrawing(), TimeSlot)
    assert not TimeSlot.objects.get().is_available


def test_no_slot_is_offered_of_a_tutor_who_leaves_meanwhile(tim, make_admin):
    tom = make_admin("tom")

    with transaction.atomic():
        change_account(by=tim, user=tom, user_type="student")
        offering = aside(lambda: services.create_slot(by=tim, tutor_id=tom.pk, start_time=hour(), end_time=hour(1)))

    assert isinstance(offering(), errors.UnknownTutor)
    assert not TimeSlot.objects.exists()


def test_whoever_publishes_waits_for_hours_that_change(tim):
    rule = services.add_rule(by=tim, weekday=0, start_time=time(9), end_time=time(10), slot_minutes=60, time_zone="UTC")
    TimeSlot.objects.all().delete()  # as if PUBLISH_AHEAD had reached none of them yet

    with transaction.atomic():
        services.remove_rule(by=tim, rule_id=rule.pk)
        publishing = aside(lambda: services.publish_slots(tutor_id=tim.pk))

    assert publishing() == 0
    assert not TimeSlot.objects.exists()


def test_whoever_publishes_waits_for_a_slot_that_changes(slot, tim):
    one, start, half = slot(), hour(48).replace(hour=9), timedelta(minutes=30)
    fields = {"start_time": time(9), "end_time": time(10), "slot_minutes": 60, "time_zone": "UTC"}
    services.add_rule(by=tim, weekday=start.weekday(), valid_from=start.date(), valid_until=start.date(), **fields)
    TimeSlot.objects.exclude(pk=one.pk).delete()  # as if PUBLISH_AHEAD had not reached it yet

    with transaction.atomic():
        services.change_slot(by=tim, slot_id=one.pk, start_time=start + half, end_time=start + 3 * half)
        publishing = aside(lambda: services.publish_slots(tutor_id=tim.pk))

    assert publishing() == 0


@pytest.mark.parametrize("act", [services.change_slot, services.delete_slot])
def test_a_slot_that_is_deleted_meanwhile_is_missing(slot, tim, act):
    one = slot()

    with transaction.atomic():
        services.delete_slot(by=tim, slot_id=one.pk)
        acting = aside(lambda: act(by=tim, slot_id=one.pk))

    assert isinstance(acting(), Missing)


def test_a_slot_that_is_made_meanwhile_is_not_moved_to(slot, alice, make_admin):
    """Its tutor is not among those who were locked."""
    tom, new = make_admin("tom"), 10**9
    meeting = services.book_meeting(by=alice, time_slot_id=slot(0).pk, subject="x")

    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=alice.pk)
        moving = aside(lambda: services.move_meeting(by=alice, meeting_id=meeting.pk, time_slot_id=new))
        TimeSlot.objects.create(pk=new, tutor=tom, start_time=hour(1), end_time=hour(2))

    assert isinstance(moving(), errors.SlotUnavailable)


@pytest.mark.parametrize("act", ["book", "move"])
def test_a_slot_that_is_withdrawn_by_sql_meanwhile_is_not_taken(slot, alice, act):
    one, other = slot(0), slot(1)
    meeting = services.book_meeting(by=alice, time_slot_id=one.pk, subject="x")
    acts = {
        "book": lambda: services.book_meeting(by=alice, time_slot_id=other.pk, subject="x"),
        "move": lambda: services.move_meeting(by=alice, meeting_id=meeting.pk, time_slot_id=other.pk),
    }

    with transaction.atomic():
        TimeSlot.objects.filter(pk=other.pk).update(is_available=False)
        taking = aside(acts[act])

    assert isinstance(taking(), errors.SlotUnavailable)


def test_a_meeting_by_sql_waits_for_the_times_of_its_slot(slot, alice, tim):
    one = slot(0)

    with transaction.atomic():
        TimeSlot.objects.filter(pk=one.pk).update(start_time=hour(1), end_time=hour(2))
        booking = aside(lambda: Meeting.objects.create(student=alice, tutor=tim, time_slot=one, subject="x"))

    assert outcome(booking()) == "done"
    assert Meeting.objects.values_list("start_time", "end_time").get() == (hour(1), hour(2))


def test_a_new_address_of_a_calendar_does_not_queue_with_bookings(tim):
    with transaction.atomic():
        lock_tutor(tim.pk)
        making = aside(lambda: services.create_feed(by=tim))
        assert isinstance(making(), str)
