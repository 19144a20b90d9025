"""Access and refresh tokens: signed JWTs (RFC 7519), HS256 under a key of their own.

Claims are those of SimpleJWT (`token_type`, `user_id`, `jti`, `iat`, `exp`) and `sid`, the session. The signature is
checked here; whether a token is still worth anything (expired, session ended, account inactive) is for the database to
say, by its own clock.
"""

import functools
import hashlib
import hmac
import secrets
from typing import NamedTuple

import jwt
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from config.errors import Unauthorized

ACCESS, REFRESH = "access", "refresh"
_ALGORITHM = "HS256"
_LIFETIMES = {ACCESS: settings.ACCESS_TOKEN_LIFETIME, REFRESH: settings.REFRESH_TOKEN_LIFETIME}
# SimpleJWT decides about `exp` by the application's clock; ours is decided by the database (accounts.authentication).
_OPTIONS = {"verify_exp": False, "verify_iat": False, "require": ["exp", "iat", "jti", "sid", "token_type", "user_id"]}


class TokenInvalid(Unauthorized):
    """A token that was never ours, is of the wrong kind, or is over."""

    code = "token_not_valid"
    detail = _("Token is invalid or expired")


class Claims(NamedTuple):
    """What a token says. Times are seconds since the epoch."""

    token_type: str
    session_id: int
    user_id: int
    jti: str
    expires: int


def mint(token_type, *, session_id, user_id, issued_at, jti=None):
    """A signed token. `issued_at`: the database's time (aware datetime); `jti` is drawn when not given."""
    issued = int(issued_at.timestamp())
    claims = {
        "token_type": token_type,
        "exp": issued + int(_LIFETIMES[token_type].total_seconds()),
        "iat": issued,
        "jti": jti or new_jti(),
        "user_id": str(user_id),
        "sid": session_id,
    }
    return jwt.encode(claims, settings.JWT_KEY, _ALGORITHM)


def new_jti():
    """A token's id, which nobody can guess."""
    return secrets.token_hex(16)


def read(token, *token_types):
    """The claims of a token of one of these types. Raises TokenInvalid."""
    claims = _read(token)
    if claims.token_type not in token_types:
        raise TokenInvalid
    return claims


@functools.lru_cache(maxsize=4096)
def _read(token):
    # A signature once found good stays good, so each token's is checked once per process. Errors are not cached.
    try:
        claims = jwt.decode(token, settings.JWT_KEY, [_ALGORITHM], options=_OPTIONS)
        return Claims(claims["token_type"], int(claims["sid"]), int(claims["user_id"]), str(claims["jti"]), int(claims["exp"]))
    except (jwt.InvalidTokenError, ValueError, TypeError):
        raise TokenInvalid from None


def successor_of(jti):
    """The id of the refresh token that replaces another. It follows from the first, so a repeated refresh finds the same."""
    return hmac.new(settings.JWT_KEY.encode(), b"successor:" + jti.encode(), hashlib.sha256).hexdigest()[:32]


def digest_of(jti):
    """What the database keeps of a token."""
    return hashlib.sha256(jti.encode()).digest()
