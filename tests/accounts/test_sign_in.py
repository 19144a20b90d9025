"""Signing in: one backend for the API, the cookie door and the admin."""

from datetime import timedelta
from ipaddress import ip_network

import pytest
from django.test import Client
from django.utils import timezone

from accounts import tokens
from accounts.models import Session, User
from accounts.services import change_password
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def tries(api, count, **extra):
    names = [{"username": "alice"}, {"email": "ALICE@example.com"}, {"phone": "+48123666789"}]
    return [
        api.post(
            "/auth/jwt/create/", names[i % 3] | {"password": "wrong"}, HTTP_X_FORWARDED_FOR=f"10.0.0.{i}", **extra
        ).status_code
        for i in range(count)
    ]


@pytest.fixture
def alice(alice):
    User.objects.filter(pk=alice.pk).update(phone="+48123666789")
    return alice


def test_the_sixth_bad_try_is_stopped_whatever_name_it_uses(api, alice):
    assert tries(api, 6) == [401] * 5 + [429]

    answer = api.post("/auth/jwt/create/", {"username": "alice", "password": PASSWORD})

    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 301
    assert answer.json()["code"] == "throttled"


def test_an_unknown_name_is_stopped_alike(api, db):
    statuses = [api.post("/auth/jwt/create/", {"username": "nobody", "password": "wrong"}).status_code for _ in range(6)]

    assert statuses == [401] * 5 + [429]


def test_nobody_is_locked_out_by_somebody_elsewhere(api, alice):
    tries(api, 6)

    answer = api.post("/auth/jwt/create/", {"username": "alice", "password": PASSWORD}, REMOTE_ADDR="192.0.2.7")

    assert answer.status_code == 200


def test_behind_a_trusted_proxy_the_forwarded_address_counts(api, alice, settings):
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.0/8")]

    assert tries(api, 6) == [401] * 6


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("203.0.113.9, 198.51.100.7, 127.0.0.2", "198.51.100.7"),
        ("198.51.100.7 ,,127.0.0.2", "198.51.100.7"),
        ("198.51.100.7", "198.51.100.7"),
        ("203.0.113.9, unknown", None),
    ],
)
def test_of_several_hops_the_last_that_is_no_proxy_of_ours_is_the_client(api, alice, settings, forwarded, address):
    """What stands before it the client has written."""
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.0/8")]

    api.post("/auth/jwt/create/", {"username": "alice", "password": PASSWORD}, HTTP_X_FORWARDED_FOR=forwarded)

    assert Session.objects.get().address == address


@pytest.mark.parametrize(
    ("addresses", "sixth"),
    [
        ([f"2001:db8:0:1::{number}" for number in range(6)], 429),
        ([f"2001:db8:0:{number}::1" for number in range(6)], 401),
        ([f"::ffff:192.0.2.{number}" for number in range(6)], 401),
        (["192.0.2.1", "::ffff:192.0.2.1"] * 3, 429),
        (["fe80::1%eth0", "fe80::2%eth0"] * 3, 429),
    ],
    ids=["one line's", "six lines'", "six of IPv4", "one of IPv4", "neighbours"],
)
def test_whoever_has_many_ipv6_addresses_has_no_more_tries(api, alice, addresses, sixth):
    statuses = [
        api.post("/auth/jwt/create/", {"username": "alice", "password": "wrong"}, REMOTE_ADDR=address).status_code
        for address in addresses
    ]

    assert statuses == [401] * 5 + [sixth]


def test_good_tries_are_not_counted(api, alice):
    for _ in range(7):
        assert api.post("/auth/jwt/create/", {"username": "alice", "password": PASSWORD}).status_code == 200


def test_the_lock_ends(api, alice, rewind):
    tries(api, 6)
    rewind(seconds=301)

    assert api.post("/auth/jwt/create/", {"username": "alice", "password": PASSWORD}).status_code == 200


def test_the_admin_is_limited_as_well(sue):
    page = Client()

    def sign_in(password):
        return page.post("/admin/login/", {"username": "sue", "password": password})

    assert [sign_in("wrong").status_code for _ in range(5)] == [200] * 5
    stopped = sign_in(PASSWORD)
    assert stopped.status_code == 429
    assert int(stopped["Retry-After"]) > 0


def test_the_admin_takes_any_name(sue):
    assert Client().post("/admin/login/?next=/admin/", {"username": "SUE@example.com", "password": PASSWORD}).status_code == 302


