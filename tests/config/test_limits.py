"""Tries are counted for as long as their limit says, and not a moment less or longer."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import transaction
from django.db.models import F

from config.env import Rate
from config.errors import TooMany
from config.limits import count_try, forget_old_tries, take_back
from config.models import Try
from config.tasks import sweep
from tests.concurrency.racing import aside

pytestmark = pytest.mark.django_db


def tries(number, limit="sign_in"):
    """So many tries; returns the key of the last."""
    return [count_try(limit, "somebody") for _ in range(number)][-1]


def test_a_limit_holds_to_the_end_of_its_time(rewind):
    tries(5)
    rewind(seconds=290)

    with pytest.raises(TooMany) as stopped:
        tries(1)
    assert 1 <= stopped.value.retry_after <= 11


def test_off_is_without_limit(settings):
    settings.LIMITS = settings.LIMITS | {"sign_in": Rate(0, 0)}

    tries(6)


def test_each_subject_has_tries_of_its_own():
    """Whatever the parts of its name are, and whoever else's these would spell."""
    for limit, *subject in (("sign_in", "ab", "c"), ("sign_in", "a", "bc"), ("sign_in", "ab", "d"), ("reset", "ab", "c")):
        for _ in range(5):
            count_try(limit, *subject)


def test_what_is_kept_of_a_subject_is_keyed(settings):
    """The table is no list of names and addresses, and a plain digest would let anybody try who reads it."""
    first = tries(1)
    settings.SECRET_KEY = "another key, of fifty characters or so, for this test"

    assert tries(1) != first


def test_whoever_waits_as_long_as_they_were_told_gets_through(rewind):
    tries(5)
    Try.objects.update(started_at=F("started_at") - timedelta(seconds=290.5))
    with pytest.raises(TooMany) as stopped:
        tries(1)

    rewind(seconds=stopped.value.retry_after)

    tries(5)


def test_a_limit_holds_again_when_its_time_has_begun_anew(rewind):
    tries(5)
    rewind(seconds=301)

    tries(5)
    with pytest.raises(TooMany):
        tries(1)


def test_a_try_that_is_taken_back_later_is_not_taken_from_others(rewind):
    old = tries(1)
    rewind(seconds=301)
    new = tries(1)

    for key in (old, new):
        take_back(key)

    tries(5)
    with pytest.raises(TooMany):
        tries(1)


def test_the_sweep_deletes_what_counts_no_more(rewind):
    tries(5)
    rewind(seconds=max(rate.seconds for rate in settings.LIMITS.values()) + 1)

    sweep(0)

    assert not Try.objects.exists()


def test_the_sweep_leaves_what_still_counts(rewind):
    tries(5, "reset")
    rewind(seconds=3590)
    sweep(0)

    with pytest.raises(TooMany):
        tries(1, "reset")


def test_requests_are_limited_by_account_where_a_limit_is_set(as_user, alice, bob, settings):
    settings.LIMITS = settings.LIMITS | {"api": Rate(2, 60)}
    clients = [as_user(alice)] * 3 + [as_user(bob)]

    assert [client.get("/auth/users/me/").status_code for client in clients] == [200, 200, 429, 200]


@pytest.mark.parametrize("path", ["/auth/users/", "/api/sign_in"])
def test_accounts_of_one_address_are_limited_at_both_doors(api, settings, path):
    settings.LIMITS = settings.LIMITS | {"sign_up": Rate(2, 60)}
    names = ("", "one", "two", "three")  # what is no account is not counted

    answers = [api.post(path, {"username": name, "email": f"{name}@example.com", "password": "a long word"}) for name in names]

    assert [answer.status_code // 100 for answer in answers] == [4, 2, 2, 4]
    assert answers[-1].status_code == 429


@pytest.mark.django_db(transaction=True)
def test_a_count_that_begins_anew_while_old_ones_are_swept_stays():
    tries(5)
    Try.objects.update(started_at="2020-01-01T00:00:00Z")

    with transaction.atomic():
        tries(5)
        sweeping = aside(forget_old_tries)
    sweeping()

    with pytest.raises(TooMany):
        tries(1)
