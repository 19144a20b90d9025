"""What is sold."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now, Upper
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from config.history import keep_history
from config.triggers import Trigger
from shop.money import has_no_fraction
from shop.pictures import path_of_picture

CURRENCY = r"^[A-Z]{3}$"
validate_currency = RegexValidator(CURRENCY, _("Three capital letters, as in EUR."))


def default_currency():
    """The shop's own currency."""
    return settings.SHOP_CURRENCY


class Category(models.Model):
    """A shelf of the shop."""

    name = models.CharField(_("name"), max_length=100, unique=True)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ("name", "id")

    def __str__(self):
        return self.name


class ProductQuerySet(models.QuerySet):
    """Which products there are, and who may see them."""

    def visible_to(self, user):
        """Administrators see all products, everybody else those on sale."""
        return self if user.is_superuser else self.on_sale()

    def on_sale(self, user=None):
        """Those that can be ordered, the same for everybody."""
        return self.filter(is_active=True)

    def search(self, queryset, words):
        """Those whose name or description contains the words."""
        return queryset.filter(Q(name__icontains=words) | Q(description__icontains=words))


# Stock has its ledger.
@keep_history("name", "description", "price", "currency", "is_active", "category", "picture", "credits", "credits_valid_days")
class Product(models.Model):
    """Something sold by the piece. `amount` is what is in stock; every change of it stands in the stock ledger.

    A product with `credits` is a lesson pack: each piece grants so many credits once its order is completed.
    """

    name = models.CharField(_("name"), max_length=200)
    description = models.TextField(_("description"), blank=True, db_default="", default="", max_length=10_000)
    price = models.DecimalField(_("price"), max_digits=10, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3, default=default_currency, validators=[validate_currency])
    amount = models.PositiveIntegerField(_("in stock"), default=0, db_default=0)
    # For indexes. One on the amount itself would make each order write to every index of the product.
    sold_out = models.GeneratedField(expression=Exact(F("amount"), 0), output_field=models.BooleanField(), db_persist=True)
    is_active = models.BooleanField(_("on sale"), default=True, db_default=True)
    category = models.ForeignKey(Category, models.SET_NULL, null=True, blank=True, related_name="products", db_index=False)
    picture = models.ImageField(_("picture"), upload_to=path_of_picture, blank=True, default="", db_default="")
    credits = models.PositiveSmallIntegerField(
        _("credits"), default=0, db_default=0, help_text=_("Lesson credits that each piece grants.")
    )
    credits_valid_days = models.PositiveSmallIntegerField(
        _("credits valid for days"), null=True, blank=True, help_text=_("Empty: without end.")
    )
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    objects = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ("name", "id")
        indexes = (
            models.Index(fields=["name", "id"], condition=Q(is_active=True), name="product_on_sale"),
            models.Index(fields=["name", "id"], condition=Q(is_active=True, sold_out=False), name="product_in_stock"),
            models.Index(fields=["name", "id"], condition=Q(is_active=True, sold_out=True), name="product_sold_out"),
            # A shelf by name, and for the foreign key.
            models.Index(fields=["category", "name", "id"], name="product_of_category"),
            GinIndex(
                OpClass(Upper("name"), name="gin_trgm_ops"),
                OpClass(Upper("description"), name="gin_trgm_ops"),
                name="product_words",
                fastupdate=False,  # words change rarely; a list of pending ones would make every search slow
            ),
        )
        constraints = (
            models.CheckConstraint(name="product_amount_not_negative", condition=Q(amount__gte=0)),
            models.CheckConstraint(name="product_price_not_negative", condition=Q(price__gte=0)),
            models.CheckConstraint(name="product_price_in_units", condition=has_no_fraction("price")),
            models.CheckConstraint(name="product_currency_form", condition=Q(currency__regex=CURRENCY)),
            models.CheckConstraint(name="product_has_name", condition=~Q(name="")),
            models.CheckConstraint(
                name="product_credits_validity", condition=Q(credits_valid_days=None) | Q(credits_valid_days__gt=0)
            ),
        )
        triggers = (
            # Whoever changes the amount says why in `frontdesk.stock_cause` (shop.causes), which holds for one statement.
            # Without a cause, the first amount is a delivery and any later change a correction.
            Trigger(
                name="record_first_stock",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_rows"),
                declare=[("cause", "jsonb")],
                func="""
                    cause := coalesce(nullif(current_setting('frontdesk.stock_cause', true), ''), '{}')::jsonb;
                    INSERT INTO shop_stockentry (product_id, change, balance, reason, by_id, note)
                    SELECT id, amount, amount, 'delivery', (cause->>'by')::bigint, coalesce(cause->>'note', '')
                    FROM new_rows WHERE amount <> 0 ORDER BY id;
                    PERFORM set_config('frontdesk.stock_cause', '', true);
                    RETURN NULL;
                """,
            ),
            Trigger(
                name="record_stock",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                referencing=pgtrigger.Referencing(old="old_rows", new="new_rows"),
                declare=[("cause", "jsonb")],
                func="""
                    cause := coalesce(nullif(current_setting('frontdesk.stock_cause', true), ''), '{}')::jsonb;
                    INSERT INTO shop_stockentry (product_id, change, balance, reason, order_id, by_id, note)
                    SELECT n.id, n.amount - o.amount, n.amount, coalesce(cause->>'reason', 'correction'),
                        (cause->>'order')::bigint, (cause->>'by')::bigint, coalesce(cause->>'note', '')
                    FROM new_rows n JOIN old_rows o USING (id) WHERE n.amount <> o.amount ORDER BY n.id;
                    PERFORM set_config('frontdesk.stock_cause', '', true);
                    RETURN NULL;
                """,
            ),
        )

    def __str__(self):
        return self.name
