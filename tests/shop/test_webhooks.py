"""What a provider reports of payments: by signed webhooks, once each, and about its own alone."""

import time

import pytest

from shop import services
from shop.models import Payment, PaymentEvent
from shop.payments.signatures import TOLERANCE, sign
from tests.refusals import broken
from tests.shop.conftest import status
from tests.shop.provider import SECRET, deliver, event_of

pytestmark = pytest.mark.django_db


def test_a_signed_event_pays(api, pending, caplog):
    answer = deliver(api, event_of(pending))

    assert (answer.status_code, answer.json()) == (200, {"outcome": "done"})
    assert status() == "paid"
    assert "needs a look" not in caplog.text


def test_a_provider_is_known_by_its_signature_alone(api, pending):
    api.credentials(HTTP_AUTHORIZATION="Bearer of.another.service")

    assert deliver(api, event_of(pending)).status_code == 200
    assert status() == "paid"


def test_an_event_that_is_quicker_than_the_answer_pays_too(api, pending):
    body = event_of(pending)
    Payment.objects.update(reference="", url="")

    assert deliver(api, body).json() == {"outcome": "done"}


def test_an_event_of_another_checkout_pays_nothing(api, pending):
    body = event_of(pending).replace(pending.reference.encode(), b"cs_other")

    assert deliver(api, body).json() == {"outcome": "unknown"}
    assert status() == "pending"


def test_an_event_is_about_payments_of_its_own_provider(api, pending, settings, bob, stocked, bought):
    settings.PAYMENT_PROVIDER = "offline"
    by_hand = services.start_payment(by=bob, order_id=bought(bob, (stocked("Pen"), 1)).pk)
    settings.PAYMENT_PROVIDER = "stripe"
    PaymentEvent.objects.create(provider="paypal", event_id="evt_1", kind="k", outcome="late")

    assert deliver(api, event_of(by_hand, id="evt_2")).json() == {"outcome": "unknown"}
    assert deliver(api, event_of(pending)).json() == {"outcome": "done"}
    assert [Payment.objects.get(pk=one.pk).status for one in (by_hand, pending)] == ["pending", "paid"]


def test_an_event_has_its_effect_once(api, pending):
    body = event_of(pending)

    assert [deliver(api, body).json() for _ in range(3)] == [{"outcome": "done"}] * 3
    assert PaymentEvent.objects.count() == 1
    assert deliver(api, event_of(pending, id="evt_2")).json() == {"outcome": "late"}
    assert deliver(api, event_of(pending, id="evt_3", kind="checkout.session.expired")).json() == {"outcome": "late"}
    assert status() == "paid"


def test_a_signature_of_any_of_the_secrets_is_good(api, pending):
    assert deliver(api, event_of(pending), secret="whsec_the_next_one").status_code == 200


@pytest.mark.parametrize("offset", [-TOLERANCE - 5, TOLERANCE + 5])
def test_an_event_caught_on_its_way_is_worth_nothing_later(api, pending, offset):
    answer = deliver(api, event_of(pending), at=int(time.time()) + offset)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_signature")
    assert status() == "pending"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=1",
        "v1=00",
        "t=,v1=",
        "t=now,v1=00",
        "t=9999999999999999999,v1=00",
        "t=²,v1=00",
        "t=1,v1=é",
        "t=1,v0=00",
        "nonsense",
    ],
)
def test_a_header_that_proves_nothing(api, pending, header):
    answer = deliver(api, event_of(pending), header=header.encode().decode("latin-1"))

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_signature")


def test_a_body_that_was_changed_or_signed_by_others(api, pending):
    body = event_of(pending)
    header = sign(body, secret=SECRET, timestamp=int(time.time()))

    assert deliver(api, body.replace(b"evt_1", b"evt_2"), header=header).status_code == 400
    assert deliver(api, body, secret="whsec_guessed").status_code == 400
    assert status() == "pending"


@pytest.mark.parametrize("session", [{"amount_total": 3997}, {"amount_total": 1}, {"currency": "usd"}, {"amount_total": 399800}])
def test_an_event_about_other_money_pays_nothing(api, pending, caplog, session):
    assert deliver(api, event_of(pending, **session)).json() == {"outcome": "mismatch"}
    assert status() == "pending"
    assert PaymentEvent.objects.get().payment == pending
    assert [record.outcome for record in caplog.records if record.name == "shop.services.payments"] == ["mismatch"]


def test_events_of_no_payment_and_of_no_concern(api, pending):
    stranger = Payment(pk=10**6, reference="cs_other", amount=1, currency="EUR")
    assert deliver(api, event_of(stranger)).json() == {"outcome": "unknown"}
    assert deliver(api, event_of(stranger)).json() == {"outcome": "unknown"}
    assert deliver(api, event_of(pending, kind="customer.created")).json() == {"outcome": "ignored"}
    assert deliver(api, event_of(pending, payment_status="unpaid")).json() == {"outcome": "ignored"}
    assert PaymentEvent.objects.get().outcome == "unknown"


def test_what_a_provider_said_is_not_rewritten(api, pending):
    deliver(api, event_of(pending))

    assert broken(lambda: PaymentEvent.objects.update(outcome="late")) == "payment_event_append_only"
    assert broken(lambda: PaymentEvent.objects.all().delete()) == "payment_event_append_only"


def test_a_signed_body_that_is_no_event(api, pending):
    for body in (b"", b"[]", b"{}", b"\xff", b'{"type": "checkout.session.completed", "data": {"object": {}}}'):
        assert deliver(api, body).status_code == 400


@pytest.mark.parametrize("odd", [*({"amount_total": one} for one in ("NaN", "x", True)), {"id": None}, {"reference": 7}])
def test_a_signed_event_of_other_kinds_of_values(api, pending, odd):
    pending.reference = odd.get("reference", pending.reference)
    answer = deliver(api, event_of(pending, **odd))

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_signature")
    assert not PaymentEvent.objects.exists()


@pytest.mark.parametrize(("kind", "then"), [("succeeded", "paid"), ("failed", "failed")])
def test_a_transfer_is_settled_when_it_is_there(api, pending, kind, then):
    """It has no number of ours where somebody else made the session's form; the session's own will do."""
    money = {"payment_status": "paid" if then == "paid" else "unpaid", "client_reference_id": None}

    assert deliver(api, event_of(pending, kind=f"checkout.session.async_payment_{kind}", **money)).json() == {"outcome": "done"}
    assert status() == then


def test_an_expired_checkout_lets_another_begin(api, pending, alice, order):
    assert deliver(api, event_of(pending, kind="checkout.session.expired", payment_status="unpaid")).json() == {"outcome": "done"}

    services.start_payment(by=alice, order_id=order.pk)

    assert sorted(Payment.objects.values_list("status", flat=True)) == ["failed", "pending"]


@pytest.mark.parametrize("provider", ["offline", "stripe", "paypal"])
def test_providers_that_are_not_in_use_have_no_webhook(api, provider):
    assert api.post(f"/api/v1/payments/webhooks/{provider}/", {}).status_code == 404
