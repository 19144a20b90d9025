"""Calendar feeds: a secret address for each person who wants one."""

import hashlib
import secrets

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from config.errors import Missing
from config.writes import hold_open
from scheduling.ical import feed_of
from scheduling.models import CalendarFeed, Meeting

_MOST = 2000  # meetings of a feed: years of them


def create_feed(*, by):
    """A new secret for the actor's calendar; the old one is worth nothing from now on. Returns the token.

    Raises Missing for an account that was closed meanwhile.
    """
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        hold_open(by)
        CalendarFeed.objects.update_or_create(user=by, defaults={"digest": _digest(token), "created_at": Now()})
    return token


def feed_created_at(*, by):
    """When the actor's feed got its address. Raises Missing where there is none."""
    found = CalendarFeed.objects.filter(user=by).first()
    if found is None:
        raise Missing
    return found.created_at


def revoke_feed(*, by):
    """The address is worth nothing from now on. Raises Missing where there was none."""
    if not CalendarFeed.objects.filter(user=by).delete()[0]:
        raise Missing


def read_feed(*, token):
    """The calendar behind a secret address, as bytes of iCalendar. Raises Missing."""
    feed = CalendarFeed.objects.select_related("user").filter(digest=_digest(token), user__is_active=True).first()
    if feed is None:
        raise Missing
    meetings = Meeting.objects.of(feed.user).filter(end_time__gt=Now() - settings.CALENDAR_PAST)
    return feed_of(feed.user, meetings.select_related("student", "tutor").order_by("-start_time", "-id")[:_MOST])


def _digest(token):
    return hashlib.sha256(token.encode()).digest()
