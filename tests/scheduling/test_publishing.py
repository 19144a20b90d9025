"""Slots follow weekly hours, through the horizon and in every zone."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from accounts.services import change_account, close_account
from config.errors import NotAllowed
from scheduling import services, tasks
from scheduling.errors import HoursEndBeforeStart, ValidityEndsBeforeStart
from scheduling.hours import Span
from scheduling.models import AvailabilityException, AvailabilityRule, TimeSlot, TutorSettings
from scheduling.services import publishing
from tests.scheduling.conftest import WEEK, at, hours, monday

pytestmark = pytest.mark.django_db


def test_hours_are_published_through_the_horizon(rule, settings):
    settings.PUBLISH_AHEAD = timedelta(days=28)
    rule()

    days = sorted({slot.start_time.date() for slot in TimeSlot.objects.all()})
    assert days == [monday() + WEEK * number for number in range(len(days))]
    assert at(10, day=days[-1] + WEEK) > timezone.now() + timedelta(days=28)
    assert hours() == ["10:00", "11:00"]
    assert set(TimeSlot.objects.values_list("origin", "is_available")) == {("rule", True)}


def test_publishing_again_changes_nothing(rule, tim):
    rule()
    before = list(TimeSlot.objects.values())

    assert services.publish_slots(tutor_id=tim.pk) == 0

    assert list(TimeSlot.objects.values()) == before


def test_the_daily_job_goes_on_with_every_tutor(rule, make_admin, run_jobs, settings):
    tom = make_admin("tom")
    settings.PUBLISH_AHEAD = timedelta(days=14)
    rule()
    rule(by=tom)
    few = TimeSlot.objects.filter(tutor=tom).count()
    settings.PUBLISH_AHEAD = timedelta(days=28)

    tasks.publish_all(0)
    tasks.publish_all(0)

    assert run_jobs() == 2
    assert TimeSlot.objects.filter(tutor=tom).count() == TimeSlot.objects.exclude(tutor=tom).count() > few
    tasks.publish_all(0)
    assert run_jobs() == 2  # the day after, again


def test_extra_hours_are_published_once_their_day_comes_near(tim, run_jobs, settings):
    """Of a tutor who has no others, too."""
    day, fields = monday(), {"start_time": time(9), "end_time": time(10), "slot_minutes": 60, "time_zone": "UTC"}
    settings.PUBLISH_AHEAD = timedelta(days=1)
    services.add_exception(by=tim, date=day, kind="extra", **fields)
    assert hours(day) == []

    settings.PUBLISH_AHEAD = timedelta(days=28)
    tasks.publish_all(0)
    run_jobs()

    assert hours(day) == ["09:00"]


def test_hours_are_valid_from_and_until(rule):
    rule(valid_from=monday() + WEEK, valid_until=monday() + WEEK)

    assert hours() == hours(monday() + 2 * WEEK) == []
    assert hours(monday() + WEEK) == ["10:00", "11:00"]


def test_a_day_off_and_hours_off(rule, tim):
    rule(end_time=time(14))
    off = services.add_exception(by=tim, date=monday(), kind="off", time_zone="UTC")
    services.add_exception(by=tim, date=monday() + WEEK, kind="off", start_time=time(11), end_time=time(12, 30), time_zone="UTC")

    assert hours() == []
    assert hours(monday() + WEEK) == ["10:00", "13:00"]
    services.remove_exception(by=tim, exception_id=off.pk)
    assert hours() == ["10:00", "11:00", "12:00", "13:00"]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
def test_hours_off_are_of_their_own_zone(rule, tim, zone):
    """A whole day there, no more and no less; and an hour of the day after."""
    for weekday in range(7):
        rule(weekday=weekday, start_time=time(0), end_time=time(0), time_zone=zone)
    day = monday() + timedelta(days=2)
    before = set(TimeSlot.objects.values_list("start_time", flat=True))

    services.add_exception(by=tim, date=day, kind="off", time_zone=zone)
    services.add_exception(by=tim, date=day + timedelta(days=1), kind="off", start_time=time(5), end_time=time(6), time_zone=zone)

    midnight = datetime.combine(day, time(0), ZoneInfo(zone)).astimezone(UTC)
    gone = [midnight + timedelta(hours=number) for number in (*range(24), 29)]
    assert sorted(before - set(TimeSlot.objects.values_list("start_time", flat=True))) == gone


def test_extra_hours(rule, tim):
    rule()
    day = monday() + timedelta(days=1)
    extra = services.add_exception(
        by=tim, date=day, kind="extra", start_time=time(9), end_time=time(10), slot_minutes=30, time_zone="UTC"
    )

    assert hours(day) == ["09:00", "09:30"]
    services.set_buffer(by=tim, buffer_minutes=15)
    assert hours(day) == ["09:00"]
    services.set_buffer(by=tim, buffer_minutes=0)
    services.change_exception(by=tim, exception_id=extra.pk, end_time=time(9, 30))
    assert hours(day) == ["09:00"]


@pytest.mark.parametrize(("minutes", "number"), [(5, 288), (1440, 1)])
def test_the_shortest_and_the_longest_slots_of_hours(rule, tim, minutes, number):
    """Of a week's hours and of extra ones."""
    fields = {"start_time": time(0), "end_time": time(0), "slot_minutes": minutes, "time_zone": "UTC"}
    rule(**fields)
    services.add_exception(by=tim, date=monday() + timedelta(days=1), kind="extra", **fields)

    assert len(hours()) == len(hours(monday() + timedelta(days=1))) == number


