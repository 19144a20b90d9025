"""Wall time and points in time, held against another reckoning from zoneinfo, in every zone of the world, 2024 to 2030."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scheduling.hours import Span, Spans, instant_of, slots_of, span_of

FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
ZONES = sorted(available_timezones())
MINUTE = timedelta(minutes=1)


@cache
def changes(name):
    """Every moment of the seven years at which a zone's offset changes, with the offsets before and after.

    Found by looking at each day, then halving: nothing is taken from how zoneinfo keeps its rules.
    """
    zone, found, step = ZoneInfo(name), [], timedelta(days=1)
    moment = FIRST
    while moment < LAST:
        if offset(moment, zone) != offset(moment + step, zone):
            low, high = moment, moment + step
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) / 2
                low, high = (low, middle) if offset(middle, zone) != offset(low, zone) else (middle, high)
            found.append((high.replace(microsecond=0), offset(moment, zone), offset(moment + step, zone)))
        moment += step
    return found


def offset(moment, zone):
    return moment.astimezone(zone).utcoffset()


def by_search(wall, name):
    """The first moment at which the clocks show `wall`: tried with every offset that the zone has around then."""
    zone, naive = ZoneInfo(name), wall.replace(tzinfo=UTC)
    offsets = {offset(naive + timedelta(hours=hours), zone) for hours in range(-36, 37, 3)}
    found = [naive - one for one in offsets if (naive - one).astimezone(zone).replace(tzinfo=None) == wall]
    return min(found, default=None)


def check_day(day, start, end, minutes, name, buffer):
    """What must hold of any date's slots, told without the code under test."""
    zone, length = ZoneInfo(name), timedelta(minutes=minutes)
    first = datetime.combine(day, start)
    last = datetime.combine(day, end) + timedelta(days=1 if end == time(0) else 0)
    slots = slots_of(day, start, end, minutes, name, buffer)

    for slot in slots:
        wall = slot.start.astimezone(zone).replace(tzinfo=None)
        # On the rule's grid, by the clock on the wall, whatever the offset is that day.
        assert (wall - first) % (length + buffer * MINUTE) == timedelta(0)
        assert slot.start == by_search(wall, name)
        assert slot.end - slot.start == length
        assert first <= wall <= last - length  # so no day has more slots than an ordinary one
        assert slot.end.astimezone(zone).replace(tzinfo=None) <= last
    for one, other in pairwise(slots):
        assert other.start - one.end >= buffer * MINUTE
    return slots


@pytest.mark.parametrize("part", range(4))
def test_every_zone_around_every_change_of_clocks(part):
    """Hourly slots over the days around each change, in every zone: what is missing is missing for a reason."""
    seen = 0
    for name in ZONES[part::4]:
        zone = ZoneInfo(name)
        for moment, before, after in changes(name):
            day = moment.astimezone(zone).date()
            for one in (day - timedelta(days=1), day, day + timedelta(days=1)):
                slots = check_day(one, time(0), time(0), 60, name, 0)
                starts = {slot.start.astimezone(zone).replace(tzinfo=None) for slot in slots}
                for hour in range(24):
                    wall = datetime.combine(one, time(hour))
                    if wall not in starts:
                        assert near(wall, moment, before, after), (name, wall)
                    seen += 1
    assert seen > 10_000


def near(wall, moment, before, after):
    """Whether a missing hour begins or ends in the gap, or in the turn, of a change of clocks."""
    low, high = sorted((moment + before, moment + after))
    begin = wall.replace(tzinfo=UTC)
    return begin < high and low < begin + timedelta(hours=2)


@pytest.mark.parametrize("part", range(4))
def test_ordinary_days_have_all_their_slots_at_their_hour(part):
    """A lesson at 10:00 is at 10:00 through seven years, in every zone (each fourth week of them)."""
    for name in ZONES[part::4]:
        zone, day = ZoneInfo(name), date(2024, 1, 1) + timedelta(days=ZONES.index(name) % 7)
        while day.year < 2031:
            slots = slots_of(day, time(10), time(12), 60, name)
            assert [slot.start.astimezone(zone).hour for slot in slots] == [10, 11], (name, day)
            day += timedelta(days=28)


@settings(deadline=None)
@given(
    name=st.sampled_from(ZONES),
    day=st.dates(date(2024, 1, 1), date(2030, 12, 31)),
    start=st.integers(0, 287),
    length=st.integers(1, 288),
    minutes=st.integers(5, 300),
    buffer=st.integers(0, 60),
)
def test_any_hours_on_any_day_in_any_zone(name, day, start, length, minutes, buffer):
    end = min(start + length, 288)
    check_day(day, wall_time(start), wall_time(end % 288), minutes, name, buffer)


