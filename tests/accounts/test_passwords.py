"""Passwords are hashed, whichever door they come in by."""

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher, identify_hasher, make_password
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from drf_spectacular.generators import SchemaGenerator

from accounts import codes
from accounts.models import Code, User
from accounts.services import change_account
from accounts.services.codes import open_code
from accounts.services.secrets import check_current_password
from notifications.models import Notification
from tests.conftest import PASSWORD
from tests.refusals import broken

pytestmark = pytest.mark.django_db

NEW = "another long one"
PATH = "/api/v1/users/{}/"


def test_the_right_password_is_not_counted(alice):
    for _ in range(7):
        check_current_password(alice, PASSWORD)


def signs_in(api, name, password):
    return api.post("/auth/jwt/create/", {"username": name, "password": password}).status_code == 200


def test_an_administrator_sets_anothers_password(as_user, api, alice, tim):
    theirs = as_user(alice)

    answer = as_user(tim).patch(PATH.format(alice.pk), {"password": NEW, "first_name": "Alicia"})

    assert (answer.status_code, answer.json()["first_name"]) == (200, "Alicia")
    assert signs_in(api, "alice", NEW)
    assert theirs.get("/auth/users/me/").status_code == 401
    assert Notification.objects.filter(user=alice, type="account").count() == 1


def test_a_weak_one_is_refused_and_nothing_changes(as_user, api, alice, tim):
    answer = as_user(tim).patch(PATH.format(alice.pk), {"password": "password123", "first_name": "Alicia"})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "password")
    assert User.objects.get(pk=alice.pk).first_name == "Alice"
    assert signs_in(api, "alice", PASSWORD)
    assert not Notification.objects.exists()


@pytest.mark.parametrize("who", ["alice", "tim"])
def test_ones_own_takes_the_old_one(as_user, api, alice, tim, who):
    user = {"alice": alice, "tim": tim}[who]
    client = as_user(user)

    for wrong in ({}, {"current_password": "wrong"}):
        refused = client.patch(PATH.format(user.pk), {"password": NEW} | wrong)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "current_password")
    assert signs_in(api, who, PASSWORD)

    assert client.patch(PATH.format(user.pk), {"password": NEW, "current_password": PASSWORD}).status_code == 200
    assert signs_in(api, who, NEW)
    assert client.get("/auth/users/me/").status_code == 401
    assert Notification.objects.filter(user=user, type="account").count() == 1


def test_nobody_else_sets_a_password(as_user, api, alice, bob, sue):
    for client in (as_user(bob), as_user(sue)):
        assert client.patch(PATH.format(alice.pk), {"password": NEW}).status_code == 404
    as_user(alice).patch("/auth/users/me/", {"password": NEW, "current_password": PASSWORD})

    assert signs_in(api, "alice", PASSWORD)


@pytest.mark.parametrize("field", ["is_superuser", "last_login", "pk", "closed_at", "username_chosen", "save"])
def test_only_named_fields_are_changeable(alice, tim, field):
    with pytest.raises(TypeError, match=field):
        change_account(by=tim, user=alice, **{field: "x"})


@pytest.mark.parametrize(
    "value", ["another long one", "", "argon2$junk", "pbkdf2_sha256$1$x", "md5$salt$0123456789", make_password(PASSWORD) + "\nx"]
)
def test_the_database_takes_hashes_only(alice, value):
    assert broken(lambda: User.objects.filter(pk=alice.pk).update(password=value)) == "user_password_is_hashed"


def test_it_takes_those_of_every_hasher_in_use(alice, settings):
    for path in settings.PASSWORD_HASHERS:
        settings.PASSWORD_HASHERS = [path]
        User.objects.filter(pk=alice.pk).update(password=make_password(PASSWORD))
    User.objects.filter(pk=alice.pk).update(password=make_password(None))


