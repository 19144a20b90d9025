"""The use cases of scheduling: offering time, booking it, and what becomes of meetings."""

from scheduling.services.availability import (
    add_exception,
    add_rule,
    change_exception,
    change_rule,
    remove_exception,
    remove_rule,
    set_buffer,
    settings_of,
)
from scheduling.services.booking import book_meeting
from scheduling.services.calendars import create_feed, feed_created_at, read_feed, revoke_feed
from scheduling.services.changes import cancel_meeting, change_meeting, complete_meeting, confirm_meeting, move_meeting
from scheduling.services.closing import forget_user
from scheduling.services.publishing import publish_slots, tutors_with_hours
from scheduling.services.reminders import due_reminders, remind
from scheduling.services.series import book_series
from scheduling.services.slots import change_slot, create_slot, delete_slot

__all__ = [
    "add_exception",
    "add_rule",
    "book_meeting",
    "book_series",
    "cancel_meeting",
    "change_exception",
    "change_meeting",
    "change_rule",
    "change_slot",
    "complete_meeting",
    "confirm_meeting",
    "create_feed",
    "create_slot",
    "delete_slot",
    "due_reminders",
    "feed_created_at",
    "forget_user",
    "move_meeting",
    "publish_slots",
    "read_feed",
    "remind",
    "remove_exception",
    "remove_rule",
    "revoke_feed",
    "set_buffer",
    "settings_of",
    "tutors_with_hours",
]
