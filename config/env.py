"""Reads settings from environment variables; a wrong one stops the start with a message that says how to mend it."""

import os
import re
from datetime import timedelta
from ipaddress import ip_network
from typing import NamedTuple

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Rate(NamedTuple):
    """At most `count` events in any `seconds`; a count of 0 means without limit."""

    count: int
    seconds: int


def text(name, default=None):
    """The variable's text. Without a default it must be set."""
    value = os.environ.get(name, "").strip() or default
    if value is None:
        raise ImproperlyConfigured(f"{name} is not set. Set it in the environment or in .env; .env.example describes it.")
    return value


def secret(name, *, debug, bytes_needed=32):
    """A secret of at least `bytes_needed` bytes. Only a debug server may do without: it gets a throw-away one."""
    value = os.environ.get(name, "")
    if not value and debug:
        return os.urandom(bytes_needed).hex()
    if len(value.encode()) < bytes_needed:
        raise ImproperlyConfigured(
            f"{name} must be set to at least {bytes_needed} bytes. "
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


def integer(name, default, *, least=0):
    """A whole number, not below `least`."""
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    if not re.fullmatch(r"-?\d{1,9}", value) or int(value) < least:
        raise ImproperlyConfigured(f"{name}={value!r} is not a whole number of at least {least}.")
    return int(value)


def words(name, default=""):
    """A list separated by commas or spaces."""
    return [word for word in re.split(r"[,\s]+", os.environ.get(name) or default) if word]


def duration(name, default):
    """A length of time such as 90s, 10m, 24h or 7d."""
    return _duration(name, os.environ.get(name, "").strip() or default)


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
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


def rate(name, default):
    """A limit such as 5/5m (five in five minutes) or 60/h; `off` means without limit."""
    value = os.environ.get(name, "").strip() or default
    if value == "off":
        return Rate(0, 0)
    found = re.fullmatch(r"(\d{1,9})/(\d{0,6})([smhd])", value)
    if not found or int(found[1]) == 0 or found[2] == "0":
        raise ImproperlyConfigured(f"{name}={value!r} is not a limit. Write it like 5/5m, 60/h or off.")
    return Rate(int(found[1]), int(found[2] or 1) * _UNITS[found[3]])


def networks(name):
    """A list of IP networks in CIDR form, such as 10.0.0.0/8."""
    try:
        return [ip_network(word) for word in words(name)]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}. Write networks like 10.0.0.0/8, separated by commas.") from None
