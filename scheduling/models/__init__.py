"""Slots, meetings, weekly hours and calendar feeds. The rules stand in the database, so that whoever writes obeys them."""

from scheduling.models.availability import AvailabilityException, AvailabilityRule, TutorSettings
from scheduling.models.calendars import CalendarFeed
from scheduling.models.meetings import Meeting, MeetingQuerySet, Status
from scheduling.models.slots import TimeSlot, TimeSlotQuerySet

__all__ = [
    "AvailabilityException",
    "AvailabilityRule",
    "CalendarFeed",
    "Meeting",
    "MeetingQuerySet",
    "Status",
    "TimeSlot",
    "TimeSlotQuerySet",
    "TutorSettings",
]
