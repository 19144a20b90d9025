"""The mails about orders: the notification's words, and below them what was ordered."""

from django.conf import settings
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from notifications.messages import letter, message
from shop.models import Order
from shop.money import places_of

ORDER = "shop.order"


def money(amount, currency):
    """An amount as people write it in the active language: 1 234,50 EUR."""
    return f"{number_format(amount, places_of(currency), use_l10n=True, force_grouping=True)} {currency}"


@message(ORDER)
def order(delivery):
    """One line per product, the discount, the total, and a link to the order."""
    told, placed = delivery.notification, Order.objects.get(pk=delivery.context["order"])
    lines = [f"{item.amount} × {item.name}: {money(item.price * item.amount, placed.currency)}" for item in placed.items.all()]
    if placed.discount:
        lines.append(_("Discount: %s") % money(-placed.discount, placed.currency))
    lines.append(_("Total: %s") % money(placed.total, placed.currency))
    return letter(subject=told.title, paragraphs=[told.message, "\n".join(lines)], link=settings.SITE_URL + told.link)
