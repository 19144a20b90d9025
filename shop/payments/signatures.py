"""Signed webhooks, by the scheme that Stripe made common: `t=1700000000,v1=<hex>`, an HMAC-SHA256 of `<t>.<body>`.

The time is signed too, so that a message caught on its way is worth nothing later. Within the tolerance, the event's id
guards against a second delivery.
"""

import hashlib
import hmac
import time

from shop.errors import SignatureInvalid

TOLERANCE = 300  # seconds, either way


def sign(body, *, secret, timestamp):
    """The header that proves a body (bytes)."""
    return f"t={timestamp},v1={_digest(body, secret, timestamp)}"


def check_signature(header, body, *, secrets):
    """Raises SignatureInvalid unless one of the secrets signed this body within the last minutes.

    There may be several secrets while one replaces another, and several signatures in the header for the same reason.
    """
    pairs = [part.strip().partition("=")[::2] for part in header.split(",")]
    timestamp = next((value for name, value in pairs if name == "t"), "")
    signatures = [value.encode() for name, value in pairs if name == "v1"]
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
        raise SignatureInvalid
    wanted = [_digest(body, secret, timestamp).encode() for secret in secrets]
    if not any([hmac.compare_digest(given, right) for given in signatures for right in wanted]):  # noqa: C419 (all, in equal time)
        raise SignatureInvalid
    if abs(time.time() - int(timestamp)) > TOLERANCE:
        raise SignatureInvalid


def _digest(body, secret, timestamp):
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
