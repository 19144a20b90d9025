"""Amounts of money: exact decimals, never floats."""

from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Q
from django.db.models.functions import Floor

# Currencies whose smallest unit is not a hundredth (ISO 4217). Prices have two places at most, so none with three is here.
WITHOUT_CENTS = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"]
)


def places_of(currency):
    """How many decimal places the currency has: 2, or 0 as for JPY."""
    return 0 if currency in WITHOUT_CENTS else 2


def rounded(amount, currency):
    """The amount in whole smallest units of its currency; halves go up, as on a till."""
    return amount.quantize(Decimal(1).scaleb(-places_of(currency)), rounding=ROUND_HALF_UP)


def minor_units(amount, currency):
    """The amount as a whole number of smallest units, as payment providers count: 12.50 EUR is 1250, 12 JPY is 12.

    The database lets no price have a fraction of the smallest unit.
    """
    return int(amount.scaleb(places_of(currency)))


def from_minor_units(units, currency):
    """The opposite of minor_units."""
    return Decimal(units).scaleb(-places_of(currency))


def has_no_fraction(column):
    """The condition that a column holds whole units where the row's currency has no smaller ones."""
    return ~Q(currency__in=sorted(WITHOUT_CENTS)) | Q(**{column: Floor(column)})
