"""Document B, accounts by e-mail or phone: its curl lines against `/api/auth/…`."""

import pytest

pytestmark = pytest.mark.django_db

BY_EMAIL = {"email": "user@mail.com", "password": "strong_password"}
BY_PHONE = {"phone": "+71234567890", "password": "strong_password"}


def test_registration_by_email(api):
    answer = api.post("/api/auth/users/", BY_EMAIL)

    assert answer.status_code == 201
    user = answer.json()
    expected = {"username": "user@mail.com", "email": "user@mail.com", "phone": None, "is_active": True, "is_superuser": False}
    assert user.items() >= expected.items()
    assert isinstance(user["id"], int)


def test_registration_by_phone(api):
    answer = api.post("/api/auth/users/", BY_PHONE)

    assert answer.status_code == 201
    expected = {"username": "+71234567890", "email": None, "phone": "+71234567890", "is_active": True, "is_superuser": False}
    assert answer.json().items() >= expected.items()


@pytest.mark.parametrize("account", [BY_EMAIL, BY_PHONE])
def test_registering_twice_is_refused(api, account):
    api.post("/api/auth/users/", account)

    assert api.post("/api/auth/users/", account).status_code == 400


@pytest.mark.parametrize("body", [{"password": "strong_password"}, {"email": "user@mail.com"}, {}])
def test_registration_needs_a_name_and_a_password(api, body):
    assert api.post("/api/auth/users/", body).status_code == 400


@pytest.mark.parametrize(
    ("account", "username"), [(BY_EMAIL, "user@mail.com"), (BY_EMAIL, "USER@Mail.Com"), (BY_PHONE, "+71234567890")]
)
def test_tokens_by_username(api, account, username):
    api.post("/api/auth/users/", account)

    answer = api.post("/api/auth/jwt/create/", {"username": username, "password": "strong_password"})

    assert answer.status_code == 200
    assert list(answer.json()) == ["refresh", "access"]


def test_wrong_credentials(api):
    api.post("/api/auth/users/", BY_EMAIL)

    wrong = api.post("/api/auth/jwt/create/", {"username": "user@mail.com", "password": "wrong"})
    unknown = api.post("/api/auth/jwt/create/", {"username": "nobody@mail.com", "password": "wrong"})

    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert wrong.json()["code"] == "no_active_account"


def test_refresh_and_logout(api):
    api.post("/api/auth/users/", BY_EMAIL)
    tokens = api.post("/api/auth/jwt/create/", {"username": "user@mail.com", "password": "strong_password"}).json()

    refreshed = api.post("/api/auth/jwt/refresh/", {"refresh": tokens["refresh"]})
    assert refreshed.status_code == 200

    answer = api.post("/api/auth/logout/", {"refresh": refreshed.json()["refresh"]})
    assert answer.status_code == 200
    assert answer.content == b"{}"

    assert api.post("/api/auth/jwt/refresh/", {"refresh": refreshed.json()["refresh"]}).status_code == 401
    old = api.get("/auth/users/me/", HTTP_AUTHORIZATION=f"Bearer {refreshed.json()['access']}")
    assert old.status_code == 401


def test_everything_about_oneself_is_a_job_and_a_download(api, run_jobs):
    api.post("/api/auth/users/", BY_EMAIL)
    tokens = api.post("/api/auth/jwt/create/", {"username": "user@mail.com", "password": "strong_password"}).json()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens['access']}")

    assert api.get("/api/auth/users/me/export").json()["status"] == "pending"
    run_jobs()
    download = api.get("/api/auth/users/me/export/")

    assert download.status_code == 200
    assert download["Content-Disposition"].startswith("attachment")
    assert download.json()["account"]["email"] == "user@mail.com"
    assert len(download.json()["sessions"]) == 1
