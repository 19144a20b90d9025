"""Every error has one shape, whoever makes it."""

import psycopg
import pytest
from django.db import DatabaseError, InternalError
from django.test import Client

from tests.config.conftest import assert_problem
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/api/nothing", "/auth/nothing/", "/api", "/auth/", "/api/v1/users/x/", "/api/v1/"])
def test_no_such_path(api, path):
    assert_problem(api.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("/auth/jwt/create", "POST"),
        ("/api/ticket", "GET, POST"),
        ("/api/ticket/1/set_status", "POST"),
        ("/api/v1/tickets/1/", "GET, PATCH"),
        ("/api/get_order", "GET"),
        ("/auth/users/set_password/", "POST"),
        ("/api/docs/", "GET"),
        ("/api/schema", "GET"),
    ],
)
def test_no_such_method(as_user, alice, path, there):
    answer = as_user(alice).delete(path)

    assert_problem(answer, 405, "method_not_allowed")
    assert set(there.split(", ")) == set(answer["Allow"].split(", ")) - {"HEAD", "OPTIONS"}


def test_who_is_asking(api):
    answer = api.get("/auth/users/me/")

    assert_problem(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_who_asks_with_a_token_that_is_none(api):
    answer = api.get("/auth/users/me/", HTTP_AUTHORIZATION="Bearer x")

    assert_problem(answer, 401, "token_not_valid")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_every_wrong_member_is_named(api):
    body = assert_problem(api.post("/auth/users/", {"email": "nothing", "phone": "12"}), 400, "invalid")

    assert {error["field"]: error["code"] for error in body["errors"]} == {
        "email": "invalid",
        "phone": "invalid_phone",
        "password": "required",
    }


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=x", "limit"),
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=٣", "limit"),
        ("cursor=x", "cursor"),
        ("cursor=W10", "cursor"),
        ("cursor=WzEsMl0", "cursor"),
        ("cursor=IjUi", "cursor"),
        ("cursor=Wz!Fd", "cursor"),
        ("cursor=WyJ4Il0", "cursor"),
        ("cursor=WzFlMzA5XQ", "cursor"),
        ("cursor=Wy0xXQ", "cursor"),
        ("cursor=WzkyMjMzNzIwMzY4NTQ3NzU4MDhd", "cursor"),
        ("cursor=%F0%9F%92%A9", "cursor"),
        ("cursor=" + "W1tb" * 320 + "XV1d" * 320, "cursor"),
    ],
)
def test_bad_pages(as_user, alice, query, field):
    body = assert_problem(as_user(alice).get(f"/auth/users/?{query}"), 400, "invalid")

    assert body["errors"][0]["field"] == field


def test_every_wrong_parameter_is_named(as_user, alice):
    body = assert_problem(as_user(alice).get("/api/v1/products/?category=x&in_stock=x&search=x"), 400, "invalid")

    assert [error["field"] for error in body["errors"]] == ["in_stock", "category"]


def test_deep_json_in_a_query(api):
    deep = "%7B%22%5Cu0000%22:" * 500 + "1" + "%7D" * 500

    assert_problem(api.get(f"/auth/users/?json={deep}"), 400, "invalid")


@pytest.mark.parametrize("query", ["search=%00", 'json={"search":"\\u0000"}', "json=x", 'json={"a":[1]}'])
def test_bad_queries(as_user, alice, query):
    assert_problem(as_user(alice).get(f"/auth/users/?{query}"), 400, "invalid")


@pytest.mark.parametrize(
    ("method", "path"), [("get", "/auth/users/{}/"), ("patch", "/api/v1/meetings/{}/"), ("post", "/api/v1/orders/{}/cancel/")]
)
def test_an_absurd_key_is_missing(as_user, alice, django_assert_num_queries, method, path):
    client = as_user(alice)
    getattr(client, method)(path.format(1), {"status": "canceled"})  # from now on the route is known (config.resolver)

    for key in ("9999999999999999999", "99999999999999999999999"):
        with django_assert_num_queries(0):
            assert_problem(getattr(client, method)(path.format(key), {"status": "canceled"}), 404, "not_found")


@pytest.mark.parametrize("path", ["/auth/users/{}/", "/api/v1/users/{}/"])
@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
@pytest.mark.parametrize("key", ["0", "9999999999999999999"])
def test_whatever_is_done_to_it(as_user, tim, path, method, key):
    assert_problem(getattr(as_user(tim), method)(path.format(key), {"current_password": PASSWORD}), 404, "not_found")


