"""Telling people: which rows and jobs come of it."""

import json
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from notifications.models import Channel, Delivery, Notification, Preference, Type
from notifications.services import forget_user, in_language_of, message_id_of, notify, send, tell_time
from notifications.tasks import deliver
from tests.refusals import broken

pytestmark = pytest.mark.django_db


def tell(user, **changes):
    """Tells somebody news, and returns the Notification that stands there then."""
    values = {"user": user, "type": "system", "title": "News", "message": "Read all about it.", "key": "news:1"} | changes
    notify(**values)
    return Notification.objects.get(user=user, key=values["key"])


def test_a_notification_comes_with_a_mail_and_its_job(alice, jobs):
    told = tell(alice, link="/api/v1/meetings/5/")

    assert told == Notification.objects.get(user=alice, title="News", link="/api/v1/meetings/5/", is_read=False)
    delivery = Delivery.objects.get()
    assert (delivery.channel, delivery.to, delivery.status) == ("email", "alice@example.com", "queued")
    assert (delivery.notification, delivery.user, delivery.language) == (told, alice, "en")
    assert jobs() == [(delivery.pk, 0)]


def test_the_job_is_what_procrastinate_itself_would_defer(alice, jobs):
    """The trigger writes procrastinate's table, as of its version 3.10: a column more or another event shows here."""
    tell(alice)
    delivery_id = Delivery.objects.get().pk
    deliver.defer(delivery_id=delivery_id)

    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT to_jsonb(j) - 'id', (SELECT jsonb_agg(e.type ORDER BY e.id) FROM procrastinate_events e WHERE e.job_id = j.id)
            FROM procrastinate_jobs j ORDER BY id
        """)
        ours, theirs = cursor.fetchall()
    assert ours == theirs
    assert json.loads(ours[0])["args"] == {"delivery_id": delivery_id}


def test_telling_costs_one_statement(alice):
    with CaptureQueriesContext(connection) as statements:
        notify(user=alice, type="system", title="News", message="Read all about it.", key="news:1")

    assert len(statements) == 1


def test_the_same_cause_tells_once(alice, bob, jobs):
    tell(alice)

    assert tell(alice, title="Again").title == "News"
    assert tell(bob).user == bob
    assert Notification.objects.filter(user=alice).count() == 1
    assert len(jobs()) == Delivery.objects.count() == 2


def test_what_is_rolled_back_was_never_told(alice, jobs):
    with transaction.atomic():
        tell(alice)
        transaction.set_rollback(True)

    assert not Notification.objects.exists()
    assert not Delivery.objects.exists()
    assert jobs() == []


def test_whoever_has_no_email_gets_no_mail(phil):
    assert tell(phil).user == phil
    assert not Delivery.objects.exists()


def test_security_reaches_an_account_without_email_by_sms(phil, pat):
    tell(phil, type="account")
    tell(pat, type="account")

    assert set(Delivery.objects.values_list("user__username", "channel")) == {("phil", "sms"), ("pat", "email")}


@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize("enabled", [True, False])
def test_preferences_decide_about_each_channel(pat, channel, enabled):
    Preference.objects.create(user=pat, type="reminder", channel=channel, enabled=enabled)

    told = tell(pat, type="reminder")

    wanted = {"in_app": True, "email": True, "sms": False} | {channel.value: enabled}
    sent = set(Delivery.objects.values_list("channel", flat=True))
    assert sent == {name for name in ("email", "sms") if wanted[name]}
    assert told.in_app is wanted["in_app"]
    assert Notification.objects.visible_to(pat).exists() is wanted["in_app"]


def test_another_type_keeps_its_default_and_so_do_others(pat, alice):
    Preference.objects.create(user=pat, type="reminder", channel="email", enabled=False)
    Preference.objects.create(user=alice, type="system", channel="email", enabled=False)

    tell(pat)

    assert Delivery.objects.filter(channel="email").exists()


def test_an_own_renderer_writes_the_mail_and_not_the_sms(pat, kind):
    Preference.objects.create(user=pat, type="system", channel="sms", enabled=True)

    tell(pat, mail=kind("test.invitation", lambda delivery: None), context={"meeting": 5})

    assert set(Delivery.objects.values_list("channel", "kind", "context__meeting")) == {
        ("email", "test.invitation", 5),
        ("sms", "notification", 5),
    }


def test_an_unknown_renderer_is_refused_at_once(alice):
    with pytest.raises(LookupError):
        tell(alice, mail="test.nobody")
    with pytest.raises(LookupError):
        tell(alice, sms="test.nobody")
    with pytest.raises(LookupError):
        send(channel="email", to="a@example.com", kind="test.nobody", context={}, key="1")


def test_a_title_is_one_line_of_at_most_100_characters(alice):
    assert tell(alice, title="Bad\r\nBcc: eve@example.com").title == "Bad Bcc: eve@example.com"
    assert tell(alice, title="x" * 100, key="full").title == "x" * 100
    assert tell(alice, title="x" * 101, key="long").title == "x" * 99 + "…"


def test_an_unknown_type_is_refused(alice):
    with pytest.raises(ValueError, match="nonsense"):
        tell(alice, type="nonsense")


@pytest.mark.parametrize("link", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_a_link_leads_to_our_own_paths_only(alice, link):
    assert broken(lambda: tell(alice, link=link)) == "notification_link_is_path"


def test_a_message_without_notification_goes_first(queue, alice, jobs):
    tell(alice)
    code = queue(user=alice)

    assert (code.pk, 10) in jobs()
    assert code.notification is None


def test_a_message_with_a_known_key_is_sent_once(queue, jobs):
    queue()
    queue()

    assert Delivery.objects.count() == len(jobs()) == 1


def test_a_message_that_is_queued_again_as_it_was_is_sent_once(queue, jobs):
    queue()

    Delivery.objects.update(status="queued")

    assert len(jobs()) == 1


def test_the_message_id_follows_from_the_key(queue, settings):
    settings.DEFAULT_FROM_EMAIL = "Studio <studio@lessons.example>"

    assert queue(key="7").message_id == message_id_of("message:7") != message_id_of("message:8")
    assert message_id_of("message:7").endswith("@lessons.example>")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("delivery_channel_known", {"channel": "pigeon"}),
        ("delivery_status_known", {"status": "lost"}),
        ("delivery_has_address", {"to": ""}),
        ("delivery_sent_has_time", {"status": "sent"}),
        ("notification_type_known", {"type": "nonsense"}),
    ],
)
def test_the_database_refuses_nonsense(alice, name, values):
    tell(alice)
    table = Notification if name.startswith("notification") else Delivery

    assert broken(lambda: table.objects.update(**values)) == name


def test_messages_are_in_the_language_of_whom_they_are_for(pat, alice, queue):
    for user in (pat, alice):
        tell(user)
        queue(user=user, key=user.username)

    assert list(Delivery.objects.order_by("id").values_list("language", flat=True)) == ["pl", "pl", "en", "en"]


def test_people_are_written_to_in_their_language_and_the_studios_time(pat, settings):
    settings.STUDIO_TIME_ZONE = "Europe/Warsaw"
    with in_language_of(pat):
        assert tell_time(datetime(2026, 11, 24, 9, 0, tzinfo=UTC)) == "24 listopada 2026 10:00 CET"


def test_types_are_those_of_the_contract():
    assert set(Type.values) == {
        "new_reservation", "reservation_confirmed", "reservation_canceled", "reminder", "system",
        "ticket_answered", "ticket_status", "order_placed", "order_completed", "order_canceled", "account",
    }  # fmt: skip


def test_closing_an_account_forgets_what_it_was_told(alice, bob, queue):
    tell(alice)
    tell(bob)
    queue(user=alice)
    for user in (alice, bob):
        Preference.objects.create(user=user, type="reminder", channel="sms", enabled=True)

    forget_user(user=alice)

    assert list(Notification.objects.values_list("user", flat=True)) == [bob.pk]
    assert list(Delivery.objects.values_list("user", flat=True)) == [bob.pk]
    assert list(Preference.objects.values_list("user", flat=True)) == [bob.pk]
