"""Changing and closing accounts."""

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import connection
from rest_framework.test import APIRequestFactory

from accounts.api.serializers import UserSerializer
from accounts.errors import LastAdmin
from accounts.models import DELETED_USER, Session, User
from accounts.services import change_account, close_account, create_account, start_session
from config.erasing import ERASED
from config.errors import NotAllowed
from tests.conftest import PASSWORD
from tests.refusals import broken
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


def test_an_email_changes_with_the_password_only(as_user, alice, mailoutbox, run_jobs):
    client = as_user(alice)

    refused = client.patch("/auth/users/me/", {"email": "new@example.com"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "current_password")
    wrong = client.patch("/auth/users/me/", {"email": "new@example.com", "current_password": "wrong"})
    assert wrong.status_code == 400

    right = client.patch("/auth/users/me/", {"email": "new@example.com", "current_password": PASSWORD})

    assert right.json()["email"] == "new@example.com"
    run_jobs()
    assert mailoutbox[0].to == ["alice@example.com"]


def test_a_stolen_access_token_is_no_way_to_guess_the_password(as_user, alice):
    client = as_user(alice)
    body = {"email": "new@example.com", "current_password": "wrong"}

    assert [client.patch("/auth/users/me/", body).status_code for _ in range(6)] == [400] * 5 + [429]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("patch", "/auth/users/me/", {"email": "new@example.com"}),
        ("patch", "/auth/users/me/", {"phone": "+48123666789"}),
        ("patch", "/api/v1/users/{}/", {"password": "another long one"}),
        ("delete", "/auth/users/me/", {}),
        ("delete", "/api/v1/users/{}/", {}),
        ("post", "/auth/users/set_password/", {"new_password": "another long one"}),
        ("post", "/auth/users/set_username/", {"new_username": "alicia"}),
    ],
)
def test_no_password_is_no_wrong_one(as_user, tim, method, path, body):
    """A client that forgot the member is told which, and has spent no try."""
    client = as_user(tim)
    path = path.format(tim.pk)

    refused = [getattr(client, method)(path, body, headers={"Accept-Language": "pl"}) for _ in range(6)]

    assert {answer.status_code for answer in refused} == {400}
    expected = {"field": "current_password", "code": "required", "detail": "To pole jest wymagane."}
    assert refused[-1].json()["errors"] == [expected]
    wrong = getattr(client, method)(path, body | {"current_password": "wrong"})
    assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (400, "invalid_password")


def test_names_change_without_it(as_user, alice):
    answer = as_user(alice).patch("/auth/users/me/", {"name": "Alicia  Pleasance Liddell"})

    assert (answer.json()["first_name"], answer.json()["last_name"]) == ("Alicia", "Pleasance Liddell")


@pytest.mark.parametrize("path", ["/auth/users/me/", "/api/v1/users/{}/"])
@pytest.mark.parametrize("blank", ["", "  "])
def test_a_name_can_be_taken_back(as_user, alice, path, blank):
    answer = as_user(alice).patch(path.format(alice.pk), {"name": blank})

    assert [answer.json()[name] for name in ("name", "first_name", "last_name")] == ["", "", ""]


def test_ones_own_address_in_another_spelling_needs_no_password(as_user, alice):
    change_account(by=alice, user=alice, phone="+48123666789", current_password=PASSWORD)

    answer = as_user(alice).patch("/auth/users/me/", {"email": "alice@EXAMPLE.com", "phone": "+48 123-666-789"})

    assert (answer.status_code, answer.json()["email"], answer.json()["phone"]) == (200, "alice@example.com", "+48123666789")


def test_a_taken_address_is_refused_and_nothing_changes(as_user, alice, bob):
    answer = as_user(alice).patch(
        "/auth/users/me/", {"email": "BOB@example.com", "first_name": "X", "current_password": PASSWORD}
    )

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "email")
    assert User.objects.get(pk=alice.pk).first_name == "Alice"


def test_a_new_address_is_not_verified(alice):
    User.objects.filter(pk=alice.pk).update(email_verified_at="2026-01-01T00:00:00Z")

    user = change_account(by=alice, user=alice, email="new@example.com", current_password=PASSWORD)

    assert user.email_verified_at is None


