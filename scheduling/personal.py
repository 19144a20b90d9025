"""What people get of slots and meetings, and what not (config.exports)."""

from config.exports import Section
from config.history import WITHHELD as HISTORY
from scheduling.models import AvailabilityException, AvailabilityRule, CalendarFeed, Meeting, TimeSlot, TutorSettings

_TUTOR = {"tutor": "The account."}

SECTIONS = (
    Section(
        "meetings",
        lambda user: Meeting.objects.of(user),
        (
            "id", "student", "tutor", "time_slot", "subject", "notes", "status", "credits", "start_time", "end_time",
            "created_at", "updated_at",
        ),
        {
            "uid": "Names the meeting for calendar programs.",
            "sequence": "Counts changes for calendar programs.",
            "reminded": "How far the reminders are.",
        },
    ),
    Section(
        "slots",
        lambda user: TimeSlot.objects.filter(tutor_id=user.pk),
        ("id", "start_time", "end_time", "is_available", "credits", "origin", "created_at"),
        _TUTOR,
    ),
    Section(
        "weekly_hours",
        lambda user: AvailabilityRule.objects.filter(tutor_id=user.pk),
        (
            "id", "weekday", "start_time", "end_time", "slot_minutes", "valid_from", "valid_until", "time_zone", "credits",
            "created_at",
        ),
        _TUTOR,
    ),
    Section(
        "exceptions",
        lambda user: AvailabilityException.objects.filter(tutor_id=user.pk),
        ("id", "date", "kind", "start_time", "end_time", "slot_minutes", "time_zone", "credits", "created_at"),
        _TUTOR,
    ),
    Section("tutor_settings", lambda user: TutorSettings.objects.filter(tutor_id=user.pk), ("buffer_minutes",), _TUTOR),
    Section(
        "calendar_feeds",
        lambda user: CalendarFeed.objects.filter(user_id=user.pk),
        ("created_at",),
        {"user": "The account.", "digest": "Of a secret."},
    ),
)  # fmt: skip
WITHHELD = {
    "scheduling.AvailabilityExceptionHistory": HISTORY,
    "scheduling.AvailabilityRuleHistory": HISTORY,
    "scheduling.MeetingHistory": HISTORY,
    "scheduling.TimeSlotHistory": HISTORY,
}
