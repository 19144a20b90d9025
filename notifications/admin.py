"""The staff's view of what people were told, and of what could not be delivered."""

from django.contrib import admin, messages
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from config.admin import ReadOnlyAdmin
from notifications.errors import NotRetryable
from notifications.models import Delivery, Notification
from notifications.services import retry_delivery


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "user", "type", "title", "is_read")
    list_filter = ("type", "is_read")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email", "title")
    exclude = ("key",)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "status", "channel", "to", "kind", "attempts", "last_error", "sent_at")
    list_filter = ("status", "channel")
    search_fields = ("to", "message_id")
    list_select_related = ("user",)
    exclude = ("key",)
    actions = ("send_again",)

    @admin.action(description=_("Send again"), permissions=["retry"])
    def send_again(self, request, queryset):
        """Puts failed deliveries back into the queue; others that were ticked stay as they are."""
        sent_again = 0
        for key in queryset.failed().values_list("pk", flat=True):
            try:
                retry_delivery(delivery_id=key)
            except NotRetryable:  # somebody else was quicker
                continue
            sent_again += 1
        text = ngettext("%(count)d message will be sent again.", "%(count)d messages will be sent again.", sent_again)
        self.message_user(request, text % {"count": sent_again}, messages.SUCCESS if sent_again else messages.WARNING)

    def has_retry_permission(self, request):
        """Administrators, who alone may change what is sent to people."""
        return request.user.has_perm("notifications.change_delivery")
