"""Sending one delivery: at least once, and only once as far as SMTP lets anybody know.

No transaction is open while a mail server talks. It may take its time, and a transaction that waits for it would be ended
by idle_in_transaction_session_timeout after 10 seconds, hold its row lock against the admin and keep VACUUM from its
work. Instead the job holds an advisory lock of the session: two jobs for one delivery never send side by side, and the
lock of a worker that was killed is free at once, which a lease in the row would not be. (So the worker needs a connection
of its own to PostgreSQL: no PgBouncer in transaction mode.)

What is left is a crash between the server's "accepted" and our "sent": then the message goes out again, with the same
Message-ID and date. The outbox folder, where these two name the file, still holds it once.
"""

import logging
from contextlib import contextmanager
from smtplib import SMTPException

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.db.models import F
from django.db.models.functions import Now

from notifications.backends import email, sms
from notifications.errors import NotDelivered
from notifications.messages import renderer_of
from notifications.models import Channel, Delivery
from notifications.services import speaking

logger = logging.getLogger(__name__)

_SENDERS = {Channel.EMAIL: email.send, Channel.SMS: sms.send}


def deliver(delivery_id):
    """Sends a queued delivery and marks it sent, or canceled where its renderer says that it no longer applies.

    A try is counted before it is made, so that a message that kills the worker is given up too. Does nothing for a
    delivery that is not queued. Raises NotDelivered, or what the renderer raised, when it is to be tried again. The last
    of DELIVERY_ATTEMPTS tries leaves the delivery `failed` and raises nothing: the job is done, and `retry_delivery` makes
    a new one. A failed job beside the failed delivery could be tried again too, in vain.
    """
    with _alone(delivery_id) as alone:
        if not alone:
            raise NotDelivered("another worker is sending it")
        queued = Delivery.objects.queued().filter(pk=delivery_id)
        if not queued.update(attempts=F("attempts") + 1):
            return
        delivery = Delivery.objects.select_related("user", "notification").get(pk=delivery_id)
        if delivery.attempts > settings.DELIVERY_ATTEMPTS:
            queued.update(status=Delivery.Status.FAILED, last_error=delivery.last_error or "The worker died at each try.")
            logger.error("delivery given up", extra={"delivery": delivery_id})
            return
        try:
            message = _render(delivery)
            if message is not None:
                _hand_over(delivery, message)
        except Exception as error:
            last = delivery.attempts >= settings.DELIVERY_ATTEMPTS
            status = Delivery.Status.FAILED if last else Delivery.Status.QUEUED
            queued.update(status=status, last_error=_describe(error)[:300])
            if not last:
                raise
            logger.exception("delivery given up", extra={"delivery": delivery_id})
            return
        if message is None:
            queued.update(status=Delivery.Status.CANCELED, last_error="")
        else:
            queued.update(status=Delivery.Status.SENT, sent_at=Now(), last_error="")


def _render(delivery):
    with speaking(delivery.language):
        return renderer_of(delivery.kind)(delivery)


def _hand_over(delivery, message):
    try:
        _SENDERS[delivery.channel](delivery, message)
    except Exception as error:  # noqa: BLE001 (every fault of the other side is one more try)
        # Servers like to quote what they refuse, so neither their words nor the traceback's last line may get out.
        raise NotDelivered(_describe(error)) from None


def _describe(error):
    """The fault without the words of the other side: the error's kind, its code, the operating system's explanation."""
    if isinstance(error, NotDelivered):
        return str(error)
    code = getattr(error, "smtp_code", None) or getattr(error, "status_code", None)
    refused = getattr(error, "recipients", None)
    if refused:
        code = next(iter(refused.values()))[0]
    # smtplib hides the operating system's error, such as a timeout, behind one of its own.
    fault = error if isinstance(error, OSError) and not isinstance(error, SMTPException) else error.__context__
    reason = fault.strerror or type(fault).__name__ if isinstance(fault, OSError) else None
    return " ".join(str(part) for part in (type(error).__name__, code, reason) if part)


@contextmanager
def _alone(delivery_id):
    """Whether this session got the lock of a delivery; held until the block ends or the connection does."""
    name = f"notifications.deliver:{delivery_id}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        alone = cursor.fetchone()[0]
    try:
        yield alone
    finally:
        if alone:
            _release(name)


def _release(name):
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])
    except (OperationalError, InterfaceError):
        # The connection broke, which freed the lock; make sure that nobody goes on with what is left of it.
        connection.close()
