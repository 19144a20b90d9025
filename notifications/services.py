"""Telling people things: what the other apps call, and what people do with their notifications.

Everything here writes rows in the caller's transaction. Mails and SMS are sent by the worker (notifications.delivery).
"""

import functools
import hashlib
import re
from collections import defaultdict
from contextlib import contextmanager
from email.utils import parseaddr
from zoneinfo import ZoneInfo

import orjson
from django.conf import settings
from django.db import transaction
from django.db.models import Func, Value
from django.utils import timezone, translation
from django.utils.formats import date_format

from config.errors import Missing, named_constraints
from config.sql import Query
from config.writes import hold_open, parts
from notifications.errors import NotRetryable, PreferenceRequired
from notifications.mails import NOTIFICATION
from notifications.messages import one_line, renderer_of
from notifications.models import Channel, Delivery, Notification, Preference, Type

_TITLE_LENGTH = Notification._meta.get_field("title").max_length

# One statement, as booking and ordering wait for it: the notification, unless its key is known, and the deliveries that
# the person's preferences ask for. The deliveries' trigger defers the jobs.
_NOTIFY = Query("""
WITH wanted AS (
    SELECT c.*, p.enabled FROM jsonb_to_recordset(%(channels)s::jsonb)
        AS c(channel text, address text, kind text, context jsonb, key text, message_id text, "default" boolean, required boolean)
    LEFT JOIN notifications_preference p ON p.user_id = %(user)s AND p.type = %(type)s AND p.channel = c.channel
), told AS (
    INSERT INTO notifications_notification (user_id, meeting_id, type, title, message, link, key, in_app)
    SELECT %(user)s, %(meeting)s, %(type)s, %(title)s, %(message)s, %(link)s, %(key)s, coalesce(enabled, "default")
    FROM wanted WHERE channel = 'in_app'
    ON CONFLICT (user_id, key) DO NOTHING
    RETURNING id
)
INSERT INTO notifications_delivery (user_id, notification_id, channel, "to", kind, context, language, key, message_id)
SELECT %(user)s, told.id, w.channel, w.address, w.kind, w.context, %(language)s, w.key, w.message_id
FROM told, wanted w WHERE w.channel <> 'in_app' AND (w.required OR coalesce(w.enabled, w."default"))""")


def notify(*, user, type, title, message, key, link="", meeting_id=None, mail=NOTIFICATION, sms=NOTIFICATION, context=None):
    """Tells one person something, once: in the app, and by e-mail and SMS as their preferences have it.

    `key` names the cause (`ticket_answer:31`); a second call with it, however parallel, writes nothing. `link` is a path
    (`/api/v1/meetings/5/`). `title` (cut to 100 characters) and `message` are in the person's language: render them inside
    `in_language_of(user)`. `mail` and `sms` name the renderers of the messages, which find `context` (ids and small values)
    in their delivery; without them the messages say what the notification says.

    Nobody waits for it: inside a transaction it is written with the next statement or with COMMIT, which raises its errors.
    """
    renderer_of(mail)
    renderer_of(sms)
    places = {
        "user": user.pk,
        "meeting": meeting_id,
        "type": Type(type).value,
        "title": _cut(one_line(title)),
        "message": str(message),
        "link": link,
        "key": key,
        "language": language_of(user),
    }
    channels = orjson.dumps(list(_channels(user, type, key, {Channel.EMAIL: mail, Channel.SMS: sms}, context or {}))).decode()
    _NOTIFY.later(places | {"channels": channels})


def _channels(user, type, key, kinds, context):
    yield {"channel": Channel.IN_APP, "default": True}
    addresses = {Channel.EMAIL: user.email, Channel.SMS: user.phone}
    for channel, address in addresses.items():
        if address:
            outbox_key = f"notification:{user.pk}:{key}:{channel}"
            yield {
                "channel": channel,
                "address": address,
                "kind": kinds[channel],
                "context": context,
                "key": outbox_key,
                "message_id": message_id_of(outbox_key),
                "default": Preference.DEFAULTS[channel],
                # Whoever has no e-mail hears of their account's security by SMS.
                "required": (type, channel) in Preference.REQUIRED or (type == Type.ACCOUNT and not user.email),
            }


def _cut(title):
    return title if len(title) <= _TITLE_LENGTH else title[: _TITLE_LENGTH - 1] + "…"


def send(*, channel, to, kind, context, key, user=None):
    """Puts one message into the outbox, without a notification: codes, updates of invitations, mail to an address just left.

    What the user prefers is the caller's to ask.

    `channel` is "email" or "sms", `kind` names the renderer, `context` holds ids and small values but no secrets, `key`
    names the cause: the same one sends once. It is in the user's language. Raises LookupError for an unknown kind.
    """
    renderer_of(kind)
    outbox_key = f"message:{key}"
    delivery = Delivery(
        user=user,
        channel=channel,
        to=to,
        kind=kind,
        context=context,
        language=language_of(user),
        key=outbox_key,
        message_id=message_id_of(outbox_key),
    )
    Delivery.objects.bulk_create([delivery], ignore_conflicts=True)


