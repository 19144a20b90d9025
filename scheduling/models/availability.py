"""When a tutor has time, week by week. Slots are published from it (scheduling.services.publishing).

All times here are wall time in the row's own zone: a lesson at 10:00 stays at 10:00 when the clocks change.
"""

import functools
from datetime import date
from zoneinfo import available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now, TruncMinute
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from config.history import keep_history
from scheduling.models.slots import LONGEST, SHORTEST

_MIDNIGHT = "00:00"


def studio_zone():
    """The zone of whoever names none."""
    return settings.STUDIO_TIME_ZONE


@functools.cache
def _zones():
    # What is in the folder besides places: the machine's own zone, rules for others, and what says that nobody has set one.
    return available_timezones() - {"localtime", "posixrules", "Factory"}


def check_zone(name):
    """Raises ValidationError for anything but an IANA zone, such as Europe/Warsaw."""
    if name not in _zones():
        raise ValidationError(_("Give an IANA time zone, such as Europe/Warsaw."), code="invalid_zone")


def _whole_minutes(name):
    """What the API shows of hours is all of them: seconds would be lost where its answer is sent back."""
    return models.CheckConstraint(
        name=name,
        condition=Q(Exact(F("start_time"), TruncMinute("start_time"))) & Q(Exact(F("end_time"), TruncMinute("end_time"))),
        violation_error_message=_("Hours begin and end on whole minutes."),
    )


def _ends_later(start, end):
    # As an end, 00:00 is the midnight after the day.
    return Q(**{f"{end}__gt": F(start)}) | Q(**{end: _MIDNIGHT})


class _Hours(models.Model):
    """What rules and exceptions share."""

    tutor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="+",
        limit_choices_to={"user_type": "admin"},
        verbose_name=_("tutor"),
    )
    time_zone = models.CharField(
        _("time zone"), max_length=64, default=studio_zone, validators=[check_zone], help_text=_("IANA name.")
    )
    credits = models.PositiveIntegerField(_("credits"), default=0, help_text=_("Of each slot."))
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        abstract = True


class AvailabilityQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Tutors' hours are the administrators' business."""
        return self if user.is_superuser else self.none()


@keep_history("tutor", "weekday", "start_time", "end_time", "slot_minutes", "valid_from", "valid_until", "time_zone", "credits")
class AvailabilityRule(_Hours):
    """So many slots, back to back (but for the tutor's buffer), between two times of one weekday."""

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday)
    start_time = models.TimeField(_("from"))
    end_time = models.TimeField(_("to"), help_text=_("00:00 is the midnight after."))
    slot_minutes = models.PositiveSmallIntegerField(_("minutes of a slot"))
    valid_from = models.DateField(_("valid from"), default=date.today)
    valid_until = models.DateField(_("valid until"), null=True, blank=True, help_text=_("The last day; empty: for good."))

    objects = AvailabilityQuerySet.as_manager()

    class Meta:
        verbose_name = _("weekly hours")
        verbose_name_plural = _("weekly hours")
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(name="rule_weekday_known", condition=Q(weekday__range=(0, 6))),
            models.CheckConstraint(name="rule_ends_after_start", condition=_ends_later("start_time", "end_time")),
            _whole_minutes("rule_whole_minutes"),
            models.CheckConstraint(name="rule_slot_length", condition=Q(slot_minutes__range=(SHORTEST, LONGEST))),
            models.CheckConstraint(
                name="rule_validity_in_order", condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from"))
            ),
        )

    def __str__(self):
        return f"{self.get_weekday_display()} {self.start_time:%H:%M}-{self.end_time:%H:%M}"


@keep_history("tutor", "date", "kind", "start_time", "end_time", "slot_minutes", "time_zone", "credits")
class AvailabilityException(_Hours):
    """One date that is not like the others: hours off (without times, the whole day), or extra hours."""

    class Kind(models.TextChoices):
        OFF = "off", _("off")
        EXTRA = "extra", _("extra hours")

    date = models.DateField(_("date"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    start_time = models.TimeField(_("from"), null=True, blank=True)
    end_time = models.TimeField(_("to"), null=True, blank=True, help_text=_("00:00 is the midnight after."))
    slot_minutes = models.PositiveSmallIntegerField(_("minutes of a slot"), null=True, blank=True)

    objects = AvailabilityQuerySet.as_manager()

    class Meta:
        verbose_name = _("exception")
        verbose_name_plural = _("exceptions")
        ordering = ("-id",)
        indexes = (models.Index(fields=["tutor", "date"], name="exception_of_tutor"),)
        constraints = (
            _whole_minutes("exception_whole_minutes"),
            models.CheckConstraint(name="exception_kind_known", condition=Q(kind__in=["off", "extra"])),
            models.CheckConstraint(
                name="exception_times",
                condition=Q(start_time=None, end_time=None)
                | (Q(start_time__isnull=False, end_time__isnull=False) & _ends_later("start_time", "end_time")),
            ),
            models.CheckConstraint(
                name="exception_slots",
                condition=Q(kind="off", slot_minutes=None)
                | Q(kind="extra", start_time__isnull=False, slot_minutes__isnull=False, slot_minutes__range=(SHORTEST, LONGEST)),
            ),
        )

    def __str__(self):
        return f"{self.date} {self.get_kind_display()}"


class TutorSettings(models.Model):
    """What a tutor wants of their calendar."""

    tutor = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        primary_key=True,
        related_name="tutor_settings",
        limit_choices_to={"user_type": "admin"},
        verbose_name=_("tutor"),
    )
    buffer_minutes = models.PositiveSmallIntegerField(
        _("buffer"), default=0, help_text=_("Minutes that stay free between two meetings.")
    )

    class Meta:
        verbose_name = _("tutor's settings")
        verbose_name_plural = _("tutors' settings")
        constraints = (models.CheckConstraint(name="buffer_at_most_a_day", condition=Q(buffer_minutes__lte=LONGEST)),)

    def __str__(self):
        return str(self.tutor)
