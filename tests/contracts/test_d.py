"""Document D, the tutoring site: tokens and users. Its slots, meetings and notifications are in test_d_scheduling.py."""

import pytest

from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

NEW = {
    "email": "new@example.com",
    "username": "newcomer",
    "password": "a long password",
    "first_name": "New",
    "last_name": "Comer",
    "user_type": "vip",
}


def test_token(api, alice):
    answer = api.post("/api/v1/token/", {"email": "alice@example.com", "password": PASSWORD})

    assert answer.status_code == 200
    assert set(answer.json()) == {"access", "refresh"}


def test_token_with_wrong_data(api, alice):
    assert api.post("/api/v1/token/", {"email": "alice@example.com", "password": "wrong"}).status_code == 401


def test_token_refresh(api, alice):
    refresh = api.post("/api/v1/token/", {"email": "alice@example.com", "password": PASSWORD}).json()["refresh"]

    assert "access" in api.post("/api/v1/token/refresh/", {"refresh": refresh}).json()
    assert api.post("/api/v1/token/refresh/", {"refresh": "no token"}).status_code == 401


def test_users_are_listed_for_administrators(as_user, tim, alice, sue):
    assert [user["username"] for user in as_user(tim).get("/api/v1/users/").json()] == ["sue", "alice", "tim"]
    assert as_user(alice).get("/api/v1/users/").status_code == 403
    assert as_user(sue).get("/api/v1/users/").status_code == 403


def test_users_are_created_by_administrators(as_user, tim, alice, api):
    assert as_user(alice).post("/api/v1/users/", NEW).status_code == 403

    answer = as_user(tim).post("/api/v1/users/", NEW)

    assert answer.status_code == 201
    expected = {"email": "new@example.com", "username": "newcomer", "first_name": "New", "last_name": "Comer", "user_type": "vip"}
    assert answer.json().items() >= expected.items()
    assert api.post("/api/v1/token/", {"email": "new@example.com", "password": "a long password"}).status_code == 200


def test_a_user_is_seen_by_its_owner_and_administrators(as_user, tim, alice, bob):
    path = f"/api/v1/users/{alice.pk}/"

    assert as_user(alice).get(path).json()["username"] == "alice"
    assert as_user(tim).get(path).json()["username"] == "alice"
    missing = as_user(bob).get("/api/v1/users/999999/")
    assert as_user(bob).get(path).status_code == missing.status_code == 404
    assert as_user(bob).get(path).json() == missing.json()


@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_user_is_changed_by_its_owner(as_user, alice, method):
    answer = getattr(as_user(alice), method)(f"/api/v1/users/{alice.pk}/", {"first_name": "Alicia", "user_type": "admin"})

    assert answer.status_code == 200
    assert (answer.json()["first_name"], answer.json()["user_type"]) == ("Alicia", "student")


def test_an_administrator_changes_a_user_type(as_user, tim, alice):
    answer = as_user(tim).patch(f"/api/v1/users/{alice.pk}/", {"user_type": "admin"})

    assert answer.json().items() >= {"user_type": "admin", "is_staff": True, "is_superuser": True}.items()


def test_a_user_is_deleted(as_user, tim, alice, bob):
    assert as_user(bob).delete(f"/api/v1/users/{alice.pk}/").status_code == 404
    assert as_user(alice).delete(f"/api/v1/users/{alice.pk}/", {"current_password": PASSWORD}).status_code == 204

    answer = as_user(tim).delete(f"/api/v1/users/{bob.pk}/")

    assert answer.status_code == 204
    assert answer.content == b""
