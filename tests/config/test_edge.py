"""Whom requests are for, and who may say where they come from."""

from ipaddress import ip_network

import pytest
from django.test import Client

from config import edge

pytestmark = pytest.mark.django_db
PROXY, STRANGER = "10.1.2.3", "192.0.2.9"
API, PAGE = "/api/v1/users/", "/admin/login/"


@pytest.fixture
def behind_a_proxy(settings):
    settings.ALLOWED_HOSTS = ["frontdesk.example.com", "inner"]
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]
    settings.USE_X_FORWARDED_HOST = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_SSL_REDIRECT = True


def get(path, **headers):
    return Client(HTTP_HOST="frontdesk.example.com").get(path, **headers)


@pytest.mark.parametrize("path", ["/livez", "/livez/", "/readyz", "/readyz/"])
def test_probes_are_answered_whatever_they_call_us(settings, path):
    settings.ALLOWED_HOSTS = ["frontdesk.example.com"]

    settings.SECURE_SSL_REDIRECT = True

    for host in ("10.0.0.7:8000", "elsewhere.example.com", "not a host"):
        answer = get(path, HTTP_HOST=host)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("path", [API, PAGE, "/", "/auth/jwt/create/", "/livez/x", "/api/livez", "/static/admin/css/base.css"])
def test_everything_else_refuses_hosts_that_are_not_ours(settings, path):
    settings.ALLOWED_HOSTS = ["frontdesk.example.com"]

    for host in ("10.0.0.7:8000", "frontdesk.example.com.evil.example", "not a host", ""):
        answer = get(path, HTTP_HOST=host)
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
        assert answer.json()["code"] == "unknown_host"
        assert answer["X-Request-Id"]


@pytest.mark.parametrize("path", [API, PAGE])
def test_our_own_names_are_let_in_time_and_again(settings, path):
    settings.ALLOWED_HOSTS = [".example.com"]
    client = Client()
    expected = {API: 401, PAGE: 200}[path]

    for host in ("example.com", "EXAMPLE.com", "a.example.com:8443", "a.example.com:8443"):
        assert client.get(path, HTTP_HOST=host).status_code == expected
    # What was remembered is no pass for others.
    assert client.get(path, HTTP_HOST="example.org").status_code == 400


def test_what_is_remembered_is_bounded(settings, monkeypatch):
    settings.ALLOWED_HOSTS = ["*"]
    monkeypatch.setattr(edge, "REMEMBERED", 2)
    seen = []
    middleware = edge.EdgeMiddleware(lambda request: seen.append(request))

    for number in range(5):
        middleware(Client().get(API, HTTP_HOST=f"h{number}").wsgi_request)

    assert (len(seen), len(middleware.allowed)) == (5, 2)


@pytest.mark.parametrize(
    ("peer", "status"), [(PROXY, 401), (STRANGER, 301), ("", 401)], ids=["our proxy", "a stranger", "a Unix socket"]
)
def test_only_our_proxies_may_say_that_it_was_https(behind_a_proxy, peer, status):
    assert get(API, REMOTE_ADDR=peer, HTTP_X_FORWARDED_PROTO="https").status_code == status


def test_without_the_guard_a_stranger_says_that_it_was_https(behind_a_proxy, monkeypatch):
    monkeypatch.setattr(edge, "FORWARDED", frozenset())

    assert get(API, REMOTE_ADDR=STRANGER, HTTP_X_FORWARDED_PROTO="https").status_code == 401


@pytest.mark.parametrize(("peer", "status"), [(PROXY, 401), (STRANGER, 400)])
def test_only_our_proxies_may_say_what_host_it_was(behind_a_proxy, peer, status):
    asked = {"HTTP_HOST": "backend:8000", "HTTP_X_FORWARDED_HOST": "frontdesk.example.com", "HTTP_X_FORWARDED_PROTO": "https"}

    assert get(API, REMOTE_ADDR=peer, **asked).status_code == status


def test_a_proxy_cannot_make_a_host_ours(behind_a_proxy):
    answer = get(API, REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_HOST="evil.example", HTTP_X_FORWARDED_PROTO="https")

    assert answer.json()["code"] == "unknown_host"


def test_of_several_proxies_the_first_tells_the_host(behind_a_proxy):
    forwarded = {"HTTP_X_FORWARDED_HOST": "frontdesk.example.com, inner", "HTTP_X_FORWARDED_PROTO": "http"}

    answer = get(PAGE, REMOTE_ADDR=PROXY, **forwarded)

    assert answer["Location"] == f"https://frontdesk.example.com{PAGE}"


def test_without_proxies_nobody_is_believed(settings):
    settings.ALLOWED_HOSTS, settings.TRUSTED_PROXIES = ["frontdesk.example.com"], []

    for peer in ("127.0.0.1", ""):
        answer = get(PAGE, REMOTE_ADDR=peer, HTTP_X_FORWARDED_HOST="evil.example", HTTP_X_FORWARDED_PROTO="https")
        assert (answer.status_code, answer.wsgi_request.scheme) == (200, "http")
        assert not edge.FORWARDED & set(answer.wsgi_request.META)
