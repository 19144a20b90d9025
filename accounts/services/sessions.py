"""Sessions: one for each sign-in, refreshed by tokens that are each good for once."""

import functools
from datetime import UTC, datetime
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import BigIntegerField, DateTimeField, F, Q
from django.db.models.functions import Least, Now
from django.db.models.lookups import GreaterThan

from accounts import tokens
from accounts.errors import NoActiveAccount
from accounts.models import RefreshToken, Session, User
from accounts.tokens import ACCESS, REFRESH, TokenInvalid
from config.errors import Missing
from config.sql import Param, Query, Statement

# Of the account, what doors and services ask of whoever calls them; the rest is read when it is touched, which is rare.
_DEFERRED = {field.name for field in User._meta.concrete_fields if isinstance(field, DateTimeField)} | {"password", "sign_outs"}
_USER_COLUMNS = [field.attname for field in User._meta.concrete_fields if field.name not in _DEFERRED]

# Whoever closes the account waits for this or is waited for: between its tokens' deletion and its sessions' comes no new token.
_HOLD = Query("SELECT FROM accounts_user WHERE id = %(user)s FOR KEY SHARE")


class TokenPair(NamedTuple):
    """What a client carries: `access` for 10 minutes, `refresh` for the next pair."""

    access: str
    refresh: str


def start_session(*, user, device="", address=""):
    """Opens a session for somebody who has just proved to be `user`. Returns its first TokenPair.

    Raises NoActiveAccount where that no longer holds: whoever closes or deactivates the account, or changes its password,
    ends the sessions that there are, and one that is opened a moment later would outlive that.
    """
    with transaction.atomic():
        if not User.objects.filter(pk=user.pk, is_active=True, password=user.password).update(last_login=Now()):
            raise NoActiveAccount
        session = Session.objects.create(
            user=user, device=device[:200], address=address or None, expires_at=Now() + settings.REFRESH_TOKEN_LIFETIME
        )
        return _issue(session.pk, user.pk, jti=None)


def refresh_session(*, refresh):
    """The next TokenPair of a session. Raises TokenInvalid.

    Each token is spent by a conditional update, so of any number of parallel refreshes one makes the successor. The same
    token sent again within REFRESH_GRACE (two tabs, a lost answer) gets the same successor; after that somebody else must
    have it, and the whole session ends (RFC 9700, 4.14.2).
    """
    claims = tokens.read(refresh, REFRESH)
    token = _live_tokens().filter(digest=tokens.digest_of(claims.jti)).first()
    if token is None:
        raise TokenInvalid
    successor = tokens.successor_of(claims.jti)
    with transaction.atomic():
        _HOLD.later({"user": claims.user_id})
        if RefreshToken.objects.filter(pk=token.pk, spent_at=None).update(spent_at=Now()):
            # However often it is refreshed, a session ends some day.
            latest = F("created_at") + settings.SESSION_LIFETIME
            if not Session.objects.filter(pk=claims.session_id, ended_at=None).update(
                last_used_at=Now(), expires_at=Least(Now() + settings.REFRESH_TOKEN_LIFETIME, latest)
            ):
                raise TokenInvalid  # it ended since the token was looked at
            return _issue(claims.session_id, claims.user_id, jti=successor)
    again = RefreshToken.objects.filter(pk=token.pk, spent_at__gt=Now() - settings.REFRESH_GRACE)
    made = RefreshToken.objects.filter(digest=tokens.digest_of(successor)).first() if again.exists() else None
    if made is None:
        Session.objects.filter(pk=claims.session_id, ended_at=None).update(ended_at=Now())
        raise TokenInvalid
    return _pair(claims.session_id, claims.user_id, jti=successor, issued_at=made.issued_at)


def log_out(*, refresh):
    """Ends the session of a refresh token. Raises TokenInvalid for a token that is worth nothing already.

    One that was spent within REFRESH_GRACE will do, too: whoever signs out while another tab refreshes means this session, and
    so does whoever lost the answer. One that was spent before ends the session as well, as in refresh_session, and is refused.
    """
    claims = tokens.read(refresh, REFRESH)
    good = Q(spent_at=None) | Q(spent_at__gt=Now() - settings.REFRESH_GRACE)
    is_good = _live_tokens().filter(digest=tokens.digest_of(claims.jti)).values_list(good, flat=True).first()
    ended = is_good is not None and Session.objects.filter(pk=claims.session_id, ended_at=None).update(ended_at=Now())
    if not (ended and is_good):
        raise TokenInvalid


def user_of(claims):
    """The user whom an access token's claims speak for, or None once its session or account is over.

    One statement for each request: user and session together, and the expiry by the database's clock.
    """
    rows = _live_user().run(
        {"session": claims.session_id, "user": claims.user_id, "expires": datetime.fromtimestamp(claims.expires, UTC)}
    )
    return User.from_db("default", _USER_COLUMNS, rows[0]) if rows else None


@functools.cache
def _live_user():
    live = User.objects.filter(
        GreaterThan(Param("expires", DateTimeField()), Now()),
        pk=Param("user", BigIntegerField()),
        is_active=True,
        sessions__pk=Param("session", BigIntegerField()),
        sessions__ended_at=None,
    )
    return Statement(*live.defer(*_DEFERRED).order_by().query.sql_with_params())


def verify_token(*, token):
    """Raises TokenInvalid unless this access or refresh token would be accepted now."""
    claims = tokens.read(token, ACCESS, REFRESH)
    if claims.token_type == ACCESS:
        good = user_of(claims) is not None
    else:
        good = _live_tokens().filter(digest=tokens.digest_of(claims.jti), spent_at=None).exists()
    if not good:
        raise TokenInvalid


def end_session(*, by, session_id):
    """Ends one of the actor's own sessions, and with it all of its tokens. Raises Missing."""
    if not Session.objects.filter(pk=session_id, user=by, ended_at=None, expires_at__gt=Now()).update(ended_at=Now()):
        raise Missing


def end_all_sessions(*, user):
    """Ends every session of an account, the actor's own and those of the admin included."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(sign_outs=F("sign_outs") + 1)
        Session.objects.filter(user=user, ended_at=None).update(ended_at=Now())


def _live_tokens():
    return RefreshToken.objects.filter(
        issued_at__gt=Now() - settings.REFRESH_TOKEN_LIFETIME,
        session__expires_at__gt=Now(),
        session__ended_at=None,
        session__user__is_active=True,
    )


def _issue(session_id, user_id, *, jti):
    jti = jti or tokens.new_jti()
    token = RefreshToken.objects.create(session_id=session_id, digest=tokens.digest_of(jti))
    return _pair(session_id, user_id, jti=jti, issued_at=token.issued_at)


def _pair(session_id, user_id, *, jti, issued_at):
    who = {"session_id": session_id, "user_id": user_id, "issued_at": issued_at}
    return TokenPair(access=tokens.mint(ACCESS, **who), refresh=tokens.mint(REFRESH, jti=jti, **who))
