"""The admin's first page: what needs me now?"""

from datetime import timedelta
from typing import NamedTuple

from django.urls import reverse
from django.utils import timezone

from config import desk

_WIDTH, _HEIGHT, _GAP = 10, 60, 2  # of a bar, in the drawing's own units


class Bar(NamedTuple):
    """One day of a chart, as it is drawn."""

    x: int
    y: int
    height: int
    label: str


def fill(request, context):
    """Adds boxes and charts to the context of the admin's index (UNFOLD["DASHBOARD_CALLBACK"]): one query for each."""
    today = timezone.localdate()
    return {
        **context,
        "boxes": [
            {"title": one.title, "link": reverse(one.link), "rows": one.rows()} for one in desk.allowed(request, desk.boxes)
        ],
        "charts": [
            {"title": one.title, "bars": bars(dict(one.days()), today), "width": desk.DAYS * _WIDTH, "height": _HEIGHT}
            for one in desk.allowed(request, desk.charts)
        ],
        "bar_width": _WIDTH - _GAP,
    }


def bars(numbers, today):
    """A bar for each of the last days, the highest as high as the drawing; `numbers` is by date."""
    dates = [today - timedelta(days=ago) for ago in reversed(range(desk.DAYS))]
    most = max((numbers.get(date, 0) for date in dates), default=0) or 1
    heights = [round(numbers.get(date, 0) / most * _HEIGHT) for date in dates]
    return [
        Bar(place * _WIDTH, _HEIGHT - height, height, f"{date:%Y-%m-%d}: {numbers.get(date, 0)}")
        for place, (date, height) in enumerate(zip(dates, heights, strict=True))
    ]
