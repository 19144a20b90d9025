"""Sessions: what ends them, and what their next request is allowed; people see and end their own."""

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.db.models.functions import Now

from accounts.models import Session, User
from accounts.services import change_password, close_account, end_all_sessions, start_session, verify_token
from accounts.tokens import TokenInvalid
from tests.accounts.conftest import status
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def deactivate(user):
    User.objects.filter(pk=user.pk).update(is_active=False)


def deactivate_and_back(user):
    User.objects.filter(pk=user.pk).update(is_active=False)
    User.objects.filter(pk=user.pk).update(is_active=True)


def change_in_sql(user):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET password = %s WHERE id = %s", [make_password("other"), user.pk])


@pytest.mark.parametrize(
    "event",
    [
        lambda user: change_password(by=user, current_password=PASSWORD, new_password="another long one"),
        lambda user: close_account(by=user, user=user, current_password=PASSWORD),
        lambda user: end_all_sessions(user=user),
        lambda user: User.objects.filter(pk=user.pk).delete(),
        deactivate,
        deactivate_and_back,
        change_in_sql,
    ],
    ids=["password", "closing", "sign out everywhere", "deletion", "deactivation", "deactivation and back", "password in SQL"],
)
def test_the_next_request_with_any_old_token_is_refused(api, alice, pair, event):
    event(alice)

    answer = api.get("/auth/users/me/", HTTP_AUTHORIZATION=f"Bearer {pair.access}")
    assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")
    assert api.post("/auth/jwt/refresh/", {"refresh": pair.refresh}).status_code == 401
    for token in pair:
        with pytest.raises(TokenInvalid):
            verify_token(token=token)


@pytest.mark.parametrize(
    "event",
    [lambda user: end_all_sessions(user=user), deactivate_and_back, change_in_sql],
    ids=["sign out everywhere", "deactivation and back", "password in SQL"],
)
def test_a_cookie_of_the_admin_ends_with_the_sessions(client, sue, event):
    client.force_login(sue)
    assert client.get("/admin/").status_code == 200

    event(sue)

    assert client.get("/admin/").status_code == 302


def test_whoever_changes_their_own_password_in_the_admin_stays(client, sue):
    client.force_login(sue)
    new = {"old_password": PASSWORD, "new_password1": "another long one", "new_password2": "another long one"}

    assert client.post("/admin/password_change/", new).status_code == 302

    assert client.get("/admin/").status_code == 200


def test_sessions_are_listed_and_ended(as_user, api, alice, bob):
    client = as_user(alice)
    phone = start_session(user=alice, device="Phone", address="192.0.2.7")
    start_session(user=bob)

    sessions = client.get("/auth/sessions/").json()
    assert [session["device"] for session in sessions] == ["Phone", ""]
    assert sessions[0]["address"] == "192.0.2.7"

    assert client.delete(f"/auth/sessions/{sessions[0]['id']}/").status_code == 204
    assert status(api, phone.access) == 401
    assert client.delete(f"/auth/sessions/{sessions[0]['id']}/").status_code == 404
    bobs = Session.objects.get(user=bob).pk
    assert client.delete(f"/auth/sessions/{bobs}/").status_code == 404

    tablet = start_session(user=alice)
    assert client.delete("/auth/sessions/").status_code == 204
    assert client.get("/auth/sessions/").status_code == 401
    assert status(api, tablet.access) == 401


def test_a_session_whose_time_is_over_is_none_to_end(as_user, alice):
    old = Session.objects.create(user=alice, expires_at=Now())

    assert as_user(alice).delete(f"/auth/sessions/{old.pk}/").status_code == 404


def test_demotion_works_on_the_next_request(as_user, tim, make_admin):
    make_admin("second")
    client = as_user(tim)
    assert client.get("/api/v1/users/").status_code == 200

    User.objects.filter(pk=tim.pk).update(user_type="student", is_staff=False, is_superuser=False)

    assert client.get("/api/v1/users/").status_code == 403
