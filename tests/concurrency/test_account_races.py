"""Accounts under races: each guard beside a control that shows the race without it."""

import threading
from collections import Counter

import pytest
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from procrastinate.contrib.django.models import ProcrastinateJob
from rest_framework.test import APIClient

from accounts import codes, tokens
from accounts.backends import IdentifierBackend
from accounts.errors import InvalidCode, LastAdmin, NoActiveAccount
from accounts.models import Code, Export, RefreshToken, Session, User
from accounts.services import (
    change_account,
    close_account,
    confirm_verification,
    refresh_session,
    register_user,
    request_export,
    sessions,
    start_session,
)
from accounts.services.codes import open_code
from accounts.services.sessions import TokenPair
from accounts.tasks import write_export
from tests.concurrency.racing import aside, race, somebody_waits
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_200_parallel_refreshes_give_one_successor(alice):
    pair = start_session(user=alice)

    results = race(lambda _: refresh_session(refresh=pair.refresh), range(200))

    assert {type(result) for result in results} == {TokenPair}
    assert len({result.refresh for result in results}) == 1
    assert RefreshToken.objects.count() == 2


def test_control_reading_before_writing_gives_many_successors(alice):
    """As SimpleJWT does it: look whether the token was spent, then write."""
    pair = start_session(user=alice)
    digest = tokens.digest_of(tokens.read(pair.refresh, tokens.REFRESH).jti)
    looked = threading.Barrier(10)

    def refresh(_):
        token = RefreshToken.objects.get(digest=digest)
        looked.wait(timeout=10)
        if token.spent_at is None:
            RefreshToken.objects.filter(pk=token.pk).update(spent_at=token.issued_at)
            return "successor"
        return "refused"

    assert Counter(race(refresh, range(10)))["successor"] > 1


def test_parallel_guesses_cannot_slip_through_the_limit(alice):
    def sign_in(_):
        return APIClient().post("/auth/jwt/create/", {"username": "alice", "password": "wrong"}).status_code

    statuses = Counter(race(sign_in, range(60)))

    assert statuses == {401: settings.LIMITS["sign_in"].count, 429: 60 - settings.LIMITS["sign_in"].count}


def test_one_of_many_registrations_of_a_name_wins(db):
    def register(number):
        return register_user(email=f"{'N' if number % 2 else 'n'}ame@example.com", password=PASSWORD)

    results = race(register, range(20))

    assert sum(isinstance(result, User) for result in results) == 1
    assert User.objects.count() == 1
    assert {getattr(result, "code", "user") for result in results} == {"user", "unique"}


def test_two_administrators_who_leave_at_once_leave_one(tim, make_admin):
    admins = [tim, make_admin("second")]

    results = race(lambda user: change_account(by=user, user=user, user_type="student"), admins)

    assert sum(isinstance(result, User) for result in results) == 1
    assert User.objects.filter(user_type="admin").count() == 1


def test_of_two_administrators_the_second_to_leave_waits_for_the_first(tim, make_admin):
    second = make_admin("second")

    with transaction.atomic():
        change_account(by=tim, user=tim, user_type="student")
        leaving = aside(lambda: change_account(by=second, user=second, user_type="student"))

    assert isinstance(leaving(), LastAdmin)


def test_control_looking_for_another_administrator_first_leaves_none(tim, make_admin, without_trigger):
    admins = [tim, make_admin("second")]
    looked = threading.Barrier(2)

    def leave(user):
        with transaction.atomic():
            another = User.objects.filter(user_type="admin", is_active=True).exclude(pk=user.pk).exists()
            looked.wait(timeout=10)
            if another:
                User.objects.filter(pk=user.pk).update(user_type="student", is_staff=False, is_superuser=False)

    with without_trigger(User, "keep_an_admin"):
        race(leave, admins)

    assert not User.objects.filter(user_type="admin").exists()


def jobs_that_write_exports():
    return ProcrastinateJob.objects.filter(task_name=write_export.name).count()


def test_many_who_ask_for_one_export_begin_one_job(alice):
    results = race(lambda _: request_export(by=alice), range(20))

    assert len({export.created_at for export in results}) == 1
    assert jobs_that_write_exports() == 1


def test_control_looking_for_the_export_first_begins_many_jobs(alice):
    looked = threading.Barrier(5)

    def ask(_):
        if not Export.objects.filter(user=alice).exists():
            looked.wait(timeout=10)
            Export.objects.get_or_create(user=alice, defaults={"expires_at": Now() + settings.EXPORT_LIFETIME})
            write_export.defer(user_id=alice.pk)

    race(ask, range(5))

    assert jobs_that_write_exports() == 5


def test_an_account_closes_while_a_tab_refreshes(alice, tim, monkeypatch):
    pair, issued, go_on, issue = start_session(user=alice), threading.Event(), threading.Event(), sessions._issue

    def issue_slowly(*args, **kwargs):
        made = issue(*args, **kwargs)
        issued.set()
        go_on.wait(timeout=10)
        return made

    monkeypatch.setattr(sessions, "_issue", issue_slowly)

    def close():
        issued.wait(timeout=10)
        close_account(by=tim, user=alice)
        return "closed"

    def let_go_on():
        issued.wait(timeout=10)
        somebody_waits()
        go_on.set()

    results = race(lambda act: act(), [lambda: refresh_session(refresh=pair.refresh), close, let_go_on])

    assert (type(results[0]), results[1]) == (TokenPair, "closed")
    assert not RefreshToken.objects.exists()


def test_an_account_closes_while_its_address_is_verified(alice, tim, monkeypatch):
    """Both lock the account before its codes, so neither waits for the other in a circle."""
    open_code(user_id=alice.pk, purpose=Code.Purpose.VERIFY_EMAIL, channel="email")
    digits, locked = codes.digits_of(Code.objects.get()), threading.Event()

    def close():
        with transaction.atomic():
            User.objects.select_for_update().get(pk=alice.pk)
            locked.set()
            somebody_waits()
            close_account(by=tim, user=alice)
        return "closed"

    def verify():
        locked.wait(timeout=10)
        return confirm_verification(user_id=alice.pk, channel="email", digits=digits)

    results = race(lambda act: act(), [close, verify])

    assert (results[0], type(results[1])) == ("closed", InvalidCode)


def outlive(alice, tim, start):
    """Whether a session is alive that `start` opened for alice, whose password was right until another was set."""
    proved, changed = threading.Event(), threading.Event()

    def sign_in():
        user = IdentifierBackend().authenticate(None, username="alice", password=PASSWORD)
        proved.set()
        changed.wait(timeout=10)
        return start(user)

    def change():
        proved.wait(timeout=10)
        change_account(by=tim, user=alice, password="another long one")
        changed.set()

    (got, _) = race(lambda act: act(), [sign_in, change])
    return got, Session.objects.filter(user=alice, ended_at=None).exists()


def test_no_session_outlives_the_password_that_opened_it(alice, tim):
    got, alive = outlive(alice, tim, lambda user: start_session(user=user))

    assert (type(got), alive) == (NoActiveAccount, False)


def test_control_opening_it_without_another_look_outlives_the_password(alice, tim):
    _, alive = outlive(alice, tim, lambda user: Session.objects.create(user=user, expires_at=Now() + settings.SESSION_LIFETIME))

    assert alive
