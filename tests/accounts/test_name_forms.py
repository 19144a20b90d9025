"""How names are written: which signs they have, how long they are, and which spellings are one."""

import pytest
from django.db import IntegrityError

from tests.accounts.conftest import sql
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


_UNSEEN = "\x07 \x7f \u00ad \u115f \u200b \u200d \u202e \u2060 \u2800 \u3164 \ufeff \uffa0 \U000e0061"


@pytest.mark.parametrize("sign", _UNSEEN.split(" "))
def test_signs_that_nobody_sees_are_in_no_name(api, as_user, alice, sign):
    account = {"email": "new@example.com", "password": "a long password"}
    doors = [
        ("/auth/users/", {"email": f"new@exam{sign}ple.com"}, "email"),
        ("/auth/users/", {"email": f"n{sign}ew@example.com"}, "email"),
        ("/auth/users/", {"username": f"al{sign}ice"}, "username"),
        ("/auth/users/", {"username": f"new@exam{sign}ple.com"}, "username"),
    ]
    if sign != "\u200d":  # Persian and Hindi names are written with it
        doors += [("/auth/users/", {name: f"Al{sign}ice"}, name) for name in ("name", "first_name", "last_name")]
    for path, fields, field in doors:
        answer = api.post(path, account | fields)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field), fields
        client = as_user(alice)
        answer = client.patch("/auth/users/me/", fields | {"current_password": PASSWORD})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field), fields
    columns = ["username", "email"] if sign == "\u200d" else ["username", "email", "first_name", "last_name"]
    for column in columns:
        value = f"a{sign}b@example.com" if column == "email" else f"a{sign}b"
        with pytest.raises(IntegrityError):
            sql(f"UPDATE accounts_user SET {column} = %s WHERE id = %s", value, alice.pk)


@pytest.mark.parametrize("member", ["name", "first_name", "last_name"])
def test_a_name_of_a_person_can_be_seen(api, member):
    answer = api.post("/auth/users/", {"email": "new@example.com", "password": "a long password", member: "\ufe0f"})

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "invisible")


@pytest.mark.parametrize("member", ["name", "first_name", "last_name"])
def test_signs_that_only_scripts_know_are_in_no_name_of_a_person(api, member):
    answer = api.post("/auth/users/", {"email": "new@example.com", "password": "a long password", member: "Al\u0600ice"})

    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (400, [member])


def test_each_part_of_a_name_has_its_length(api):
    account = {"email": "new@example.com", "password": "a long password"}
    long = [("name", f"{'a' * 151} b"), ("name", f"a {'b' * 151}"), ("first_name", "a" * 151), ("last_name", "b" * 151)]
    for member, name in long:
        errors = api.post("/auth/users/", account | {member: name}).json()["errors"]
        assert [(error["field"], error["code"]) for error in errors] == [(member, "max_length")]

    user = api.post("/auth/users/", account | {"name": f"{'a' * 150} {'b' * 150}"}).json()
    assert (user["first_name"], user["last_name"]) == ("a" * 150, "b" * 150)


@pytest.mark.parametrize("given", [{"email": "new@example.com"}, {"phone": "+71234567890"}])
def test_a_name_that_is_null_is_none(api, given):
    answer = api.post("/auth/users/", {"email": None, "phone": None, "username": None, "password": "a long password"} | given)

    assert (answer.status_code, [answer.json()["username"]]) == (201, list(given.values()))


def test_a_username_is_judged_in_the_form_that_is_kept(api):
    account = {"email": "new@example.com", "password": "a long password"}

    refused = api.post("/auth/users/", account | {"username": "half½"})  # whose form has a slash
    kept = api.post("/auth/users/", account | {"username": "me＋you"})

    assert (refused.status_code, [error["field"] for error in refused.json()["errors"]]) == (400, ["username"])
    assert (kept.status_code, kept.json()["username"]) == (201, "me+you")


@pytest.mark.parametrize("name", ["علی\u200cرضا", "क्\u200dष", "Zoë Łucja", "О’Нил", "李小龍"])
def test_names_are_written_as_they_are(api, name):
    answer = api.post("/auth/users/", {"email": "new@example.com", "password": "a long password", "first_name": name})

    assert (answer.status_code, answer.json()["first_name"]) == (201, name)


@pytest.mark.parametrize(
    ("one", "other"),
    [("a@пример.com", "a@xn--e1afmkfd.com"), ("a@ПРИМЕР.com", "a@пример.COM"), ("a@bücher.example", "A@XN--BCHER-KVA.example")],
)
def test_one_mailbox_is_one_account(api, one, other):
    account = {"email": one, "password": "a long password"}
    made = api.post("/auth/users/", account)
    assert made.status_code == 201
    assert made.json()["email"].isascii()

    again = api.post("/auth/users/", account | {"email": other})

    assert (again.status_code, again.json()["errors"][0]["code"]) == (400, "unique")
    for name in (one, other):
        assert api.post("/auth/jwt/create/", {"email": name, "password": "a long password"}).status_code == 200


@pytest.mark.parametrize(
    "email", [f"{'a' * 65}@example.com", "a@[127.0.0.1]", "ä@example.com", '"a b"@example.com', "a@example..com", "a@-.com"]
)
def test_what_is_no_address_is_refused(api, email):
    answer = api.post("/auth/users/", {"email": email, "password": "a long password"})

    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (400, ["email"])


def test_a_username_may_repeat_the_email_in_any_of_its_forms(api):
    account = {"email": "a@пример.com", "username": "A@пример.com", "password": "a long password"}

    assert api.post("/auth/users/", account).status_code == 201
