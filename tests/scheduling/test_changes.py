"""What becomes of a meeting."""

from datetime import timedelta

import pytest

from config.errors import Missing, NotAllowed
from notifications.models import Delivery, Notification
from scheduling import services
from scheduling.errors import IllegalTransition, MeetingOver, SlotTaken, StudentOverlap, TooLate, UnknownSlot
from scheduling.models import Meeting, TimeSlot

pytestmark = pytest.mark.django_db


def told(user, kind=None):
    found = Notification.objects.filter(user=user)
    return [one.type for one in (found.filter(type=kind) if kind else found).order_by("id")]


@pytest.mark.parametrize(
    ("status", "wanted", "legal"),
    [
        ("pending", "confirmed", True),
        ("pending", "canceled", True),
        ("pending", "completed", False),
        ("pending", "pending", False),
        ("confirmed", "canceled", True),
        ("confirmed", "completed", True),
        ("confirmed", "pending", False),
        ("confirmed", "confirmed", False),
        ("canceled", "pending", False),
        ("canceled", "confirmed", False),
        ("canceled", "canceled", False),
        ("canceled", "completed", False),
        ("completed", "pending", False),
        ("completed", "confirmed", False),
        ("completed", "canceled", False),
        ("completed", "completed", False),
    ],
)
def test_the_tutors_changes_of_status(book, begin, tim, status, wanted, legal):
    meeting = book(status="confirmed" if status in ("confirmed", "completed") else None)
    begin(meeting)
    if status in ("canceled", "completed"):
        services.change_meeting(by=tim, meeting_id=meeting.pk, status=status)

    if legal:
        services.change_meeting(by=tim, meeting_id=meeting.pk, status=wanted)
    else:
        with pytest.raises(IllegalTransition):
            services.change_meeting(by=tim, meeting_id=meeting.pk, status=wanted)
    assert Meeting.objects.get().status == (wanted if legal else status)


def test_students_cancel_and_nothing_else(book, alice):
    meeting = book()
    for status in ("confirmed", "completed"):
        with pytest.raises(NotAllowed):
            services.change_meeting(by=alice, meeting_id=meeting.pk, status=status)
    with pytest.raises(IllegalTransition):
        services.change_meeting(by=alice, meeting_id=meeting.pk, status="pending")
    services.cancel_meeting(by=alice, meeting_id=meeting.pk)


def test_a_meeting_is_completed_once_it_began(book, tim):
    meeting = book(status="confirmed")
    with pytest.raises(IllegalTransition):
        services.complete_meeting(by=tim, meeting_id=meeting.pk)


def test_others_find_no_meeting(book, bob, sue):
    meeting = book()
    for user in (bob, sue):
        with pytest.raises(Missing):
            services.cancel_meeting(by=user, meeting_id=meeting.pk)
        with pytest.raises(Missing):
            services.move_meeting(by=user, meeting_id=meeting.pk, time_slot_id=meeting.time_slot_id)


def test_canceling_frees_the_slot_and_tells_the_other_side(book, alice, tim):
    meeting = book()

    services.cancel_meeting(by=alice, meeting_id=meeting.pk)

    assert TimeSlot.objects.get().is_available
    assert told(tim) == ["new_reservation", "reservation_canceled"]
    assert told(alice) == []


def test_a_third_party_that_cancels_tells_both(book, make_admin, alice, tim):
    services.cancel_meeting(by=make_admin("tom"), meeting_id=book().pk)

    assert told(alice) == ["reservation_canceled"]
    assert told(tim, "reservation_canceled") == ["reservation_canceled"]


def test_students_cancel_and_move_before_the_start_only(book, slot, begin, alice, tim):
    meeting = book()
    begin(meeting)

    with pytest.raises(TooLate):
        services.cancel_meeting(by=alice, meeting_id=meeting.pk)
    with pytest.raises(TooLate):
        services.move_meeting(by=alice, meeting_id=meeting.pk, time_slot_id=slot(3).pk)
    services.cancel_meeting(by=tim, meeting_id=meeting.pk)
    assert not TimeSlot.objects.get(pk=meeting.time_slot_id).is_available  # it lies in the past


