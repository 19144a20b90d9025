"""What browsers are told about pages."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from rest_framework.test import APIClient

from config import csp
from config.problems import is_api
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

POLICIES = {
    "/admin/login/": csp.ADMIN,
    "/admin/": csp.ADMIN,  # a redirect to sign in
    "/admin/desk/nowhere/": csp.ADMIN,
    "/api/docs/": csp.DOCS,
    "/api/docs": csp.DOCS,
    "/": csp.PLAIN,
    "/nowhere": csp.PLAIN,
    "/media/nowhere.png": csp.PLAIN,
    "/livez": csp.PLAIN,
}


def directives(policy):
    return {name: values for name, *values in (part.split() for part in policy.split(";"))}


@pytest.mark.parametrize(("path", "policy"), POLICIES.items())
def test_each_kind_of_page_has_its_policy(client, path, policy):
    answer = client.get(path)

    assert answer["Content-Security-Policy"] == policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("policy", [csp.ADMIN, csp.DOCS, csp.PLAIN])
def test_nothing_is_run_that_is_in_a_page_s_text(policy):
    found = directives(policy)

    assert found["default-src"] == ["'none'"]
    assert found["object-src"] == found["base-uri"] == found["frame-ancestors"] == ["'none'"]
    assert found["form-action"] == ["'self'"]
    assert found.get("script-src", ["'self'"])[0] == "'self'"
    assert "'unsafe-inline'" not in found.get("script-src", [])


def test_only_the_admin_makes_functions_of_text():
    assert directives(csp.ADMIN)["script-src"] == ["'self'", "'unsafe-eval'"]
    assert directives(csp.DOCS)["script-src"] == ["'self'"]
    assert "script-src" not in directives(csp.PLAIN)


@pytest.mark.parametrize("path", ["/admin/login/", "/api/docs/"])
def test_pages_have_no_scripts_in_their_text(client, path):
    """They would not run; and the docs' own script is a file."""
    text = client.get(path).content.decode()

    assert text.count("<script") == text.count("<script src=") + text.count("<script id=") > 2
    assert "onclick=" not in text


def test_the_docs_script_is_a_script(client):
    answer = client.get("/api/docs/?script=")

    assert answer["Content-Type"].startswith("application/javascript")
    assert b"SwaggerUIBundle(" in answer.content


def test_the_api_answers_json_that_nobody_sniffs_and_needs_no_policy():
    answer = APIClient().get("/api/v1/users/")

    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "Content-Security-Policy" not in answer


@pytest.mark.parametrize(("debug", "policy"), [(True, None), (False, csp.PLAIN)])
def test_developers_see_django_s_own_error_pages_whole(settings, debug, policy):
    settings.DEBUG = debug
    request = RequestFactory().get("/nowhere")
    request.is_api = is_api(request)

    assert csp.policy_for(request, HttpResponse(status=404)) == policy


@pytest.mark.parametrize("path", ["/admin/login/", "/api/v1/users/", "/nowhere"])
def test_over_https_browsers_come_by_https_ever_after(client, settings, path):
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 31536000

    plain, safe = client.get(path), client.get(path, secure=True)

    assert (plain.status_code, plain["Location"]) == (301, f"https://testserver{path}")
    assert safe["Strict-Transport-Security"].startswith("max-age=31536000")


def test_cookies_of_pages_go_over_https_alone(client, settings, sue):
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    client.get("/admin/login/")
    client.post("/admin/login/", {"username": "sue", "password": PASSWORD})

    session, form = client.cookies["sessionid"], client.cookies["csrftoken"]
    assert session["httponly"]
    assert session["secure"]
    assert form["secure"]
    assert session["samesite"] == form["samesite"] == "Lax"


def test_what_is_kept_for_others_is_kept_for_their_language(client, as_user, sue):
    """Nobody between keeps an answer to a request with Authorization (RFC 9111, 3.5)."""
    for path in ("/api/schema/", "/auth/users/me/", "/admin/login/"):
        assert "Accept-Language" in client.get(path).headers["Vary"]
    assert "Accept-Language" not in as_user(sue).get("/auth/users/me/").headers.get("Vary", "")
