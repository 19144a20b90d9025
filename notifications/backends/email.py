"""E-mail: by Django's backends, as EMAIL_URL says; and one of our own that writes files."""

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend

from notifications.backends.files import write_once


def send(delivery, message):
    """Sends a message to a delivery's address. Raises whatever the backend raises."""
    headers = {
        # Both are the same at every try, so that servers and people can tell a repetition.
        "Message-ID": delivery.message_id,
        "Date": format_datetime(delivery.created_at),
        # Keeps holiday replies away (RFC 3834).
        "Auto-Submitted": "auto-generated",
        **message.headers,
    }
    mail = EmailMultiAlternatives(message.subject, message.text, settings.DEFAULT_FROM_EMAIL, [delivery.to], headers=headers)
    if message.html is not None:
        mail.attach_alternative(message.html, "text/html")
    for attachment in message.attachments:
        mail.attach(*attachment)
    mail.send()


class OutboxBackend(BaseEmailBackend):
    """Writes each mail to a file `<time>-<Message-ID>.eml` in OUTBOX_DIR."""

    def send_messages(self, email_messages):
        for email_message in email_messages:
            mail = email_message.message()
            moment = parsedate_to_datetime(mail["Date"]) if mail["Date"] else datetime.now(UTC)
            write_once(moment=moment, message_id=mail["Message-ID"], suffix=".eml", content=mail.as_bytes(linesep="\r\n"))
        return len(email_messages)
