"""The secrets in mails and SMS. They follow from a Code's row and the server's key, and are never stored."""

import hashlib
import hmac

from django.conf import settings


def _derive(code, form):
    # The purpose and the address are part of it: a code cannot serve another purpose, nor prove another address.
    message = "\x1f".join((form, code.purpose, code.address, str(code.pk), code.nonce))
    return hmac.new(settings.SECRET_KEY.encode(), message.encode(), hashlib.sha256)


def digits_of(code):
    """Six digits, for people to type."""
    return f"{int.from_bytes(_derive(code, 'digits').digest()[:8]) % 1_000_000:06}"


def token_of(code):
    """`<id>-<64 hex digits>`, for links."""
    return f"{code.pk}-{_derive(code, 'token').hexdigest()}"


def matches(code, *, digits=None, token=None):
    """Whether somebody gave the right one, told in constant time."""
    expected, given = (digits_of(code), digits) if token is None else (token_of(code), token)
    return hmac.compare_digest(expected.encode(), (given or "").encode())