@pytest.mark.parametrize(
    "broken",
    [
        "argon2$junk",
        "argon2$argon2id$v=19$m=8,t=1,p=1$x$x",
        "argon2$argon2id$v=19$m=0,t=0,p=0$c2FsdHNhbHQ$c2FsdHNhbHQ",
        "pbkdf2_sha256$x",
        "pbkdf2_sha256$0$salt$" + "A" * 43 + "=",
        "plain",
        "",
    ],
)
def test_a_broken_hash_fits_nothing_and_breaks_nothing(as_user, api, alice, broken):
    client = as_user(alice)
    with connection.cursor() as cursor:  # both are back at the test's end
        cursor.execute("SELECT set_config('frontdesk.rehash', 'on', true)")
        cursor.execute("ALTER TABLE accounts_user DROP CONSTRAINT user_password_is_hashed")
    User.objects.filter(pk=alice.pk).update(password=broken)

    for name in ("alice", "nobody"):
        assert api.post("/auth/jwt/create/", {"username": name, "password": "plain"}).status_code == 401
    refused = client.post("/auth/users/set_password/", {"current_password": "plain", "new_password": NEW})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "current_password")


def test_the_admins_page_does_the_same(as_user, api, client, alice, tim):
    client.force_login(tim)
    theirs, form = as_user(alice), {"password1": NEW, "password2": NEW}

    assert client.post(f"/admin/accounts/user/{alice.pk}/password/", form).status_code == 302

    assert signs_in(api, "alice", NEW)
    assert theirs.get("/auth/users/me/").status_code == 401
    assert Notification.objects.filter(user=alice, type="account").count() == 1


def test_nor_does_the_admin_change_ones_own_without_the_old_one(api, client, tim):
    client.force_login(tim)

    answer = client.post(f"/admin/accounts/user/{tim.pk}/password/", {"password1": NEW, "password2": NEW})

    assert (answer.status_code, answer["Location"]) == (302, "/admin/password_change/")
    assert signs_in(api, "tim", PASSWORD)


def test_the_admins_page_of_ones_own_does_the_same(as_user, api, client, tim):
    client.force_login(tim)
    page, theirs = client.get("/admin/password_change/"), as_user(tim)
    form = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}

    wrong = client.post("/admin/password_change/", form | {"old_password": "a wrong one"})
    assert (page.status_code, wrong.status_code, signs_in(api, "tim", PASSWORD)) == (200, 200, True)
    assert client.post("/admin/password_change/", form)["Location"] == "/admin/password_change/done/"

    assert signs_in(api, "tim", NEW)
    assert theirs.get("/auth/users/me/").status_code == 401
    assert client.get("/admin/").status_code == 200  # here one stays signed in
    assert Notification.objects.filter(user=tim, type="account").count() == 1


class QuickHasher(PBKDF2PasswordHasher):
    """For as many requests as below: one round."""

    iterations = 1


