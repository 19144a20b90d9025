"""Three names, one account: no name can be mistaken for another's, whoever writes."""

import pytest

from accounts.models import User
from accounts.services import change_account, register_user
from config.errors import Invalid
from tests.accounts.conftest import sql
from tests.conftest import PASSWORD
from tests.refusals import broken

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("column", "value", "constraint"),
    [
        ("username", "alice@example.com", "user_username_is_own_email"),
        ("username", "ALICE@EXAMPLE.COM", "user_username_is_own_email"),
        ("username", "+48123666789", "user_username_is_own_phone"),
        ("username", "Alice", "user_username_unique"),
        ("username", "alice ", "user_username_form"),
        ("username", "ａｌｉｃｅ＠example.com", "user_username_form"),
        ("username", "＋48123666789", "user_username_form"),
        ("email", "ALICE@example.com", "user_email_unique"),
        ("email", "no address", "user_email_form"),
        ("phone", "+48123666789", "user_phone_unique"),
        ("phone", "48123666789", "user_phone_form"),
        ("email", None, "user_has_email_or_phone"),
        ("user_type", "admin", "user_admin_is_superuser"),
        ("is_superuser", True, "user_admin_is_superuser"),
    ],
)
def test_the_database_refuses_shadows(alice, bob, column, value, constraint):
    sql("UPDATE accounts_user SET phone = '+48123666789' WHERE id = %s", alice.pk)

    assert broken(lambda: sql(f"UPDATE accounts_user SET {column} = %s WHERE id = %s", value, bob.pk)) == constraint


@pytest.mark.parametrize(
    "identifier",
    [
        *("alice", "ALICE", "alice@example.com", "Alice@EXAMPLE.com", "+48123666789", "+48 123 666 789"),
        *("ａｌｉｃｅ", " alice ", "alice＠example.com", "＋48 123-666-789", "alice@EXAMPLE\u3002com"),
    ],
)
def test_any_name_in_any_case_is_the_same_account(alice, bob, api, identifier):
    User.objects.filter(pk=alice.pk).update(phone="+48123666789")

    tokens = api.post("/auth/jwt/create/", {"username": identifier, "password": PASSWORD}).json()

    assert api.get("/auth/users/me/", HTTP_AUTHORIZATION=f"Bearer {tokens['access']}").json()["id"] == alice.pk


def test_a_username_that_was_not_chosen_follows(db):
    user = register_user(email="one@example.com", phone="+71234567890", password="a long password")
    assert user.username == "one@example.com"

    user = change_account(by=user, user=user, email="two@example.com", current_password="a long password")
    assert user.username == "two@example.com"

    user = change_account(by=user, user=user, email=None, current_password="a long password")
    assert user.username == "+71234567890"


@pytest.mark.parametrize("path", ["/auth/users/me/", "/api/v1/users/{}/"])
def test_what_is_sent_back_as_it_is_changes_nothing(as_user, path):
    """As clients do that PUT what they got."""
    user = register_user(email="one@example.com", phone="+71234567890", password=PASSWORD)
    User.objects.filter(pk=user.pk).update(email_verified_at="2026-01-01T00:00:00Z", phone_verified_at="2026-01-02T00:00:00Z")
    client, path, before = as_user(user), path.format(user.pk), User.objects.filter(pk=user.pk).values().get()

    got = client.get(path).json()
    assert client.put(path, got).json() == got

    kept = set(before) - {"last_login"}
    assert {name: getattr(User.objects.get(pk=user.pk), name) for name in kept} == {name: before[name] for name in kept}
    moved = client.put(path, got | {"email": "two@example.com", "current_password": PASSWORD}).json()
    assert (moved["email"], moved["username"]) == ("two@example.com", "two@example.com")
    user.refresh_from_db()
    assert (user.email_verified_at, user.phone_verified_at.day) == (None, 2)


def test_a_username_that_is_sent_back_is_not_what_is_taken(as_user, alice):
    user = register_user(email="one@example.com", password=PASSWORD)
    register_user(email="two@example.com", password=PASSWORD)
    client = as_user(user)

    sent = client.get("/auth/users/me/").json() | {"email": "two@example.com", "current_password": PASSWORD}
    answer = client.put("/auth/users/me/", sent)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "email")


def test_the_email_in_another_case_is_no_other_name(api, as_user):
    account = {"email": "Pop@Example.com", "username": "pop@example.com", "password": PASSWORD}
    assert api.post("/auth/users/", account).json()["username"] == "Pop@example.com"
    client = as_user(User.objects.get())

    for changes in ({"username": "POP@example.com"}, {"email": "new@example.com", "current_password": PASSWORD}):
        assert client.patch("/auth/users/me/", changes).status_code == 200

    assert User.objects.get().username == "new@example.com"


def test_the_phone_as_a_username_beside_an_email_is_chosen(as_user):
    user = register_user(email="one@example.com", phone="+71234567890", username="+71234567890", password=PASSWORD)

    answer = as_user(user).patch(
        "/auth/users/me/", {"first_name": "Una", "email": "two@example.com", "current_password": PASSWORD}
    )

    assert (answer.status_code, answer.json()["username"]) == (200, "+71234567890")


