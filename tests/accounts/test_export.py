"""What the service knows of people, handed to them: all of it, to nobody else, and for a limited time."""

import hashlib
import json
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.errors import WrongPassword
from accounts.models import Export, User
from accounts.services import close_account, request_export, start_session
from accounts.services.codes import open_code
from accounts.tasks import forget_exports, write_export
from config.errors import Missing
from config.exports import document_about, sections, withheld
from notifications.models import Notification
from notifications.services import set_preferences
from scheduling import services as scheduling
from scheduling.models import Meeting, TimeSlot
from shop import services as shop
from shop.models import Order
from tests.personal import reachable
from tests.world import world
from tickets import services as tickets

pytestmark = pytest.mark.django_db

URL = "/auth/users/me/export/"


@pytest.fixture
def whole(alice, sue, tim, settings, tmp_path):
    """One row of everything."""
    settings.MEDIA_ROOT = tmp_path
    return world(alice=alice, sue=sue, tim=tim)


def earlier(**columns):
    """Moves an export's times back; the database's clock cannot be moved forward."""
    changes = ", ".join(f"{name} = {name} - %s" for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE accounts_export SET {changes}", list(columns.values()))


def test_an_export_is_asked_for_made_by_a_job_and_downloaded(as_user, alice, run_jobs):
    client = as_user(alice)

    asked = client.get(URL)
    assert asked.status_code == 202
    assert list(asked.json()) == ["status", "created_at", "expires_at"]
    assert asked.json()["status"] == "pending"
    assert asked["Retry-After"] == "3"

    run_jobs()
    got = client.get(URL)
    assert got.status_code == 200
    assert got["Content-Type"] == "application/json"
    assert got["Content-Disposition"] == 'attachment; filename="frontdesk.json"'
    assert got["Cache-Control"] == "no-store"
    assert got["X-Content-Type-Options"] == "nosniff"
    assert got["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert got.json()["account"]["email"] == "alice@example.com"


def test_everybody_gets_their_own(as_user, alice, bob, run_jobs):
    clients = [as_user(alice), as_user(bob)]
    for client in clients:
        client.get(URL)
    run_jobs()

    assert [client.get(URL).json()["account"]["username"] for client in clients] == ["alice", "bob"]


def test_its_owner_is_told_when_it_is_ready(alice, run_jobs):
    request_export(by=alice)
    run_jobs()

    told = Notification.objects.get(user=alice)
    assert (told.type, told.title, told.link) == ("account", "Your data are ready", URL)


def test_whoever_asks_twice_gets_the_same_and_begins_one_job(alice, run_jobs):
    first, second = request_export(by=alice), request_export(by=alice)

    assert first.created_at == second.created_at
    assert ProcrastinateJob.objects.filter(task_name="accounts.write_export").count() == 1
    run_jobs()
    made = request_export(by=alice)
    write_export(user_id=alice.pk)  # a job that runs twice
    assert request_export(by=alice).ready_at == made.ready_at
    assert Notification.objects.filter(user=alice).count() == 1


def test_the_database_keeps_one_export_per_account(alice):
    later = timezone.now() + timedelta(hours=1)
    Export.objects.create(user=alice, expires_at=later)

    with pytest.raises(IntegrityError, match="accounts_export_pkey"), transaction.atomic():
        Export(user=alice, expires_at=later).save(force_insert=True)
    with pytest.raises(IntegrityError, match="export_ready_has_body"), transaction.atomic():
        Export.objects.update(ready_at=later)
    with pytest.raises(IntegrityError, match="export_expires_later"), transaction.atomic():
        Export.objects.update(expires_at=timezone.now() - timedelta(hours=1))


def test_after_its_time_it_is_gone_and_another_is_made(as_user, alice, run_jobs):
    client = as_user(alice)
    client.get(URL)
    run_jobs()
    old = Export.objects.get().created_at
    earlier(created_at=settings.EXPORT_LIFETIME, expires_at=settings.EXPORT_LIFETIME)

    assert client.get(URL).status_code == 202
    export = Export.objects.get()
    assert export.body is None
    assert export.created_at >= old
    run_jobs()
    assert client.get(URL).status_code == 200


def test_the_sweep_deletes_what_is_over_and_nothing_else(alice, bob, run_jobs):
    request_export(by=alice)
    run_jobs()
    earlier(created_at=settings.EXPORT_LIFETIME, expires_at=settings.EXPORT_LIFETIME)
    request_export(by=bob)

    forget_exports(0)

    assert [export.user_id for export in Export.objects.all()] == [bob.pk]


def test_a_closed_account_leaves_no_export_and_gets_none(alice, tim, run_jobs):
    request_export(by=alice)
    run_jobs()
    close_account(by=tim, user=alice)
    assert not Export.objects.exists()

    with pytest.raises(Missing):
        request_export(by=alice)
    Export.objects.create(user=alice, expires_at=timezone.now() + timedelta(hours=1))
    write_export(user_id=alice.pk)
    assert Export.objects.get().body is None


def test_it_has_a_row_of_everything(whole, alice, sue, tim, run_jobs):
    open_code(user_id=alice.pk, purpose="verify_email", channel="email")
    tickets.set_status(by=sue, ticket_id=whole["ticket/pk"], status="c")
    request_export(by=alice)
    run_jobs()

    about = json.loads(bytes(Export.objects.get(user=alice).body))

    filled = {name for name, rows in about.items() if rows}
    tutors = {"slots", "weekly_hours", "exceptions", "tutor_settings"}
    # Alice has not paid yet, nor bought lessons, nor said what she wants to hear of.
    not_yet = {"preferences", "order_events", "payments", "credit_lots", "credit_spendings", "credit_entries"}
    assert set(about) - filled == tutors | not_yet
    assert about["tickets"][0]["message"] == "Help"
    assert about["answers"][0]["message"] == "Gladly"
    assert about["attachments"][0]["name"] == "a.txt"
    assert about["meetings"][0]["subject"] == "Algebra"
    assert about["orders"][0] | {"id": 1, "created_at": ""} == {
        "id": 1, "address": "1 Main Street", "phone": "+48123666789", "status": "new", "subtotal": "2.50",
        "discount": "0.00", "total": "2.50", "currency": "EUR", "voucher": None, "created_at": "",
    }  # fmt: skip
    assert about["account"]["created_at"].endswith("Z")
    assert tutors <= {name for name, rows in json.loads(document_about(tim)).items() if rows} | {"tutor_settings"}


def test_it_has_nothing_of_others_and_no_secrets(whole, alice, bob, sue):
    start_session(user=alice)
    open_code(user_id=alice.pk, purpose="reset", channel="email")
    theirs = tickets.open_ticket(by=bob, message="bobs-own-words")
    tickets.answer_ticket(by=sue, ticket_id=theirs.pk, message="words-to-bob")
    tickets.answer_ticket(by=sue, ticket_id=whole["ticket/pk"], message="a-note-to-colleagues", internal=True)
    alice.refresh_from_db()

    text = document_about(alice).decode()

    digest = hashlib.sha256(whole["calendar/token"].encode()).hexdigest()
    secrets = [alice.password, alice.codes.latest("pk").nonce, digest, whole["calendar/token"]]
    for word in ["bobs-own-words", "words-to-bob", "a-note-to-colleagues", *secrets]:
        assert word not in text


def test_of_a_full_house_somebody_new_gets_their_account_alone(whole, alice, bob, sue, tim):
    open_code(user_id=alice.pk, purpose="verify_email", channel="email")
    set_preferences(by=alice, wanted={"reminder": {"sms": True}})
    tickets.set_status(by=sue, ticket_id=whole["ticket/pk"], status="c")
    scheduling.set_buffer(by=tim, buffer_minutes=5)
    shop.mark_paid(by=tim, order_id=whole["orders/pk"])
    shop.complete_order(by=tim, order_id=whole["orders/pk"])
    shop.grant_credits(by=tim, user=alice, credits=1)
    TimeSlot.objects.filter(pk=whole["timeslots/pk"]).update(credits=1)
    scheduling.book_meeting(by=alice, time_slot_id=whole["timeslots/pk"], subject="Geometry")
    assert not [section.name for section, model in models_of_sections() if not model.objects.exists()]

    about = json.loads(document_about(bob))

    assert {name for name, rows in about.items() if rows} == {"service", "exported_at", "account"}
    assert about["account"]["id"] == bob.pk


def test_staff_get_what_is_theirs_and_not_what_they_look_after(whole, sue, tim):
    assert json.loads(document_about(sue))["tickets"] == []
    assert json.loads(document_about(tim))["orders"] == []
    assert (Meeting.objects.count(), Order.objects.count()) == (1, 1)


# --- Nothing is forgotten: every table with a path to an account, and each of its columns


def models_of_sections():
    return [(section, section.rows(User(pk=1)).model) for section in sections()]


def test_every_table_with_a_path_to_an_account_is_told_or_withheld_for_a_reason():
    told = {model._meta.label for _section, model in models_of_sections()}
    known = {model._meta.label for model in reachable()}

    assert known == told | set(withheld())
    assert not told & set(withheld())
    assert len(known) > 25
    assert all(withheld().values())


def test_every_column_is_told_or_withheld_for_a_reason():
    for section, model in models_of_sections():
        told = {column.partition("__")[0] for column in section.columns}
        columns = {field.name for field in model._meta.concrete_fields}
        assert columns == told | set(section.withheld), section.name
        assert not told & set(section.withheld), section.name


def test_each_member_has_a_name_of_its_own():
    names = [section.name for section in sections()]
    assert len(names) == len(set(names))


def test_closing_with_a_wrong_password_keeps_the_export(alice, run_jobs):
    request_export(by=alice)

    with pytest.raises(WrongPassword):
        close_account(by=alice, user=alice, current_password="x")
    assert Export.objects.exists()
