"""A student's mail program: it reads mails and their calendar parts, by another library than the one that wrote them."""

import vobject

from notifications.models import Notification

CANCELED = {"status": "canceled"}


def calendar(mail):
    """What is in a mail for calendars, or None."""
    attached = list(mail.iter_attachments())
    if not attached:
        return None
    [part] = attached
    assert part.get_content_type() == "text/calendar"
    found = vobject.readOne(part.get_content())
    assert part.get_param("method") == found.method.value
    return found


def says(mail):
    """(METHOD, STATUS, SEQUENCE, DTSTART, SUMMARY) of an event in a mail."""
    found = calendar(mail)
    event = found.vevent
    return found.method.value, event.status.value, int(event.sequence.value), event.dtstart.value, event.summary.value


def text(mail):
    """What a person reads first."""
    return mail.get_body(("plain",)).get_content()


def told(user):
    """The types of their notifications, in order."""
    return list(Notification.objects.filter(user=user).order_by("id").values_list("type", flat=True))


def wants(as_user, user, **mails):
    """Chooses by mail: `reminder=False`."""
    wanted = {kind: {"email": enabled} for kind, enabled in mails.items()}
    assert as_user(user).put("/api/v1/notifications/preferences/", wanted).status_code == 200
