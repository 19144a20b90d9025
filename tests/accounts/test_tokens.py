"""Tokens: which are refused, what each is worth once it was spent, and how long they last."""

import base64
import json
import time
from datetime import timedelta

import jwt
import pytest
from django.conf import settings
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from accounts import tokens
from accounts.models import RefreshToken, Session
from accounts.services import end_all_sessions, log_out, refresh_session, start_session, verify_token
from accounts.tokens import TokenInvalid
from tests.accounts.conftest import status

pytestmark = pytest.mark.django_db


def unsigned(claims, header):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part(header)}.{part(claims)}."


@pytest.fixture
def claims(pair):
    return jwt.decode(pair.access, options={"verify_signature": False})


def forgeries(pair, claims):
    now = int(time.time())
    return {
        "alg none": unsigned(claims, {"alg": "none", "typ": "JWT"}),
        "other key": jwt.encode(claims, "another-key-of-more-than-32-bytes!!", "HS256"),
        "django's key": jwt.encode(claims, settings.SECRET_KEY, "HS256"),
        "other algorithm": jwt.encode(claims, settings.JWT_KEY * 2, "HS512"),
        "foreign kid": jwt.encode(claims, "another-key-of-more-than-32-bytes!!", "HS256", headers={"kid": "../../dev/null"}),
        "flipped bit": pair.access[:-2] + ("A" if pair.access[-2] != "A" else "B") + pair.access[-1],
        "refresh as bearer": pair.refresh,
        "no session": jwt.encode({k: v for k, v in claims.items() if k != "sid"}, settings.JWT_KEY, "HS256"),
        "other session": jwt.encode(claims | {"sid": 999999}, settings.JWT_KEY, "HS256"),
        "other user": jwt.encode(claims | {"user_id": "999999"}, settings.JWT_KEY, "HS256"),
        "expired": jwt.encode(claims | {"exp": now - 1}, settings.JWT_KEY, "HS256"),
        "words for numbers": jwt.encode(claims | {"sid": "x"}, settings.JWT_KEY, "HS256"),
        "nonsense": "a.b.c",
    }


def test_a_good_token_is_taken(api, pair):
    assert status(api, pair.access) == 200
    assert status(api, f" {pair.access}") == 200  # RFC 9110 has one space or more


def test_another_scheme_is_not_ours_to_judge(api, db):
    """As a proxy's password for its own door."""
    answer = api.get("/auth/users/me/", HTTP_AUTHORIZATION="Basic dTpw")

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_an_old_token_keeps_nobody_from_what_needs_none(api, alice):
    api.credentials(HTTP_AUTHORIZATION="Bearer old")
    account = {"email": "new@example.com", "password": "a long password"}
    reset = {"email": alice.email, "code": "000000", "new_password": "another long one"}

    assert api.post("/auth/users/", account).status_code == 201
    assert api.post("/auth/users/reset_password/", {"email": alice.email}).status_code == 204
    assert api.post("/auth/users/reset_password_confirm/", reset).status_code == 400
    assert api.post("/auth/jwt/create/", account).status_code == 200


def test_forgeries_are_refused(api, pair, claims):
    assert {name: status(api, token) for name, token in forgeries(pair, claims).items()} == dict.fromkeys(
        forgeries(pair, claims), 401
    )


def test_an_access_token_refreshes_nothing(api, pair):
    answer = api.post("/auth/jwt/refresh/", {"refresh": pair.access})

    assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")


def test_the_same_token_again_within_the_grace_gets_the_same_successor(pair, rewind):
    rewind(seconds=60)

    assert refresh_session(refresh=pair.refresh).refresh == refresh_session(refresh=pair.refresh).refresh


def test_within_the_grace_even_when_the_successor_was_used(pair):
    second = refresh_session(refresh=pair.refresh)
    refresh_session(refresh=second.refresh)

    assert refresh_session(refresh=pair.refresh).refresh == second.refresh


