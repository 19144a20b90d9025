"""Times that a tutor offers."""

from datetime import UTC, datetime, timedelta

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import BooleanField, F, Func, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.history import keep_history
from config.triggers import Trigger

# Whether taking the slot {slot} would cut the tutor's pause before or after another meeting than {meeting}.
TOO_CLOSE = """EXISTS (
    SELECT FROM scheduling_tutorsettings t
    JOIN scheduling_timeslot o ON o.tutor_id = t.tutor_id AND o.id <> {slot}.id AND tstzrange(o.start_time, o.end_time, '[)')
        && tstzrange({slot}.start_time - make_interval(mins => t.buffer_minutes),
                     {slot}.end_time + make_interval(mins => t.buffer_minutes), '[)')
    JOIN scheduling_meeting m ON m.time_slot_id = o.id AND m.status <> 'canceled' AND m.id <> {meeting}
    WHERE t.tutor_id = {slot}.tutor_id AND t.buffer_minutes > 0)"""
SHORTEST, LONGEST = 5, 24 * 60  # minutes of a slot
_EARLIEST, _LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


class During(Func):
    """From a start up to, but without, an end: what touches does not overlap."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()

    def __init__(self, start="start_time", end="end_time", bounds=None, **extra):
        super().__init__(start, end, bounds or RangeBoundary(), **extra)


class TimeSlotQuerySet(models.QuerySet):
    """Which slots there are, and who may see them."""

    def visible_to(self, user):
        """Everybody who is signed in: a slot says when a tutor has time, and nothing of who took it."""
        return self

    def offered_to(self, user):
        """Administrators look through all slots, everybody else through those that can still be booked.

        By the rules of scheduling.services.obstacles, but for what depends on the student's other meetings.
        """
        if user.is_superuser:
            return self
        too_close = RawSQL(TOO_CLOSE.format(slot="scheduling_timeslot", meeting=0), (), BooleanField())  # noqa: S611 (our own text)
        found = self.filter(is_available=True, start_time__gt=Now(), tutor__is_active=True, tutor__user_type="admin")
        if settings.BOOKING_NOTICE:
            found = found.filter(start_time__gte=Now() + settings.BOOKING_NOTICE)
        if settings.BOOKING_AHEAD is not None:
            found = found.filter(start_time__lte=Now() + settings.BOOKING_AHEAD)
        # Asked in this order: of most tutors, who want no pause, the first is all.
        return found.exclude(Q(tutor__tutor_settings__buffer_minutes__gt=0), too_close)

    def overlapping(self, tutor, start, end):
        """A tutor's slots that overlap a time, found by the index of the exclusion constraint."""
        return self.annotate(during=During()).filter(tutor=tutor, during__overlap=(start, end))


@keep_history("tutor", "start_time", "end_time", "is_available", "credits", "origin")
class TimeSlot(models.Model):
    """A stretch of a tutor's time that one meeting can take. `is_available` says that it is offered and not taken."""

    class Origin(models.TextChoices):
        HAND = "hand", _("by hand")
        RULE = "rule", _("by a weekly rule")
        # No rule asks for it any more, but a meeting takes it, or one that was canceled refers to it.
        RETIRED = "retired", _("by a rule of old")

    tutor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="slots",
        limit_choices_to={"user_type": "admin"},
        verbose_name=_("tutor"),
        db_index=False,
    )
    start_time = models.DateTimeField(_("start"))
    end_time = models.DateTimeField(_("end"))
    is_available = models.BooleanField(_("available"), default=True, db_default=True)
    credits = models.PositiveIntegerField(
        _("credits"), default=0, db_default=0, help_text=_("What a meeting in it costs the student; 0 is free of charge.")
    )
    origin = models.CharField(
        _("published"), max_length=10, choices=Origin, default=Origin.HAND, db_default=Origin.HAND, editable=False
    )
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    objects = TimeSlotQuerySet.as_manager()

    class Meta:
        verbose_name = _("time slot")
        verbose_name_plural = _("time slots")
        ordering = ("start_time", "id")
        indexes = (
            models.Index(fields=["start_time", "id"], name="slot_by_time"),
            models.Index(fields=["start_time", "id"], condition=Q(is_available=True), name="slot_offered"),
            models.Index(fields=["tutor", "start_time", "id"], name="slot_of_tutor"),
        )
        constraints = (
            # Farther, a time in another zone may fall out of the years that Python knows.
            models.CheckConstraint(name="slot_in_reach", condition=Q(start_time__gte=_EARLIEST, end_time__lt=_LATEST)),
            models.CheckConstraint(name="slot_ends_after_start", condition=Q(end_time__gt=F("start_time"))),
            models.CheckConstraint(
                name="slot_length",  # PostgreSQL goes by the names: what ends before it starts is told so first
                condition=Q(
                    end_time__gte=F("start_time") + timedelta(minutes=SHORTEST),
                    end_time__lte=F("start_time") + timedelta(minutes=LONGEST),
                ),
                violation_error_message=_("A slot lasts from 5 minutes to 24 hours."),
            ),
            ExclusionConstraint(
                name="slot_overlap",
                expressions=[("tutor", RangeOperators.EQUAL), (During(), RangeOperators.OVERLAPS)],
                violation_error_message=_("The tutor has another slot at that time."),
            ),
            models.CheckConstraint(name="slot_origin_known", condition=Q(origin__in=["hand", "rule", "retired"])),
        )
        triggers = (
            # The lock of docs/locking.md, for writers who know nothing of it: two who insert overlapping slots at once would
            # wait for each other in the exclusion constraint, and PostgreSQL would end one of them as a deadlock.
            Trigger(
                name="queue_at_tutor",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="PERFORM FROM accounts_user WHERE id = NEW.tutor_id FOR NO KEY UPDATE; RETURN NEW;",
            ),
            # A meeting keeps a copy of its slot's times (scheduling.models.meetings); so long as it is not canceled, the
            # slot keeps them too, and is not offered again.
            Trigger(
                name="keep_booked",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("start_time", "end_time", "tutor_id", "is_available"),
                condition=pgtrigger.Condition(
                    "((OLD.start_time, OLD.end_time, OLD.tutor_id) IS DISTINCT FROM (NEW.start_time, NEW.end_time, NEW.tutor_id)"
                    " OR (NEW.is_available AND NOT OLD.is_available))"
                ),
                func="""
                    IF EXISTS (SELECT FROM scheduling_meeting WHERE time_slot_id = NEW.id AND status <> 'canceled') THEN
                        IF NEW.is_available AND NOT OLD.is_available THEN
                            RAISE EXCEPTION 'a slot that is taken cannot be offered'
                                USING ERRCODE = 'check_violation', CONSTRAINT = 'slot_taken';
                        END IF;
                        RAISE EXCEPTION 'a slot that is taken keeps its times'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'slot_booked';
                    END IF;
                    RETURN NEW;
                """,
            ),
        )

    def __str__(self):
        return f"{timezone.localtime(self.start_time):%Y-%m-%d %H:%M %Z}"
