"""Payments of orders, and what the payment providers told us of them."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.triggers import Trigger
from shop.models.catalog import CURRENCY
from shop.models.guards import append_only
from shop.models.orders import Order


class PaymentQuerySet(models.QuerySet):
    """Which payments there are, and who may see them."""

    def visible_to(self, user):
        """Those of the orders that one may see."""
        return self if user.is_superuser else self.filter(order__user_id=user.pk)


class Payment(models.Model):
    """One attempt to pay an order. `reference` is the provider's name for it, `url` where the customer pays."""

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        PAID = "paid", _("paid")
        FAILED = "failed", _("failed")
        REFUNDED = "refunded", _("refunded")

    order = models.ForeignKey(Order, models.PROTECT, related_name="payments")
    provider = models.CharField(_("provider"), max_length=20)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING, db_default=Status.PENDING)
    amount = models.DecimalField(_("sum"), max_digits=24, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    reference = models.CharField(_("reference"), max_length=255, blank=True, default="", db_default="")
    url = models.CharField(max_length=2000, blank=True, default="", db_default="")
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    paid_at = models.DateTimeField(_("paid"), null=True, blank=True, editable=False)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ("-id",)
        constraints = (
            # Nobody pays twice: while one attempt is under way or was paid, there is no other.
            models.UniqueConstraint(fields=["order"], condition=Q(status__in=["pending", "paid"]), name="payment_one_live"),
            models.UniqueConstraint(
                fields=["provider", "reference"], condition=~Q(reference=""), name="payment_reference_unique"
            ),
            models.CheckConstraint(
                name="payment_status_known", condition=Q(status__in=["pending", "paid", "failed", "refunded"])
            ),
            models.CheckConstraint(name="payment_amount_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="payment_currency_form", condition=Q(currency__regex=CURRENCY)),
            models.CheckConstraint(
                name="payment_paid_has_time",
                condition=Q(status__in=["paid", "refunded"], paid_at__isnull=False)
                | Q(status__in=["pending", "failed"], paid_at=None),
            ),
        )
        triggers = (
            Trigger(
                name="keep_terms",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("order", "provider", "amount", "currency", "status"),
                func="""
                    IF (NEW.order_id, NEW.provider, NEW.amount, NEW.currency)
                            IS DISTINCT FROM (OLD.order_id, OLD.provider, OLD.amount, OLD.currency) THEN
                        RAISE EXCEPTION 'what is to be paid does not change'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'payment_terms_final';
                    END IF;
                    IF (OLD.status, NEW.status) NOT IN (('pending', 'paid'), ('pending', 'failed'), ('paid', 'refunded')) THEN
                        RAISE EXCEPTION 'the payment is % already', OLD.status
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'payment_status_final';
                    END IF;
                    RETURN NEW;
                """,
            ),
        )

    def __str__(self):
        return f"{self.amount} {self.currency} {self.get_status_display()}"


class PaymentEvent(models.Model):
    """What a provider told us, once for each of its events, and what came of it."""

    class Outcome(models.TextChoices):
        DONE = "done", _("done")
        UNKNOWN = "unknown", _("no such payment")
        MISMATCH = "mismatch", _("amount or currency differ")
        LATE = "late", _("the payment was settled before")

    provider = models.CharField(_("provider"), max_length=20)
    event_id = models.CharField(max_length=255)
    kind = models.CharField(_("kind"), max_length=100)
    payment = models.ForeignKey(Payment, models.PROTECT, null=True, blank=True, related_name="events")
    amount = models.DecimalField(_("sum"), max_digits=24, decimal_places=2, null=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True, db_default="")
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome)
    created_at = models.DateTimeField(_("created"), db_default=Now())

    class Meta:
        verbose_name = _("payment event")
        verbose_name_plural = _("payment events")
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=["provider", "event_id"], name="payment_event_once"),)
        triggers = (append_only("payment_event"),)

    def __str__(self):
        return f"{self.kind} {self.get_outcome_display()}"
