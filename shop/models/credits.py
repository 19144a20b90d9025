"""Lesson credits: granted by lesson packs, taken by bookings."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.triggers import Trigger
from shop.models.guards import written_by_triggers_only
from shop.models.orders import OrderItem


class CreditLotQuerySet(models.QuerySet):
    """Whose credits, and which can still be spent."""

    def visible_to(self, user):
        """Everybody sees their own."""
        return self.filter(user_id=user.pk)

    def spendable(self):
        """Lots with something left that have not expired, by the database's clock."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=Now()), remaining__gt=0)


class CreditLot(models.Model):
    """Credits that were granted together and expire together. What is left of them is never below zero."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="credit_lots", db_index=False)
    order_item = models.OneToOneField(
        OrderItem, models.PROTECT, null=True, blank=True, related_name="credit_lot", help_text=_("Empty: a gift of the staff.")
    )
    granted = models.PositiveBigIntegerField(_("granted"))
    remaining = models.PositiveBigIntegerField(_("remaining"))
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    objects = CreditLotQuerySet.as_manager()

    class Meta:
        verbose_name = _("credit lot")
        verbose_name_plural = _("credit lots")
        ordering = ("-id",)
        indexes = (
            models.Index(fields=["user"], condition=Q(remaining__gt=0), name="credit_lot_with_rest"),
            models.Index(fields=["expires_at"], condition=Q(remaining__gt=0), name="credit_lot_expiry"),
        )
        constraints = (
            models.CheckConstraint(name="credit_lot_granted_positive", condition=Q(granted__gt=0)),
            models.CheckConstraint(name="credit_lot_balance", condition=Q(remaining__gte=0, remaining__lte=F("granted"))),
        )
        triggers = (
            # As for the stock: `frontdesk.credit_cause` (shop.causes) says why; without it, a change is a correction.
            Trigger(
                name="record_grant",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_rows"),
                declare=[("cause", "jsonb")],
                func="""
                    cause := coalesce(nullif(current_setting('frontdesk.credit_cause', true), ''), '{}')::jsonb;
                    INSERT INTO shop_creditentry (user_id, lot_id, kind, change, by_id, note)
                    SELECT user_id, id, 'grant', remaining, (cause->>'by')::bigint, coalesce(cause->>'note', '')
                    FROM new_rows ORDER BY id;
                    PERFORM set_config('frontdesk.credit_cause', '', true);
                    RETURN NULL;
                """,
            ),
            Trigger(
                name="record_change",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                referencing=pgtrigger.Referencing(old="old_rows", new="new_rows"),
                declare=[("cause", "jsonb")],
                func="""
                    cause := coalesce(nullif(current_setting('frontdesk.credit_cause', true), ''), '{}')::jsonb;
                    INSERT INTO shop_creditentry (user_id, lot_id, kind, change, spending_id, by_id, note)
                    SELECT n.user_id, n.id, coalesce(cause->>'reason', 'correction'), n.remaining - o.remaining,
                        (cause->>'spending')::bigint, (cause->>'by')::bigint, coalesce(cause->>'note', '')
                    FROM new_rows n JOIN old_rows o USING (id) WHERE n.remaining <> o.remaining ORDER BY n.id;
                    PERFORM set_config('frontdesk.credit_cause', '', true);
                    RETURN NULL;
                """,
            ),
            Trigger(
                name="keep_grant",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("user_id", "order_item_id", "granted"),
                condition=pgtrigger.AnyChange("user", "order_item", "granted"),
                func="""
                    RAISE EXCEPTION 'what was granted does not change'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_lot_grant_final';
                """,
            ),
        )

    def __str__(self):
        return f"{self.remaining}/{self.granted}"


class CreditSpending(models.Model):
    """What one booking cost: taken, then returned or forfeited, or neither. A meeting holds at most one at a time."""

    class Status(models.TextChoices):
        SPENT = "spent", _("spent")
        RETURNED = "returned", _("returned")
        FORFEITED = "forfeited", _("forfeited")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="credit_spendings", db_index=False)
    meeting = models.ForeignKey("scheduling.Meeting", models.PROTECT, related_name="credit_spendings")
    credits = models.PositiveBigIntegerField(_("credits"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.SPENT, db_default=Status.SPENT)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("credit spending")
        verbose_name_plural = _("credit spendings")
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=["meeting"], condition=Q(status="spent"), name="credit_spending_once"),
            models.CheckConstraint(name="credit_spending_positive", condition=Q(credits__gt=0)),
            models.CheckConstraint(
                name="credit_spending_status_known", condition=Q(status__in=["spent", "returned", "forfeited"])
            ),
        )
        triggers = (
            Trigger(
                name="settle_once",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("status"),
                condition=pgtrigger.Q(old__status__df=pgtrigger.F("new__status")) & ~pgtrigger.Q(old__status="spent"),
                func="""
                    RAISE EXCEPTION 'the credits are % already', OLD.status
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_spending_final';
                """,
            ),
            Trigger(
                name="record_forfeit",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("status"),
                condition=pgtrigger.Q(old__status="spent", new__status="forfeited"),
                func="""
                    INSERT INTO shop_creditentry (user_id, kind, change, spending_id) VALUES (NEW.user_id, 'forfeit', 0, NEW.id);
                    RETURN NULL;
                """,
            ),
        )

    def __str__(self):
        return f"{self.credits} for meeting {self.meeting_id}"


class CreditEntryQuerySet(models.QuerySet):
    """Whose history."""

    def visible_to(self, user):
        """Everybody sees their own."""
        return self.filter(user_id=user.pk)


class CreditEntry(models.Model):
    """One change of somebody's credits, written by triggers and never changed. A forfeit takes nothing: it is a note."""

    class Kind(models.TextChoices):
        GRANT = "grant", _("grant")
        DEBIT = "debit", _("debit")
        RETURN = "return", _("return")
        FORFEIT = "forfeit", _("forfeit")
        EXPIRY = "expiry", _("expiry")
        CORRECTION = "correction", _("correction")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="credit_entries", db_index=False)
    lot = models.ForeignKey(CreditLot, models.PROTECT, null=True, blank=True, related_name="entries")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    change = models.BigIntegerField(_("change"))
    spending = models.ForeignKey(CreditSpending, models.PROTECT, null=True, blank=True, related_name="entries")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by"), db_index=False
    )
    note = models.CharField(_("note"), max_length=200, blank=True, db_default="")
    created_at = models.DateTimeField(_("created"), db_default=Now())

    objects = CreditEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("credit entry")
        verbose_name_plural = _("credit entries")
        ordering = ("-id",)
        indexes = (models.Index(fields=["user", "-id"], name="credit_entry_of_user"),)
        constraints = (
            models.CheckConstraint(
                name="credit_entry_direction",
                condition=Q(kind__in=["grant", "return"], change__gt=0)
                | Q(kind__in=["debit", "expiry"], change__lt=0)
                | Q(kind="forfeit", change=0)
                | (Q(kind="correction") & ~Q(change=0)),
            ),
            models.CheckConstraint(name="credit_entry_lot", condition=Q(kind="forfeit") | Q(lot__isnull=False)),
            models.CheckConstraint(
                name="credit_entry_spending",
                condition=Q(kind__in=["debit", "return", "forfeit"], spending__isnull=False)
                | Q(kind__in=["grant", "expiry", "correction"], spending=None),
            ),
        )
        triggers = (*written_by_triggers_only("credit_entry", erasable="note"),)

    def __str__(self):
        return f"{self.change:+d} {self.get_kind_display()}"