@pytest.mark.parametrize("door", ["/auth/jwt/create", "/api/auth/jwt/create/", "/api/v1/token/"])
def test_unknown_wrong_and_inactive_are_answered_alike(api, alice, bob, door):
    User.objects.filter(pk=bob.pk).update(is_active=False)

    answers = [
        api.post(door, {"username": name, "password": password})
        for name, password in [("alice", "wrong"), ("nobody", "wrong"), ("bob", PASSWORD)]
    ]

    assert [answer.status_code for answer in answers] == [401] * 3
    assert answers[0].json() == answers[1].json() == answers[2].json()


def test_a_device_may_call_itself_anything(api, alice):
    answer = api.post("/auth/jwt/create/", {"username": "alice", "password": PASSWORD}, HTTP_USER_AGENT="x" * 1000)

    assert answer.status_code == 200
    assert Session.objects.get().device == "x" * 200


def test_staff_need_not_be_verified(api, sue, settings):
    settings.REQUIRE_VERIFIED = True

    assert api.post("/auth/jwt/create/", {"username": "sue", "password": PASSWORD}).status_code == 200


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_differs_from_the_databases_keeps_nobody_out(hours):
    """Whether a token is over is for the database to say, however early or late it is here."""
    token = tokens.mint(tokens.ACCESS, session_id=1, user_id=2, issued_at=timezone.now() + timedelta(hours=hours))

    assert tokens.read(token, tokens.ACCESS).user_id == 2


@pytest.mark.parametrize("address", ["email", "phone"])
def test_where_verification_is_demanded(api, alice, settings, address):
    settings.REQUIRE_VERIFIED = True
    credentials = {"username": "alice", "password": PASSWORD}

    assert api.post("/auth/jwt/create/", credentials).status_code == 401
    User.objects.filter(pk=alice.pk).update(**{f"{address}_verified_at": "2026-01-01T00:00:00Z"})
    assert api.post("/auth/jwt/create/", credentials).status_code == 200


def test_a_hash_of_old_parameters_is_renewed_and_sessions_stay(api, as_user, alice, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher", *settings.PASSWORD_HASHERS]
    client = as_user(alice)

    assert api.post("/auth/jwt/create/", {"username": "alice", "password": PASSWORD}).status_code == 200

    assert User.objects.get(pk=alice.pk).password.startswith("pbkdf2_sha256$")
    assert client.get("/auth/users/me/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_renewed_hash_saves_no_session_from_the_next_password(api, as_user, alice, settings):
    """On the same connection: the exception is for the renewal alone."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher", *settings.PASSWORD_HASHERS]
    client = as_user(alice)
    api.post("/auth/jwt/create/", {"username": "alice", "password": PASSWORD})

    change_password(by=User.objects.get(pk=alice.pk), current_password=PASSWORD, new_password="another long one")

    assert client.get("/auth/users/me/").status_code == 401


PHONE = ["+48 123 666 789", "+48-123-666-789", "＋48123666789", "+48 (123) 666789", " +48123666789", "+48.123.666.789"]
EMAIL = [
    "alice@example.com",
    "ALICE@example.com",
    "ａlice@example.com",
    "alice＠example.com",
    " alice@EXAMPLE.com",
    "alİce@example.com",
]
USERNAME = ["alice", "ALICE", "ａｌｉｃｅ", " alice", "Alice ", "alİce"]  # whose lower case is i, says the database


@pytest.mark.parametrize("spellings", [PHONE, EMAIL, USERNAME])
@pytest.mark.parametrize("known", [True, False])
def test_another_spelling_is_no_other_name(api, alice, run_jobs, spellings, known):
    if not known:
        User.objects.filter(pk=alice.pk).update(username="x", email="x@example.com", phone=None)

    def statuses(path, **body):
        return [api.post(path, {"username": name} | body).status_code for name in spellings]

    assert statuses("/auth/jwt/create/", password="wrong") == [401] * 5 + [429]
    assert statuses("/auth/users/reset_password/") == [204] * 5 + [429]
    assert statuses("/auth/users/reset_password_confirm/", code="000000", new_password="a long one") == [400] * 5 + [429]
    assert statuses("/auth/users/verify/", channel="email") == [204] * 5 + [429]
    assert statuses("/auth/users/verify/confirm/", channel="email", code="000000") == [400] * 5 + [429]


def test_a_password_without_a_name_is_no_sign_in(api):
    answer = api.post("/auth/jwt/create", {"password": PASSWORD})

    assert answer.status_code == 400