def message_id_of(key):
    """The Message-ID of what the outbox holds under this key. It also names a thread, for References and In-Reply-To."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{_domain_of(settings.DEFAULT_FROM_EMAIL)}>"


@functools.cache
def _domain_of(address):
    return parseaddr(address)[1].rpartition("@")[2]


def language_of(user):
    """The code of the language in which to write to somebody; None is nobody in particular."""
    return getattr(user, "language", "") or settings.LANGUAGE_CODE


@contextmanager
def speaking(language):
    """Inside, texts are in this language and times in the studio's zone."""
    with translation.override(language), timezone.override(ZoneInfo(settings.STUDIO_TIME_ZONE)):
        yield


def in_language_of(user):
    """Inside, texts are in the language of the person that they are for, and times in the studio's zone."""
    return speaking(language_of(user))


def tell_time(moment):
    """A point in time in the active language and zone (in_language_of), with the zone's name."""
    local = timezone.localtime(moment)
    return f"{date_format(local, 'DATETIME_FORMAT')} {local.tzname()}"


def mark_notification(*, by, notification_id, is_read):
    """Marks one of the actor's notifications as read or unread. Raises Missing."""
    if not Notification.objects.visible_to(by).filter(pk=notification_id).update(is_read=is_read):
        raise Missing


def mark_all_read(*, by):
    """Marks all the actor's notifications as read. Returns how many were not."""
    return Notification.objects.visible_to(by).unread().update(is_read=True)


def count_unread(*, by):
    """How many of the actor's notifications are unread."""
    return Notification.objects.visible_to(by).unread().count()


def preferences_of(user):
    """What somebody wants: {type: {channel: bool}} for every type and channel."""
    wanted = {kind: {channel.value: Preference.DEFAULTS[channel] for channel in Channel} for kind in Type.values}
    for kind, channel, enabled in Preference.objects.filter(user=user).values_list("type", "channel", "enabled"):
        wanted[kind][channel] = enabled
    return wanted


def set_preferences(*, by, wanted):
    """Writes the actor's wishes, {type: {channel: bool}}; what is not named stays as it is.

    Raises PreferenceRequired, and Missing for an account that was closed meanwhile.
    """
    rows = [
        Preference(user=by, type=kind, channel=channel, enabled=enabled)
        for kind, channels in wanted.items()
        for channel, enabled in channels.items()
    ]
    refused = [f"{row.type}.{row.channel}" for row in rows if (row.type, row.channel) in Preference.REQUIRED and not row.enabled]
    if refused:
        raise PreferenceRequired(errors=dict.fromkeys(refused, (PreferenceRequired.code, PreferenceRequired.detail)))
    with named_constraints(), transaction.atomic():
        hold_open(by)
        Preference.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["user", "type", "channel"], update_fields=["enabled"]
        )


def retry_delivery(*, delivery_id):
    """Puts a delivery that was given up back into the queue, with all its tries before it. Raises NotRetryable."""
    again = {"status": Delivery.Status.QUEUED, "attempts": 0}
    if not Delivery.objects.failed().filter(pk=delivery_id).update(**again):
        raise NotRetryable


def forget_meetings(*, meetings, instead):
    """Erases what anybody was told of these meetings (a query for their ids), mails that wait included.

    `instead` names kinds of mails that go out still, each by another renderer, which does without the notification.
    """
    told = Notification.objects.filter(meeting__in=meetings)
    for kind, other in instead.items():
        renderer_of(other)
        Delivery.objects.queued().filter(notification__in=told, kind=kind).update(kind=other, notification=None)
    Delivery.objects.filter(notification__in=told).delete()
    told.delete()


def forget_names_in(*, meetings, names, instead):
    """Puts `instead` (text for translation) in place of names in what anybody was told of these meetings (a query for their ids).

    Mails that wait are sent, and say so, too: what they bring to calendars must not be lost.
    """
    # Whole words: no name is looked for inside of others. Of several, PostgreSQL takes the longest.
    found = rf"(?<!\w)({'|'.join(re.escape(name) for name in sorted(names))})(?!\w)"
    told = Notification.objects.filter(meeting__in=meetings, message__regex=found).order_by("pk")
    by_language = defaultdict(list)
    for key, language in told.select_for_update(of=("self",), no_key=True).values_list("pk", "user__language"):
        by_language[language].append(key)
    for language, keys in by_language.items():
        with speaking(language):
            message = Func("message", Value(found), Value(str(instead)), Value("g"), function="regexp_replace")
        for part in parts(keys):
            Notification.objects.filter(pk__in=part).update(message=message)


def forget_user(*, user):
    """Erases what people were told and where it was sent, for an account that is being closed."""
    Delivery.objects.filter(user=user).delete()
    Notification.objects.filter(user=user).delete()
    Preference.objects.filter(user=user).delete()
