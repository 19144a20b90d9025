"""Accounts of other kinds than most tests need."""

import pytest

from accounts.services import register_user
from tests.conftest import PASSWORD


@pytest.fixture
def phoney(db):
    """An account with a phone alone."""
    return register_user(phone="+71234567890", password=PASSWORD)
