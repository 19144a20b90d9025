"""Document C, the web store: registration, sign-in and the refresh cookie. Its shop is in test_c_shop.py."""

import pytest
from django.conf import settings
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db

ACCOUNT = {"username": "shopper", "password": "a long password", "email": "shopper@example.com"}
DENIED = {"detail": "Authentication credentials were not provided."}


@pytest.fixture
def browser():
    """Keeps cookies and is asked for CSRF tokens, as a browser is."""
    return APIClient(enforce_csrf_checks=True)


@pytest.fixture
def signed_in(browser):
    browser.post("/api/sign_in", ACCOUNT)
    browser.post("/api/login_view", {"username": "shopper", "password": "a long password"})
    return browser


def refresh(browser, **headers):
    token = browser.cookies["csrftoken"].value if "csrftoken" in browser.cookies else ""
    return browser.post("/api/refresh_token", **{"HTTP_X_CSRFTOKEN": token} | headers)


def test_sign_in_registers(browser):
    answer = browser.post("/api/sign_in", ACCOUNT)

    assert answer.status_code == 200
    assert answer.json() == {"massage": "success"}


def test_a_username_that_is_used(browser):
    browser.post("/api/sign_in", ACCOUNT)

    answer = browser.post("/api/sign_in", ACCOUNT | {"username": "SHOPPER", "email": "other@example.com"})

    assert answer.status_code == 400
    assert answer.json() == {"error": "username is used"}


def test_login(browser):
    browser.post("/api/sign_in", ACCOUNT)

    answer = browser.post("/api/login_view", {"username": "shopper", "password": "a long password"})

    assert answer.status_code == 200
    assert set(answer.json()) == {"access_token", "user"}
    assert list(answer.json()["user"]) == ["id", "username", "email"]
    cookie = answer.cookies[settings.REFRESH_COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/api/refresh_token")
    assert cookie["max-age"] == settings.REFRESH_TOKEN_LIFETIME.total_seconds()
    assert answer["Cache-Control"] == "no-store"
    assert cookie.value not in answer.content.decode()
    assert answer.cookies["csrftoken"].value


def test_cookies_are_secure_over_https(browser, settings):
    settings.HTTPS = settings.CSRF_COOKIE_SECURE = True
    browser.post("/api/sign_in", ACCOUNT)

    cookies = browser.post("/api/login_view", {"username": "shopper", "password": "a long password"}).cookies

    assert cookies["refreshtoken"]["secure"]
    assert cookies["csrftoken"]["secure"]


def test_login_of_nobody(browser):
    answer = browser.post("/api/login_view", {"username": "nobody", "password": "a long password"})

    assert answer.status_code == 403
    assert answer.json().items() >= {"detail": "user not found"}.items()


def test_refresh_by_cookie(signed_in):
    before = signed_in.cookies["refreshtoken"].value

    answer = refresh(signed_in)

    assert answer.status_code == 200
    assert set(answer.json()) == {"access_token"}
    assert answer.cookies["refreshtoken"].value != before
    assert signed_in.get("/auth/users/me/", HTTP_AUTHORIZATION=f"Token {answer.json()['access_token']}").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"HTTP_X_CSRFTOKEN": ""}, {"HTTP_X_CSRFTOKEN": "x" * 32}, {"HTTP_ORIGIN": "https://evil.example"}],
    ids=["no token", "wrong token", "foreign origin"],
)
def test_refresh_needs_our_own_page(signed_in, headers):
    answer = refresh(signed_in, **headers)

    assert answer.status_code == 403
    assert answer.json().items() >= DENIED.items()


def test_refresh_without_a_cookie(signed_in):
    del signed_in.cookies["refreshtoken"]

    answer = refresh(signed_in)

    assert answer.status_code == 403
    assert answer.json().items() >= DENIED.items()


def test_refresh_with_a_cookie_that_was_spent_long_ago(signed_in, rewind):
    spent = signed_in.cookies["refreshtoken"].value
    refresh(signed_in)
    rewind(seconds=11)
    signed_in.cookies["refreshtoken"] = spent

    assert refresh(signed_in).status_code == 403


def test_signing_out_ends_the_cookies_session(signed_in):
    """Document C names no path for it; the cookie travels to this one alone."""
    access = {"HTTP_AUTHORIZATION": f"Token {refresh(signed_in).json()['access_token']}"}
    token, cookie = {"HTTP_X_CSRFTOKEN": signed_in.cookies["csrftoken"].value}, signed_in.cookies["refreshtoken"].value

    assert signed_in.delete("/api/refresh_token").status_code == 403  # without proof of our own page
    done = signed_in.delete("/api/refresh_token", **token)

    assert (done.status_code, done.content) == (204, b"")
    gone = done.cookies["refreshtoken"]
    assert (gone.value, gone["max-age"], gone["path"]) == ("", 0, "/api/refresh_token")
    assert signed_in.get("/auth/users/me/", **access).status_code == 401
    for call in (signed_in.post, signed_in.delete):
        signed_in.cookies["refreshtoken"] = cookie
        again = call("/api/refresh_token", **token)
        assert (again.status_code, again.json()["detail"]) == (403, DENIED["detail"])


def test_the_refresh_door_is_narrow(signed_in):
    token = {"HTTP_X_CSRFTOKEN": signed_in.cookies["csrftoken"].value}

    assert signed_in.get("/api/refresh_token", **token).status_code == 405
    assert signed_in.post("/api/refresh_token", "x", content_type="text/plain", **token).status_code == 415
