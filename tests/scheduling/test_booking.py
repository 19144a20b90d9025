"""Taking a slot: who may, what is in the way, what it costs, and who hears of it."""

from datetime import timedelta

import pytest

from accounts.services import change_account, close_account
from notifications.models import Notification
from scheduling import errors, services
from scheduling.models import Meeting, TimeSlot
from scheduling.services import booking
from shop.errors import NotEnoughCredits
from shop.services import balance_of, grant_credits
from tests.conftest import PASSWORD
from tests.scheduling.conftest import available, hour, shift

pytestmark = pytest.mark.django_db


def test_booking_takes_the_slot_and_its_times(slot, alice, tim):
    one = slot()

    made = services.book_meeting(by=alice, time_slot_id=one.pk, subject="Algebra")

    meeting = Meeting.objects.get()
    assert (meeting.start_time, meeting.end_time, meeting.tutor) == (one.start_time, one.end_time, tim)
    assert not available(one.pk)
    for name in ("pk", "student", "tutor", "status", "start_time", "uid", "created_at", "reminded", "sequence", "credits"):
        assert getattr(made, name) == getattr(meeting, name)


def test_the_tutor_is_told_and_nobody_else(book, tim):
    meeting = book()

    told = Notification.objects.get()
    assert (told.user, told.type, told.meeting) == (tim, "new_reservation", meeting)
    assert "Alice Liddell" in told.message


def test_a_taken_slot(book, slot, bob):
    taken = slot()
    book(taken)

    with pytest.raises(errors.SlotTaken):
        book(taken, by=bob)


def test_a_slot_in_the_past(book, alice, bob):
    meeting = book()
    shift(meeting, 4 * 86400)
    past = meeting.time_slot

    with pytest.raises(errors.SlotTaken):
        book(past, by=bob)
    services.cancel_meeting(by=meeting.tutor, meeting_id=meeting.pk)
    assert not available(past.pk)
    with pytest.raises(errors.SlotInPast):
        book(past, by=bob)


def test_a_student_has_one_meeting_at_a_time(book, slot, make_admin, alice, bob):
    tom = make_admin("tom")
    book(slot())
    with pytest.raises(errors.StudentOverlap):
        book(slot(tutor=tom, minutes=30))
    for beside in (-1, 1):
        assert book(slot(beside, tutor=tom)).pk  # back to back
    assert book(TimeSlot.objects.get(tutor=tom, is_available=True), by=bob).pk


def test_the_booking_window_binds_students(book, slot, settings, tim, alice):
    near, far = slot(days=1), slot(days=20)
    settings.BOOKING_NOTICE, settings.BOOKING_AHEAD = timedelta(days=2), timedelta(days=14)

    with pytest.raises(errors.BookingTooLate):
        book(near)
    with pytest.raises(errors.BookingTooEarly):
        book(far)
    assert book(near, by=tim, student_id=alice.pk).student == alice
    assert book(far, by=tim, student_id=alice.pk).student == alice


def test_the_buffer_keeps_meetings_apart(book, slot, tim, alice, bob):
    first, touching, later = slot(), slot(1), slot(2)  # an hour after the first, which is enough
    services.set_buffer(by=tim, buffer_minutes=60)
    meeting = book(first)

    with pytest.raises(errors.TooClose):
        book(touching, by=bob)
    assert book(later, by=bob).pk
    services.cancel_meeting(by=alice, meeting_id=meeting.pk)
    with pytest.raises(errors.TooClose):
        book(touching)  # the later one is as close
    services.set_buffer(by=tim, buffer_minutes=0)
    assert book(touching).pk


def test_what_was_in_the_way_a_moment_ago_is_told_as_taken(book, monkeypatch):
    monkeypatch.setattr(booking, "lock_bookers", lambda places: {})

    with pytest.raises(errors.SlotTaken):
        book()
    assert not Meeting.objects.exists()


@pytest.mark.parametrize("leaving", [{"user_type": "student"}, {"is_active": False}], ids=["demoted", "deactivated"])
def test_a_tutor_who_left_cannot_be_booked(book, slot, make_admin, alice, tim, leaving):
    tom = make_admin("tom")
    one, meeting = slot(1, tutor=tom), book()
    change_account(by=tim, user=tom, **leaving)
    taking = [
        lambda: book(one),
        lambda: services.book_series(by=alice, time_slot_id=one.pk, weeks=1, zone="UTC", subject="Algebra"),
        lambda: services.move_meeting(by=alice, meeting_id=meeting.pk, time_slot_id=one.pk),
    ]

    for take in taking:
        with pytest.raises(errors.SlotUnavailable):
            take()