@pytest.mark.parametrize(
    ("language", "detail"),
    [("pl", "Nie znaleziono."), ("ru-RU,ru;q=0.9", "Не найдено."), ("en", "Not found."), ("xx", "Not found.")],
)
def test_details_follow_the_language_and_codes_do_not(api, language, detail):
    body = assert_problem(api.get("/api/nothing", HTTP_ACCEPT_LANGUAGE=language), 404, "not_found")

    assert body["detail"] == detail


@pytest.mark.parametrize(
    ("path", "headers"),
    [("/api/ticket?json=[]", {}), ("/api/ticket?a=%00", {}), ("/api/ticket", {"Host": "elsewhere.example"})],
)
def test_what_no_view_sees_is_refused_in_the_same_language(api, path, headers):
    told = [api.get(path, headers=headers | {"Accept-Language": name}) for name in ("en", "pl", "ru")]

    assert [answer.headers["Content-Language"] for answer in told] == ["en", "pl", "ru"]
    assert len({assert_problem(answer, 400, answer.json()["code"])["detail"] for answer in told}) == 3


def test_a_limit_is_told_in_the_language_of_each_request(alice, as_user):
    """Serializers of bodies and the fields of filters serve one request after the other."""
    signed_in, order = as_user(alice), {"address": "a" * 501, "phone": "+48123666789", "items": [{"product_id": 1, "amount": 0}]}

    def details(language):
        wanted = {"headers": {"Accept-Language": language}}
        answers = signed_in.post("/api/v1/orders/", order, **wanted), signed_in.get("/api/ticket?assignee=0", **wanted)
        return [error["detail"] for answer in answers for error in assert_problem(answer, 400, "invalid")["errors"]]

    told = [details(language) for language in ("ru", "pl", "en")]

    assert [len(set(of_one)) for of_one in zip(*told, strict=True)] == [3, 3, 3]


def test_what_drf_has_no_words_for_is_translated_too(as_user, alice, tim):
    refused = [
        (alice, "/api/ticket", {"message": []}, "message"),
        (tim, "/api/v1/timeslots/", {"start_time": "0001-01-01T00:00:00+14:00"}, "start_time"),
        (tim, "/api/v1/timeslots/", {"is_available": "maybe"}, "is_available"),
        (alice, "/api/v1/orders/", {"items": [{"product_id": 1, "amount": 1}] * 101}, "items"),
    ]
    for user, path, body, field in refused:
        told = [as_user(user).post(path, body, headers={"Accept-Language": name}) for name in ("en", "pl", "ru")]
        errors = [assert_problem(answer, 400, "invalid")["errors"] for answer in told]
        assert len({error["detail"] for found in errors for error in found if error["field"] == field}) == 3, field


def test_a_crash_is_a_problem_too(monkeypatch, alice, as_user, caplog):
    signed_in = as_user(alice)
    signed_in.raise_request_exception = False
    monkeypatch.setattr("accounts.api.users.AccountViewSet.list", lambda self, request: 1 / 0)

    body = assert_problem(signed_in.get("/auth/users/"), 500, "server_error")

    assert "ZeroDivisionError" not in str(body)
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(
    ("error", "cause", "status", "code"),
    [
        (DatabaseError, psycopg.DatabaseError("server closed the connection unexpectedly"), 503, "unavailable"),
        (InternalError, psycopg.errors.IdleInTransactionSessionTimeout(), 503, "unavailable"),
        (InternalError, psycopg.errors.InFailedSqlTransaction(), 500, "server_error"),
        (DatabaseError, None, 500, "server_error"),
    ],
)
def test_a_connection_that_ends_is_no_crash(monkeypatch, alice, as_user, error, cause, status, code):
    """psycopg's error for it is of no particular kind; anything else of no kind is still ours to explain."""
    signed_in = as_user(alice)
    signed_in.raise_request_exception = False

    def fail(self, request):
        raise error from cause

    monkeypatch.setattr("accounts.api.users.AccountViewSet.list", fail)

    answer = signed_in.get("/auth/users/")

    assert_problem(answer, status, code)
    assert ("Retry-After" in answer) == (status == 503)


def test_pages_for_people_stay_pages(db):
    assert Client().get("/nothing").headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_both_spellings_of_a_path_are_one(api, method):
    answers = [getattr(api, method)(path) for path in ("/auth/users/me", "/auth/users/me/")]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].json() == answers[1].json()


def test_signed_in_answers_are_kept_by_nobody(as_user, alice):
    assert as_user(alice).get("/auth/users/me/")["Cache-Control"] == "no-store"
