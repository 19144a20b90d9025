"""Reads EMAIL_URL and SMS_URL: one URL each says who takes the messages."""

from base64 import b64encode
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from django.core.exceptions import ImproperlyConfigured

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_SMTP_PORTS = {"smtp": 587, "smtps": 465}
# Providers that take mail over HTTPS, with the name that anymail gives to what stands before the @ of the URL.
_PROVIDERS = {
    "brevo": "BREVO_API_KEY",
    "mailgun": "MAILGUN_API_KEY",
    "mailersend": "MAILERSEND_API_TOKEN",
    "postmark": "POSTMARK_SERVER_TOKEN",
    "resend": "RESEND_API_KEY",
    "sparkpost": "SPARKPOST_API_KEY",
}
_EMAIL_FORMS = (
    "outbox: (files), console: (standard output), smtp://user:password@host:587 (STARTTLS), smtps://user:password@host:465, "
    "smtp://host:25?tls=off (a relay on a trusted network), or a provider: " + ", ".join(f"{name}://KEY@" for name in _PROVIDERS)
)
_SMS_FORMS = (
    "outbox: (files), console: (standard output), https://TOKEN@host/path (Authorization: Bearer TOKEN) "
    "or https://user:password@host/path"
)


class EmailServer(NamedTuple):
    """Where mail goes: Django's settings for it, and anymail's where a provider takes it."""

    backend: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    use_tls: bool = False
    use_ssl: bool = False
    anymail: dict = {}


class SMSGateway(NamedTuple):
    """Where SMS go: `backend` is outbox, console or http; `authorization` the header for the latter."""

    backend: str
    url: str = ""
    authorization: str = ""


def email_server(text):
    """Reads EMAIL_URL. Raises ImproperlyConfigured, without repeating the URL: it may hold a password."""
    url, host, port = _split("EMAIL_URL", text, _EMAIL_FORMS)
    if url.scheme == "outbox":
        return EmailServer("notifications.backends.email.OutboxBackend")
    if url.scheme == "console":
        return EmailServer("django.core.mail.backends.console.EmailBackend")
    user, password = unquote(url.username or ""), unquote(url.password or "")
    if url.scheme in _PROVIDERS and user:
        settings = {_PROVIDERS[url.scheme]: user}
        if url.scheme == "mailgun" and host:
            settings["MAILGUN_SENDER_DOMAIN"] = host
        return EmailServer(f"anymail.backends.{url.scheme}.EmailBackend", anymail=settings)
    options = dict(parse_qsl(url.query, keep_blank_values=True))
    if url.scheme not in _SMTP_PORTS or not host or bool(user) != bool(password) or options not in ({}, {"tls": "off"}):
        raise _wrong("EMAIL_URL", _EMAIL_FORMS)
    encrypted = "tls" not in options
    if user and not encrypted and host not in _LOOPBACK:
        raise ImproperlyConfigured("EMAIL_URL would send its password unencrypted: leave out tls=off.")
    return EmailServer(
        backend="django.core.mail.backends.smtp.EmailBackend",
        host=host,
        port=port or _SMTP_PORTS[url.scheme],
        user=user,
        password=password,
        use_tls=encrypted and url.scheme == "smtp",
        use_ssl=url.scheme == "smtps",
    )


def sms_gateway(text):
    """Reads SMS_URL. Raises ImproperlyConfigured, without repeating the URL: it may hold a token."""
    url, host, port = _split("SMS_URL", text, _SMS_FORMS)
    if url.scheme in ("outbox", "console"):
        return SMSGateway(url.scheme)
    # Plain http is for a gateway on this very machine.
    if not host or not (url.scheme == "https" or (url.scheme == "http" and host in _LOOPBACK)):
        raise _wrong("SMS_URL", _SMS_FORMS)
    user, password = unquote(url.username or ""), unquote(url.password or "")
    authorization = ""
    if password:
        authorization = "Basic " + b64encode(f"{user}:{password}".encode()).decode()
    elif user:
        authorization = f"Bearer {user}"
    place = f"[{host}]" if ":" in host else host
    address = urlunsplit((url.scheme, f"{place}:{port}" if port else place, url.path, url.query, ""))
    return SMSGateway("http", address, authorization)


def _split(name, text, forms):
    try:
        url = urlsplit(text)
        return url, url.hostname or "", url.port
    except ValueError:  # a port that is no number, a bracket that is not closed
        raise _wrong(name, forms) from None


def _wrong(name, forms):
    return ImproperlyConfigured(f"{name} cannot be understood. Write it as one of: {forms}.")
