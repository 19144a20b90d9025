"""What people get of notifications, and what not (config.exports)."""

from config.exports import Section
from notifications.models import Delivery, Notification, Preference

SECTIONS = (
    Section(
        "notifications",
        lambda user: Notification.objects.filter(user_id=user.pk),
        ("id", "meeting", "type", "title", "message", "is_read", "in_app", "link", "created_at"),
        {"user": "The account.", "key": "Names the cause inside the service."},
    ),
    Section(
        "messages",
        lambda user: Delivery.objects.filter(user_id=user.pk),
        ("notification", "channel", "to", "kind", "language", "status", "attempts", "last_error", "created_at", "sent_at"),
        {
            "id": "Nothing refers to it.",
            "user": "The account.",
            "context": "Keys of rows that are told elsewhere.",
            "key": "Names the cause inside the service.",
            "message_id": "Follows from the key.",
        },
    ),
    Section(
        "preferences",
        lambda user: Preference.objects.filter(user_id=user.pk),
        ("type", "channel", "enabled"),
        {"id": "Nothing refers to it.", "user": "The account."},
    ),
)
WITHHELD: dict[str, str] = {}
