"""Slots that somebody took."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length, Now
from django.db.models.lookups import LessThanOrEqual
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.history import keep_history
from config.triggers import Trigger
from scheduling.models.slots import During


class Status(models.TextChoices):
    """Where a meeting stands. It goes from pending to confirmed to completed, and from the first two to canceled."""

    PENDING = "pending", _("pending")
    CONFIRMED = "confirmed", _("confirmed")
    CANCELED = "canceled", _("canceled")
    COMPLETED = "completed", _("completed")


NOTES_LENGTH = 2_000  # characters
LIVE = (Status.PENDING, Status.CONFIRMED)


class MeetingQuerySet(models.QuerySet):
    """Which meetings there are, and who may see them."""

    def visible_to(self, user):
        """Administrators see all meetings, everybody else those that they take part in."""
        return self if user.is_superuser else self.of(user)

    def of(self, user):
        """Those that somebody takes part in."""
        return self.filter(Q(student_id=user.pk) | Q(tutor_id=user.pk))

    def live(self):
        """Those that still wait or are to take place."""
        return self.filter(status__in=LIVE)

    def coming(self):
        """Live ones that have not begun, by the database's clock."""
        return self.live().filter(start_time__gt=Now())

    def standing(self):
        """Those that take their slot: all but the canceled ones."""
        return self.exclude(status=Status.CANCELED)


