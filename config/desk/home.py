"""The admin's first page: what needs me now?"""

from datetime import datetime, time, timedelta
from typing import NamedTuple

from django.core.cache import cache
from django.utils import timezone

from config import desk

# Seconds for which the days before today are not counted again: what happened on them hardly changes any more.
REMEMBERED = 600
_WIDTH, _HEIGHT, _GAP = 10, 60, 2  # of a bar, in the drawing's own units


class Bar(NamedTuple):
    """One day of a chart, as it is drawn."""

    x: int
    y: int
    height: int
    label: str


def fill(request, context):
    """Adds boxes and charts to the context of the admin's index (UNFOLD["DASHBOARD_CALLBACK"]): one query for each.

    A chart takes a second one where a process has not counted the days before today yet, or too long ago.
    """
    today = timezone.localdate()
    return {
        **context,
        "boxes": [{"title": one.title, "link": one.address, "rows": one.rows()} for one in desk.allowed(request, desk.boxes)],
        "charts": [
            {"title": one.title, "bars": bars(_numbers(one, today), today), "width": desk.DAYS * _WIDTH, "height": _HEIGHT}
            for one in desk.allowed(request, desk.charts)
        ],
        "bar_width": _WIDTH - _GAP,
    }


def _numbers(chart, today):
    """A chart's numbers by date: today's as they are now, the others as they were REMEMBERED seconds ago at most."""
    first, midnight = (timezone.make_aware(datetime.combine(day, time(0))) for day in (today - timedelta(desk.DAYS - 1), today))
    past = cache.get_or_set(f"desk.chart.{chart.place}.{first:%Y-%m-%d}", lambda: dict(chart.days(first, midnight)), REMEMBERED)
    return {**past, **dict(chart.days(midnight, timezone.now()))}


def bars(numbers, today):
    """A bar for each of the last days, the highest as high as the drawing; `numbers` is by date."""
    dates = [today - timedelta(days=ago) for ago in reversed(range(desk.DAYS))]
    most = max(numbers.get(date, 0) for date in dates) or 1
    heights = [round(numbers.get(date, 0) / most * _HEIGHT) for date in dates]
    return [
        Bar(place * _WIDTH, _HEIGHT - height, height, f"{date:%Y-%m-%d}: {numbers.get(date, 0)}")
        for place, (date, height) in enumerate(zip(dates, heights, strict=True))
    ]