@settings(deadline=None)
@given(data=st.data(), name=st.sampled_from(ZONES))
def test_any_hours_on_a_day_of_change(data, name):
    assume(changes(name))
    moment, _, _ = data.draw(st.sampled_from(changes(name)))
    day = moment.astimezone(ZoneInfo(name)).date()
    start = data.draw(st.integers(0, 287))
    end = data.draw(st.integers(start + 1, 288))
    check_day(day, wall_time(start), wall_time(end % 288), data.draw(st.integers(5, 240)), name, data.draw(st.integers(0, 45)))


def wall_time(fives):
    return time(fives * 5 // 60, fives * 5 % 60)


class TestWarsaw:
    """The clocks jump from 2:00 to 3:00 on 29 March 2026, and go back from 3:00 to 2:00 on 25 October."""

    ZONE = "Europe/Warsaw"
    GAP, FOLD = date(2026, 3, 29), date(2026, 10, 25)

    def starts(self, day, start, end, minutes=60):
        return [slot.start.strftime("%H:%M") for slot in slots_of(day, time(start), time(end), minutes, self.ZONE)]

    def test_a_lesson_stays_at_its_hour(self):
        assert self.starts(self.GAP - timedelta(days=7), 10, 11) == ["09:00"]
        assert self.starts(self.GAP, 10, 11) == ["08:00"]
        assert self.starts(self.FOLD - timedelta(days=7), 10, 11) == ["08:00"]
        assert self.starts(self.FOLD, 10, 11) == ["09:00"]

    def test_an_hour_in_the_gap_is_left_out(self):
        assert self.starts(self.GAP, 1, 5) == ["00:00", "01:00", "02:00"]  # 1:00, 3:00, 4:00
        assert instant_of(datetime.combine(self.GAP, time(2, 30)), ZoneInfo(self.ZONE)) is None

    def test_a_slot_that_would_end_after_the_hours_is_left_out(self):
        assert self.starts(self.GAP, 0, 3, 90) == ["23:00"]  # 1:30 would last until 4:00 by the clock on the wall

    def test_an_hour_that_comes_twice_is_meant_the_first_time(self):
        assert self.starts(self.FOLD, 1, 4) == ["23:00", "00:00", "02:00"]  # 1:00, 2:00 summer time, 3:00 winter time

    def test_the_hour_won_holds_no_longer_slots(self):
        assert self.starts(self.FOLD, 2, 3, 90) == []  # though two hours pass between 2:00 and 3:00

    def test_hours_off_take_in_both_turns(self):
        span = span_of(self.FOLD, time(2), time(2, 30), self.ZONE)
        assert span == Span(datetime(2026, 10, 25, 0, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC))

    def test_hours_off_that_end_in_the_gap_do_not_end_before_it(self):
        span = span_of(self.GAP, time(1), time(2, 30), self.ZONE)
        assert span == Span(datetime(2026, 3, 29, 0, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC))


def test_hours_off_until_a_midnight_that_does_not_come():
    span = span_of(date(2026, 9, 5), time(18), time(0), "America/Santiago")  # the clocks jump from 0:00 to 1:00

    assert span.end - span.start == timedelta(hours=6)


@given(taken=st.lists(st.tuples(st.integers(0, 60), st.integers(1, 9))), start=st.integers(0, 60), length=st.integers(1, 9))
def test_two_neighbors_tell_whether_anything_overlaps(taken, start, length):
    def span(minute, length):
        return Span(FIRST + minute * MINUTE, FIRST + (minute + length) * MINUTE)

    one, spans, grown = span(start, length), [span(*found) for found in taken], Spans()
    for other in spans:
        if not grown.overlap(other):
            grown.add(other)

    assert Spans(spans).overlap(one) == any(one.overlaps(other) for other in spans)
    if not grown.overlap(one):
        grown.add(one)
    assert grown.overlap(one)


def test_hours_until_midnight():
    assert len(slots_of(date(2026, 5, 4), time(22), time(0), 60, "UTC")) == 2
    assert slots_of(date(2026, 5, 4), time(22), time(22, 30), 60, "UTC") == []


def test_the_buffer_spaces_slots():
    slots = slots_of(date(2026, 5, 4), time(9), time(12), 50, "UTC", 10)
    assert [slot.start.strftime("%H:%M") for slot in slots] == ["09:00", "10:00", "11:00"]