@pytest.mark.parametrize("path", ["/auth/users/me/", "/auth/users/{id}/", "/api/v1/users/{id}/"])
def test_closing_erases_the_person_and_keeps_the_records(as_user, alice, path):
    client = as_user(alice)

    assert client.delete(path.format(id=alice.pk)).status_code == 400
    assert client.delete(path.format(id=alice.pk), {"current_password": PASSWORD}).status_code == 204

    user = User.objects.get(pk=alice.pk)
    assert (user.username, user.email, user.phone, user.first_name, user.last_name) == (DELETED_USER, None, None, "", "")
    assert not user.is_active
    assert not user.has_usable_password()
    assert not Session.objects.filter(user=alice).exists()
    assert client.get("/auth/users/me/").status_code == 401


def test_the_admins_log_forgets_the_name(alice, tim):
    LogEntry.objects.log_actions(tim.pk, User.objects.filter(pk=alice.pk), CHANGE, single_object=True)

    close_account(by=alice, user=alice, current_password=PASSWORD)

    assert LogEntry.objects.get().object_repr == ERASED


def test_names_of_closed_accounts_are_free_again(alice, bob, api):
    for user in (alice, bob):
        close_account(by=user, user=user, current_password=PASSWORD)

    again = api.post("/auth/users/", {"email": "alice@example.com", "username": "alice", "password": PASSWORD})

    assert again.status_code == 201


def test_nobody_can_take_the_name_of_closed_accounts(api, db):
    answer = api.post("/auth/users/", {"email": "new@example.com", "username": DELETED_USER, "password": PASSWORD})

    assert answer.status_code == 400


def test_closed_accounts_are_gone_from_lists(as_user, alice, sue, tim):
    close_account(by=alice, user=alice, current_password=PASSWORD)

    assert as_user(sue).get(f"/auth/users/{alice.pk}/").status_code == 404
    assert as_user(tim).get(f"/api/v1/users/{alice.pk}/").status_code == 404
    assert [user["username"] for user in as_user(sue).get("/auth/users/").json()] == ["tim", "sue"]


def test_the_last_administrator_must_stay(as_user, tim):
    client = as_user(tim)

    answer = client.delete(f"/api/v1/users/{tim.pk}/", {"current_password": PASSWORD})

    assert (answer.status_code, answer.json()["code"]) == (409, "last_admin")
    with pytest.raises(LastAdmin):
        change_account(by=tim, user=tim, user_type="student")
    for statement in (
        "UPDATE accounts_user SET is_active = false WHERE id = %s",
        "UPDATE accounts_user SET user_type = 'vip', is_superuser = false WHERE id = %s",
        "DELETE FROM accounts_user WHERE id = %s",
    ):
        with connection.cursor() as cursor:
            assert broken(lambda statement=statement: cursor.execute(statement, [tim.pk])) == "user_last_admin"


def test_one_who_is_not_active_does_not_stay(tim, make_admin):
    change_account(by=tim, user=make_admin("second"), is_active=False)

    with pytest.raises(LastAdmin):
        change_account(by=tim, user=tim, user_type="student")


def test_a_session_that_is_over_ended_when_it_did(tim, alice):
    start_session(user=alice)
    Session.objects.update(ended_at="2026-01-01T00:00:00Z")
    before = Session.objects.get().ended_at

    change_account(by=tim, user=alice, is_active=False)

    assert Session.objects.get().ended_at == before


def test_an_administrator_may_go_when_another_stays(as_user, tim, make_admin):
    make_admin("second")

    assert as_user(tim).delete(f"/api/v1/users/{tim.pk}/", {"current_password": PASSWORD}).status_code == 204


def test_only_administrators_open_accounts_of_any_type(alice, sue):
    for user in (alice, sue):
        with pytest.raises(NotAllowed):
            create_account(by=user, email="new@example.com", password=PASSWORD, user_type="admin")


def test_what_administrators_send_is_what_the_service_takes(as_user, tim, alice):
    client = as_user(tim)

    opened = client.post("/api/v1/users/", {"email": "new@example.com"})
    closed = client.delete(f"/api/v1/users/{alice.pk}/", {"first_name": "Alice"})

    assert (opened.status_code, [error["field"] for error in opened.json()["errors"]]) == (400, ["password"])
    assert closed.status_code == 204


