"""Document A, the ticket project: its curl lines against `/auth/…`, without a trailing slash."""

import json
from urllib.parse import parse_qs

import pytest

pytestmark = pytest.mark.django_db

ACCOUNT = {"email": "arus@arus.com", "password": "maslotoniehaslo", "name": "Tom Hanks", "phone": "+48123666789"}
CREDENTIALS = {"email": "arus@arus.com", "password": "maslotoniehaslo"}
INVALID = {"detail": "Token is invalid or expired", "code": "token_not_valid"}


@pytest.fixture
def tokens(api):
    api.post("/auth/users/", ACCOUNT)
    return api.post("/auth/jwt/create", CREDENTIALS).json()


def test_registration(api):
    answer = api.post("/auth/users/", ACCOUNT)

    assert answer.status_code == 201
    user = answer.json()
    assert user["email"] == "arus@arus.com"
    assert user["phone"] == "+48123666789"
    assert user["name"] == "Tom Hanks"
    assert (user["first_name"], user["last_name"]) == ("Tom", "Hanks")
    assert "password" not in user


def test_sign_in(tokens):
    assert set(tokens) == {"access", "refresh"}


def test_verify(api, tokens):
    answer = api.post("/auth/jwt/verify", {"token": tokens["access"]})

    assert answer.status_code == 200
    assert answer.json() == {}


@pytest.mark.parametrize("path", ["/auth/jwt/verify", "/auth/jwt/refresh"])
def test_a_token_that_is_none(api, path):
    answer = api.post(path, {"token": "no token", "refresh": "no token"})

    assert answer.status_code == 401
    assert answer.json().items() >= INVALID.items()


def test_refresh(api, tokens):
    answer = api.post("/auth/jwt/refresh", {"refresh": tokens["refresh"]})

    assert answer.status_code == 200
    assert set(answer.json()) == {"access", "refresh"}
    assert api.post("/auth/jwt/verify", {"token": answer.json()["access"]}).status_code == 200


def test_every_request_carries_a_bearer_token(api, tokens):
    assert api.get("/auth/users/me").status_code == 401

    answer = api.get("/auth/users/me", HTTP_AUTHORIZATION=f"Bearer {tokens['access']}")

    assert answer.status_code == 200
    assert answer.json()["email"] == "arus@arus.com"


def test_input_as_the_variable_json_of_a_get_request(api, tokens):
    header = {"HTTP_AUTHORIZATION": f"Bearer {tokens['access']}"}

    assert api.get('/auth/users/?json={"limit":1}', **header).status_code == 200
    assert api.get('/auth/users/?json={"limit":"x"}', **header).json()["errors"][0]["field"] == "limit"
    assert api.get("/auth/users/?json=[1]", **header).status_code == 400
    assert api.get("/auth/users/?json={", **header).status_code == 400


def test_the_next_page_of_a_list_that_json_asked_for(as_user, alice):
    client = as_user(alice)
    for number in range(4):
        client.post("/api/ticket", {"message": f"{number}"})

    def page(query):
        answer = client.get(f"/api/ticket?{query}")
        return answer.json()[0]["message"], answer["Link"].partition("?")[2].partition(">")[0]

    first, query = page("limit=1")
    second, query = page("json=" + json.dumps({"limit": 1, "cursor": parse_qs(query)["cursor"][0]}))
    assert (first, second, page(query)[0]) == ("3", "2", "1")