def test_hours_that_overlap_give_each_time_once(rule, tim):
    """The older ones come first."""
    rule()
    rule(start_time=time(10, 30), end_time=time(14))
    assert hours() == ["10:00", "11:00", "12:30"]

    day, fields = monday() + timedelta(days=1), {"slot_minutes": 60, "time_zone": "UTC"}
    for minute in (0, 30):
        start, end = time(10, minute), time(11, minute)
        services.add_exception(by=tim, date=day, kind="extra", start_time=start, end_time=end, **fields)
    assert hours(day) == ["10:00"]


def test_the_buffer_spaces_slots_and_their_price_follows(rule, tim):
    hourly = rule(end_time=time(13))
    services.set_buffer(by=tim, buffer_minutes=15)
    assert hours() == ["10:00", "11:15"]

    services.change_rule(by=tim, rule_id=hourly.pk, credits=3)
    assert set(TimeSlot.objects.values_list("credits", flat=True)) == {3}


@pytest.mark.parametrize("left", [{"is_active": False}, {"user_type": "student", "is_superuser": False}])
def test_a_tutor_who_left_offers_nothing(rule, tim, make_admin, left):
    make_admin("tom")
    rule()
    type(tim).objects.filter(pk=tim.pk).update(**left)

    services.publish_slots(tutor_id=tim.pk)

    assert not TimeSlot.objects.exists()


def test_a_tutor_whose_account_is_closed_leaves_no_hours(rule, tim, make_admin):
    tom = make_admin("tom")
    rule()
    services.add_exception(by=tim, date=monday(), kind="off")
    services.set_buffer(by=tim, buffer_minutes=5)

    close_account(by=tom, user=tim)

    assert not TimeSlot.objects.exists()
    assert not AvailabilityRule.objects.exists()
    assert not AvailabilityException.objects.exists()
    assert not TutorSettings.objects.exists()


def test_whoever_was_a_tutor_offers_nothing_once_their_account_is_closed(rule, slot, tim, make_admin):
    tom = make_admin("tom")
    rule(by=tom)
    slot(tutor=tom)
    change_account(by=tim, user=tom, user_type="student")

    close_account(by=tim, user=tom)

    assert list(TimeSlot.objects.values_list("origin", "is_available")) == [("hand", False)]


@pytest.mark.parametrize("ago", [timedelta(days=3), timedelta(minutes=10)])
def test_what_is_over_or_under_way_stays_as_it_was_when_its_tutors_account_is_closed(tim, make_admin, ago):
    start = timezone.now() - ago
    TimeSlot.objects.create(tutor=tim, start_time=start, end_time=start + timedelta(hours=1))

    close_account(by=make_admin("tom"), user=tim)

    assert TimeSlot.objects.get().is_available


def test_wall_time_across_a_change_of_clocks(rule, settings):
    settings.PUBLISH_AHEAD = timedelta(days=300)
    rule(time_zone="Europe/Warsaw", end_time=time(11))

    starts = {slot.start_time.strftime("%H") for slot in TimeSlot.objects.all()}
    assert starts == {"08", "09"}  # 10:00 in Warsaw, in summer and in winter


def test_hours_are_the_tutors(alice, sue, rule):
    for user in (alice, sue):
        with pytest.raises(NotAllowed):
            rule(by=user)
        with pytest.raises(NotAllowed):
            services.set_buffer(by=user, buffer_minutes=5)


