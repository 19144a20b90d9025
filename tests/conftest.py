"""The cast, and how to act as one of them.

alice and bob are customers, vera is a VIP, tim a tutor (and so an administrator), sue support.
"""

from contextlib import contextmanager

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services import start_session
from local.browser import chromium

PASSWORD = "correct horse battery"
# They need a program that not everybody has. `make browser` insists on it.
collect_ignore = [] if chromium() else ["browser"]


def pytest_report_header():
    return [f"browser: {chromium() or 'no Chromium found, so tests/browser is left out; `make browser` says how to have it'}"]


def pytest_addoption(parser):
    parser.addoption("--screenshots", metavar="FOLDER", help="keep pictures of the pages that tests/browser opens")
    parser.addoption("--write-tables", action="store_true", help="write tests/*.txt anew from what was found, to be reviewed")


def make_user(name, **fields):
    """An account with an e-mail, as quickly as can be had: hashing once for all is enough."""
    user = User(username=name, username_chosen=True, email=f"{name}@example.com", password=_hash(), **fields)
    user.save(force_insert=True)
    return user


def _hash(made=[]):  # noqa: B006 (a cache)
    if not made:
        from django.contrib.auth.hashers import make_password

        made.append(make_password(PASSWORD))
    return made[0]


@pytest.fixture
def alice(db):
    return make_user("alice", first_name="Alice", last_name="Liddell")


@pytest.fixture
def bob(db):
    return make_user("bob")


@pytest.fixture
def vera(db):
    return make_user("vera", user_type="vip")


@pytest.fixture
def tim(db):
    return make_user("tim", user_type="admin", is_staff=True, is_superuser=True)


@pytest.fixture
def sue(db):
    return make_user("sue", is_staff=True)


@pytest.fixture
def phil(db):
    """Somebody with a phone alone."""
    user = make_user("phil", phone="+48987654321")
    user.email = None
    user.save()
    return user


@pytest.fixture
def api():
    """A client that has not signed in."""
    return APIClient()


@pytest.fixture
def as_user():
    """`as_user(alice)`: a client that is signed in as alice, with a real session."""

    def signed_in(user):
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {start_session(user=user).access}")
        return client

    return signed_in


@pytest.fixture
def rewind(db):
    """`rewind(seconds=11)`: everything that accounts and limits remember happened that much earlier.

    The database's clock decides what is over, and it cannot be set; so its memories are moved instead.
    """
    columns = {
        "accounts_refreshtoken": ["issued_at", "spent_at"],
        "accounts_session": ["created_at", "last_used_at", "expires_at"],
        "accounts_code": ["created_at", "expires_at"],
        "config_try": ["started_at"],
        "config_idempotencykey": ["created_at"],
    }

    def earlier(*, seconds):
        with connection.cursor() as cursor:
            for table, names in columns.items():
                changes = ", ".join(f"{name} = {name} - make_interval(secs => {int(seconds)})" for name in names)
                cursor.execute(f"UPDATE {table} SET {changes}")

    return earlier


@pytest.fixture
def outbox(settings, tmp_path):
    """The folder that mails and SMS are written to."""
    settings.OUTBOX_DIR = tmp_path / "outbox"
    return settings.OUTBOX_DIR


@pytest.fixture(autouse=True)
def empty_queue(request):
    """Jobs that a test has committed are gone after it: Django's flush leaves the queue alone, which is not its own."""
    marker = request.node.get_closest_marker("django_db")
    committed = "transactional_db" in request.fixturenames or (marker and marker.kwargs.get("transaction"))
    if committed:
        request.getfixturevalue("transactional_db")
    yield
    if committed:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs")


@pytest.fixture
def run_jobs():
    """`run_jobs()`: does all jobs that are due, as the worker would, and returns how many there were."""
    from procrastinate.contrib.django import app
    from procrastinate.contrib.django.models import ProcrastinateJob

    def run():
        done = 0
        while job := ProcrastinateJob.objects.filter(status="todo").order_by("id").first():
            with connection.cursor() as cursor:
                cursor.execute("UPDATE procrastinate_jobs SET status = 'succeeded' WHERE id = %s", [job.pk])
            app.tasks[job.task_name](**job.args)
            done += 1
        return done

    return run


@pytest.fixture
def make_admin(db):
    """`make_admin("second")`: one more administrator."""
    return lambda name: make_user(name, user_type="admin", is_staff=True, is_superuser=True)


@pytest.fixture
def without_trigger():
    """`with without_trigger(User, "keep_an_admin"):` a control, to see what happens without the guard."""

    @contextmanager
    def disabled(model, name):
        trigger = next(trigger for trigger in model._meta.triggers if trigger.name == name)
        trigger.disable(model)
        try:
            yield
        finally:
            trigger.enable(model)

    return disabled
