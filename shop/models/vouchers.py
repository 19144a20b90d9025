"""Vouchers: codes that make an order cheaper."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.history import keep_history
from shop.models.catalog import CURRENCY, default_currency, validate_currency
from shop.money import has_no_fraction


@keep_history(
    "code", "kind", "value", "currency", "is_active", "valid_from", "valid_until", "max_uses", "max_uses_per_user", "uses"
)
class Voucher(models.Model):
    """A code worth a percentage of an order or an amount of money, within its time and its numbers of uses.

    `uses` counts the orders that hold it and were not canceled; the order's triggers keep it.
    """

    class Kind(models.TextChoices):
        PERCENT = "percent", _("percent")
        AMOUNT = "amount", _("amount of money")

    code = models.CharField(_("code"), max_length=40, unique=True, help_text=_("Capital letters, digits, - and _."))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    value = models.DecimalField(_("value"), max_digits=10, decimal_places=2)
    currency = models.CharField(
        _("currency"),
        max_length=3,
        default=default_currency,
        validators=[validate_currency],
        help_text=_("Of an amount of money."),
    )
    is_active = models.BooleanField(_("active"), default=True, db_default=True)
    valid_from = models.DateTimeField(_("valid from"), null=True, blank=True)
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)
    max_uses = models.PositiveIntegerField(_("uses, of all"), null=True, blank=True, help_text=_("Empty: without limit."))
    max_uses_per_user = models.PositiveIntegerField(
        _("uses, of one account"), null=True, blank=True, help_text=_("Empty: without limit.")
    )
    uses = models.PositiveIntegerField(_("used"), default=0, db_default=0, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("voucher")
        verbose_name_plural = _("vouchers")
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(name="voucher_code_form", condition=Q(code__regex=r"^[A-Z0-9_-]+$")),
            models.CheckConstraint(name="voucher_kind_known", condition=Q(kind__in=["percent", "amount"])),
            models.CheckConstraint(name="voucher_value_range", condition=Q(value__gt=0) & (Q(kind="amount") | Q(value__lte=100))),
            models.CheckConstraint(name="voucher_value_in_units", condition=Q(kind="percent") | has_no_fraction("value")),
            models.CheckConstraint(name="voucher_currency_form", condition=Q(currency__regex=CURRENCY)),
            models.CheckConstraint(
                name="voucher_time_order",
                condition=Q(valid_from=None) | Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
            ),
            models.CheckConstraint(
                name="voucher_uses_of_all", condition=Q(uses__gte=0) & (Q(max_uses=None) | Q(uses__lte=F("max_uses")))
            ),
        )

    def __str__(self):
        return self.code

    def clean(self):
        """Codes are typed in any case."""
        self.code = self.code.strip().upper()
