"""The messages about meetings. Each reads the meeting afresh when it goes out, and stays away where it no longer applies."""

from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from notifications.messages import Attachment, Message, letter, message
from notifications.models import Channel
from notifications.services import tell_time
from scheduling.ical import invitation
from scheduling.models import Meeting, Status


def _meeting_of(delivery):
    return Meeting.objects.select_related("student", "tutor").filter(pk=delivery.context["meeting"]).first()


def _letter(delivery, **more):
    told = delivery.notification
    return letter(subject=told.title, paragraphs=told.message.split("\n\n"), link=settings.SITE_URL + told.link, **more)


def _attached(meeting, filename):
    method = "CANCEL" if meeting.status == Status.CANCELED else "REQUEST"
    return [Attachment(filename, invitation(meeting), f"text/calendar; method={method}")]


@message("scheduling.confirmed")
def reservation_confirmed(delivery):
    """The invitation. None where the meeting is not confirmed any more: another message tells of that."""
    meeting = _meeting_of(delivery)
    if meeting is None or meeting.status != Status.CONFIRMED:
        return None
    return _letter(delivery, attachments=_attached(meeting, "invitation.ics"))


@message("scheduling.canceled")
def reservation_canceled(delivery):
    """Takes the meeting out of the student's calendar."""
    meeting = _meeting_of(delivery)
    if meeting is None:
        return None
    to_student = meeting.student_id == delivery.user_id
    return _letter(delivery, attachments=_attached(meeting, "canceled.ics") if to_student else ())


@message("scheduling.reminder")
def reminder(delivery):
    """By mail or SMS. None where the meeting was canceled or moved since the reminder was written, or has begun."""
    meeting = Meeting.objects.select_related("student", "tutor").coming().filter(pk=delivery.context["meeting"]).first()
    if meeting is None or meeting.start_time != datetime.fromisoformat(delivery.context["start"]):
        return None
    if delivery.channel == Channel.SMS:
        text = _("Reminder: %(subject)s, %(time)s.") % {"subject": meeting.subject, "time": tell_time(meeting.start_time)}
        return Message(subject="", text=text)
    return _letter(delivery)