def test_what_is_too_long_for_a_username_needs_one(api, as_user):
    long = f"{'a' * 60}@{'b' * 60}.{'c' * 60}.example.com"
    account = {"email": long, "password": "a long password"}

    user = register_user(email="short@example.com", password="a long password")
    changed = as_user(user).patch("/auth/users/me/", {"email": long, "current_password": "a long password"})

    for answer in (api.post("/auth/users/", account), changed):
        assert answer.status_code == 400
        assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [("username", "required")]
    assert api.post("/auth/users/", account | {"username": "longname"}).status_code == 201


def test_a_chosen_username_stays(alice):
    user = change_account(by=alice, user=alice, email="other@example.com", current_password=PASSWORD)

    assert user.username == "alice"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"email": "ALICE@example.com"}, "email"),
        ({"email": "new@example.com", "username": "Alice"}, "username"),
        ({"email": "new@example.com", "username": "bob@example.com"}, "username"),
        ({"email": "new@example.com", "username": "+48123666789"}, "username"),
        ({}, "non_field_errors"),
    ],
)
def test_registration_says_what_is_wrong(alice, fields, field):
    with pytest.raises(Invalid) as refused:
        register_user(password="a long password", **fields)

    assert list(refused.value.errors) == [field]


@pytest.mark.parametrize("password", ["short", "password123", "12345678901", "Frontdesk2026!", "FRONTDESKfrontdesk"])
def test_weak_passwords_are_refused(api, password):
    answer = api.post("/auth/users/", {"email": "new@example.com", "password": password})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "password"


def test_long_passwords_with_spaces_work(api):
    account = {"email": "new@example.com", "password": "  a very long password " * 4}

    assert api.post("/auth/users/", account).status_code == 201
    assert api.post("/auth/jwt/create/", account).status_code == 200
    assert api.post("/auth/jwt/create/", account | {"password": account["password"].strip()}).status_code == 401


def test_privileges_sent_along_change_nothing(api):
    wanted = {"is_staff": True, "is_superuser": True, "user_type": "admin", "is_active": False, "id": 7, "tickets": ["x"]}

    user = api.post("/auth/users/", {"email": "new@example.com", "password": "a long password"} | wanted).json()

    kept = {"is_staff": False, "is_superuser": False, "user_type": "student", "is_active": True, "tickets": []}
    assert user.items() >= kept.items()


def test_what_is_taken_is_what_was_sent(api, as_user, alice):
    taken = {"email": "email@example.com", "phone": "+48123666789"}
    for name, value in taken.items():  # accounts without a name of their own
        assert api.post("/auth/users/", {name: value, "password": "a long password"}).status_code == 201
    register_user(email="other@example.com", password="a long password")
    followers = [alice, User.objects.get(email="other@example.com")]

    for name, value in taken.items():
        refused = [api.post("/auth/users/", {name: value, "password": "a long password"})]
        for user, password in zip(followers, [PASSWORD, "a long password"], strict=True):
            body = {"email": None} if name == "phone" else {}
            refused.append(as_user(user).patch("/auth/users/me/", body | {name: value, "current_password": password}))
        assert [(answer.status_code, answer.json()["errors"][0]["field"]) for answer in refused] == [(400, name)] * 3


_ALICES = {"username": "ALICE", "email": "Alice@Example.com", "phone": "+48 123 666 789"}


@pytest.mark.parametrize(
    "given",
    [
        {"username", "email", "phone"},
        {"username", "email"},
        {"username", "phone"},
        {"email", "phone"},
        {"username"},
        {"email"},
        {"phone"},
    ],
)
def test_all_that_is_taken_is_named(api, as_user, alice, bob, given):
    """Whoever mends one name need not send the form again to hear of the next; of what is free nothing is said."""
    User.objects.filter(pk=alice.pk).update(phone="+48123666789")
    User.objects.filter(pk=bob.pk).update(phone="+48123666780")
    free = {"username": "carol", "email": "carol@example.com", "phone": "+48123666781"}
    names = {name: _ALICES[name] if name in given else value for name, value in free.items()}
    own = {"username": "bob", "email": "bob@example.com", "phone": "+48123666780"}
    kept = {name: _ALICES[name] if name in given else value for name, value in own.items()}

    refused = [
        api.post("/auth/users/", names | {"password": "a long password"}),
        as_user(bob).patch("/auth/users/me/", kept | {"current_password": PASSWORD}),
    ]

    for answer in refused:
        assert answer.status_code == 400
        assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [
            (name, "unique") for name in free if name in given
        ]
    assert User.objects.count() == 2


def test_both_addresses_are_named_where_the_username_follows_them(api, alice):
    User.objects.filter(pk=alice.pk).update(phone="+48123666789")
    one = register_user(email="one@example.com", password="a long password")

    answer = api.post("/auth/users/", {"email": one.email, "phone": "+48123666789", "password": "a long password"})

    assert [error["field"] for error in answer.json()["errors"]] == ["email", "phone"]
