"""What is forgotten each night, and what is not yet."""

import pytest

from accounts.models import Code, RefreshToken, Session
from accounts.services import end_all_sessions, refresh_session, start_session
from accounts.services.codes import open_code
from accounts.tasks import forget_old_sessions

pytestmark = pytest.mark.django_db
WEEK = 7 * 24 * 3600


@pytest.fixture
def remembered(alice, bob):
    """A session that was ended, one that lives, and a code."""
    for user in (alice, bob):
        start_session(user=user)
    end_all_sessions(user=bob)
    open_code(user_id=alice.pk, purpose="reset", channel="email")

    def count():
        forget_old_sessions(0)
        return Session.objects.count(), RefreshToken.objects.count(), Code.objects.count()

    return count


def test_nothing_is_forgotten_within_a_week(remembered, rewind):
    rewind(seconds=WEEK - 60)

    assert remembered() == (2, 2, 1)


def test_a_code_and_a_session_that_was_ended_are_forgotten_after_a_week(remembered, rewind):
    Session.objects.exclude(ended_at=None).update(ended_at="2020-01-01T00:00:00Z")
    rewind(seconds=WEEK + 60)

    assert remembered() == (1, 0, 0)


def test_of_a_session_that_lives_the_tokens_of_a_week_are_kept(alice, rewind):
    first = start_session(user=alice)
    rewind(seconds=WEEK - 60)
    second = refresh_session(refresh=first.refresh)
    forget_old_sessions(0)
    assert RefreshToken.objects.count() == 2

    rewind(seconds=120)
    forget_old_sessions(0)

    assert RefreshToken.objects.count() == 1
    assert refresh_session(refresh=second.refresh)


def test_a_session_is_forgotten_a_week_after_it_expired(remembered, rewind):
    rewind(seconds=2 * WEEK + 60)

    assert remembered() == (0, 0, 0)
