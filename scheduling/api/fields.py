"""Fields of weekly hours: dates and times without a zone, as they are."""

import re

from django.db.models import F, Func, TextField, Value
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.fields import PlainTimeMixin
from scheduling.models.availability import check_zone


@extend_schema_field({"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d(:00)?$", "examples": ["10:00"]})
class WallTimeField(PlainTimeMixin, serializers.TimeField):
    """A time on the wall, such as 10:00. Seconds would not be in the answer, and be lost when that is sent back."""

    form = re.compile(r"[0-9:]+")

    def __init__(self, **kwargs):
        super().__init__(format="%H:%M", input_formats=["%H:%M", "%H:%M:00"], **kwargs)

    def expression(self):
        return Func(F(self.source), Value("HH24:MI"), function="to_char", output_field=TextField())


class DayField(PlainTimeMixin, serializers.DateField):
    """A date, such as 2026-11-23."""

    form = re.compile(r"[-0-9W]+")

    def expression(self):
        return F(self.source)


class ZoneField(serializers.CharField):
    """An IANA time zone."""

    def __init__(self, **kwargs):
        super().__init__(max_length=64, validators=[check_zone], **kwargs)
