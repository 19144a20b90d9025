"""Guesses at codes and links: how many there are, and whom wrong ones cost something."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts import codes
from accounts.models import Code
from accounts.services.codes import open_code
from config.env import Rate
from tests.accounts.test_codes import reset

pytestmark = pytest.mark.django_db
CONFIRM = "/auth/users/reset_password_confirm/"
NEW = {"new_password": "another long one"}


def wrong(code):
    return "000000" if codes.digits_of(code) != "000000" else "000001"


def link_of(code):
    return {"uid": urlsafe_base64_encode(force_bytes(code.user_id)), "token": codes.token_of(code)}


def test_wrong_tokens_cost_the_account_nothing(api, alice, run_jobs):
    code = reset("alice", run_jobs)
    junk = [f"{code.pk}-{'0' * 64}", "x", f"{'9' * 30}-x", "²-x", str(code.pk), "-"]

    statuses = [api.post(CONFIRM, link_of(code) | {"token": token} | NEW).status_code for token in junk]

    assert statuses == [400] * 5 + [429]
    assert Code.objects.get(pk=code.pk).guesses == 0
    assert api.post(CONFIRM, link_of(code) | NEW).status_code == 204  # from the very same address


def test_wrong_tokens_leave_the_digits(api, alice, run_jobs):
    code = reset("alice", run_jobs)
    for _ in range(5):
        api.post(CONFIRM, link_of(code) | {"token": "x"} | NEW)

    assert api.post(CONFIRM, {"username": "alice", "code": codes.digits_of(code)} | NEW).status_code == 204


def test_wrong_digits_leave_the_link(api, alice, run_jobs):
    code = reset("alice", run_jobs)
    for _ in range(5):
        api.post(CONFIRM, {"username": "alice", "code": wrong(code)} | NEW)

    assert api.post(CONFIRM, link_of(code) | NEW).status_code == 204


def test_a_link_outlives_a_later_reset_and_no_new_password(api, alice, run_jobs):
    links = [link_of(reset("alice", run_jobs)) for _ in range(3)]

    assert api.post(CONFIRM, links[1] | NEW).status_code == 204
    assert [api.post(CONFIRM, link | NEW).status_code for link in links] == [400] * 3


def test_a_link_is_good_for_ten_minutes(api, alice, run_jobs, rewind):
    link = link_of(reset("alice", run_jobs))

    rewind(seconds=601)

    assert api.post(CONFIRM, link | NEW).status_code == 400


def test_what_verifies_an_address_is_no_link(api, alice):
    open_code(user_id=alice.pk, purpose=Code.Purpose.VERIFY_EMAIL, channel="email")

    assert api.post(CONFIRM, link_of(Code.objects.get()) | NEW).status_code == 400


def test_a_link_is_its_accounts_alone(api, alice, bob, run_jobs):
    code = reset("alice", run_jobs)

    assert api.post(CONFIRM, link_of(code) | {"uid": urlsafe_base64_encode(force_bytes(bob.pk))} | NEW).status_code == 400


def test_guesses_before_a_code_was_asked_for_keep_nobody_from_it(api, phoney, run_jobs):
    name = {"phone": "+71234567890"}
    assert [api.post(CONFIRM, name | {"code": "000000"} | NEW).status_code for _ in range(6)] == [400] * 5 + [429]

    right = codes.digits_of(reset("+71234567890", run_jobs))
    assert api.post(CONFIRM, name | {"code": right} | NEW, REMOTE_ADDR="192.0.2.7").status_code == 204


def test_who_voids_a_code_does_not_void_the_next(api, phoney, run_jobs):
    name = {"phone": "+71234567890"}
    first = reset("+71234567890", run_jobs)
    for _ in range(7):
        api.post(CONFIRM, name | {"code": wrong(first)} | NEW)
    owner = {"REMOTE_ADDR": "192.0.2.7"}
    assert api.post(CONFIRM, name | {"code": codes.digits_of(first)} | NEW, **owner).status_code == 400

    second = reset("+71234567890", run_jobs)
    assert api.post(CONFIRM, name | {"code": wrong(second)} | NEW).status_code == 429
    assert api.post(CONFIRM, name | {"code": codes.digits_of(second)} | NEW, **owner).status_code == 204


def test_a_code_has_five_guesses_wherever_they_come_from(api, phoney, alice, run_jobs):
    code, theirs = reset("+71234567890", run_jobs), reset("alice", run_jobs)
    body = {"phone": "+71234567890"} | NEW

    for number in range(5):
        assert api.post(CONFIRM, body | {"code": wrong(code)}, REMOTE_ADDR=f"192.0.2.{number}").status_code == 400
    assert api.post(CONFIRM, body | {"code": codes.digits_of(code)}, REMOTE_ADDR="192.0.2.9").status_code == 400
    assert Code.objects.get(pk=theirs.pk).guesses == 0


@pytest.mark.parametrize("path", [CONFIRM, "/auth/users/verify/confirm/"])
def test_one_address_has_thirty_guesses_at_all_accounts(api, alice, run_jobs, path):
    body = {"code": "000000", "channel": "email"} | NEW

    statuses = [api.post(path, body | {"username": f"somebody{number}"}).status_code for number in range(31)]

    assert statuses == [400] * 30 + [429]


def test_right_codes_are_not_counted(api, alice, run_jobs, settings):
    settings.LIMITS = settings.LIMITS | {"reset": Rate(0, 0)}  # the asking is counted
    for number in range(7):
        code = reset("alice", run_jobs)
        body = {"username": "alice", "code": codes.digits_of(code), "new_password": f"another long one {number}"}
        assert api.post(CONFIRM, body).status_code == 204
        Code.objects.update(created_at=Now() - timedelta(hours=2))
