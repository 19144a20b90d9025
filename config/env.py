"""Reads settings from environment variables; a wrong one stops the start with a message that says how to mend it."""

import os
import re
from datetime import timedelta
from email.utils import parseaddr
from ipaddress import ip_network
from typing import NamedTuple
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

# `make run` and docker compose read .env; manage.py and entrypoint.sh find what is in their environment.
_WHERE = "Set it in the environment; `make` and docker compose read .env as well. .env.example describes it."

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}
_LONGEST = timedelta(days=36500)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Rate(NamedTuple):
    """At most `count` events in any `seconds`; a count of 0 means without limit."""

    count: int
    seconds: int


def text(name, default=None):
    """The variable's text. Without a default it must be set."""
    value = os.environ.get(name, "").strip() or default
    if value is None:
        raise ImproperlyConfigured(f"{name} is not set. {_WHERE}")
    return value


def secret(name, *, debug, bytes_needed=32):
    """A secret of at least `bytes_needed` bytes. Only a debug server may do without: it gets a throw-away one."""
    value = os.environ.get(name, "")
    if not value and debug:
        return os.urandom(bytes_needed).hex()
    if len(value.encode()) < bytes_needed:
        raise ImproperlyConfigured(
            f"{name} must be set to at least {bytes_needed} bytes. {_WHERE} "
            'Make one with: python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
        )
    return value


def boolean(name, default):
    """on or off (also 1/0, true/false, yes/no)."""
    value = os.environ.get(name, "").strip().lower()
    if not value:
        return default
    if value not in _TRUE | _FALSE:
        raise ImproperlyConfigured(f"{name}={value!r} is neither on nor off. Use on or off.")
    return value in _TRUE


def integer(name, default, *, least=0, most=999_999_999):
    """A whole number from `least` to `most`."""
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    if not re.fullmatch(r"-?\d{1,9}", value) or not least <= int(value) <= most:
        raise ImproperlyConfigured(f"{name}={value!r} is not a whole number from {least} to {most}.")
    return int(value)


def choice(name, default, *others):
    """One of a few words, in any case."""
    value = text(name, default)
    for word in (default, *others):
        if value.lower() == word.lower():
            return word
    raise ImproperlyConfigured(f"{name}={value!r} is unknown. Use {', '.join(others)} or {default}.")


def accepted(name, default, accepts, wanted):
    """A text that `accepts` returns something true for; it may raise for the others. `wanted` tells people what that is."""
    value = text(name, default)
    try:
        fine = accepts(value)
    except (ValueError, LookupError, AttributeError, TypeError, OSError, ValidationError):
        fine = False
    if not fine:
        raise ImproperlyConfigured(f"{name}={value!r} is not {wanted}.")
    return value


def site(name, default):
    """The address of a site, without a slash at its end."""
    return accepted(name, default, _is_site, "the address of a site; write it like https://example.com").rstrip("/")


def _is_site(value):
    url = urlsplit(value)
    return url.scheme in ("http", "https") and url.hostname and url.port != 0 and not (url.username or url.query or url.fragment)


def template(name, default, *fields, needed=()):
    """An address with {fields} to fill in; those of `needed` must be there."""
    braces = " and ".join(f"{{{field}}}" for field in fields)
    filled = {field: f"-{number}-" for number, field in enumerate(fields)}

    def accepts(value):
        told = value.format(**filled)
        return all(filled[field] in told for field in needed)

    return accepted(name, default, accepts, f"an address with {braces}, and nothing else in braces")


def email(name, default):
    """An e-mail address."""
    return accepted(name, default, _is_email, "an e-mail address; write it like a@example.com")


def sender(name, default):
    """An e-mail address, with or without a name before it."""
    wanted = "a sender; write it like a@example.com or Name <a@example.com>"
    return accepted(name, default, lambda value: _is_email(parseaddr(value)[1]), wanted)


def _is_email(value):
    validate_email(value)
    return True


def words(name, default=""):
    """A list separated by commas or spaces."""
    return [word for word in re.split(r"[,\s]+", os.environ.get(name) or default) if word]


def hosts(name, default):
    """A list of host names, such as example.com, .example.com (all below it) or [::1]; * stands for any."""
    found = words(name, default)
    for word in found:
        if not re.fullmatch(r"\*|\.?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*|\[[0-9A-Fa-f:.]+\]", word):
            raise ImproperlyConfigured(f"{name}: {word!r} is no host name. Write it like example.com, without scheme or port.")
    return found


def duration(name, default, *, least=0):
    """A length of time such as 90s, 10m, 24h or 7d; at least so many seconds."""
    found = _duration(name, os.environ.get(name, "").strip() or default)
    if found.total_seconds() < least:
        raise ImproperlyConfigured(f"{name} must be at least {least}s.")
    return found


def durations(name, default):
    """A list of durations; `off` means none."""
    found = words(name, default)
    return [] if found == ["off"] else [_duration(name, word) for word in found]


def optional_duration(name, default="off"):
    """A length of time, or None for `off`."""
    value = os.environ.get(name, "").strip() or default
    return None if value == "off" else _duration(name, value)


def _duration(name, value):
    found = re.fullmatch(r"(\d{1,6})([smhd])", value)
    if not found:
        raise ImproperlyConfigured(f"{name}={value!r} is not a length of time. Write it like 90s, 10m, 24h or 7d.")
    length = timedelta(seconds=int(found[1]) * _UNITS[found[2]])
    if length > _LONGEST:  # the calendar ends before the service would
        raise ImproperlyConfigured(f"{name}={value!r} is longer than {_LONGEST.days}d.")
    return length


def rate(name, default):
    """A limit such as 5/5m (five in five minutes) or 60/h; `off` means without limit."""
    value = os.environ.get(name, "").strip() or default
    if value == "off":
        return Rate(0, 0)
    found = re.fullmatch(r"(\d{1,9})/(\d{0,6})([smhd])", value)
    if not found or 0 in (int(found[1]), int(found[2] or 1)):
        raise ImproperlyConfigured(f"{name}={value!r} is not a limit. Write it like 5/5m, 60/h or off.")
    return Rate(int(found[1]), int(found[2] or 1) * _UNITS[found[3]])


def networks(name):
    """A list of IP networks in CIDR form, such as 10.0.0.0/8."""
    try:
        return [ip_network(word) for word in words(name)]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}. Write networks like 10.0.0.0/8, separated by commas.") from None


def database(name, **options):
    """A PostgreSQL database, as Django's settings have it. Does not repeat the URL in an error: it may hold a password."""
    url = text(name)
    try:
        found = dj_database_url.parse(url, **options)
    except ValueError:
        found = {}
    if found.get("ENGINE") != "django.db.backends.postgresql" or not found["NAME"]:
        raise ImproperlyConfigured(
            f"{name} must name a PostgreSQL database: postgres://user:password@host:5432/name. "
            "What a URL has other uses for is written as %23 for #, %2F for /, %3F for ?, %40 for @ and %25 for %."
        )
    return found
