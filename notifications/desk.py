"""What the desk shows of notifications: messages that did not get through."""

from django.urls import reverse
from django.utils.translation import gettext_lazy

from config import desk
from notifications.models import Delivery


@desk.box(60, gettext_lazy("Failed messages"), "admin:notifications_delivery_changelist", admins_only=True)
def failed_deliveries():
    return [
        desk.Row(f"{one.channel}: {one.to}", reverse("admin:notifications_delivery_change", args=[one.pk]), one.last_error)
        for one in Delivery.objects.failed().order_by("-id")[: desk.MOST]
    ]
