"""What a voucher takes off an order."""

from django.db.models import Q
from django.db.models.functions import Now

from shop.errors import VoucherCurrency, VoucherRefused
from shop.models import Voucher
from shop.money import rounded


def hold_voucher(*, code):
    """The voucher with this code (in any case), locked until the transaction ends. Raises VoucherRefused.

    Whether it may be used once more is checked by the database when the order is written, so that nobody can slip past.
    """
    begun = Q(valid_from=None) | Q(valid_from__lte=Now())
    not_over = Q(valid_until=None) | Q(valid_until__gt=Now())
    found = Voucher.objects.filter(begun, not_over, code=code.strip().upper(), is_active=True)
    voucher = found.select_for_update(no_key=True).first()
    if voucher is None:
        raise VoucherRefused
    return voucher


def discount_of(voucher, *, subtotal, currency):
    """What the voucher takes off, never more than the subtotal. Raises VoucherCurrency for an amount of other money."""
    if voucher.kind == Voucher.Kind.PERCENT:
        return rounded(subtotal * voucher.value / 100, currency)
    if voucher.currency != currency:
        raise VoucherCurrency
    return min(voucher.value, subtotal)
