"""Codes by mail and SMS: verification, reset, and what they are not good for."""

import re

import pytest

from accounts import codes
from accounts.errors import PasswordRefused
from accounts.models import Code, User
from accounts.services import confirm_reset, confirm_verification, request_reset, request_verification_of
from accounts.services.codes import open_code

pytestmark = pytest.mark.django_db


def messages(folder):
    return [path.read_text() for path in sorted(folder.glob("*"))] if folder.exists() else []


def newest(purpose):
    return Code.objects.filter(purpose=purpose).latest("id")


def reset(identifier, run_jobs):
    request_reset(identifier=identifier)
    run_jobs()
    return newest("reset")


def test_an_email_is_verified(as_user, alice, mailoutbox, run_jobs):
    client = as_user(alice)

    assert client.post("/auth/users/verify/", {"channel": "email"}).status_code == 204
    assert mailoutbox == []  # nothing is sent by a request
    run_jobs()

    (mail,) = mailoutbox
    assert mail.to == ["alice@example.com"]
    digits = re.search(r"\b\d{6}\b", mail.body)[0]
    assert client.post("/auth/users/verify/confirm/", {"channel": "email", "code": digits}).status_code == 204
    assert User.objects.get(pk=alice.pk).email_verified_at
    again = client.post("/auth/users/verify/confirm/", {"channel": "email", "code": digits})
    assert (again.status_code, again.json()["errors"][0]["code"]) == (400, "invalid_code")


def test_a_phone_is_verified(as_user, phoney, outbox, run_jobs):
    client = as_user(phoney)
    client.post("/auth/users/verify/", {"channel": "phone"})
    run_jobs()

    digits = re.search(r"\b\d{6}\b", messages(outbox)[0])[0]
    assert client.post("/auth/users/verify/confirm/", {"channel": "phone", "code": digits}).status_code == 204
    assert User.objects.get(pk=phoney.pk).phone_verified_at


def test_an_absent_address_cannot_be_verified(as_user, phoney):
    assert as_user(phoney).post("/auth/users/verify/", {"channel": "email"}).status_code == 400


def test_the_job_run_twice_sends_the_same_code(as_user, alice, outbox, run_jobs):
    as_user(alice).post("/auth/users/verify/", {"channel": "email"})
    code = newest("verify_email")

    assert codes.digits_of(code) == codes.digits_of(Code.objects.get(pk=code.pk))


def test_a_code_is_good_for_its_own_row_alone(settings):
    row = {"pk": 7, "purpose": "verify_email", "address": "alice@example.com", "nonce": "one"}
    right = codes.digits_of(Code(**row)), codes.token_of(Code(**row))
    assert re.fullmatch(r"\d{6} 7-[0-9a-f]{64}", " ".join(right))
    assert codes.matches(Code(**row), digits=right[0])
    assert codes.matches(Code(**row), token=right[1])

    others = [{"pk": 8}, {"purpose": "reset"}, {"address": "bob@example.com"}, {"nonce": "two"}]
    found = [(codes.digits_of(Code(**row | other)), codes.token_of(Code(**row | other)).split("-")[1]) for other in others]
    settings.SECRET_KEY += "!"
    found.append((codes.digits_of(Code(**row)), codes.token_of(Code(**row)).split("-")[1]))

    assert len({right[0], *(digits for digits, _token in found)}) == len(found) + 1
    assert len({right[1].split("-")[1], *(token for _digits, token in found)}) == len(found) + 1
    for given in ({}, {"digits": None}, {"digits": ""}, {"digits": right[1]}, {"token": ""}, {"token": right[0]}):
        assert not codes.matches(Code(**row), **given)


def test_a_code_has_five_guesses(as_user, alice):
    client = as_user(alice)
    client.post("/auth/users/verify/", {"channel": "email"})
    right = codes.digits_of(newest("verify_email"))
    wrong = "000000" if right != "000000" else "000001"

    for _ in range(5):
        assert client.post("/auth/users/verify/confirm/", {"channel": "email", "code": wrong}).status_code == 400
    assert client.post("/auth/users/verify/confirm/", {"channel": "email", "code": right}).status_code == 400


def test_a_code_is_good_for_ten_minutes(as_user, alice, rewind):
    client = as_user(alice)
    client.post("/auth/users/verify/", {"channel": "email"})
    right = codes.digits_of(newest("verify_email"))
    rewind(seconds=601)

    assert client.post("/auth/users/verify/confirm/", {"channel": "email", "code": right}).status_code == 400