@keep_history(
    "student", "tutor", "time_slot", "subject", "notes", "status", "start_time", "end_time", "credits",
    owner="student", people=("tutor", "pgh_by"),
)  # fmt: skip
class Meeting(models.Model):
    """One student's appointment with one tutor. It is never erased, only canceled.

    `start_time` and `end_time` are the slot's: a trigger copies them, so that the database can compare a student's
    meetings with each other. A canceled meeting keeps those that it had.
    """

    student = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="meetings", verbose_name=_("student"), db_index=False
    )
    tutor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="taught_meetings",
        limit_choices_to={"user_type": "admin"},
        verbose_name=_("tutor"),
        db_index=False,
    )
    time_slot = models.ForeignKey("scheduling.TimeSlot", models.PROTECT, related_name="meetings", verbose_name=_("time slot"))
    subject = models.CharField(_("subject"), max_length=100)
    notes = models.TextField(_("notes"), max_length=NOTES_LENGTH, null=True, blank=True)  # noqa: DJ001 (the clients' schema has it so)
    status = models.CharField(_("status"), max_length=20, choices=Status, default=Status.PENDING, db_default=Status.PENDING)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    start_time = models.DateTimeField(_("start"), editable=False)
    end_time = models.DateTimeField(_("end"), editable=False)
    credits = models.PositiveIntegerField(
        _("credits"), db_default=0, editable=False, help_text=_("What it cost the student when it was booked.")
    )
    uid = models.UUIDField(db_default=RandomUUID(), editable=False, help_text=_("Names the meeting in calendars."))
    sequence = models.PositiveIntegerField(db_default=0, editable=False, help_text=_("How often it was changed."))
    updated_at = models.DateTimeField(_("changed"), db_default=Now(), editable=False)
    reminded = models.PositiveIntegerField(
        null=True,
        editable=False,
        help_text=_("Of the reminders that are done with, or came too late, the last: seconds before the start."),
    )

    objects = MeetingQuerySet.as_manager()

    class Meta:
        verbose_name = _("meeting")
        verbose_name_plural = _("meetings")
        ordering = ("-id",)
        indexes = (
            models.Index(fields=["student", "-id"], name="meeting_of_student"),
            models.Index(fields=["tutor", "-id"], name="meeting_of_tutor"),
            models.Index(fields=["status", "-id"], name="meeting_by_status"),
            models.Index(fields=["start_time"], name="meeting_by_time"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["time_slot"],
                condition=~Q(status="canceled"),
                name="slot_taken",
                violation_error_message=_("This slot is taken."),
            ),
            ExclusionConstraint(
                name="student_overlap",
                expressions=[("student", RangeOperators.EQUAL), (During(), RangeOperators.OVERLAPS)],
                condition=~Q(status="canceled"),
                violation_error_message=_("The student has another meeting at that time."),
            ),
            models.CheckConstraint(name="meeting_status_known", condition=Q(status__in=Status.values)),
            models.CheckConstraint(
                name="meeting_notes_length",
                condition=LessThanOrEqual(Length("notes"), NOTES_LENGTH),
                violation_error_message=_("Notes have up to 2,000 characters."),
            ),
        )
        triggers = (
            Trigger(
                name="copy_slot",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("time_slot_id", "tutor_id", "start_time", "end_time"),
                declare=[("tutor", "bigint")],
                # The locks are those of docs/locking.md, for writers who know nothing of it: two who insert overlapping
                # meetings at once would wait for each other in the exclusion constraint, and PostgreSQL would end one as
                # a deadlock. The slot's also waits for a change of its times.
                func="""
                    IF TG_OP = 'UPDATE' AND (OLD.time_slot_id, OLD.tutor_id, OLD.start_time, OLD.end_time)
                        IS NOT DISTINCT FROM (NEW.time_slot_id, NEW.tutor_id, NEW.start_time, NEW.end_time) THEN
                        RETURN NEW;
                    END IF;
                    PERFORM FROM accounts_user WHERE id = NEW.student_id FOR NO KEY UPDATE;
                    SELECT start_time, end_time, tutor_id INTO NEW.start_time, NEW.end_time, tutor
                        FROM scheduling_timeslot WHERE id = NEW.time_slot_id FOR NO KEY UPDATE;
                    IF FOUND AND tutor IS DISTINCT FROM NEW.tutor_id THEN
                        RAISE EXCEPTION 'a meeting''s tutor is its slot''s'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'meeting_tutor_is_slots';
                    END IF;
                    RETURN NEW;
                """,
            ),
            Trigger(
                name="keep_order",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                # A meeting that moves to another tutor waits for that one's word, and none takes place before it begins.
                func="""
                    IF OLD.status <> NEW.status AND NOT (
                        (OLD.status, NEW.status) IN (('pending', 'confirmed'), ('pending', 'canceled'), ('confirmed', 'canceled'))
                        OR ((OLD.status, NEW.status) = ('confirmed', 'completed') AND NEW.start_time <= statement_timestamp())
                        OR ((OLD.status, NEW.status) = ('confirmed', 'pending') AND OLD.tutor_id <> NEW.tutor_id)
                    ) THEN
                        RAISE EXCEPTION 'a meeting cannot go from % to %', OLD.status, NEW.status
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'illegal_transition';
                    END IF;
                    IF (OLD.status, OLD.time_slot_id, OLD.subject, OLD.notes) IS DISTINCT FROM
                       (NEW.status, NEW.time_slot_id, NEW.subject, NEW.notes) THEN
                        NEW.sequence := OLD.sequence + 1;
                        NEW.updated_at := clock_timestamp();
                    END IF;
                    RETURN NEW;
                """,
            ),
            Trigger(
                name="take_slot",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("status", "time_slot_id"),
                # Of a slot that weekly hours no longer ask for, too, the row is locked: they may ask for it again just now.
                func="""
                    IF TG_OP = 'UPDATE' AND OLD.status <> 'canceled'
                        AND (NEW.status = 'canceled' OR NEW.time_slot_id <> OLD.time_slot_id) THEN
                        UPDATE scheduling_timeslot SET is_available = origin <> 'retired'
                            WHERE id = OLD.time_slot_id AND NOT is_available AND start_time > now();
                    END IF;
                    IF NEW.status <> 'canceled' THEN
                        UPDATE scheduling_timeslot SET is_available = false WHERE id = NEW.time_slot_id AND is_available;
                    END IF;
                    RETURN NEW;
                """,
            ),
            Trigger(
                name="keep_forever",
                when=pgtrigger.Before,
                operation=pgtrigger.Delete,
                func="""
                    RAISE EXCEPTION 'meetings are never erased'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'meeting_protected';
                """,
            ),
        )

    def __str__(self):
        return f"{self.subject} ({timezone.localtime(self.start_time):%Y-%m-%d %H:%M %Z})" if self.start_time else self.subject

    @property
    def is_live(self):
        """Whether it still waits or is to take place."""
        return self.status in LIVE

    @property
    def invites(self):
        """Whether its student has it in the calendar of their mail program, as far as mails bring it there (ADR 23).

        A confirmation invites. It is taken back when the meeting is canceled, or waits for another tutor's word.
        """
        return self.status in (Status.CONFIRMED, Status.COMPLETED)
