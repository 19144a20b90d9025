"""Closing an account erases the person: a full dump of the database and all files are searched for what was known of them.

Every text of every table that leads to the account is planted with a word of its own. What is written by the service's own
processes elsewhere is not searched: logs (an address and a number for each request) and the outbox of sent messages, which
age out by the operator's rules, and backups.
"""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, models, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from accounts.services import change_account, close_account, request_export, start_session
from accounts.services.codes import open_code
from accounts.signals import account_closed
from config.erasing import ERASED, forget_names
from scheduling.models import Meeting, TimeSlot
from shop import services as shop
from shop.models import Order, Payment, PaymentEvent
from tests.conftest import PASSWORD
from tests.personal import dump, paths, reachable
from tests.world import world
from tickets import services as tickets
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

# Texts that stay when an account is closed, or cannot be planted, each with the reason.
KEPT = {
    "accounts.User.password": "A hash, searched for by itself.",
    "admin.LogEntry.object_id": "A number. What the log calls its objects is planted by hand.",
    "admin.LogEntry.object_repr": "Planted by hand: customers write no log.",
    "admin.LogEntry.change_message": "Planted by hand: customers write no log.",
    "shop.OrderItem.name": "The product's name.",
    "shop.Payment.provider": "Which provider it was.",
    "shop.Payment.reference": "The provider's number: without it no payment can be traced or paid back.",
    "shop.PaymentEvent.provider": "Which provider it was.",
    "shop.PaymentEvent.event_id": "The provider's number.",
    "shop.PaymentEvent.kind": "The provider's word for what happened.",
    "shop.StockEntry.note": "Staff's words about a delivery or a correction of stock.",
    "tickets.Attachment.file": "A random name, by which the file is found and deleted.",
    "tickets.SearchText.awaiting": "A code. The words beside it are written by the database from the texts that are planted.",
}
# Tables of what staff have and do, who are no customers; the last one is a view of the library's that has no rows.
STAFFS = {
    *("scheduling.AvailabilityRule", "scheduling.AvailabilityException", "scheduling.TutorSettings", "scheduling.TimeSlot"),
    *("scheduling.AvailabilityRuleHistory", "scheduling.AvailabilityExceptionHistory", "scheduling.TimeSlotHistory"),
    *("shop.ProductHistory", "shop.VoucherHistory", "pghistory.MiddlewareEvents"),
}
_SHORTEST = 10  # letters; shorter columns hold codes
_TEXTS = (
    models.CharField,
    models.TextField,
    models.JSONField,
    models.BinaryField,
    models.GenericIPAddressField,
    models.FileField,
)


def texts_of(model):
    """The columns in which words can stand."""
    return [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, _TEXTS)
        and not field.choices
        and (field.max_length or _SHORTEST) >= _SHORTEST
        and field.name != "pgh_label"  # in a history: what happened
    ]


class Plants:
    """Words that stand nowhere else, each with the place that it was planted in."""

    def __init__(self):
        self.places = {}

    def word(self, place):
        word = f"zq{len(self.places):04}zq"
        self.places[word] = place
        return word

    def value(self, field, place):
        """A word in a form that the column takes."""
        word = self.word(place)
        match field:
            case models.EmailField():
                return f"{word}@example.com"
            case models.GenericIPAddressField():
                self.places[f"203.0.113.{len(self.places)}"] = self.places.pop(word)
                return list(self.places)[-1]
            case models.JSONField():
                # In a history: what the columns became.
                others = [other.name for other in texts_of(field.model) if other is not field]
                return json.dumps(dict.fromkeys(others, word))
            case models.BinaryField():
                return word.encode()
        if field.name == "phone" and field.model is User:
            self.places[f"+48600{len(self.places):06}"] = self.places.pop(word)
            return list(self.places)[-1]
        return f"/{word}" if field.name == "link" else word

    def found_in(self, text):
        """The places whose words are in a text; bytes stand there in hexadecimal."""
        return {place for word, place in self.places.items() if word in text or word.encode().hex() in text}


def plant(user):
    """Writes a word into each text of each row that leads to somebody."""
    plants = Plants()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # ledgers are only added to
        for model in reachable():
            texts = [field for field in texts_of(model) if f"{model._meta.label}.{field.name}" not in KEPT]
            if not texts or model._meta.label in STAFFS:
                continue
            leads = Q()
            for path in paths(model):
                leads |= Q(**{path: user.pk})
            for key in model.objects.filter(leads).values_list("pk", flat=True).distinct():
                values = [plants.value(field, f"{model._meta.label}.{field.name}") for field in texts]
                sets = ", ".join(f'"{field.column}" = %s' for field in texts)
                cursor.execute(f'UPDATE "{model._meta.db_table}" SET {sets} WHERE "{model._meta.pk.column}" = %s', [*values, key])
        cursor.execute("SELECT tickets_index(id) FROM tickets_ticket")
    return plants


