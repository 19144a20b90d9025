"""An account that changes between a look at it and the act that follows: what counts is what it is now."""

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test import Client

from accounts import backends
from accounts.models import Code, Session, User
from accounts.services import change_account, close_account, refresh_session, start_session
from accounts.services import sessions as sessions_service
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
