"""SMS: to a gateway over HTTPS, to the console or to files, as SMS_URL says."""

import http.client
import json
import sys
from urllib.parse import urlsplit

from django.conf import settings

from notifications.backends.files import write_once


class GatewayRefused(Exception):
    """The SMS gateway answered with something other than 2xx."""

    def __init__(self, status_code):
        super().__init__(f"the SMS gateway answered {status_code}")
        self.status_code = status_code


def send(delivery, message):
    """Sends a message's text to a delivery's phone. Raises GatewayRefused or OSError."""
    _BACKENDS[settings.SMS_GATEWAY.backend](delivery, message.text)


def _outbox(delivery, text):
    content = {"to": delivery.to, "text": text, "message_id": delivery.message_id}
    body = json.dumps(content, ensure_ascii=False, indent=1).encode()
    write_once(moment=delivery.created_at, message_id=delivery.message_id, suffix=".json", content=body)


def _console(delivery, text):
    sys.stdout.write(f"SMS to {delivery.to}: {text}\n")
    sys.stdout.flush()


def _http(delivery, text):
    """POST {"to", "text"} as JSON. The Idempotency-Key lets a gateway that knows it drop a repetition.

    Redirects are not followed: the message would go to whom nobody configured.
    """
    url = urlsplit(settings.SMS_GATEWAY.url)
    connection_class = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = connection_class(url.hostname, url.port, timeout=settings.SMS_TIMEOUT)
    headers = {"Content-Type": "application/json", "Idempotency-Key": delivery.message_id.strip("<>")}
    if settings.SMS_GATEWAY.authorization:
        headers["Authorization"] = settings.SMS_GATEWAY.authorization
    try:
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        connection.request("POST", target, json.dumps({"to": delivery.to, "text": text}), headers)
        status = connection.getresponse().status
    finally:
        connection.close()
    if not 200 <= status < 300:
        raise GatewayRefused(status)


_BACKENDS = {"outbox": _outbox, "console": _console, "http": _http}
