"""Bodies of requests: malformed ones, deep ones, large ones, and those of other types."""

import pytest

from tests.config.conftest import assert_problem

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[" * 2000 + b"]" * 2000,
        b'{"email":' + b"[" * 2000 + b"]" * 2000 + b"}",
        b'{"email":' + b"[" * 64 + b"]" * 64 + b"}",
        b'{"\\u0000":' + b'{"a":' * 500 + b"1" + b"}" * 501,
        b'{"email": "\\ud800"}',
        b'{"email": "a\\u0000b@example.com"}',
        b'{"em\\u0000ail": "a"}',
        b'{"email": [{"a": "\\u0000"}]}',
        b'{"email": NaN}',
        b"[]",
        b'"text"',
        b"\xff",
    ],
    ids=[
        "cut",
        "deep",
        "deep inside",
        "a level too deep",
        "deep with a nul",
        "surrogate",
        "nul",
        "nul in a name",
        "nul in a list",
        "NaN",
        "list",
        "text",
        "not utf-8",
    ],
)
def test_malformed_json(api, body):
    assert_problem(api.post("/auth/users/", body, content_type="application/json"), 400, "parse_error")


def test_as_many_levels_as_are_allowed(api):
    answer = api.post("/auth/users/", b'{"other": [], "more":' + b"[" * 63 + b"]" * 63 + b"}", content_type="application/json")

    assert assert_problem(answer, 400, "invalid")["errors"]


def test_brackets_in_a_text_are_no_levels(api):
    body = b'{"first_name": "' + b"[" * 100 + b'"}'

    assert_problem(api.post("/auth/users/", body, content_type="application/json"), 400, "invalid")


def test_a_backslash_before_u0000_is_no_nul(api):
    body = b'{"email": "new@example.com", "password": "a long password", "first_name": "\\\\u0000"}'

    assert api.post("/auth/users/", body, content_type="application/json").json()["first_name"] == "\\u0000"


def test_a_body_of_10_mb(api):
    body = b'{"email": "' + b"a" * 10_000_000 + b'"}'

    assert_problem(api.post("/auth/users/", body, content_type="application/json"), 413, "too_large")


@pytest.mark.parametrize(("more", "status"), [(0, 400), (1, 413)])
def test_a_body_of_as_many_bytes_as_are_allowed(api, settings, more, status):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100

    assert api.post("/auth/users/", b"{}".ljust(100 + more), content_type="application/json").status_code == status


@pytest.mark.parametrize("content_type", ["Application/JSON", "application/json ; charset=utf-8"])
def test_each_spelling_of_the_content_type(api, content_type):
    assert_problem(api.post("/auth/users/", b"{}", content_type=content_type), 400, "invalid")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml"])
def test_another_content_type(api, content_type):
    assert_problem(api.post("/auth/users/", b'{"email": "a"}', content_type=content_type), 415, "unsupported_media_type")
