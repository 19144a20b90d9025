"""Orders, their lines, and what became of them."""

from typing import Any

import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.history import keep_history
from config.triggers import Trigger
from shop.models.catalog import CURRENCY, Product
from shop.models.guards import append_only

_MONEY: dict[str, Any] = {"max_digits": 24, "decimal_places": 2}  # 100 lines of the dearest product in the largest amount


class OrderQuerySet(models.QuerySet):
    """Which orders there are, and who may see them."""

    def visible_to(self, user):
        """Administrators see all orders, everybody else their own."""
        return self if user.is_superuser else self.filter(user_id=user.pk)


@keep_history("user", "address", "phone", "status", "subtotal", "discount", "currency", "voucher", owner="user")
class Order(models.Model):
    """What one person bought at once, in one currency. New, then completed or canceled, and that is final.

    What was ordered and what it costs never changes; `address` and `phone` are erased when the account is closed.
    """

    class Status(models.TextChoices):
        NEW = "new", _("new")
        COMPLETED = "completed", _("completed")
        CANCELED = "canceled", _("canceled")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="orders", db_index=False)
    address = models.CharField(_("address"), max_length=500)
    phone = models.CharField(_("phone"), max_length=40)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.NEW, db_default=Status.NEW)
    is_completed = models.GeneratedField(
        verbose_name=_("completed"),
        expression=Q(status="completed"),  # type: ignore[arg-type]  # the stubs want an Expression
        output_field=models.BooleanField(),
        db_persist=True,
    )
    subtotal = models.DecimalField(_("subtotal"), **_MONEY, help_text=_("The sum of the lines."))
    discount = models.DecimalField(_("discount"), **_MONEY, default=0, db_default=0)
    total = models.GeneratedField(
        verbose_name=_("total"),
        expression=F("subtotal") - F("discount"),
        output_field=models.DecimalField(**_MONEY),
        db_persist=True,
    )
    currency = models.CharField(_("currency"), max_length=3)
    voucher = models.ForeignKey(
        "shop.Voucher", models.PROTECT, null=True, blank=True, related_name="orders", verbose_name=_("voucher"), db_index=False
    )
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ("-id",)
        indexes = (
            models.Index(fields=["user", "-id"], name="order_of_user"),
            models.Index(fields=["-id"], condition=~Q(status="completed"), name="order_uncompleted"),
            BrinIndex(fields=["created_at"], name="order_by_creation", autosummarize=True),  # the desk's chart
            models.Index(
                fields=["voucher", "user"],
                condition=Q(voucher__isnull=False) & ~Q(status="canceled"),
                name="order_by_voucher",
            ),
        )
        constraints = (
            models.CheckConstraint(name="order_status_known", condition=Q(status__in=["new", "completed", "canceled"])),
            models.CheckConstraint(name="order_subtotal_not_negative", condition=Q(subtotal__gte=0)),
            models.CheckConstraint(
                name="order_discount_within_subtotal", condition=Q(discount__gte=0, discount__lte=F("subtotal"))
            ),
            models.CheckConstraint(name="order_discount_by_voucher", condition=Q(discount=0) | Q(voucher__isnull=False)),
            models.CheckConstraint(name="order_currency_form", condition=Q(currency__regex=CURRENCY)),
        )
        triggers = (
            Trigger(
                name="keep_terms",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("user_id", "subtotal", "discount", "currency", "voucher_id", "created_at"),
                condition=pgtrigger.AnyChange("user", "subtotal", "discount", "currency", "voucher", "created_at"),
                func="""
                    RAISE EXCEPTION 'what was ordered does not change'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'order_terms_final';
                """,
            ),
            Trigger(
                name="change_status",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("status"),
                condition=pgtrigger.AnyChange("status"),
                func="""
                    IF OLD.status <> 'new' THEN
                        RAISE EXCEPTION 'the order is % already', OLD.status
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_status_final';
                    END IF;
                    INSERT INTO shop_orderevent (order_id, status, by_id) VALUES (NEW.id, NEW.status,
                        nullif(current_setting('frontdesk.actor', true), '')::bigint);
                    RETURN NEW;
                """,
            ),
            # The lock on the voucher's row, which its count takes, makes racers queue; each counts what the others left.
            Trigger(
                name="count_voucher",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__voucher__isnull=False),
                declare=[("allowed", "integer")],
                func="""
                    UPDATE shop_voucher SET uses = uses + 1 WHERE id = NEW.voucher_id RETURNING max_uses_per_user INTO allowed;
                    IF allowed < (SELECT count(*) FROM shop_order
                            WHERE voucher_id = NEW.voucher_id AND user_id = NEW.user_id AND status <> 'canceled') THEN
                        RAISE EXCEPTION 'the voucher was used too often by this account'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'voucher_uses_per_user';
                    END IF;
                    RETURN NULL;
                """,
            ),
            Trigger(
                name="give_voucher_back",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("status"),
                condition=pgtrigger.Q(new__voucher__isnull=False, new__status="canceled") & ~pgtrigger.Q(old__status="canceled"),
                func="UPDATE shop_voucher SET uses = uses - 1 WHERE id = NEW.voucher_id; RETURN NULL;",
            ),
        )

    def __str__(self):
        return f"{self.pk}: {self.total} {self.currency}"


class OrderItem(models.Model):
    """A line of an order: so many pieces of a product, by the name and price that it had at that time."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="items", db_index=False)
    product = models.ForeignKey(Product, models.PROTECT, related_name="order_items")
    name = models.CharField(_("name"), max_length=200)
    amount = models.PositiveIntegerField(_("amount"))
    price = models.DecimalField(_("price"), max_digits=10, decimal_places=2)
    credits = models.PositiveSmallIntegerField(_("credits"), db_default=0, default=0, help_text=_("That each piece grants."))
    credits_valid_days = models.PositiveSmallIntegerField(_("credits valid for days"), null=True, blank=True)

    class Meta:
        verbose_name = _("order item")
        verbose_name_plural = _("order items")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=["order", "product"], name="order_item_once"),
            models.CheckConstraint(name="order_item_amount_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="order_item_price_not_negative", condition=Q(price__gte=0)),
        )
        triggers = (
            append_only("order_item"),
            # An order's lines come in one statement, and make up its subtotal to the cent.
            Trigger(
                name="make_up_subtotal",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_rows"),
                func="""
                    IF EXISTS (
                        SELECT FROM (SELECT DISTINCT order_id FROM new_rows) n JOIN shop_order o ON o.id = n.order_id
                        WHERE o.subtotal <> (SELECT sum(price * amount) FROM shop_orderitem WHERE order_id = n.order_id)
                    ) THEN
                        RAISE EXCEPTION 'the lines of an order must make up its subtotal'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_items_make_up_subtotal';
                    END IF;
                    RETURN NULL;
                """,
            ),
        )

    def __str__(self):
        return f"{self.amount} × {self.name}"


class OrderEvent(models.Model):
    """A change of an order's status, written by the order's trigger. `by` is empty where SQL changed it by hand."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="events")
    status = models.CharField(_("status"), max_length=10, choices=Order.Status)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by"), db_index=False
    )
    created_at = models.DateTimeField(_("created"), db_default=Now())

    class Meta:
        verbose_name = _("order event")
        verbose_name_plural = _("order events")
        ordering = ("id",)
        triggers = (append_only("order_event"),)

    def __str__(self):
        return f"{self.order_id} {self.get_status_display()}"