def test_codes_are_limited(as_user, alice):
    client = as_user(alice)
    statuses = [client.post("/auth/users/verify/", {"channel": "email"}).status_code for _ in range(6)]

    assert statuses == [204] * 5 + [429]


def test_a_code_for_one_purpose_serves_no_other(as_user, alice, run_jobs):
    client = as_user(alice)
    client.post("/auth/users/verify/", {"channel": "email"})
    verification = newest("verify_email")
    answer = client.post(
        "/auth/users/reset_password_confirm/",
        {"email": "alice@example.com", "code": codes.digits_of(verification), "new_password": "another long one"},
    )
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "invalid_token")

    code = reset("alice", run_jobs)
    assert client.post("/auth/users/verify/confirm/", {"channel": "email", "code": codes.digits_of(code)}).status_code == 400


def test_reset_by_the_link_in_the_mail(api, alice, mailoutbox, run_jobs):
    assert api.post("/auth/users/reset_password/", {"email": "Alice@example.com"}).status_code == 204
    run_jobs()

    uid, token = re.search(r"confirm/([\w-]+)/([\w-]+)", mailoutbox[0].body).groups()
    body = {"uid": uid, "token": token, "email": "alice@example.com", "new_password": "another long one"}  # as browsers fill in
    assert api.post("/auth/users/reset_password_confirm/", body).status_code == 204
    assert api.post("/auth/jwt/create/", {"username": "alice", "password": "another long one"}).status_code == 200
    assert api.post("/auth/users/reset_password_confirm/", body).status_code == 400


def test_reset_by_the_code_in_the_sms(api, phoney, outbox, run_jobs):
    assert api.post("/auth/users/reset_password/", {"phone": "+71234567890"}).status_code == 204
    run_jobs()

    digits = re.search(r"\b\d{6}\b", messages(outbox)[0])[0]
    body = {"phone": "+71234567890", "code": digits, "new_password": "another long one"}
    assert api.post("/auth/users/reset_password_confirm/", body).status_code == 204
    assert api.post("/auth/jwt/create/", {"phone": "+71234567890", "password": "another long one"}).status_code == 200
    phoney.refresh_from_db()
    assert (phoney.phone_verified_at is None, phoney.email_verified_at) == (False, None)


def test_who_asks_by_phone_is_sent_an_sms(alice, run_jobs):
    User.objects.filter(pk=alice.pk).update(phone="+71234567890")

    addresses = [reset(name, run_jobs).address for name in ("+71234567890", "alice@example.com")]

    assert addresses == ["+71234567890", "alice@example.com"]


def test_too_many_resets_of_one_name_keep_nobody_from_another(api, alice, bob):
    """Whoever shares an address, as in an office, shares no limit."""
    names = ["alice"] * 6 + ["bob"]

    statuses = [api.post("/auth/users/reset_password/", {"username": name}).status_code for name in names]

    assert statuses == [204] * 5 + [429, 204]


def test_a_reset_of_nobody_is_answered_like_any_other(api, alice, django_assert_num_queries):
    def ask(email):
        return api.post("/auth/users/reset_password/", {"email": email})

    ask("warm@example.com")
    with django_assert_num_queries(5):
        known = ask("alice@example.com")
    with django_assert_num_queries(5):
        unknown = ask("nobody@example.com")
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content) == (204, b"")


@pytest.mark.parametrize("names", [{}, {"email": "alice@example.com", "username": "alice"}])
def test_a_reset_is_asked_for_by_one_name(api, alice, names):
    answer = api.post("/auth/users/reset_password/", names)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "required")
    assert not Code.objects.exists()


LINK, NAME, CODE = {"uid": "MQ", "token": "1-x"}, {"email": "nobody@example.com"}, {"code": "123456"}


@pytest.mark.parametrize(
    "body", [{}, {"uid": "MQ"}, {"token": "1-x"}, NAME, CODE, {"uid": "MQ"} | CODE, {"token": "1-x"} | NAME, LINK | NAME | CODE]
)
def test_a_reset_is_confirmed_by_the_link_or_by_a_name_and_the_code(api, db, body):
    answer = api.post("/auth/users/reset_password_confirm/", body | {"new_password": "another long one"})

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "required")


