"""What races in the shop have in common."""

from shop import services
from shop.models import Product

WHERE = {"address": "1 Main Street", "phone": "+48123666789"}


def lines(*pairs):
    return [{"product_id": product.pk, "amount": amount} for product, amount in pairs]


def order(by, *pairs, **more):
    return services.place_order(by=by, **WHERE, items=lines(*pairs), **more)


def outcome(result):
    """What a competitor got: the error's code or type, else "done"."""
    return getattr(result, "code", type(result).__name__) if isinstance(result, Exception) else "done"


def left(product):
    return Product.objects.get(pk=product.pk).amount