def test_a_replay_after_the_grace_ends_the_session(pair, rewind, api):
    second = refresh_session(refresh=pair.refresh)
    rewind(seconds=11)

    with pytest.raises(TokenInvalid):
        refresh_session(refresh=pair.refresh)

    with pytest.raises(TokenInvalid):
        refresh_session(refresh=second.refresh)
    assert status(api, second.access) == 401


def test_a_replay_ends_its_own_session_alone(pair, alice, bob, rewind):
    others = [start_session(user=user) for user in (alice, bob)]
    refresh_session(refresh=pair.refresh)
    rewind(seconds=11)
    refresh_session(refresh=others[0].refresh)  # within a grace, but that one's

    with pytest.raises(TokenInvalid):
        refresh_session(refresh=pair.refresh)

    ended = Session.objects.exclude(ended_at=None)
    assert [session.pk for session in ended] == [tokens.read(pair.refresh, tokens.REFRESH).session_id]


def test_logging_out_and_ending_all_sessions_are_about_ones_own(pair, alice, bob, sue, client):
    client.force_login(sue)
    again, theirs = start_session(user=alice), start_session(user=bob)

    log_out(refresh=pair.refresh)
    verify_token(token=again.refresh)

    end_all_sessions(user=alice)
    verify_token(token=theirs.refresh)
    assert client.get("/admin/").status_code == 200


def test_a_session_that_is_over_keeps_the_time_when_it_ended(pair, alice, rewind):
    log_out(refresh=pair.refresh)
    Session.objects.update(ended_at=F("created_at"))

    rewind(seconds=60)
    end_all_sessions(user=alice)

    session = Session.objects.get()
    assert session.ended_at - session.created_at == timedelta(seconds=60)


def test_a_refresh_is_a_use_of_the_session(pair, rewind):
    rewind(seconds=60)

    refresh_session(refresh=pair.refresh)

    session = Session.objects.get()
    assert session.last_used_at - session.created_at >= timedelta(seconds=60)


def test_a_spent_token_is_not_verified(pair):
    refresh_session(refresh=pair.refresh)

    with pytest.raises(TokenInvalid):
        verify_token(token=pair.refresh)


def test_whoever_signs_out_while_another_tab_refreshes_is_signed_out(pair, api):
    second = refresh_session(refresh=pair.refresh)

    assert api.post("/auth/logout/", {"refresh": pair.refresh}).status_code == 200

    assert status(api, second.access) == 401
    with pytest.raises(TokenInvalid):
        refresh_session(refresh=second.refresh)


def test_signing_out_with_a_token_that_was_spent_long_ago_ends_its_session_alone(pair, alice, rewind, api):
    second, other = refresh_session(refresh=pair.refresh), start_session(user=alice)
    rewind(seconds=11)

    assert api.post("/auth/logout/", {"refresh": pair.refresh}).status_code == 401

    assert status(api, second.access) == 401
    verify_token(token=other.refresh)


def test_a_refresh_token_lives_seven_days(pair, rewind):
    rewind(seconds=7 * 24 * 3600 + 1)

    with pytest.raises(TokenInvalid):
        refresh_session(refresh=pair.refresh)


def test_a_session_ends_some_day_however_often_it_is_refreshed(pair, settings):
    settings.SESSION_LIFETIME = timedelta(days=10)
    session = Session.objects.get()
    Session.objects.update(created_at=Now() - timedelta(days=9))

    later = refresh_session(refresh=pair.refresh)

    session.refresh_from_db()
    assert session.expires_at - session.created_at == timedelta(days=10)
    Session.objects.update(expires_at=Now())
    with pytest.raises(TokenInvalid):
        refresh_session(refresh=later.refresh)


def test_tokens_are_stored_as_digests_only(pair):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT row_to_json(t)::text FROM accounts_refreshtoken t"
            " UNION ALL SELECT row_to_json(s)::text FROM accounts_session s"
        )
        stored = "".join(row for (row,) in cursor.fetchall())
    jti = tokens.read(pair.refresh, tokens.REFRESH).jti
    assert bytes(RefreshToken.objects.get().digest) == tokens.digest_of(jti)
    assert jti not in stored
    assert pair.refresh not in stored
