"""The first page's charts: today is counted each time, the days before for a while."""

from datetime import timedelta

from django.core.cache import cache
from django.utils import timezone

from config import desk
from config.desk import home
from tickets.models import Ticket
from tickets.services import open_ticket


def numbers(browser):
    """Yesterday's and today's tickets, as the chart has them."""
    return [int(bar.label.rsplit(": ")[1]) for bar in browser.get("/admin/").context["charts"][0]["bars"][-2:]]


def open_yesterday(alice):
    """Its trigger-kept columns apart, only the time differs."""
    ticket = open_ticket(by=alice, message="My printer is on fire")
    Ticket.objects.filter(pk=ticket.pk).update(created_at=timezone.now() - timedelta(days=1))


def test_today_is_counted_each_time_and_the_days_before_for_a_while(at_desk, tim, alice):
    browser = at_desk(tim)
    assert numbers(browser) == [0, 0]

    open_yesterday(alice)
    open_ticket(by=alice, message="And the ink")

    assert numbers(browser) == [0, 1]
    cache.clear()
    assert numbers(browser) == [1, 1]


def test_each_day_is_counted_once(settings):
    """The two stretches of time neither overlap nor leave a gap, and cover as many days as are drawn."""
    asked = []
    chart = desk.Chart(99, "", lambda start, end: asked.append((start, end)) or [], "")

    home._numbers(chart, timezone.localdate())

    (first, midnight), (again, now) = asked
    assert midnight == again <= now
    assert len(home.bars({}, timezone.localdate())) == (midnight - first).days + 1 == desk.DAYS
