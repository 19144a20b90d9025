"""Accounts of other kinds than most tests need, their tokens, and SQL."""

import pytest
from django.db import connection, transaction

from accounts.services import register_user, start_session
from tests.conftest import PASSWORD


@pytest.fixture
def phoney(db):
    """An account with a phone alone."""
    return register_user(phone="+71234567890", password=PASSWORD)


def sql(statement, *params):
    """Executes a statement, in a savepoint of its own."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, params)


def status(api, access):
    """What a request with this access token is answered with."""
    return api.get("/auth/users/me/", HTTP_AUTHORIZATION=f"Bearer {access}").status_code


@pytest.fixture
def pair(alice):
    """The tokens of a session of alice's."""
    return start_session(user=alice)
