"""Staff's door to accounts: the same services, the same rules."""

import pytest
from django.test import Client

from accounts.models import Session, User
from accounts.services import register_user, start_session
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(tim):
    page = Client()
    page.force_login(tim)
    return page


def form(user, **changes):
    names = ("username", "email", "phone", "first_name", "last_name", "language", "user_type")
    values = {name: getattr(user, name) or "" for name in names} | {"is_active": "on"}
    if user.is_staff:
        values["is_staff"] = "on"
    return values | changes


def test_lists_are_shown(office, alice):
    start_session(user=alice)

    assert b"alice@example.com" in office.get("/admin/accounts/user/?q=alice").content
    assert office.get("/admin/accounts/session/").status_code == 200
    assert office.get(f"/admin/accounts/user/{alice.pk}/change/").status_code == 200


def test_the_tick_box_makes_support(office, alice):
    office.post(f"/admin/accounts/user/{alice.pk}/change/", form(alice, is_staff="on"))

    user = User.objects.get(pk=alice.pk)
    assert (user.is_staff, user.is_superuser, user.user_type) == (True, False, "student")


def test_the_type_makes_an_administrator(office, alice):
    office.post(f"/admin/accounts/user/{alice.pk}/change/", form(alice, user_type="admin"))

    assert User.objects.get(pk=alice.pk).is_superuser


def test_the_last_administrator_is_kept_and_told(office, tim):
    answer = office.post(f"/admin/accounts/user/{tim.pk}/change/", form(tim, user_type="student"), follow=True)

    assert "The last administrator must stay." in answer.content.decode()
    assert User.objects.get(pk=tim.pk).user_type == "admin"


def test_a_taken_name_is_told_on_the_form(office, alice, bob):
    answer = office.post(f"/admin/accounts/user/{alice.pk}/change/", form(alice, email="BOB@example.com"), follow=True)

    assert answer.status_code == 200
    assert User.objects.get(pk=alice.pk).email == "alice@example.com"


def test_deactivation_ends_sessions(office, alice):
    start_session(user=alice)
    values = form(alice)
    del values["is_active"]

    office.post(f"/admin/accounts/user/{alice.pk}/change/", values)

    assert not Session.objects.filter(user=alice, ended_at=None).exists()


def test_an_account_is_opened(office, api):
    values = {"email": "new@example.com", "user_type": "vip", "password1": PASSWORD, "password2": PASSWORD}

    answer = office.post("/admin/accounts/user/add/", values | {"usable_password": "true"})

    assert answer.status_code == 302, answer.content.decode()
    user = User.objects.get(email="new@example.com")
    assert (user.username, user.username_chosen, user.user_type) == ("new@example.com", False, "vip")
    assert api.post("/auth/jwt/create/", {"username": "new@example.com", "password": PASSWORD}).status_code == 200


@pytest.mark.parametrize("name", ["end_sessions", "close_accounts"])
def test_actions(office, alice, name):
    start_session(user=alice)

    office.post("/admin/accounts/user/", {"action": name, "_selected_action": [alice.pk]})

    assert not Session.objects.filter(user=alice, ended_at=None).exists()
    assert bool(User.objects.get(pk=alice.pk).closed_at) == (name == "close_accounts")


def test_nothing_is_deleted(office, alice):
    assert office.post(f"/admin/accounts/user/{alice.pk}/delete/", {"post": "yes"}).status_code == 403


def test_customers_are_kept_out(alice):
    page = Client()
    page.force_login(alice)

    assert page.get("/admin/").status_code == 302


def test_a_username_that_was_not_chosen_follows_here_too(office):
    user = register_user(email="one@example.com", password="a long password")

    answer = office.post(f"/admin/accounts/user/{user.pk}/change/", form(user, email="two@example.com"))

    user.refresh_from_db()
    assert (answer.status_code, user.email, user.username) == (302, "two@example.com", "two@example.com")


def test_ones_own_addresses_are_shown_and_cannot_be_written(office, tim):
    """They change with the password, for which this page has no field: it refused them whatever was entered."""
    path = f"/admin/accounts/user/{tim.pk}/change/"
    User.objects.filter(pk=tim.pk).update(username="tim@example.com", username_chosen=False)
    tim.refresh_from_db()

    page = office.get(path)
    answer = office.post(path, form(tim, email="new@example.com", phone="+48123666789", first_name="Timothy"))

    assert not {"email", "phone"} & page.context["adminform"].form.fields.keys()
    assert "tim@example.com" in page.content.decode()
    tim.refresh_from_db()
    assert answer.status_code == 302
    assert (tim.first_name, tim.email, tim.phone, tim.username) == ("Timothy", "tim@example.com", None, "tim@example.com")


def test_ones_own_password_is_not_tried_for_long(office, tim, settings):
    tries = settings.LIMITS["sign_in"].count
    form = {"old_password": "a wrong one", "new_password1": "quite another one", "new_password2": "quite another one"}

    pages = [office.post("/admin/password_change/", form).content.decode() for _ in range(tries + 1)]
    right = office.post("/admin/password_change/", form | {"old_password": PASSWORD})

    assert "Too many tries" not in pages[0]
    assert "Too many tries" in pages[-1]
    assert right.status_code == 200
    tim.refresh_from_db()
    assert tim.check_password(PASSWORD)