def test_customers_see_themselves_alone(as_user, alice, bob):
    client = as_user(alice)

    assert [user["id"] for user in client.get("/auth/users/").json()] == [alice.pk]
    theirs, missing = client.get(f"/auth/users/{bob.pk}/"), client.get("/auth/users/999999/")
    assert (theirs.status_code, theirs.json()) == (missing.status_code, missing.json())
    assert client.patch(f"/auth/users/{bob.pk}/", {"first_name": "X"}).status_code == 404
    assert client.delete(f"/auth/users/{bob.pk}/", {"current_password": PASSWORD}).status_code == 404


def test_support_cannot_change_others(as_user, sue, alice):
    assert as_user(sue).patch(f"/auth/users/{alice.pk}/", {"first_name": "X"}).status_code == 404
    assert User.objects.get(pk=alice.pk).first_name == "Alice"


def test_the_list_costs_the_same_queries_for_any_number(as_user, tim, django_assert_num_queries):
    client = as_user(tim)
    client.get("/api/v1/users/?limit=200")
    with django_assert_num_queries(2):  # who asks, and the page
        client.get("/api/v1/users/?limit=200")
    User.objects.bulk_create([User(username=f"u{i}", email=f"u{i}@example.com", username_chosen=True) for i in range(150)])
    with django_assert_num_queries(2):
        assert len(client.get("/api/v1/users/?limit=200").json()) == 151


def test_an_account_names_its_newest_100_tickets(as_user, alice):
    keys = [ticket.pk for ticket in Ticket.objects.bulk_create(Ticket(user=alice, message="Help!") for _ in range(101))]
    request = APIRequestFactory().get("/")

    shown = as_user(alice).get("/auth/users/me/").json()["tickets"]

    assert shown == [f"http://testserver/api/ticket/{key}" for key in keys[:0:-1]]
    assert shown == UserSerializer(alice, context={"request": request}).data["tickets"]


def test_users_are_found(as_user, tim, alice, bob, sue):
    client = as_user(tim)

    def names(query):
        return [user["username"] for user in client.get(f"/api/v1/users/?{query}").json()]

    assert names("search=LIDD") == ["alice"]
    assert names("search=bob@") == ["bob"]
    assert names("user_type=admin") == ["tim"]
    assert names("is_staff=true&user_type=student") == ["sue"]
    assert names("unknown=1&search=%25") == []
    assert client.get("/api/v1/users/?user_type=king").status_code == 400


def test_a_username_is_set_with_the_password(as_user, alice, bob):
    client = as_user(alice)
    path = "/auth/users/set_username/"

    assert client.post(path, {"new_username": "alicia", "current_password": "wrong"}).status_code == 400
    assert client.post(path, {"new_username": "BOB", "current_password": PASSWORD}).status_code == 400
    assert client.post(path, {"new_username": "alicia", "current_password": PASSWORD}).status_code == 204
    assert User.objects.get(pk=alice.pk).username == "alicia"


def test_a_password_is_set_with_the_old_one(as_user, alice, api):
    client = as_user(alice)
    body = {"current_password": PASSWORD, "new_password": "another long one"}

    assert client.post("/auth/users/set_password/", body | {"current_password": "wrong"}).status_code == 400
    assert client.post("/auth/users/set_password/", body | {"new_password": "short"}).status_code == 400
    assert client.post("/auth/users/set_password/", body).status_code == 204
    assert api.post("/auth/jwt/create/", {"username": "alice", "password": "another long one"}).status_code == 200


def test_sessions_survive_an_ordinary_change(as_user, alice):
    client = as_user(alice)
    start_session(user=alice)

    assert client.patch("/auth/users/me/", {"first_name": "Alicia"}).status_code == 200
    assert client.get("/auth/users/me/").status_code == 200


@pytest.mark.parametrize("path", ["/auth/users/", "/api/sign_in"])
def test_whoever_registers_is_written_to_in_their_language(api, path):
    new = {"username": "shopper", "email": "shopper@example.com", "password": "a long password"}

    api.post(path, new, HTTP_ACCEPT_LANGUAGE="pl")

    assert User.objects.get().language == "pl"
