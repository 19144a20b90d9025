"""Meetings as iCalendar (RFC 5545, and RFC 5546 for invitations)."""

from email.utils import parseaddr

from django.conf import settings
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, vCalAddress

from notifications.messages import one_line
from scheduling.models import Status

_PRODUCT = "-//Frontdesk//Scheduling//EN"
_STATUS = {
    Status.PENDING: "TENTATIVE",
    Status.CONFIRMED: "CONFIRMED",
    Status.COMPLETED: "CONFIRMED",
    Status.CANCELED: "CANCELLED",
}


def feed_of(user, meetings):
    """A calendar, as bytes, of meetings that one person takes part in; student and tutor must be loaded."""
    calendar = _calendar("PUBLISH")
    calendar.add("X-WR-CALNAME", "Frontdesk")
    # How often programs should ask again (RFC 7986), in both spellings.
    calendar.add("REFRESH-INTERVAL;VALUE=DURATION", "PT1H")
    calendar.add("X-PUBLISHED-TTL", "PT1H")
    for meeting in meetings:
        other = meeting.student if meeting.tutor_id == user.pk else meeting.tutor
        calendar.add_component(_event(meeting, other=other, status=_STATUS[meeting.status]))
    return calendar.to_ical()


def method_of(meeting):
    """What a mail does with the meeting in its student's calendar."""
    return "REQUEST" if meeting.invites else "CANCEL"


def invitation(meeting, *, to, was_at=None):
    """A meeting, as bytes, for its student's mail program: a REQUEST where they are invited, or else a CANCEL.

    `to` is the address that the mail goes to. `was_at` are start and end of what a CANCEL takes out, where the meeting
    itself waits elsewhere, with another tutor.
    """
    calendar = _calendar(method_of(meeting))
    if meeting.invites:
        event = _event(meeting, other=meeting.tutor, status="CONFIRMED")
    else:
        event = _event(meeting, other=None if was_at else meeting.tutor, status="CANCELLED", times=was_at)
    event.add("ORGANIZER", _studio())
    event.add("ATTENDEE", _student(meeting.student, to))
    calendar.add_component(event)
    return calendar.to_ical()


def _calendar(method):
    calendar = Calendar()
    calendar.add("PRODID", _PRODUCT)
    calendar.add("VERSION", "2.0")
    calendar.add("CALSCALE", "GREGORIAN")
    calendar.add("METHOD", method)
    return calendar


def _event(meeting, *, other, status, times=None):
    event = Event()
    start, end = times or (meeting.start_time, meeting.end_time)
    # The UID never changes; SEQUENCE and LAST-MODIFIED grow with each change (a trigger sees to that).
    event.add("UID", str(meeting.uid))
    event.add("SEQUENCE", meeting.sequence)
    event.add("DTSTAMP", meeting.updated_at)
    event.add("LAST-MODIFIED", meeting.updated_at)
    event.add("CREATED", meeting.created_at)
    event.add("DTSTART", start)
    event.add("DTEND", end)
    event.add("STATUS", status)
    event.add("SUMMARY", one_line(meeting.subject))
    event.add("DESCRIPTION", "\n\n".join(filter(None, (_with(other), _printable(meeting.notes)))))
    event.add("URL", f"{settings.SITE_URL}/api/v1/meetings/{meeting.pk}/")
    return event


def _with(person):
    return _("With %(person)s") % {"person": one_line(person.get_full_name())} if person else ""


def _printable(text):
    # iCalendar knows line breaks (written \n), but no other control characters.
    return "\n".join(one_line(line) for line in (text or "").splitlines())


def _studio():
    # Not the tutor, who may be another one later, leave, or change their address: calendars take updates from nobody but
    # the organizer of what they hold (RFC 5546, 6.1.1), and like to see the mail come from there.
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return _address(f"mailto:{address}", name or address)


def _student(user, to):
    address = _address(f"mailto:{to}", user.get_full_name())
    address.params.update({"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "ACCEPTED", "RSVP": "FALSE"})
    return address


def _address(uri, name):
    address = vCalAddress(uri)
    address.params["CN"] = one_line(name).replace('"', "'")
    return address