def test_what_is_moved_is_judged_by_its_new_time(book, slot, begin, alice, tim, settings):
    """In one request, too, that moves it and says what becomes of it."""
    meeting = book(status="confirmed")
    begin(meeting)
    with pytest.raises(IllegalTransition):
        services.change_meeting(by=tim, meeting_id=meeting.pk, time_slot_id=slot(3).pk, status="completed")
    other = book(slot(5, days=4))
    settings.CANCEL_NOTICE = timedelta(days=3, hours=12)
    with pytest.raises(TooLate):
        services.change_meeting(by=alice, meeting_id=other.pk, time_slot_id=slot(5).pk, status="canceled")

    kept = dict(Meeting.objects.values_list("time_slot_id", "status"))
    assert kept == {meeting.time_slot_id: "confirmed", other.time_slot_id: "pending"}


def test_the_cancellation_policy(book, slot, alice, tim, settings):
    settings.CANCEL_NOTICE = timedelta(days=30)
    meeting = book()

    with pytest.raises(TooLate):
        services.cancel_meeting(by=alice, meeting_id=meeting.pk)
    with pytest.raises(TooLate):
        services.move_meeting(by=alice, meeting_id=meeting.pk, time_slot_id=slot(3).pk)
    services.cancel_meeting(by=tim, meeting_id=meeting.pk)


def test_moving_swaps_both_slots_and_tells_the_tutor(book, slot, alice, tim):
    meeting, other = book(status="confirmed"), slot(3)

    services.move_meeting(by=alice, meeting_id=meeting.pk, time_slot_id=other.pk)

    moved = Meeting.objects.get()
    assert (moved.start_time, moved.status, moved.sequence) == (other.start_time, "confirmed", meeting.sequence + 1)
    free = dict(TimeSlot.objects.values_list("pk", "is_available"))
    assert free == {meeting.time_slot_id: True, other.pk: False}
    assert told(tim) == ["new_reservation", "new_reservation"]


def test_a_move_may_name_the_status_that_stays(book, slot, alice):
    meeting, other = book(), slot(3)

    services.change_meeting(by=alice, meeting_id=meeting.pk, time_slot_id=other.pk, status="pending")

    assert (Meeting.objects.get().time_slot, Meeting.objects.get().status) == (other, "pending")


def test_each_move_is_told(book, slot, alice, tim):
    meeting = book()

    for number in (3, 4):
        services.move_meeting(by=alice, meeting_id=meeting.pk, time_slot_id=slot(number).pk)

    assert told(tim) == ["new_reservation"] * 3


def test_a_tutor_who_moves_tells_the_student(book, slot, alice, bob, tim):
    confirmed, pending = book(status="confirmed"), book(slot(1), by=bob)
    services.move_meeting(by=tim, meeting_id=confirmed.pk, time_slot_id=slot(3).pk)
    services.move_meeting(by=tim, meeting_id=pending.pk, time_slot_id=slot(4).pk)

    assert told(alice) == ["reservation_confirmed", "reservation_confirmed"]
    assert told(bob) == ["system"]


def test_moving_to_another_tutor_waits_for_that_ones_word(book, slot, make_admin, alice, tim):
    tom = make_admin("tom")
    meeting = book(status="confirmed")

    services.move_meeting(by=alice, meeting_id=meeting.pk, time_slot_id=slot(tutor=tom).pk)

    moved = Meeting.objects.get()
    assert (moved.tutor, moved.status) == (tom, "pending")
    assert told(tom) == ["new_reservation"]
    assert told(tim) == ["new_reservation", "reservation_canceled"]


def test_whoever_gives_a_meeting_away_is_not_told(book, slot, make_admin, tim):
    meeting = book()

    services.move_meeting(by=tim, meeting_id=meeting.pk, time_slot_id=slot(tutor=make_admin("tom")).pk)

    assert told(tim) == ["new_reservation"]


def test_only_students_are_sent_an_invitation(book, slot, alice, tim):
    meeting = book(status="confirmed")
    services.move_meeting(by=alice, meeting_id=meeting.pk, time_slot_id=slot(3).pk)

    assert set(Delivery.objects.filter(user=tim).values_list("kind", flat=True)) == {"notification"}


