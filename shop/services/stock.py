"""Deliveries and corrections. What orders take and give back is in shop.services.orders."""

from django.db import transaction
from django.db.models import F

from config.errors import Missing, NotAllowed, named_constraints
from shop.causes import give_cause
from shop.errors import StockChangeRefused
from shop.models import Product, StockEntry

BY_HAND = (StockEntry.Reason.DELIVERY, StockEntry.Reason.CORRECTION)


def change_stock(*, by, product_id, change, reason, note=""):
    """Adds to a product's stock, or takes from it. For administrators. `reason`: one of BY_HAND; a delivery only adds.

    Raises NotEnoughStock, StockChangeRefused, Missing and NotAllowed.
    """
    if not by.is_admin:
        raise NotAllowed
    if reason not in BY_HAND or change == 0 or (change < 0 and reason == StockEntry.Reason.DELIVERY):
        raise StockChangeRefused
    with named_constraints(), transaction.atomic():
        give_cause("stock", reason=reason, by=by.pk, note=note)
        if not Product.objects.filter(pk=product_id).update(amount=F("amount") + change):
            raise Missing
