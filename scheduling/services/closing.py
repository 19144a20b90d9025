"""What becomes of a closed account's calendar."""

from django.db.models.functions import Now

from scheduling.models import AvailabilityException, AvailabilityRule, CalendarFeed, Meeting, TimeSlot, TutorSettings
from scheduling.services.changes import cancel_meeting
from scheduling.services.publishing import publish_slots


def forget_user(*, user):
    """Cancels what is still ahead of somebody, offers their time no longer, and erases their notes and calendar feed.

    Called inside the transaction that closes the account, which holds the account's row. Meetings stay.
    """
    CalendarFeed.objects.filter(user=user).delete()
    ahead = Meeting.objects.of(user).live().filter(end_time__gt=Now()).order_by("id")
    for meeting_id in list(ahead.values_list("pk", flat=True)):
        cancel_meeting(by=user, meeting_id=meeting_id)
    Meeting.objects.filter(student=user).update(notes=None)
    for model in (AvailabilityRule, AvailabilityException, TutorSettings):
        model.objects.filter(tutor=user).delete()
    if user.is_admin:
        publish_slots(tutor_id=user.pk)
        TimeSlot.objects.filter(tutor=user, is_available=True, start_time__gt=Now()).update(is_available=False)
