"""Counts tries in PostgreSQL, so that a limit holds over all processes and survives a restart.

A try is counted before it is made: however many come at once, no more than the limit get through.
"""

import hashlib
import hmac
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from config.errors import TooMany
from config.models import Try
from config.writes import delete_in_parts

# One statement, so that parallel tries queue on the row and each sees a count of its own.
_HIT = """
INSERT INTO config_try AS t (key, hits, started_at) VALUES (%s, 1, now())
ON CONFLICT (key) DO UPDATE SET
  hits = CASE WHEN t.started_at <= now() - make_interval(secs => %s) THEN 1 ELSE t.hits + 1 END,
  started_at = CASE WHEN t.started_at <= now() - make_interval(secs => %s) THEN now() ELSE t.started_at END
RETURNING hits, extract(epoch FROM started_at - now())::float + %s"""
_TAKE_BACK = "UPDATE config_try SET hits = greatest(hits - 1, 0) WHERE key = %s"


def count_try(limit, *subject):
    """Counts a try of `limit` (a name in settings.LIMITS) by a subject. Raises TooMany when there were too many.

    Returns the try's key for `take_back`. Call it outside of a transaction that may roll back, or the count is lost with it.
    """
    rate = settings.LIMITS[limit]
    key = _key(limit, subject)
    if rate.count:
        with connection.cursor() as cursor:
            cursor.execute(_HIT, [key, rate.seconds, rate.seconds, rate.seconds])
            hits, seconds_left = cursor.fetchone()
        if hits > rate.count:
            raise TooMany(retry_after=seconds_left + 1)
    return key


def take_back(key):
    """A try that turned out good is not counted."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_BACK, [key])


def forget_old_tries():
    """Deletes the counts whose time is over."""
    longest = timedelta(seconds=max(rate.seconds for rate in settings.LIMITS.values()))
    delete_in_parts(Try.objects.filter(started_at__lt=Now() - longest))


def _key(limit, subject):
    # A keyed digest: the table must not become a list of addresses and names.
    text = "\x1f".join(str(part) for part in (limit, *subject))
    return hmac.new(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()
