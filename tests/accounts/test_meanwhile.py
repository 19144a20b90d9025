"""An account that changes between a look at it and the act that follows: what counts is what it is now."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.hashers import PBKDF2PasswordHasher, make_password
from django.test import Client
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts import backends, codes, errors
from accounts.admin import OwnPasswordForm, PasswordForm
from accounts.models import Code, Session, User
from accounts.services import accounts, change_account, change_password, close_account, passwords, refresh_session, start_session
from accounts.services import sessions as sessions_service
from accounts.services.codes import open_code
from notifications.models import Delivery, Notification
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

NEW = "another long one"
OTHERS = "somebody else's words"


@pytest.fixture
def meanwhile(monkeypatch):
    """`meanwhile(passwords, "check_new_password", act)`: when that has returned, and before its caller goes on, comes `act()`."""

    def arrange(owner, name, act):
        real = getattr(owner, name)

        def then(*args, **kwargs):
            found = real(*args, **kwargs)
            monkeypatch.setattr(owner, name, real)
            act()
            return found

        monkeypatch.setattr(owner, name, then)

    return arrange


@pytest.fixture
def acts(alice, tim):
    """What an administrator may do to alice."""

    def act(**changes):
        return lambda: change_account(by=tim, user=User.objects.get(pk=alice.pk), **changes)

    return {
        "closed": lambda: close_account(by=tim, user=User.objects.get(pk=alice.pk)),
        "deactivated": act(is_active=False),
        "new password": act(password=NEW),
        "new e-mail": act(email="new@example.com"),
    }


def left_of(user):
    """Of an account that is closed, what should not be."""
    user = User.objects.get(pk=user.pk)
    rows = [model.objects.filter(user=user).count() for model in (Session, Code, Delivery, Notification)]
    return rows, user.last_login, user.has_usable_password()


NOTHING = ([0, 0, 0, 0], None, False)


@pytest.mark.parametrize(("door", "status"), [("/auth/jwt/create/", 401), ("/api/login_view", 403)])
@pytest.mark.parametrize("act", ["closed", "deactivated", "new password"])
def test_signing_in(api, alice, acts, meanwhile, door, status, act):
    """The old password was found right, and then everything that was signed in by it was ended."""
    meanwhile(backends, "verify", acts[act])

    answer = api.post(door, {"username": "alice", "password": PASSWORD})

    assert (answer.status_code, answer.json()["code"]) == (status, "no_active_account")
    assert not Session.objects.filter(user=alice, ended_at=None).exists()
    if act == "closed":
        assert left_of(alice) == NOTHING


def test_signing_in_at_the_admin(sue, tim, meanwhile):
    meanwhile(backends, "verify", lambda: close_account(by=tim, user=User.objects.get(pk=sue.pk)))
    page = Client()

    page.post("/admin/login/?next=/admin/", {"username": "sue", "password": PASSWORD})

    assert left_of(sue) == NOTHING
    assert page.get("/admin/").status_code == 302


@pytest.mark.parametrize("act", ["closed", "deactivated", "new password"])
def test_refreshing(alice, acts, meanwhile, act):
    pair = start_session(user=alice)
    meanwhile(sessions_service.tokens, "successor_of", acts[act])

    with pytest.raises(sessions_service.TokenInvalid):
        refresh_session(refresh=pair.refresh)


@pytest.mark.parametrize("first", ["a new password", "another sign-in"])
def test_a_hash_is_renewed(api, alice, acts, meanwhile, first):
    User.objects.filter(pk=alice.pk).update(password=PBKDF2PasswordHasher().encode(PASSWORD, "salt", 1000))

    def sign_in(password=PASSWORD):
        return api.post("/auth/jwt/create/", {"username": "alice", "password": password}).status_code

    meanwhile(backends, "verify", acts["new password"] if first == "a new password" else sign_in)

    assert sign_in() == (401 if first == "a new password" else 200)
    assert sign_in(NEW if first == "a new password" else PASSWORD) == 200


@pytest.mark.parametrize(("act", "status"), [("closed", 404), ("new password", 400)])
def test_ones_own_new_password(as_user, alice, acts, meanwhile, act, status):
    client = as_user(alice)
    meanwhile(passwords, "check_new_password", acts[act])

    answer = client.post("/auth/users/set_password/", {"current_password": PASSWORD, "new_password": OTHERS})

    assert answer.status_code == status
    if act == "closed":
        assert left_of(alice) == NOTHING
    assert not User.objects.get(pk=alice.pk).check_password(OTHERS)


def test_a_hash_that_was_renewed_is_the_same_password(alice, meanwhile):
    def renew():
        User.objects.filter(pk=alice.pk).update(password=make_password(PASSWORD))

    meanwhile(passwords, "check_new_password", renew)

    change_password(by=alice, current_password=PASSWORD, new_password=NEW)

    assert User.objects.get(pk=alice.pk).check_password(NEW)


@pytest.mark.parametrize("form", [{"password1": NEW, "password2": NEW}, {"usable_password": "false", "unset-password": "1"}])
def test_anothers_new_password_at_the_admin(client, alice, tim, acts, meanwhile, form):
    client.force_login(tim)
    meanwhile(PasswordForm, "is_valid", acts["closed"])

    answer = client.post(f"/admin/accounts/user/{alice.pk}/password/", form)

    # The page is one transaction, and so it takes the closing back that came within; elsewhere the account stays closed.
    assert answer.status_code == 404
    assert User.objects.get(pk=alice.pk).check_password(PASSWORD)
    assert not Notification.objects.exists()
    assert not LogEntry.objects.exists()


def test_ones_own_new_password_at_the_admin(client, tim, make_admin, meanwhile):
    second = make_admin("second")
    client.force_login(tim)
    meanwhile(OwnPasswordForm, "is_valid", lambda: change_account(by=second, user=User.objects.get(pk=tim.pk), password=OTHERS))

    form = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    page = client.post("/admin/password_change/", form)

    assert "This is not the current password." in page.content.decode()
    assert User.objects.get(pk=tim.pk).check_password(OTHERS)


@pytest.mark.parametrize("act", ["closed", "deactivated", "new password", "new e-mail"])
def test_a_reset(api, alice, acts, meanwhile, act):
    """The account is over, a later password took the link away, or it was sent to a mailbox that is no longer theirs."""
    open_code(user_id=alice.pk, purpose=Code.Purpose.RESET, channel="email")
    link = {"uid": urlsafe_base64_encode(force_bytes(alice.pk)), "token": codes.token_of(Code.objects.get())}
    meanwhile(passwords, "check_new_password", acts[act])

    answer = api.post("/auth/users/reset_password_confirm/", link | {"new_password": OTHERS})

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "invalid_token")
    user = User.objects.get(pk=alice.pk)
    assert user.email_verified_at is None
    assert not user.check_password(OTHERS)


@pytest.mark.parametrize("act", ["closed", "deactivated", "new e-mail"])
def test_a_verification(api, alice, acts, monkeypatch, meanwhile, act):
    open_code(user_id=alice.pk, purpose=Code.Purpose.VERIFY_EMAIL, channel="email")
    digits = codes.digits_of(Code.objects.get())
    meanwhile(codes, "matches", acts[act])

    body = {"channel": "email", "username": "alice", "code": digits}
    answer = api.post("/auth/users/verify/confirm/", body)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "invalid_code")
    assert User.objects.get(pk=alice.pk).email_verified_at is None


@pytest.mark.parametrize("path", ["/auth/users/verify/confirm/", "/auth/users/reset_password_confirm/"])
def test_a_guess(api, alice, acts, meanwhile, path):
    open_code(user_id=alice.pk, purpose=Code.Purpose.VERIFY_EMAIL, channel="email")
    open_code(user_id=alice.pk, purpose=Code.Purpose.RESET, channel="email")
    meanwhile(Code.objects, "select_related", acts["closed"])

    answer = api.post(path, {"channel": "email", "username": "alice", "code": "000000", "new_password": NEW})

    assert answer.status_code == 400


@pytest.mark.parametrize("change", [{"email": "thief@example.com"}, {"password": OTHERS}])
def test_a_change_that_takes_the_password(as_user, alice, acts, meanwhile, change):
    """Whoever sets a new password to keep somebody else out does so from that moment on."""
    client = as_user(alice)
    meanwhile(accounts, "check_current_password", acts["new password"])

    answer = client.patch(f"/api/v1/users/{alice.pk}/", change | {"current_password": PASSWORD})

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "invalid_password")
    user = User.objects.get(pk=alice.pk)
    assert (user.email, user.check_password(NEW)) == ("alice@example.com", True)


def test_closing_by_the_password(as_user, alice, acts, meanwhile):
    client = as_user(alice)
    meanwhile(accounts, "check_current_password", acts["new password"])

    answer = client.delete("/auth/users/me/", {"current_password": PASSWORD})

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "invalid_password")
    assert User.objects.get(pk=alice.pk).closed_at is None


def test_a_name_that_was_taken(api, alice, acts, meanwhile):
    """PostgreSQL has judged: what it refused stays refused, though whoever looks after it finds nobody."""
    meanwhile(User.objects, "named", acts["closed"])

    answer = api.post("/auth/users/", {"username": "alice", "email": "alice@example.com", "password": NEW})

    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (400, ["username"])
    assert User.objects.get(pk=alice.pk).closed_at


@pytest.mark.parametrize(("given", "refusal"), [(None, errors.CurrentPasswordNeeded), ("not the password", errors.WrongPassword)])
def test_a_form_that_is_sent_back(alice, acts, given, refusal):
    """It holds the e-mail that the account had. Nobody asked for a password, so nobody's e-mail changes by it."""
    as_it_was = User.objects.get(pk=alice.pk)
    acts["new e-mail"]()
    Delivery.objects.all().delete()

    with pytest.raises(refusal):
        change_account(by=as_it_was, user=as_it_was, current_password=given, email="alice@example.com", first_name="Alicia")

    user = User.objects.get(pk=alice.pk)
    assert (user.email, user.first_name) == ("new@example.com", "Alice")
