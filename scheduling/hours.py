"""From wall time to points in time. Nothing here knows of the database.

Hours are wall time in a zone: what starts at 10:00 starts at 10:00 before and after a change of clocks. Where the clocks
jump ahead, times in the gap do not exist, and no slot starts there. Where they are set back and a time comes twice, the
first is meant. A slot always lasts as long as its minutes say; one that would end later than the hours do, by the clock
on the wall, is left out, and so is one that would cut the one before it.
"""

from bisect import bisect, insort
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

_MIDNIGHT = time(0)


class Span(NamedTuple):
    """From a start up to, but without, an end; both aware, in UTC."""

    start: datetime
    end: datetime

    def overlaps(self, other):
        return self.start < other.end and other.start < self.end


class Spans:
    """Time that is taken, in order: of thousands of Spans, a look at two neighbors tells whether one more overlaps any."""

    def __init__(self, spans=()):
        self._apart = []
        for span in sorted(spans):
            if self._apart and span.start <= self._apart[-1].end:  # what touches becomes one
                start, end = self._apart.pop()
                span = Span(start, max(end, span.end))
            self._apart.append(span)

    def overlap(self, span):
        place = bisect(self._apart, span)
        return any(span.overlaps(other) for other in self._apart[max(place - 1, 0) : place + 1])

    def add(self, span):
        """Takes a Span that overlaps none."""
        insort(self._apart, span)


def instant_of(wall, zone):
    """The first moment, in UTC, at which the clocks of a ZoneInfo show a naive datetime; None where they never do."""
    moment = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return moment if moment.astimezone(zone).replace(tzinfo=None) == wall else None


def span_of(day, start, end, zone_name):
    """The hours of one date as a Span. A time in a gap counts as the moment of the jump or soon after (PEP 495).

    The end is the latest moment that can be meant: hours off take in both turns of a time that comes twice, and do not end
    before the clocks jump.
    """
    zone = ZoneInfo(zone_name)
    first, last = _walls(day, start, end)
    ends = (last.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))  # in a gap, the first is the later
    return Span(first.replace(tzinfo=zone, fold=0).astimezone(UTC), max(ends))


def slots_of(day, start, end, minutes, zone_name, buffer_minutes=0):
    """The slots, as Spans, that fit between two wall times of a date. An end of 00:00 is the midnight after."""
    zone = ZoneInfo(zone_name)
    length, buffer = timedelta(minutes=minutes), timedelta(minutes=buffer_minutes)
    wall, last = _walls(day, start, end)
    found = []
    while wall + length <= last:
        moment = instant_of(wall, zone)
        wall += length + buffer
        if moment is None or (found and moment < found[-1].end + buffer):
            continue
        slot = Span(moment, moment + length)
        if slot.end.astimezone(zone).replace(tzinfo=None) <= last:
            found.append(slot)
    return found


def _walls(day, start, end):
    last = datetime.combine(day, end) + (timedelta(days=1) if end == _MIDNIGHT else timedelta(0))
    return datetime.combine(day, start), last


def days(first, last):
    """All dates from the first to the last."""
    return (first + timedelta(days=number) for number in range((last - first).days + 1))
