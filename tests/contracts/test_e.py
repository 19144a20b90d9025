"""Document E, the support desk: accounts and tokens. Its tickets are in test_e_tickets.py."""

import pytest
from jwt import decode

pytestmark = pytest.mark.django_db

ACCOUNT = {"email": "email@example.com", "username": "example_user", "password": "example.password"}
CREDENTIALS = {"username": "example_user", "password": "example.password"}


def lifetime(token):
    claims = decode(token, options={"verify_signature": False})
    return claims["exp"] - claims["iat"]


def test_registration(api):
    answer = api.post("/auth/users/", ACCOUNT)

    assert answer.status_code == 201
    expected = {"username": "example_user", "email": "email@example.com", "is_active": True, "tickets": []}
    assert answer.json().items() >= expected.items()


def test_tokens_and_their_lifetimes(api):
    api.post("/auth/users/", ACCOUNT)

    answer = api.post("/auth/jwt/create/", CREDENTIALS)

    assert answer.status_code == 200
    assert list(answer.json()) == ["refresh", "access"]
    assert lifetime(answer.json()["access"]) == 10 * 60
    assert lifetime(answer.json()["refresh"]) == 7 * 24 * 3600


def test_a_new_pair(api):
    api.post("/auth/users/", ACCOUNT)
    first = api.post("/auth/jwt/create/", CREDENTIALS).json()

    second = api.post("/auth/jwt/refresh/", {"refresh": first["refresh"]}).json()

    assert set(second) == {"access", "refresh"}
    assert second["refresh"] != first["refresh"]
    assert api.get("/auth/users/me/", HTTP_AUTHORIZATION=f"Bearer {second['access']}").json()["username"] == "example_user"