@pytest.mark.parametrize("body", [LINK, *({"uid": uid, "token": "1-x"} for uid in ("AAAA", "A", "_w")), NAME | CODE])
def test_wrong_confirmations_are_answered_alike(api, alice, run_jobs, body):
    reset("alice", run_jobs)

    answer = api.post("/auth/users/reset_password_confirm/", body | {"new_password": "another long one"})

    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {"field": "token", "code": "invalid_token", "detail": "This token is not valid, or no longer."}
    ]


def test_banned_stays_banned(api, alice, run_jobs):
    code = reset("alice", run_jobs)
    User.objects.filter(pk=alice.pk).update(is_active=False)

    answer = api.post(
        "/auth/users/reset_password_confirm/",
        {"username": "alice", "code": codes.digits_of(code), "new_password": "another long one"},
    )

    assert answer.status_code == 400
    assert not User.objects.get(pk=alice.pk).is_active
    assert api.post("/auth/users/activation/", {"uid": "x", "token": "y"}).status_code in (404, 405)


def test_a_code_sent_to_an_address_that_changed_is_worth_nothing(alice, run_jobs):
    code = reset("alice", run_jobs)
    User.objects.filter(pk=alice.pk).update(email="moved@example.com")

    with pytest.raises(Exception, match="not valid"):
        confirm_reset(identifier="alice", digits=codes.digits_of(code), new_password="another long one")


def test_a_weak_new_password_spends_nothing(alice, run_jobs):
    code = reset("alice", run_jobs)
    right = {"identifier": "alice", "digits": codes.digits_of(code)}
    for _ in range(6):  # one more than there are guesses
        with pytest.raises(PasswordRefused):
            confirm_reset(**right, new_password="short")

    confirm_reset(**right, new_password="another long one")


def test_a_verification_does_not_outlive_its_address(as_user, alice):
    as_user(alice).post("/auth/users/verify/", {"channel": "email"})
    digits = codes.digits_of(newest("verify_email"))
    User.objects.filter(pk=alice.pk).update(email="moved@example.com")

    with pytest.raises(Exception, match="code"):
        confirm_verification(user_id=alice.pk, channel="email", digits=digits)


def test_where_verification_is_demanded_a_code_comes_with_the_account(api, settings, mailoutbox, run_jobs):
    settings.REQUIRE_VERIFIED = True
    account = {"email": "new@example.com", "password": "a long password"}
    api.post("/auth/users/", account)
    run_jobs()
    assert api.post("/auth/jwt/create/", account).status_code == 401

    digits = re.search(r"\b\d{6}\b", mailoutbox[0].body)[0]
    body = {"channel": "email", "username": "new@example.com", "code": digits}
    assert api.post("/auth/users/verify/confirm/", body).status_code == 204

    assert api.post("/auth/jwt/create/", account).status_code == 200


def test_whoever_is_not_signed_in_names_the_account(api, alice, mailoutbox, run_jobs):
    assert api.post("/auth/users/verify/", {"channel": "email"}).status_code == 401
    answers = [api.post("/auth/users/verify/", {"channel": "email", "username": name}) for name in ("alice", "nobody")]
    run_jobs()

    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b"")] * 2
    assert [mail.to for mail in mailoutbox] == [["alice@example.com"]]


def test_an_account_is_sent_ten_resets_an_hour_whoever_asks(alice, mailoutbox, run_jobs, rewind):
    for number in range(12):
        request_reset(identifier="alice", address=f"192.0.2.{number}")
    run_jobs()

    assert len(mailoutbox) == 10
    open_code(user_id=alice.pk, purpose=Code.Purpose.VERIFY_EMAIL, channel="email")
    assert newest("verify_email")  # which resets leave alone
    for seconds, sent in [(3500, 10), (101, 11)]:
        rewind(seconds=seconds)
        request_reset(identifier="alice", address="198.51.100.7")
        run_jobs()
        assert Code.objects.filter(purpose="reset").count() == sent


def test_who_was_deactivated_meanwhile_is_sent_nothing(alice, run_jobs):
    request_reset(identifier="alice")
    request_verification_of(identifier="alice", channel="email")
    User.objects.filter(pk=alice.pk).update(is_active=False)

    run_jobs()

    assert not Code.objects.exists()
