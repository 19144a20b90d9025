"""Scheduling's paths, below `/api/v1/`."""

from django.urls import path

from config.routing import routes
from scheduling.api.availability import AvailabilityViewSet, ExceptionViewSet
from scheduling.api.calendars import CalendarView, FeedView
from scheduling.api.meetings import MeetingViewSet
from scheduling.api.timeslots import TimeSlotViewSet

urlpatterns = [
    path("calendar/", CalendarView.as_view()),
    path("calendar/<str:token>.ics/", FeedView.as_view()),
    # The longer prefix first: the shorter one's routes would take `exceptions` for something of theirs.
    *routes(**{"availability/exceptions": ExceptionViewSet}),
    *routes(timeslots=TimeSlotViewSet, meetings=MeetingViewSet, availability=AvailabilityViewSet),
]