def test_what_cannot_be_moved(book, slot, make_admin, alice, bob):
    meeting, other = book(), book(slot(3), by=bob)
    book(slot(4))

    with pytest.raises(SlotTaken):
        services.move_meeting(by=alice, meeting_id=meeting.pk, time_slot_id=other.time_slot_id)
    with pytest.raises(StudentOverlap):
        services.move_meeting(by=alice, meeting_id=meeting.pk, time_slot_id=slot(4, tutor=make_admin("tom")).pk)
    with pytest.raises(UnknownSlot):
        services.move_meeting(by=alice, meeting_id=meeting.pk, time_slot_id=999999)
    services.cancel_meeting(by=alice, meeting_id=meeting.pk)
    with pytest.raises(MeetingOver):
        services.move_meeting(by=alice, meeting_id=meeting.pk, time_slot_id=slot(7).pk)
    assert Meeting.objects.get(pk=meeting.pk).time_slot_id == meeting.time_slot_id


def test_moving_within_ones_own_time(book, slot, make_admin, alice):
    """The new slot overlaps the old one, which is being left."""
    meeting = book()
    services.move_meeting(by=alice, meeting_id=meeting.pk, time_slot_id=slot(tutor=make_admin("tom"), minutes=30).pk)


def test_moving_into_the_pause_beside_ones_own_meeting(book, slot, alice, tim):
    """The pause is kept from the tutor's other meetings."""
    meeting = book()
    services.set_buffer(by=tim, buffer_minutes=30)

    services.move_meeting(by=alice, meeting_id=meeting.pk, time_slot_id=slot(1).pk)


def test_words_change_while_the_meeting_lives(book, alice):
    meeting = book()
    services.change_meeting(by=alice, meeting_id=meeting.pk, subject="Geometry", notes="Circles", status="pending")
    changed = Meeting.objects.get()
    assert (changed.subject, changed.notes, changed.status, changed.sequence) == ("Geometry", "Circles", "pending", 1)

    services.cancel_meeting(by=alice, meeting_id=meeting.pk)
    with pytest.raises(MeetingOver):
        services.change_meeting(by=alice, meeting_id=meeting.pk, notes="Late")
    services.change_meeting(by=alice, meeting_id=meeting.pk, notes="Circles")  # no change at all


@pytest.mark.parametrize("place", [0, 1])
def test_what_is_named_is_changed_and_nothing_beside_it(book, slot, tim, bob, place):
    both = [book(), book(slot(1), by=bob)]
    mine, other = both[place], both[1 - place]
    free = slot(5)
    rest = [Meeting.objects.filter(pk=other.pk), TimeSlot.objects.exclude(pk__in=[mine.time_slot_id, free.pk])]
    before = [list(rows.values()) for rows in rest]

    services.move_meeting(by=tim, meeting_id=mine.pk, time_slot_id=free.pk)
    services.change_meeting(by=tim, meeting_id=mine.pk, subject="Geometry")
    services.confirm_meeting(by=tim, meeting_id=mine.pk)
    services.change_slot(by=tim, slot_id=free.pk, credits=2)

    row = Meeting.objects.filter(pk=mine.pk)
    assert row.values_list("time_slot", "subject", "status").get() == (free.pk, "Geometry", "confirmed")
    assert TimeSlot.objects.get(pk=free.pk).credits == 2
    assert [list(rows.values()) for rows in rest] == before

    services.cancel_meeting(by=tim, meeting_id=mine.pk)
    services.delete_slot(by=tim, slot_id=mine.time_slot_id)  # which it left

    assert row.get().status == "canceled"
    assert [list(rows.values()) for rows in rest] == before


@pytest.mark.parametrize("word", ["subject", "notes"])
def test_calendars_hear_of_each_word_alone(book, alice, word):
    meeting = book()

    services.change_meeting(by=alice, meeting_id=meeting.pk, **{word: "Circles"})

    changed = Meeting.objects.get()
    assert changed.sequence == 1
    assert changed.updated_at > meeting.updated_at


def test_a_refused_part_undoes_the_rest(book, alice):
    meeting = book()
    with pytest.raises(NotAllowed):
        services.change_meeting(by=alice, meeting_id=meeting.pk, subject="Geometry", status="confirmed")
    assert Meeting.objects.get().subject == "Algebra"