def test_nobody_books_for_a_closed_account(book, slot, tim, bob):
    close_account(by=tim, user=bob)

    with pytest.raises(errors.UnknownStudent):
        book(by=tim, student_id=bob.pk)


def test_a_slot_may_cost_credits(book, slot, tim, alice):
    one = slot(credits=2)
    with pytest.raises(NotEnoughCredits):
        book(one)
    assert available(one.pk)
    assert not Meeting.objects.exists()
    grant_credits(by=tim, user=alice, credits=5)
    meeting = book(one)
    assert (meeting.credits, balance_of(user_id=alice.pk)) == (2, 3)
    services.cancel_meeting(by=alice, meeting_id=meeting.pk)
    assert balance_of(user_id=alice.pk) == 5


def test_canceling_late_forfeits_credits_but_not_for_tutors(book, slot, tim, alice, settings):
    settings.CREDIT_NOTICE = timedelta(days=30)
    grant_credits(by=tim, user=alice, credits=5)
    first, second = book(slot(0, credits=1)), book(slot(1, credits=1))

    services.cancel_meeting(by=alice, meeting_id=first.pk)
    services.cancel_meeting(by=tim, meeting_id=second.pk)

    assert balance_of(user_id=alice.pk) == 4


def test_moving_settles_the_difference(book, slot, tim, alice):
    grant_credits(by=tim, user=alice, credits=5)
    meeting = book(slot(credits=1))

    services.move_meeting(by=alice, meeting_id=meeting.pk, time_slot_id=slot(1, credits=1).pk)
    assert balance_of(user_id=alice.pk) == 4
    services.move_meeting(by=alice, meeting_id=meeting.pk, time_slot_id=slot(2, credits=4).pk)
    assert balance_of(user_id=alice.pk) == 1
    services.move_meeting(by=alice, meeting_id=meeting.pk, time_slot_id=slot(3).pk)
    assert balance_of(user_id=alice.pk) == 5
    assert Meeting.objects.get().credits == 0


def test_moving_late_forfeits_credits_but_not_for_tutors(book, slot, tim, alice, settings):
    settings.CREDIT_NOTICE = timedelta(days=30)
    grant_credits(by=tim, user=alice, credits=5)
    meeting = book(slot(0, credits=1))

    services.move_meeting(by=tim, meeting_id=meeting.pk, time_slot_id=slot(1, credits=1).pk)
    assert balance_of(user_id=alice.pk) == 4
    services.move_meeting(by=alice, meeting_id=meeting.pk, time_slot_id=slot(2, credits=1).pk)
    assert balance_of(user_id=alice.pk) == 3


def test_an_account_that_closes_leaves_nothing_ahead(book, slot, tim, make_admin, alice, bob):
    over, ahead, others = book(slot(0), notes="Shy"), book(slot(1)), book(slot(2), by=bob)
    shift(over, 4 * 86400)
    services.create_feed(by=alice)

    close_account(by=alice, user=alice, current_password=PASSWORD)

    status = dict(Meeting.objects.values_list("pk", "status"))
    assert status == {over.pk: "pending", ahead.pk: "canceled", others.pk: "pending"}
    assert Meeting.objects.get(pk=over.pk).notes is None
    assert available(ahead.time_slot_id)
    assert Notification.objects.filter(user=tim, type="reservation_canceled", meeting=ahead).exists()
    another = slot(tutor=make_admin("tom"))
    close_account(by=tim, user=tim, current_password=PASSWORD)
    assert Meeting.objects.get(pk=others.pk).status == "canceled"
    assert TimeSlot.objects.get(is_available=True, start_time__gt=hour(-24)) == another


@pytest.mark.parametrize("by", ["alice", "tim"])
@pytest.mark.parametrize("when", ["under way", "within the notice"])
def test_no_meeting_keeps_an_account_from_closing(book, slot, begin, alice, tim, settings, as_user, by, when):
    settings.CREDIT_NOTICE = timedelta(days=1)
    grant_credits(by=tim, user=alice, credits=2)
    meeting = book(slot(credits=2))
    if when == "under way":
        begin(meeting, ago=600)
    else:
        begin(meeting, ago=-600)
        settings.CANCEL_NOTICE = timedelta(days=1)

    if by == "alice":
        answer = as_user(alice).delete("/auth/users/me/", {"current_password": PASSWORD})
    else:
        answer = as_user(tim).delete(f"/api/v1/users/{alice.pk}/")

    assert answer.status_code == 204, answer.content
    assert Meeting.objects.get().status == "canceled"
    assert Notification.objects.filter(user=tim, type="reservation_canceled").exists()
    assert balance_of(user_id=alice.pk) == 0  # it is too late for those