def doors():
    """Every operation of the API whose body has a password: (method, path, the body's fields)."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    found = []
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            bodies = operation.get("requestBody", {}).get("content", {})
            shape = bodies.get("application/json", {}).get("schema", {})
            if "$ref" in shape:
                shape = schema["components"]["schemas"][shape["$ref"].rsplit("/", 1)[1]]
            if any("password" in name for name in shape.get("properties", ())):
                found.append((method, path, tuple(shape["properties"])))
    return found


def test_no_door_leaves_a_password_that_is_not_hashed(as_user, alice, tim, settings, make_admin):
    settings.LIMITS = {name: rate._replace(count=0) for name, rate in settings.LIMITS.items()}
    settings.PASSWORD_HASHERS = ["tests.accounts.test_passwords.QuickHasher"]
    make_admin("second")
    User.objects.update(password=make_password(PASSWORD))
    for user in (alice, tim):
        user.refresh_from_db()
    found = doors()
    changing = {
        ("patch", PATH.format("{id}")),
        ("put", PATH.format("{id}")),
        ("post", "/api/v1/users/"),
        ("post", "/auth/users/"),
    }
    assert changing <= {door[:2] for door in found}
    others = {"email": "new@example.com", "username": "new", "first_name": "New"}
    values = (NEW, make_password(NEW), "!", "argon2$junk", "x", 12345678901, None, ["x"], "long enough\u00df")

    for method, path, fields in found:
        for value in values:
            body = {name: kept for name, kept in others.items() if name in fields}
            body |= {name: value for name in fields if "password" in name}
            if "current_password" in fields:
                body["current_password"] = PASSWORD
            for actor, user in ((tim, alice), (tim, tim), (alice, alice)):
                with transaction.atomic():
                    client = as_user(actor)
                    answer = getattr(client, method)(path.format(id=user.pk), body, format="json")
                    assert answer.status_code < 500, (method, path, body)
                    for stored in User.objects.values_list("password", flat=True):
                        assert stored.startswith("!") or identify_hasher(stored).decode(stored)
                        assert stored != value, (method, path, body)
                    transaction.set_rollback(True)


@pytest.mark.parametrize("blank", [" " * 8, " \t\u00a0\u3000" * 2, "\u200b" * 8, " \u200d" * 4])
def test_a_password_of_nothing_visible_is_none(api, as_user, client, alice, tim, blank):
    """At every door that sets one; in the language of whoever sets it."""
    client.force_login(tim)
    forms = {"password1": blank, "password2": blank, "new_password1": blank, "new_password2": blank, "old_password": PASSWORD}
    open_code(user_id=alice.pk, purpose=Code.Purpose.RESET, channel="email")
    reset = {"email": alice.email, "code": codes.digits_of(Code.objects.get())}
    new = {"email": "new@example.com", "username": "new", "password": blank}
    mine = as_user(alice)

    answers = [
        api.post("/auth/users/", new, headers={"Accept-Language": "ru"}),
        api.post("/api/sign_in", new, headers={"Accept-Language": "ru"}),
        as_user(tim).post("/api/v1/users/", new, headers={"Accept-Language": "ru"}),
        mine.patch(f"/api/v1/users/{alice.pk}/", {"password": blank, "current_password": PASSWORD}),
        mine.post("/auth/users/set_password/", {"new_password": blank, "current_password": PASSWORD}),
        api.post("/auth/users/reset_password_confirm/", reset | {"new_password": blank}),
    ]
    pages = [
        client.post("/admin/accounts/user/add/", forms | {"email": "new@example.com", "user_type": "student"}),
        client.post(f"/admin/accounts/user/{alice.pk}/password/", forms | {"usable_password": "true"}),
        client.post("/admin/password_change/", forms),
    ]

    words = "The password must not be made of spaces alone."
    for answer in answers:
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "password_refused")
    assert "Пароль не должен состоять из одних пробелов." in answers[0].json()["errors"][0]["detail"]
    assert words in answers[-1].json()["errors"][0]["detail"]
    for page in pages:
        assert (page.status_code, words in page.content.decode()) == (200, True)
    assert not User.objects.filter(email="new@example.com").exists()
    assert {user.check_password(PASSWORD) for user in (User.objects.get(pk=one.pk) for one in (alice, tim))} == {True}


@pytest.mark.parametrize("weak", ["x", "admin@example.com", "Frontdesk2026!", "password", " " * 12])
def test_the_first_administrator_has_no_weak_one_either(settings, weak):
    settings.ADMIN_PASSWORD = weak

    with pytest.raises(CommandError, match="ADMIN_PASSWORD will not do: "):
        call_command("admininit")

    assert not User.objects.exists()


def test_the_first_administrator_is_made_once(settings, capsys):
    settings.ADMIN_PASSWORD = PASSWORD
    call_command("admininit")
    settings.ADMIN_PASSWORD = "x"  # nobody's: there is one
    call_command("admininit")

    assert "There is an administrator already." in capsys.readouterr().out
    assert User.objects.get().check_password(PASSWORD)
