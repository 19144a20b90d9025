"""Sending one delivery: once, in its renderer's words, and again after a failure."""

import time

import psycopg
import pytest
from django.conf import settings as conf
from django.core import mail
from django.db import connection

from notifications.delivery import deliver
from notifications.errors import NotDelivered
from notifications.messages import Attachment, Message, renderer_of
from notifications.models import Delivery, Preference
from notifications.services import forget_user, notify
from tests.notifications.conftest import state
from tests.notifications.smtp import SMTPServer

pytestmark = pytest.mark.django_db


def test_a_delivery_is_sent_once_however_often_its_job_runs(queue):
    delivery = queue()

    deliver(delivery.pk)
    deliver(delivery.pk)

    assert len(mail.outbox) == 1
    assert state(delivery) == ("sent", 1, "")
    assert delivery.sent_at is not None


def test_a_mail_says_who_it_is_for_and_that_a_machine_wrote_it(queue):
    delivery = queue()

    deliver(delivery.pk)

    sent = mail.outbox[0].message()
    assert (sent["To"], sent["From"]) == ("alice@example.com", conf.DEFAULT_FROM_EMAIL)
    assert sent["Message-ID"] == delivery.message_id
    assert sent["Auto-Submitted"] == "auto-generated"
    assert sent["Date"].startswith(f"{delivery.created_at:%a, %d %b %Y %H:%M:%S}")


def test_headers_html_and_attachments_of_a_renderer_are_sent(queue, kind):
    message = Message(
        subject="Invitation",
        text="Come.",
        html="<p>Come.</p>",
        headers={"In-Reply-To": "<thread@example.com>"},
        attachments=[Attachment("lesson.ics", b"BEGIN:VCALENDAR", "text/calendar")],
    )

    deliver(queue(kind=kind("test.invitation", lambda delivery: message)).pk)

    sent = mail.outbox[0]
    assert sent.message()["In-Reply-To"] == "<thread@example.com>"
    assert [part.get_content_type() for part in sent.message().walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar",
    ]  # fmt: skip


def test_what_no_longer_applies_is_canceled(queue, kind):
    delivery = queue(kind=kind("test.over", lambda delivery: None))
    Delivery.objects.update(attempts=1, last_error="SMTPConnectError 554")

    deliver(delivery.pk)

    assert state(delivery) == ("canceled", 2, "")
    assert mail.outbox == []


def test_a_renderer_speaks_the_recipients_language(queue, kind, pat):
    from django.utils.translation import get_language

    delivery = queue(kind=kind("test.tongue", lambda delivery: Message(subject="", text=get_language())), user=pat)

    deliver(delivery.pk)

    assert mail.outbox[0].body == "pl"


def test_a_delivery_that_was_erased_is_nothing_to_do(queue, alice):
    delivery = queue(user=alice)
    forget_user(user=alice)

    deliver(delivery.pk)

    assert mail.outbox == []


def test_a_server_that_refuses_gets_the_mail_when_it_is_back(queue, smtp):
    delivery = queue()
    smtp.mode = "refuse"
    with pytest.raises(NotDelivered):
        deliver(delivery.pk)
    assert state(delivery) == ("queued", 1, "SMTPConnectError 554")

    smtp.mode = "accept"
    deliver(delivery.pk)

    assert state(delivery) == ("sent", 2, "")
    assert [sent["Message-ID"] for sent in smtp.mails] == [delivery.message_id]


def test_a_server_that_is_away_gets_the_mail_when_it_is_back(queue, smtp):
    delivery = queue()
    smtp.stop()
    with pytest.raises(NotDelivered):
        deliver(delivery.pk)
    assert state(delivery) == ("queued", 1, "ConnectionRefusedError Connection refused")

    again = SMTPServer(smtp.port)
    try:
        deliver(delivery.pk)
    finally:
        again.stop()
    assert len(again.mails) == 1


def test_a_server_that_hangs_is_left_after_the_timeout(queue, smtp, settings):
    smtp.mode, settings.EMAIL_TIMEOUT = "hang", 0.3
    delivery = queue()

    began = time.monotonic()
    with pytest.raises(NotDelivered):
        deliver(delivery.pk)

    assert time.monotonic() - began < 2
    assert state(delivery) == ("queued", 1, "SMTPServerDisconnected TimeoutError")


def test_a_notification_is_mailed_escaped_and_with_its_link(alice):
    words = {"title": "Hi <b>\nBcc: eve@example.com", "message": "<script>alert(1)</script>\n\nBye"}
    notify(user=alice, type="system", key="1", link="/api/v1/meetings/5/", **words)

    deliver(Delivery.objects.get().pk)

    sent = mail.outbox[0]
    assert sent.subject == "Hi <b> Bcc: eve@example.com"
    assert sent.body == f"<script>alert(1)</script>\n\nBye\n\n{conf.SITE_URL}/api/v1/meetings/5/"
    html = sent.alternatives[0].content
    assert "<script>" not in html
    assert "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>" in html
    assert f'<a href="{conf.SITE_URL}/api/v1/meetings/5/">' in html
    assert sent.recipients() == ["alice@example.com"]


@pytest.mark.parametrize(("link", "end"), [("", []), ("/api/v1/meetings/5/", [f"{conf.SITE_URL}/api/v1/meetings/5/"])])
def test_a_notification_ends_with_its_link_where_it_has_one(pat, link, end):
    Preference.objects.create(user=pat, type="system", channel="sms", enabled=True)
    notify(user=pat, type="system", title="News", message="Read it.", key="1", link=link)

    texts = {one.channel: renderer_of(one.kind)(one).text for one in Delivery.objects.all()}

    assert texts == {"email": "\n\n".join(["Read it.", *end]), "sms": "\n".join(["News", "Read it.", *end])}


def test_another_session_that_sends_it_is_left_alone_until_it_dies(queue):
    delivery = queue()
    parameters = {
        name: value
        for name, value in connection.get_connection_params().items()
        if name in ("host", "port", "user", "dbname", "password")
    }
    other = psycopg.connect(**parameters)
    other.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"notifications.deliver:{delivery.pk}"])
    with pytest.raises(NotDelivered):
        deliver(delivery.pk)
    assert mail.outbox == []

    other.close()  # as the end of a killed worker does
    for _ in range(50):
        try:
            deliver(delivery.pk)
            break
        except NotDelivered:
            time.sleep(0.02)

    assert len(mail.outbox) == 1
