"""What the buyer hears of an order."""

from django.utils.translation import gettext_lazy as _

from notifications.models import Type
from notifications.services import in_language_of, notify
from shop.mails import ORDER, money

_TITLES = {
    Type.ORDER_PLACED: _("Order %(number)d placed"),
    Type.ORDER_COMPLETED: _("Order %(number)d completed"),
    Type.ORDER_CANCELED: _("Order %(number)d canceled"),
}
_MESSAGES = {
    Type.ORDER_PLACED: _("We received your order of %(total)s."),
    Type.ORDER_COMPLETED: _("Your order of %(total)s is completed."),
    Type.ORDER_CANCELED: _("Your order of %(total)s was canceled."),
}


def tell(order, type):
    """Tells the buyer that the order was placed, completed or canceled; in the caller's transaction, once."""
    with in_language_of(order.user):
        # Not order.total: the database computes it, and reading it here would ask for it.
        values = {"number": order.pk, "total": money(order.subtotal - order.discount, order.currency)}
        notify(
            user=order.user,
            type=type,
            title=_TITLES[type] % values,
            message=_MESSAGES[type] % values,
            key=f"{type}:{order.pk}",
            link=f"/api/v1/orders/{order.pk}/",
            mail=ORDER,
            context={"order": order.pk},
        )