def test_hours_that_make_no_sense(rule, tim):
    with pytest.raises(HoursEndBeforeStart):
        rule(end_time=time(10))
    with pytest.raises(ValidityEndsBeforeStart):
        rule(valid_until=date(2020, 1, 1))
    assert not AvailabilityRule.objects.exists()
    assert services.settings_of(tim).buffer_minutes == 0
    assert not TutorSettings.objects.exists()


def test_publishing_compares_neighbors_alone(rule, monkeypatch):
    """Of thousands of slots, each with each took longer than PostgreSQL waits for a transaction."""
    looks, overlaps = [], Span.overlaps
    monkeypatch.setattr(Span, "overlaps", lambda one, other: looks.append(one) or overlaps(one, other))
    for weekday in (0, 1):
        rule(weekday=weekday, start_time=time(0), end_time=time(0), slot_minutes=5)

    assert TimeSlot.objects.count() > 1000
    assert len(looks) < 10 * TimeSlot.objects.count()


@pytest.mark.parametrize(("zone", "clock"), [("Etc/GMT+12", time(11, 15)), ("Etc/GMT-14", time(10, 15)), ("UTC", time(0, 15))])
def test_the_horizon_is_the_same_in_every_zone(rule, settings, monkeypatch, zone, clock):
    """Where it is another date than in UTC for an hour yet, at one end of it or at the other."""
    settings.PUBLISH_AHEAD = timedelta(days=2)
    today, half = timezone.now().date(), timedelta(minutes=30)
    now, lock_tutor = at(clock.hour, clock.minute, today + timedelta(days=1)), publishing.lock_tutor

    def lock_tomorrow(tutor_id):
        tutor = lock_tutor(tutor_id)
        tutor.now = now
        return tutor

    monkeypatch.setattr(publishing, "lock_tutor", lock_tomorrow)
    for weekday in range(7):
        rule(valid_from=today, weekday=weekday, start_time=time(0), end_time=time(0), slot_minutes=30, time_zone=zone)

    starts = TimeSlot.objects.order_by("start_time").values_list("start_time", flat=True)
    assert now < starts.first() <= now + half
    assert now + timedelta(days=2) - half < starts.last() <= now + timedelta(days=2)


def test_only_what_may_be_said_of_hours_is_changed(rule, tim, make_admin):
    hourly = rule()

    with pytest.raises(TypeError, match="tutor_id"):
        services.change_rule(by=tim, rule_id=hourly.pk, tutor_id=make_admin("tom").pk)


@pytest.mark.parametrize("place", [0, 1])
def test_one_tutors_hours_change_nothing_of_anothers(rule, tim, make_admin, place):
    tutors = [tim, make_admin("tom")]
    rules = [rule(by=tutor, start_time=time(start)) for tutor, start in zip(tutors, (8, 10), strict=True)]
    off = [services.add_exception(by=tutor, date=monday(), kind="off", time_zone="UTC") for tutor in tutors]
    for tutor in tutors:
        services.set_buffer(by=tutor, buffer_minutes=5)
    mine, other = tutors[place], tutors[1 - place]

    def theirs():
        models = (TimeSlot, AvailabilityRule, AvailabilityException, TutorSettings)
        return [list(model.objects.filter(tutor=other).order_by("pk").values()) for model in models]

    before = theirs()
    services.change_rule(by=mine, rule_id=rules[place].pk, start_time=time(9))
    services.change_exception(by=mine, exception_id=off[place].pk, date=monday() + WEEK)
    services.set_buffer(by=mine, buffer_minutes=90)
    assert services.settings_of(mine).buffer_minutes == 90
    assert services.settings_of(other).buffer_minutes == 5
    # On the other one's day off, and with room for one beside one's own pause.
    assert TimeSlot.objects.filter(tutor=mine, start_time__date=monday()).count() == 1
    assert theirs() == before

    services.remove_exception(by=mine, exception_id=off[place].pk)
    services.remove_rule(by=mine, rule_id=rules[place].pk)
    assert theirs() == before
    assert not TimeSlot.objects.filter(tutor=mine).exists()


def test_nothing_is_published_in_the_past(rule):
    rule(valid_from=date(2020, 1, 1), weekday=timezone.now().weekday(), start_time=time(0), end_time=time(0), slot_minutes=30)

    assert not TimeSlot.objects.filter(start_time__lte=Now()).exists()
