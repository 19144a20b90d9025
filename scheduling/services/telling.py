"""Whom a change of a meeting concerns, and what they read. Mails render what they say when they go out (scheduling.mails)."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from notifications.mails import NOTIFICATION
from notifications.models import Channel
from notifications.services import in_language_of, notify, preferences_of, send, tell_time


def booked(meeting):
    """To the tutor: somebody took a slot, or moved a meeting of another tutor's to it."""
    with in_language_of(meeting.tutor):
        _tell(
            meeting.tutor,
            meeting,
            type="new_reservation",
            title=_("New reservation"),
            message=_("%(student)s booked %(time)s: %(subject)s.") % _words(meeting),
            key=f"new_reservation:{meeting.pk}:{meeting.sequence}",
        )


def booked_series(meetings):
    """To the tutor: somebody took the same hour of several weeks. One notification names all dates."""
    first = meetings[0]
    with in_language_of(first.tutor):
        dates = "\n".join(tell_time(meeting.start_time) for meeting in meetings)
        title = ngettext("New reservation of %d meeting", "New reservation of %d meetings", len(meetings)) % len(meetings)
        _tell(
            first.tutor,
            first,
            type="new_reservation",
            title=title,
            message=_("%(student)s booked: %(subject)s.") % _words(first) + "\n\n" + dates,
            key=f"new_reservation:{first.pk}",
        )


def confirmed(meeting):
    """To the student: the tutor said yes. The mail carries an invitation for the calendar."""
    if meeting.student is None:
        return
    with in_language_of(meeting.student):
        _tell(
            meeting.student,
            meeting,
            type="reservation_confirmed",
            title=_("Reservation confirmed"),
            message=_("%(tutor)s confirmed %(time)s: %(subject)s.") % _words(meeting),
            key=f"reservation_confirmed:{meeting.pk}:{meeting.sequence}",
            mail="scheduling.confirmed",
        )


def canceled(meeting, *, by, was):
    """To the other side; where neither side canceled, to both. `was` is the meeting before."""
    for person in _others(meeting, by):
        invited = was.invites and person.pk == meeting.student_id
        with in_language_of(person):
            _tell(
                person,
                meeting,
                type="reservation_canceled",
                title=_("Reservation canceled"),
                message=_("%(by)s canceled %(time)s: %(subject)s.") % _words(meeting, by=by),
                key=f"reservation_canceled:{meeting.pk}",
                mail="scheduling.canceled" if invited else NOTIFICATION,
                context=_of_calendar(meeting),
            )
    wanted = {"reservation_confirmed", "reservation_canceled"}
    if was.invites and by.pk == meeting.student_id and wanted <= _mails_of(meeting.student):
        _update_invitation(meeting)


def moved(meeting, *, by, was):
    """To the other side: another time. A tutor who loses the meeting hears of a cancellation, the new one of a reservation.

    `was` is the meeting before.
    """
    others, was_at = _others(meeting, by), [was.start_time.isoformat(), was.end_time.isoformat()]
    if was.tutor_id != meeting.tutor_id:
        booked(meeting)
        others = [person for person in others if person.pk != meeting.tutor_id]
        if was.tutor_id != by.pk:
            _tell_lost(meeting, by, was)
    for person in others:
        invited = was.invites and person.pk == meeting.student_id
        with in_language_of(person):
            _tell(
                person,
                meeting,
                type=_type_of_move(meeting, person),
                title=_("Reservation moved"),
                message=_("%(by)s moved %(before)s to %(time)s: %(subject)s.") % _words(meeting, by=by, before=was.start_time),
                key=f"reservation_moved:{meeting.pk}:{meeting.sequence}",
                mail=_mail_of_move(meeting) if invited else NOTIFICATION,
                context=_of_calendar(meeting, was_at=was_at),
            )
    if was.invites:
        mailed = _mails_of(meeting.student)
        sent = meeting.student in others and _type_of_move(meeting, meeting.student) in mailed
        if "reservation_confirmed" in mailed and not sent:
            _update_invitation(meeting, was_at=was_at)


def reworded(meeting):
    """To nobody; but an invitation holds these words."""
    if meeting.invites and "reservation_confirmed" in _mails_of(meeting.student):
        _update_invitation(meeting)


def reminded(meeting):
    """To both: it is about to begin. The mail and the SMS look once more whether it still does."""
    for person in (meeting.student, meeting.tutor):
        if person is None:
            continue
        with in_language_of(person):
            _tell(
                person,
                meeting,
                type="reminder",
                title=_("Reminder: %(subject)s") % _words(meeting),
                message=_("%(subject)s, %(student)s and %(tutor)s: %(time)s.") % _words(meeting),
                key=f"reminder:{meeting.pk}:{meeting.start_time.timestamp():.0f}:{meeting.reminded}",
                mail="scheduling.reminder",
                sms="scheduling.reminder",
                context={"meeting": meeting.pk, "time_slot": meeting.time_slot_id, "start": meeting.start_time.isoformat()},
            )


def _mails_of(student):
    """The types of which the student, or None, has mails. Who has those of `reservation_confirmed` holds invitations (ADR 23)."""
    if student is None or not student.email:
        return set()
    return {kind for kind, channels in preferences_of(student).items() if channels[Channel.EMAIL]}


def _update_invitation(meeting, *, was_at=()):
    """To the student, by mail alone: they know of the change, or need not, but their calendar does not.

    `was_at` are the old start and end, for a CANCEL of what waits elsewhere. Whether an invitation has been sent already
    nobody asks: a CANCEL of what a calendar does not know does nothing there.
    """
    send(
        channel=Channel.EMAIL,
        to=meeting.student.email,
        kind="scheduling.invitation",
        context=_of_calendar(meeting, was_at=was_at),
        key=f"invitation:{meeting.pk}:{meeting.sequence}",
        user=meeting.student,
    )


def _of_calendar(meeting, *, was_at=()):
    return {"meeting": meeting.pk, "sequence": meeting.sequence, "invites": meeting.invites, "was_at": was_at}


def _tell_lost(meeting, by, was):
    with in_language_of(was.tutor):
        _tell(
            was.tutor,
            meeting,
            type="reservation_canceled",
            title=_("Reservation canceled"),
            message=_("%(by)s moved %(before)s to another tutor: %(subject)s.") % _words(meeting, by=by, before=was.start_time),
            key=f"reservation_canceled:{meeting.pk}:{meeting.sequence}",
        )


def _type_of_move(meeting, person):
    # The types are those that clients know; "system" is for a student whose meeting is not confirmed.
    if person.pk == meeting.tutor_id:
        return "new_reservation"
    return "reservation_confirmed" if meeting.invites else "system"


def _mail_of_move(meeting):
    # What waits for another tutor's word leaves the calendar (ADR 23).
    return "scheduling.confirmed" if meeting.invites else "scheduling.canceled"


def _others(meeting, by):
    """The participants but the actor, each once."""
    people = {person.pk: person for person in (meeting.student, meeting.tutor) if person is not None}
    return [person for key, person in people.items() if key != by.pk]


def _words(meeting, *, by=None, before=None):
    return {
        "student": meeting.student.get_full_name() if meeting.student else "",
        "tutor": meeting.tutor.get_full_name(),
        "by": by.get_full_name() if by else "",
        "subject": meeting.subject,
        "time": tell_time(meeting.start_time),
        "before": tell_time(before) if before else "",
    }


def _tell(person, meeting, *, context=None, **values):
    notify(
        user=person,
        meeting_id=meeting.pk,
        link=f"/api/v1/meetings/{meeting.pk}/",
        context=context or {"meeting": meeting.pk},
        **values,
    )
