"""Serializer fields that several apps share."""

import re
from datetime import UTC

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.fields import empty

from config.signs import is_blank

# Where the sign of the offset should be, what a URL makes of a +.
_LOST_PLUS = re.compile(r"[-0-9W]+[Tt ][0-9:.,]+ [0-9]{2}(:?[0-9]{2})?")


class PlainTimeMixin:
    """Fields of dates and times that read ISO 8601's own signs alone, where they belong: `form` says so in a pattern.

    What they read with takes any sign between date and time, the digits of all scripts, and a line's end.
    """

    form: re.Pattern

    def to_internal_value(self, data):
        # What is empty is refused in the field's own words.
        return super().to_internal_value(data if not isinstance(data, str) or self.form.fullmatch(data) else "")


class InstantField(PlainTimeMixin, serializers.DateTimeField):
    """A point in time: out in UTC with `Z` and microseconds, in with any offset but never without one."""

    form = re.compile(r"[-0-9W]+[Tt ][0-9:.,]+ *(Z|[-+][0-9:.]+)?")
    default_error_messages = {
        "naive": _("Give the time with its offset from UTC, as in 2026-11-21T10:00:00Z."),
        "lost_plus": _("Write the + of the offset as %2B in a URL: a + alone is a space there."),
    }

    def __init__(self, **kwargs):
        super().__init__(format=settings.REST_FRAMEWORK["DATETIME_FORMAT"], default_timezone=UTC, **kwargs)

    def to_internal_value(self, data):
        if isinstance(data, str) and _LOST_PLUS.fullmatch(data):
            self.fail("lost_plus")
        return super().to_internal_value(data)

    def enforce_timezone(self, value):
        if value.tzinfo is None:
            self.fail("naive")
        try:
            return value.astimezone(UTC)
        except OverflowError:  # 0001-01-01T00:00+14:00 lies before the first year
            self.fail("overflow")


class _PlainDigits:
    """Number fields that read 0 to 9 alone: int() and Decimal() read the digits of all scripts, and 1_0 as well."""

    def to_internal_value(self, data):
        if isinstance(data, str) and (not data.isascii() or "_" in data):
            self.fail("invalid")
        return super().to_internal_value(data)


class IntegerField(_PlainDigits, serializers.IntegerField):
    """A whole number that clients send."""


class DecimalField(_PlainDigits, serializers.DecimalField):
    """A decimal number that clients send."""


class WordsField(serializers.CharField):
    """Words for people to read: what nobody can see is blank."""

    def run_validation(self, data=empty):
        return super().run_validation("" if isinstance(data, str) and is_blank(data) else data)


class IdField(serializers.IntegerField):
    """A primary key. Out of bigint's range there is nothing to find, so it is refused before the database sees it."""

    def __init__(self, **kwargs):
        super().__init__(min_value=1, max_value=2**63 - 1, **kwargs)

    def to_internal_value(self, data):
        # As _PlainDigits, and no 1.0 either: it is a name, not a number.
        if isinstance(data, str) and not re.fullmatch(r"-?[0-9]+", data.strip()):
            self.fail("invalid")
        return super().to_internal_value(data)


class SearchField(serializers.CharField):
    """What to search for: up to 200 characters; spaces alone are nothing (config.filters)."""

    def __init__(self, **kwargs):
        super().__init__(max_length=200, allow_blank=True, **kwargs)
