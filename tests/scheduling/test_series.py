"""The same hour for several weeks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from notifications.models import Notification
from scheduling import errors, services
from scheduling.models import Meeting, TimeSlot
from shop.errors import NotEnoughCredits
from shop.services import balance_of, grant_credits
from tests.scheduling.conftest import hour

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)


@pytest.fixture
def weeks(tim):
    """`weeks(4)`: the same hour of so many weeks, in UTC."""

    def make(number, without=(), **fields):
        starts = [hour() + WEEK * week for week in range(number) if week not in without]
        return [services.create_slot(by=tim, start_time=start, end_time=start + timedelta(hours=1), **fields) for start in starts]

    return make


@pytest.fixture
def series(alice):
    def make(first, number, **more):
        values = {"by": alice, "time_slot_id": first.pk, "weeks": number, "zone": "UTC", "subject": "Algebra"}
        return services.book_series(**(values | more))

    return make


def test_all_are_booked_and_the_tutor_is_told_once(weeks, series, tim, alice):
    slots = weeks(4)

    meetings, skipped = series(slots[0], 4)

    assert skipped == []
    assert [meeting.time_slot_id for meeting in meetings] == [slot.pk for slot in slots]
    assert Meeting.objects.filter(student=alice, status="pending").count() == 4
    assert not TimeSlot.objects.filter(is_available=True).exists()
    told = Notification.objects.get()
    assert (told.user, told.type) == (tim, "new_reservation")
    assert "4" in told.title


def test_all_or_none(weeks, series, book, bob):
    slots = weeks(5, without=[3])
    book(slots[1], by=bob)

    with pytest.raises(errors.SeriesConflict) as caught:
        series(slots[0], 5)

    in_the_way = [(one["date"], one["code"]) for one in caught.value.extra["dates"]]
    days = [(hour() + WEEK * week).date().isoformat() for week in (1, 3)]
    assert in_the_way == [(days[0], "slot_taken"), (days[1], "no_slot")]
    assert Meeting.objects.count() == 1
    assert TimeSlot.objects.filter(is_available=True).count() == 3


def test_with_skip_the_others_are_booked(weeks, series, slot, book, make_admin):
    slots = weeks(3)
    book(slot(24 * 7, tutor=make_admin("tom")))  # the second week is alice's already

    meetings, skipped = series(slots[0], 3, skip=True)

    assert [meeting.time_slot_id for meeting in meetings] == [slots[0].pk, slots[2].pk]
    assert [one["code"] for one in skipped] == ["student_overlap"]


def test_where_nothing_can_be_booked_skip_is_no_help(weeks, series, book, bob):
    [first] = weeks(1)
    book(first, by=bob)

    with pytest.raises(errors.SeriesConflict) as caught:
        series(first, 2, skip=True)
    assert [one["code"] for one in caught.value.extra["dates"]] == ["slot_taken", "no_slot"]


def test_the_hour_stays_when_the_clocks_change(tim, series):
    zone = ZoneInfo("Europe/Warsaw")
    first = datetime(2030, 3, 25, 10, tzinfo=zone)  # a Monday; the clocks change on the 31st
    starts = [first, datetime(2030, 4, 1, 10, tzinfo=zone)]
    wrong = first.astimezone(UTC) + WEEK  # the hour after, on the wall
    for start in (*starts, wrong):
        services.create_slot(by=tim, start_time=start, end_time=start + timedelta(minutes=45))

    one = TimeSlot.objects.earliest("start_time")
    meetings, _ = series(one, 2, zone="Europe/Warsaw")

    assert [meeting.start_time for meeting in meetings] == starts


def test_the_first_hour_may_be_one_that_comes_twice(tim, series):
    second_turn = datetime(2030, 10, 27, 1, tzinfo=UTC)  # 2:00 in Warsaw, an hour after it was 2:00 before
    starts = [second_turn, datetime(2030, 11, 3, 1, tzinfo=UTC)]
    slots = [services.create_slot(by=tim, start_time=start, end_time=start + timedelta(hours=1)) for start in starts]

    meetings, _ = series(slots[0], 2, zone="Europe/Warsaw")

    assert [meeting.start_time for meeting in meetings] == starts


def test_a_date_in_the_way_is_that_of_the_zone(tim, series):
    start = datetime(2030, 5, 6, 22, 30, tzinfo=UTC)  # after midnight in Warsaw
    one = services.create_slot(by=tim, start_time=start, end_time=start + timedelta(hours=1))

    with pytest.raises(errors.SeriesConflict) as caught:
        series(one, 2, zone="Europe/Warsaw")

    assert [(day["date"], day["code"]) for day in caught.value.extra["dates"]] == [("2030-05-14", "no_slot")]


def test_a_slot_of_another_length_is_not_the_same_hour(weeks, series, tim):
    [first] = weeks(1)
    start = first.start_time + WEEK
    services.create_slot(by=tim, start_time=start, end_time=start + timedelta(minutes=30))

    with pytest.raises(errors.SeriesConflict):
        series(first, 2)


def test_credits_are_taken_for_all_or_none(weeks, series, tim, alice):
    slots = weeks(3, credits=1)
    grant_credits(by=tim, user=alice, credits=2)

    with pytest.raises(NotEnoughCredits):
        series(slots[0], 3)
    assert not Meeting.objects.exists()
    series(slots[0], 2)
    assert balance_of(user_id=alice.pk) == 0


def test_values_that_make_no_sense(weeks, series, make_admin, bob):
    [first] = weeks(1)
    with pytest.raises(errors.UnknownSlot):
        series(TimeSlot(pk=999999), 2)
    with pytest.raises(errors.TutorMismatch):
        series(first, 2, tutor_id=make_admin("tom").pk)
    with pytest.raises(errors.UnknownStudent):
        series(first, 2, student_id=bob.pk)
