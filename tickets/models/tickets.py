"""What a customer asked, and where it stands."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.history import keep_history
from config.signs import VISIBLE
from config.triggers import Trigger

MESSAGE_LENGTH = 50_000


class Status(models.TextChoices):
    """Where a ticket stands, in the letters that clients know."""

    UNSOLVED = "u", _("unsolved")
    CLOSED = "c", _("closed")
    FROZEN = "f", _("frozen")


class Awaiting(models.TextChoices):
    """Who owes the next word."""

    SUPPORT = "support", _("support")
    CUSTOMER = "customer", _("customer")


class Priority(models.TextChoices):
    """How much it matters."""

    LOW = "low", _("low")
    NORMAL = "normal", _("normal")
    HIGH = "high", _("high")
    URGENT = "urgent", _("urgent")


class TicketQuerySet(models.QuerySet):
    """Which tickets there are, and who may see them."""

    def visible_to(self, user):
        """Support sees all tickets, everybody else their own."""
        return self if user.is_staff else self.filter(user_id=user.pk)


@keep_history("user", "subject", "message", "status", "priority", "assignee", "order", "meeting", owner="user")
class Ticket(models.Model):
    """One thing that a customer asked. It is never erased.

    `awaiting` follows from the answers and the status: triggers keep it, nobody else writes it. It is null while a ticket
    is closed and its owner has said nothing since.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="tickets", verbose_name=_("customer"), db_index=False
    )
    subject = models.CharField(_("subject"), max_length=200, blank=True, default="", db_default="")
    message = models.TextField(_("message"), max_length=MESSAGE_LENGTH)
    status = models.CharField(_("status"), max_length=1, choices=Status, default=Status.UNSOLVED, db_default=Status.UNSOLVED)
    changed_status = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        db_index=False,
        verbose_name=_("status set by"),
    )
    priority = models.CharField(
        _("priority"), max_length=10, choices=Priority, default=Priority.NORMAL, db_default=Priority.NORMAL
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="assigned_tickets",
        limit_choices_to={"is_staff": True, "is_active": True},
        db_index=False,
        verbose_name=_("assignee"),
    )
    order = models.ForeignKey(
        "shop.Order", models.PROTECT, null=True, blank=True, related_name="tickets", verbose_name=_("order"), db_index=False
    )
    meeting = models.ForeignKey(
        "scheduling.Meeting",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="tickets",
        verbose_name=_("meeting"),
        db_index=False,
    )
    awaiting = models.CharField(  # noqa: DJ001 (nobody owes a word on a closed ticket)
        _("awaiting"), max_length=10, choices=Awaiting, null=True, editable=False, db_default=Awaiting.SUPPORT
    )
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    objects = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        ordering = ("-id",)
        indexes = (
            models.Index(fields=["user", "-id"], name="ticket_of_user"),
            models.Index(fields=["status", "-id"], name="ticket_by_status"),
            models.Index(fields=["awaiting", "-id"], name="ticket_by_awaiting", condition=Q(awaiting__isnull=False)),
            models.Index(fields=["assignee", "-id"], name="ticket_by_assignee", condition=Q(assignee__isnull=False)),
            BrinIndex(fields=["created_at"], name="ticket_by_creation", autosummarize=True),  # the desk's chart
        )
        constraints = (
            models.CheckConstraint(name="ticket_status_known", condition=Q(status__in=Status.values)),
            models.CheckConstraint(name="ticket_priority_known", condition=Q(priority__in=Priority.values)),
            models.CheckConstraint(name="ticket_awaiting_known", condition=Q(awaiting=None) | Q(awaiting__in=Awaiting.values)),
            models.CheckConstraint(name="ticket_has_message", condition=Q(message__regex=VISIBLE)),
        )
        triggers = (
            Trigger(
                name="owner_is_open",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                # Waits for whoever closes the account, who would find nothing to erase; what comes later would stay for good.
                func="""
                    PERFORM FROM accounts_user WHERE id = NEW.user_id AND closed_at IS NULL FOR KEY SHARE;
                    IF NOT FOUND THEN
                        RAISE EXCEPTION 'nobody speaks by a closed account'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'ticket_owner_is_open';
                    END IF;
                    RETURN NEW;
                """,
            ),
            Trigger(
                name="assign_support",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("assignee_id"),
                condition=pgtrigger.Q(new__assignee__isnull=False),
                # The lock makes a demotion wait that comes at the same moment; one that comes later is the admin's to see.
                func="""
                    IF TG_OP = 'UPDATE' AND NEW.assignee_id IS NOT DISTINCT FROM OLD.assignee_id THEN RETURN NEW; END IF;
                    PERFORM FROM accounts_user WHERE id = NEW.assignee_id AND is_staff AND is_active FOR SHARE;
                    IF NOT FOUND THEN
                        RAISE EXCEPTION 'tickets are assigned to support'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'ticket_assignee_is_support';
                    END IF;
                    RETURN NEW;
                """,
            ),
            # What somebody else ordered or booked is no reason for a ticket, and none to be told of it.
            Trigger(
                name="refer_to_own",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("user_id", "order_id", "meeting_id"),
                condition=pgtrigger.Q(new__order__isnull=False) | pgtrigger.Q(new__meeting__isnull=False),
                func="""
                    IF NEW.order_id IS NOT NULL AND NOT EXISTS (
                        SELECT FROM shop_order WHERE id = NEW.order_id AND user_id = NEW.user_id
                    ) THEN
                        RAISE EXCEPTION 'a ticket is about an order of its owner'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'ticket_order_is_own';
                    END IF;
                    IF NEW.meeting_id IS NOT NULL AND NOT EXISTS (
                        SELECT FROM scheduling_meeting
                        WHERE id = NEW.meeting_id AND NEW.user_id IN (student_id, tutor_id)
                    ) THEN
                        RAISE EXCEPTION 'a ticket is about a meeting of its owner'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'ticket_meeting_is_own';
                    END IF;
                    RETURN NEW;
                """,
            ),
            Trigger(
                name="set_status",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("status"),
                declare=[("spoke", "bigint")],
                # Who: whom the statement names anew, else whom the transaction names (config.actors), else nobody.
                # Saying "closed" again settles what the customer has said since.
                func="""
                    IF NEW.status <> OLD.status AND NEW.changed_status_id IS NOT DISTINCT FROM OLD.changed_status_id THEN
                        NEW.changed_status_id := nullif(current_setting('frontdesk.actor', true), '')::bigint;
                    END IF;
                    IF NEW.status = 'c' THEN
                        NEW.awaiting := NULL;
                    ELSIF OLD.status = 'c' THEN
                        -- Who is support no longer sees to no open ticket (migrations/assignees.sql).
                        IF NEW.assignee_id IS NOT NULL THEN
                            PERFORM FROM accounts_user WHERE id = NEW.assignee_id AND is_staff AND is_active FOR SHARE;
                            IF NOT FOUND THEN NEW.assignee_id := NULL; END IF;
                        END IF;
                        SELECT user_id INTO spoke FROM tickets_answer
                            WHERE ticket_id = NEW.id AND NOT internal ORDER BY id DESC LIMIT 1;
                        NEW.awaiting := CASE WHEN coalesce(spoke, NEW.user_id) = NEW.user_id THEN 'support' ELSE 'customer' END;
                    END IF;
                    RETURN NEW;
                """,
            ),
            Trigger(
                name="record_status",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("status"),
                condition=pgtrigger.Q(old__status__df=pgtrigger.F("new__status")),
                func="""
                    INSERT INTO tickets_statuschange (ticket_id, user_id, from_status, to_status)
                        VALUES (NEW.id, NEW.changed_status_id, OLD.status, NEW.status);
                    RETURN NEW;
                """,
            ),
            Trigger(
                name="index_words",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("subject", "message"),
                # A new ticket has no answers yet, so its own words are all there are.
                func="""
                    IF TG_OP = 'INSERT' THEN
                        INSERT INTO tickets_searchtext (ticket_id, owner, status, awaiting, assignee, words, staff_words)
                            SELECT NEW.id, NEW.user_id, NEW.status, NEW.awaiting, NEW.assignee_id, w, w
                            FROM tickets_words(NEW.subject || ' ' || NEW.message) w;
                    ELSE
                        PERFORM tickets_index(NEW.id);
                    END IF;
                    RETURN NEW;
                """,
            ),
            Trigger(
                name="index_filters",
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("user", "status", "awaiting", "assignee"),
                # Not a second time what the answer's own trigger has written.
                func="""
                    UPDATE tickets_searchtext s
                        SET owner = NEW.user_id, status = NEW.status, awaiting = NEW.awaiting, assignee = NEW.assignee_id
                        WHERE s.ticket_id = NEW.id AND (s.owner, s.status, s.awaiting, s.assignee)
                            IS DISTINCT FROM (NEW.user_id, NEW.status, NEW.awaiting, NEW.assignee_id);
                    RETURN NEW;
                """,
            ),
        )

    def __str__(self):
        return f"#{self.pk} {self.topic}"

    @property
    def topic(self):
        """What it is about, in a line: the subject, else the beginning of the message."""
        words = " ".join((self.subject or self.message).split())
        return words if len(words) <= 60 else words[:59] + "…"