@pytest.fixture
def whole(alice, sue, tim, settings, tmp_path, as_user, run_jobs):
    """Everything that can be known of a customer, alice."""
    settings.MEDIA_ROOT = tmp_path / "media"
    alice.set_password(PASSWORD)  # the cast shares one hash
    alice.save()
    made = world(alice=alice, sue=sue, tim=tim)
    open_code(user_id=alice.pk, purpose="verify_email", channel="email")
    start_session(user=alice, address="192.0.2.1", device="Phone")
    tickets.answer_ticket(by=sue, ticket_id=made["ticket/pk"], message="A note", internal=True)
    tickets.answer_ticket(
        by=alice, ticket_id=made["ticket/pk"], message="Look", files=[SimpleUploadedFile("b.txt", b"look", "text/plain")]
    )
    shop.grant_credits(by=tim, user=alice, credits=2, note="A gift")
    shop.mark_paid(by=tim, order_id=made["orders/pk"])
    PaymentEvent.objects.create(
        provider="stripe", event_id="evt_1", kind="paid", payment=Payment.objects.get(), outcome="applied"
    )
    as_user(alice).post("/api/ticket", {"message": "Once"}, headers={"Idempotency-Key": "one"})
    past = TimeSlot.objects.create(
        tutor=tim, start_time=timezone.now() - timedelta(days=2), end_time=timezone.now() - timedelta(days=2, hours=-1)
    )
    Meeting.objects.create(student=alice, tutor=tim, time_slot=past, subject="Past", notes="Notes", status="completed")
    request_export(by=alice)
    run_jobs()
    change_account(by=alice, user=alice, first_name="Alicia")  # so that there is a history of each
    for rows, column in ((Ticket, "subject"), (Meeting, "subject"), (Order, "address")):
        rows.objects.update(**{column: "Before it was otherwise"})
    return made


def files():
    """The bytes of all uploaded files."""
    return b"".join(path.read_bytes() for path in Path(default_storage.location).rglob("*") if path.is_file())


def write_log(plants, user, *rows):
    """The admin's log calls things by their names at the time."""
    for row in rows:
        place = f"log of {row._meta.label}"
        LogEntry.objects.log_actions(user.pk, type(row).objects.filter(pk=row.pk), CHANGE, plants.word(place), single_object=True)
        LogEntry.objects.filter(change_message__contains="zq").update(object_repr=plants.word(place))


def test_nothing_of_a_closed_account_is_left_in_database_or_files(whole, alice, tim, as_user, tmp_path, run_jobs, mailoutbox):
    plants = plant(alice)
    write_log(plants, tim, alice, Ticket.objects.first(), Meeting.objects.first())
    for path in default_storage.listdir("attachments")[1]:
        Path(default_storage.location, "attachments", path).write_text(plants.word("a file"))
    before = dump(tmp_path)
    texts = {
        f"{model._meta.label}.{field.name}"
        for model in reachable()
        if model._meta.label not in STAFFS
        for field in texts_of(model)
    }
    # Every text that there is was planted and is found, so that not to find it means something.
    assert plants.found_in(before) | {"a file"} == set(plants.places.values())
    assert set(plants.places.values()) >= texts - set(KEPT)
    assert set(KEPT) <= texts
    assert plants.found_in(files().decode()) == {"a file"}
    assert alice.password in before

    answer = as_user(alice).delete("/auth/users/me/", {"current_password": PASSWORD})

    assert answer.status_code == 204
    after = dump(tmp_path)
    assert plants.found_in(after) == set()
    assert alice.password not in after
    assert files() == b""
    # The records stay, and the tutor hears that the meeting is off, though not from whom.
    assert (Ticket.objects.count(), Order.objects.count(), Meeting.objects.count()) == (2, 1, 2)
    mailoutbox.clear()
    run_jobs()
    assert [mail.to for mail in mailoutbox] == [["tim@example.com"]]
    assert "deleted user canceled" in mailoutbox[0].body
    assert plants.found_in(mailoutbox[0].message().as_string() + mailoutbox[0].body) == set()


@pytest.mark.parametrize("app", ["tickets", "scheduling", "shop", "notifications"])
def test_control_without_one_app_its_words_are_found(app, whole, alice, tim, tmp_path, monkeypatch):
    plants = plant(alice)
    if app == "notifications":
        monkeypatch.setattr("accounts.services.accounts.forget_user", lambda user: None)
    else:
        monkeypatch.setattr(account_closed, "receivers", [one for one in account_closed.receivers if one[0][0] != app])
        account_closed.sender_receivers_cache.clear()

    close_account(by=tim, user=User.objects.get(pk=alice.pk))

    left = {place.partition(".")[0] for place in plants.found_in(dump(tmp_path))}
    # What others were told of meetings goes with the meetings.
    assert left == {app} | ({"notifications"} if app == "scheduling" else set())


def test_what_is_others_stays_as_it_is(whole, alice, tim, bob, as_user, tmp_path):
    as_user(alice).post("/api/ticket", {"message": "Once"}, headers={"Idempotency-Key": "k1"})
    request_export(by=alice)
    write_log(plant(alice), tim, alice)
    before = dump(tmp_path)

    close_account(by=tim, user=bob)

    gone = set(before.splitlines()) - set(dump(tmp_path).splitlines())
    rows = [line for line in gone if not line.startswith(("\\", "SELECT pg_catalog.setval"))]
    assert [row for row in rows if "bob@example.com" not in row] == []
    assert rows


def test_the_log_forgets_a_name_and_not_what_else_has_its_number(alice, bob, tim):
    for model, key in ((User, alice.pk), (User, bob.pk), (Ticket, alice.pk)):
        kind = ContentType.objects.get_for_model(model)
        LogEntry.objects.create(
            user=tim, content_type=kind, object_id=key, object_repr="Name", action_flag=CHANGE, change_message="Words"
        )

    forget_names(User.objects.filter(pk=alice.pk))

    assert list(LogEntry.objects.order_by("id").values_list("object_repr", "change_message")) == [
        (ERASED, ""),
        *[("Name", "Words")] * 2,
    ]
