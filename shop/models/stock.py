"""The stock ledger: why each product's amount is what it is."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.triggers import Trigger
from shop.models.catalog import Product
from shop.models.guards import written_by_triggers_only


class StockEntry(models.Model):
    """One change of one product's amount. The product's triggers write it, and nothing changes it afterwards.

    `balance` is the amount after the change, so the newest entry of a product holds its amount.
    """

    class Reason(models.TextChoices):
        ORDER = "order", _("order")
        CANCELLATION = "cancellation", _("cancellation")
        DELIVERY = "delivery", _("delivery")
        CORRECTION = "correction", _("correction")

    product = models.ForeignKey(Product, models.CASCADE, related_name="stock_entries", db_index=False)
    change = models.IntegerField(_("change"))
    balance = models.PositiveIntegerField(_("in stock afterwards"))
    reason = models.CharField(_("reason"), max_length=20, choices=Reason)
    order = models.ForeignKey("shop.Order", models.PROTECT, null=True, blank=True, related_name="stock_entries", db_index=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by"), db_index=False
    )
    note = models.CharField(_("note"), max_length=200, blank=True, db_default="")
    created_at = models.DateTimeField(_("created"), db_default=Now())

    class Meta:
        verbose_name = _("stock entry")
        verbose_name_plural = _("stock entries")
        ordering = ("-id",)
        indexes = (models.Index(fields=["product", "-id"], name="stock_entry_of_product"),)
        constraints = (
            # An order takes each product once and gives it back once, whoever tries a second time.
            models.UniqueConstraint(
                fields=["order", "product", "reason"], name="stock_entry_once", condition=Q(order__isnull=False)
            ),
            models.CheckConstraint(
                name="stock_entry_direction",
                condition=Q(reason="order", change__lt=0)
                | Q(reason__in=["cancellation", "delivery"], change__gt=0)
                | (Q(reason="correction") & ~Q(change=0)),
            ),
            models.CheckConstraint(
                name="stock_entry_order",
                condition=Q(reason__in=["order", "cancellation"], order__isnull=False)
                | Q(reason__in=["delivery", "correction"], order=None),
            ),
        )
        triggers = (
            *written_by_triggers_only("stock_entry", deletable=True),
            # The ledger of a product that was never sold goes with the product, and only so.
            Trigger(
                name="stay_with_product",
                when=pgtrigger.After,
                operation=pgtrigger.Delete,
                timing=pgtrigger.Deferred,
                func="""
                    IF EXISTS (SELECT FROM shop_product WHERE id = OLD.product_id) THEN
                        RAISE EXCEPTION 'the stock ledger is only added to'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_entry_append_only';
                    END IF;
                    RETURN NULL;
                """,
            ),
        )

    def __str__(self):
        return f"{self.change:+d} {self.get_reason_display()}"
