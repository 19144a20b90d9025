"""What becomes of a closed account's calendar."""

from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy

from accounts.models import DELETED_USER
from config.erasing import ERASED, forget_names
from config.history import erase_history, history_of
from notifications.services import forget_meetings, forget_names_in
from scheduling.models import AvailabilityException, AvailabilityRule, CalendarFeed, Meeting, TimeSlot, TutorSettings
from scheduling.services.changes import call_off
from scheduling.services.publishing import publish_slots


def forget_user(*, user):
    """Cancels what is still ahead of somebody, offers their time no longer, and erases their words and calendar feed.

    Called inside the transaction that closes the account, which holds the account's row. Meetings stay; what their
    other side was told of them goes, as it names the person. What was told of meetings that the person had to do with once
    stays, without the name: those of a former tutor, and of whoever of the administrators moved or canceled one.
    """
    CalendarFeed.objects.filter(user=user).delete()
    theirs = Meeting.objects.of(user)
    # A CANCEL that waits still goes out: what is pending, or canceled already, is not taken out of calendars below (ADR 23).
    forget_meetings(meetings=theirs.values("pk"), instead={"scheduling.canceled": "scheduling.invitation"})
    once = history_of(Meeting).objects.filter(Q(tutor=user) | Q(pgh_by=user))
    forget_names_in(meetings=once.values("pgh_obj"), names=user.former_names(), instead=gettext_lazy(DELETED_USER))
    # Before they are canceled, as the other side hears of that, in the words that are left.
    as_student = Meeting.objects.filter(student=user)
    forget_names(as_student)
    as_student.update(subject=ERASED, notes=None)
    erase_history(as_student, subject=ERASED, notes=None)
    # In the order of their slots, as publishing locks several, too.
    ahead = theirs.live().filter(end_time__gt=Now()).order_by("time_slot_id")
    for meeting_id in list(ahead.values_list("pk", flat=True)):
        call_off(by=user, meeting_id=meeting_id)
    forget_names(TutorSettings.objects.filter(tutor=user))
    for model in (AvailabilityRule, AvailabilityException, TutorSettings):
        model.objects.filter(tutor=user).delete()
    # Of whoever was a tutor once, too.
    publish_slots(tutor_id=user.pk)
    TimeSlot.objects.filter(tutor=user, is_available=True, start_time__gt=Now()).update(is_available=False)
