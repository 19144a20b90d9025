"""The messages about meetings. Each reads the meeting afresh when it goes out, and stays away where it no longer applies."""

from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from notifications.messages import Attachment, Message, letter, message
from notifications.models import Channel
from notifications.services import tell_time
from scheduling.ical import invitation, method_of
from scheduling.models import Meeting, Status


def _meeting_of(delivery):
    return Meeting.objects.select_related("student", "tutor").filter(pk=delivery.context["meeting"]).first()


def _letter(delivery, *more, attachments=()):
    told = delivery.notification
    paragraphs = [*told.message.split("\n\n"), *more]
    return letter(subject=told.title, paragraphs=paragraphs, link=settings.SITE_URL + told.link, attachments=attachments)


def _attached(delivery, meeting):
    method = method_of(meeting)
    was_at = [datetime.fromisoformat(moment) for moment in delivery.context.get("was_at", ())]
    filename = "invitation.ics" if method == "REQUEST" else "canceled.ics"
    return [Attachment(filename, invitation(meeting, to=delivery.to, was_at=was_at), f"text/calendar; method={method}")]


@message("scheduling.confirmed")
def reservation_confirmed(delivery):
    """The invitation. None where the meeting is not confirmed any more: another message tells of that, or it took place."""
    meeting = _meeting_of(delivery)
    if meeting is None or meeting.status != Status.CONFIRMED:
        return None
    return _letter(delivery, attachments=_attached(delivery, meeting))


@message("scheduling.canceled")
def reservation_canceled(delivery):
    """Takes the meeting out of the student's calendar, unless it was confirmed again meanwhile."""
    meeting = _meeting_of(delivery)
    if meeting is None:
        return None
    if meeting.invites:
        return _letter(delivery)
    more = [_waiting()] if meeting.status == Status.PENDING else []
    return _letter(delivery, *more, attachments=_attached(delivery, meeting))


@message("scheduling.invitation")
def invitation_update(delivery):
    """Brings the student's calendar up to date where no notification tells them. None where a later message does so."""
    meeting = _meeting_of(delivery)
    if meeting is None or meeting.invites != delivery.context["invites"]:
        return None
    # Each later REQUEST says it all; of the completion, the last change of a meeting, there is none. A CANCEL is not sent again
    # for what becomes of the meeting outside of calendars.
    told = meeting.sequence - (meeting.status == Status.COMPLETED)
    if meeting.invites and told != delivery.context["sequence"]:
        return None
    about = {"subject": meeting.subject, "tutor": meeting.tutor.get_full_name(), "time": tell_time(meeting.start_time)}
    return letter(
        subject=_title_of(meeting),
        paragraphs=[
            _("%(subject)s, %(tutor)s: %(time)s.") % about,
            _waiting() if meeting.status == Status.PENDING else _("The attached file brings your calendar up to date."),
        ],
        link=f"{settings.SITE_URL}/api/v1/meetings/{meeting.pk}/",
        attachments=_attached(delivery, meeting),
    )


def _title_of(meeting):
    if meeting.invites:
        return _("Reservation changed")
    return _("Reservation moved") if meeting.status == Status.PENDING else _("Reservation canceled")


def _waiting():
    return _("It has yet to be confirmed. Until then the attached file takes it out of your calendar.")


@message("scheduling.reminder")
def reminder(delivery):
    """By mail or SMS. None where the meeting was canceled or moved since the reminder was written, or has begun."""
    meeting = Meeting.objects.select_related("student", "tutor").coming().filter(pk=delivery.context["meeting"]).first()
    if meeting is None:
        return None
    # Another tutor may have the same hour; and a slot's own times can change by hand.
    start = datetime.fromisoformat(delivery.context["start"])
    if (meeting.time_slot_id, meeting.start_time) != (delivery.context["time_slot"], start):
        return None
    if delivery.channel == Channel.SMS:
        text = _("Reminder: %(subject)s, %(time)s.") % {"subject": meeting.subject, "time": tell_time(meeting.start_time)}
        return Message(subject="", text=text)
    return _letter(delivery)
