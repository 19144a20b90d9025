"""What the desk shows of notifications: messages that did not get through."""

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from config import desk
from notifications.models import Delivery, Notification


@desk.box(60, gettext_lazy("Failed messages"), "admin:notifications_delivery_changelist", needs="notifications.view_delivery")
def failed_deliveries():
    return [
        desk.Row(f"{one.channel}: {one.to}", reverse("admin:notifications_delivery_change", args=[one.pk]), one.last_error)
        for one in Delivery.objects.failed().order_by("-id")[: desk.MOST]
    ]


@desk.panel(
    50, gettext_lazy("Notifications"), "admin:notifications_notification_changelist", needs="notifications.view_notification"
)
def notifications_of(person):
    newest = Notification.objects.filter(user=person).order_by("-id")[: desk.MOST]
    return [
        desk.Row(
            one.title, reverse("admin:notifications_notification_change", args=[one.pk]), str(timezone.localdate(one.created_at))
        )
        for one in newest
    ]
