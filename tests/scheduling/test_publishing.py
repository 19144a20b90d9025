"""Slots follow weekly hours, through the horizon and in every zone."""

from datetime import date, time, timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from accounts.services import close_account
from config.errors import NotAllowed
from scheduling import services, tasks
from scheduling.errors import HoursEndBeforeStart, ValidityEndsBeforeStart
from scheduling.hours import Span
from scheduling.models import AvailabilityException, AvailabilityRule, TimeSlot, TutorSettings
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


def test_extra_hours(rule, tim):
    rule()
    day = monday() + timedelta(days=1)
    extra = services.add_exception(
        by=tim, date=day, kind="extra", start_time=time(9), end_time=time(10), slot_minutes=30, time_zone="UTC"
    )

    assert hours(day) == ["09:00", "09:30"]
    services.change_exception(by=tim, exception_id=extra.pk, end_time=time(9, 30))
    assert hours(day) == ["09:00"]


def test_hours_that_overlap_give_each_time_once(rule):
    rule()
    rule(start_time=time(10, 30), end_time=time(14))

    assert hours() == ["10:00", "11:00", "12:30"]


def test_the_buffer_spaces_slots_and_their_price_follows(rule, tim):
    hourly = rule(end_time=time(13))
    services.set_buffer(by=tim, buffer_minutes=15)
    assert hours() == ["10:00", "11:15"]

    services.change_rule(by=tim, rule_id=hourly.pk, credits=3)
    assert set(TimeSlot.objects.values_list("credits", flat=True)) == {3}


def test_a_tutor_who_left_offers_nothing(rule, tim, make_admin):
    make_admin("tom")
    rule()
    type(tim).objects.filter(pk=tim.pk).update(is_active=False)

    services.publish_slots(tutor_id=tim.pk)

    assert not TimeSlot.objects.exists()


def test_a_tutor_whose_account_is_closed_leaves_no_hours(rule, tim, make_admin):
    tom = make_admin("tom")
    rule()
    services.set_buffer(by=tim, buffer_minutes=5)

    close_account(by=tom, user=tim)

    assert not TimeSlot.objects.exists()
    assert not AvailabilityRule.objects.exists()
    assert not TutorSettings.objects.exists()


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


@pytest.mark.parametrize("zone", ["Etc/GMT+12", "Etc/GMT-14"])
def test_the_horizon_is_the_same_in_every_zone(rule, settings, zone):
    """Where it is another date than in UTC, at one end of it or at the other."""
    settings.PUBLISH_AHEAD = timedelta(days=2)
    now, hour = timezone.now(), timedelta(hours=1)
    for weekday in range(7):
        rule(valid_from=now.date() - hour * 24, weekday=weekday, start_time=time(0), end_time=time(0), time_zone=zone)

    starts = TimeSlot.objects.order_by("start_time").values_list("start_time", flat=True)
    assert starts.first() <= timezone.now() + hour
    assert starts.last() > now + timedelta(days=2) - hour


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
