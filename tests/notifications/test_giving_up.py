"""Deliveries that fail: what is kept of the reason, when one is given up, and how that is sent again."""

from smtplib import SMTPRecipientsRefused

import pytest
from django.core import mail
from django.db.models.functions import Now

from notifications.delivery import _describe, deliver
from notifications.errors import NotDelivered, NotRetryable
from notifications.models import Delivery
from notifications.services import retry_delivery
from tests.notifications.conftest import state

pytestmark = pytest.mark.django_db


def test_the_last_try_leaves_the_delivery_failed(queue, smtp, settings):
    smtp.mode, settings.DELIVERY_ATTEMPTS = "refuse", 3
    delivery = queue()
    for _ in range(2):
        with pytest.raises(NotDelivered):
            deliver(delivery.pk)
    deliver(delivery.pk)
    assert state(delivery) == ("failed", 3, "SMTPConnectError 554")

    smtp.mode = "accept"
    deliver(delivery.pk)

    assert smtp.mails == []


def test_what_is_given_up_is_logged_with_its_traceback(queue, kind, settings, caplog):
    settings.DELIVERY_ATTEMPTS = 1
    delivery = queue(kind=kind("test.broken", lambda delivery: delivery.context["missing"]))

    deliver(delivery.pk)

    (line,) = [record for record in caplog.records if record.name == "notifications.delivery"]
    assert (line.levelname, line.getMessage(), line.delivery) == ("ERROR", "delivery given up", delivery.pk)
    assert line.exc_info[0] is KeyError


def test_the_log_of_what_is_given_up_tells_nothing_of_the_message(queue, smtp, settings, caplog):
    smtp.mode, settings.DELIVERY_ATTEMPTS = "quote", 1
    deliver(queue().pk)

    assert "SMTPDataError 554" in caplog.text
    assert "424242" not in caplog.text


def test_a_message_that_kills_the_worker_is_given_up(queue, settings, caplog):
    settings.DELIVERY_ATTEMPTS = 3
    delivery = queue()
    Delivery.objects.update(attempts=3)  # three workers counted their try, and died

    deliver(delivery.pk)

    assert state(delivery) == ("failed", 4, "The worker died at each try.")
    assert "delivery given up" in caplog.text
    assert mail.outbox == []


def test_what_was_wrong_before_the_worker_died_is_still_said(queue, settings):
    settings.DELIVERY_ATTEMPTS = 3
    delivery = queue()
    Delivery.objects.update(attempts=3, last_error="SMTPConnectError 554")

    deliver(delivery.pk)

    assert state(delivery) == ("failed", 4, "SMTPConnectError 554")


def test_a_given_up_delivery_can_be_sent_again(queue, jobs):
    delivery = queue()
    Delivery.objects.update(status="failed", attempts=24)

    retry_delivery(delivery_id=delivery.pk)

    assert state(delivery)[:2] == ("queued", 0)
    assert len(jobs()) == 2
    with pytest.raises(NotRetryable):
        retry_delivery(delivery_id=delivery.pk)


def test_a_sent_delivery_cannot_be_sent_again(queue):
    delivery = queue()
    Delivery.objects.update(status="sent", sent_at=Now())

    with pytest.raises(NotRetryable):
        retry_delivery(delivery_id=delivery.pk)


def test_a_failure_tells_nothing_of_the_message(queue, smtp):
    smtp.mode = "quote"
    delivery = queue()

    with pytest.raises(NotDelivered) as failure:
        deliver(delivery.pk)

    assert str(failure.value) == delivery.__class__.objects.get().last_error == "SMTPDataError 554"
    assert failure.value.__cause__ is None
    assert failure.value.__suppress_context__


def test_an_address_that_is_refused_is_told_by_its_code_alone():
    refused = SMTPRecipientsRefused({"alice@example.com": (550, b"no such user: alice@example.com")})

    assert _describe(refused) == "SMTPRecipientsRefused 550"


def test_a_long_explanation_is_cut(queue, kind):
    def broken(delivery):
        raise OSError(5, "x" * 400)

    delivery = queue(kind=kind("test.broken", broken))

    with pytest.raises(OSError, match="xxx"):
        deliver(delivery.pk)

    assert len(state(delivery)[2]) == 300


def test_a_broken_renderer_fails_its_own_delivery(queue, kind):
    def broken(delivery):
        return delivery.context["missing"]

    delivery = queue(kind=kind("test.broken", broken))

    with pytest.raises(KeyError):
        deliver(delivery.pk)

    assert state(delivery) == ("queued", 1, "KeyError")
