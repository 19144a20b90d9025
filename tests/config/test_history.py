"""What rows were before: every change and deletion is written down by the database, whoever made it, and by whom."""

from datetime import date, time, timedelta

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from accounts.services import change_account, close_account
from config.actors import acting
from config.history import history_of
from scheduling.models import AvailabilityException, AvailabilityRule, Meeting, TimeSlot
from scheduling.services import book_meeting, cancel_meeting, create_slot, delete_slot
from shop.models import Order, Product, Voucher
from shop.services import complete_order, place_order
from tests.conftest import PASSWORD
from tickets.models import Ticket
from tickets.services import answer_ticket, change_ticket, open_ticket

pytestmark = pytest.mark.django_db

KEPT = (User, Ticket, Meeting, TimeSlot, AvailabilityRule, AvailabilityException, Product, Order, Voucher)


@pytest.fixture
def rows(alice, tim):
    """A row of each kind that has a history, and a change to it: {model: (row, column, value)}."""
    start = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=2)
    free, taken = (
        create_slot(by=tim, start_time=start + timedelta(hours=n), end_time=start + timedelta(hours=n + 1)) for n in (0, 2)
    )
    pen = Product.objects.create(name="Pen", amount=9, price="2.50")
    return {
        User: (alice, "first_name", "Ally"),
        Ticket: (open_ticket(by=alice, message="Help"), "priority", "high"),
        TimeSlot: (free, "credits", 3),
        Meeting: (book_meeting(by=alice, time_slot_id=taken.pk, subject="Algebra"), "notes", "Bring paper"),
        AvailabilityRule: (
            AvailabilityRule.objects.create(tutor=tim, weekday=1, start_time=time(9), end_time=time(12), slot_minutes=60),
            "slot_minutes",
            30,
        ),
        AvailabilityException: (AvailabilityException.objects.create(tutor=tim, date=date(2030, 1, 1), kind="off"), "credits", 1),
        Product: (pen, "price", "3.00"),
        Order: (
            place_order(by=alice, address="Here", phone="+48123666789", items=[{"product_id": pen.pk, "amount": 1}]),
            "address",
            "There",
        ),
        Voucher: (Voucher.objects.create(code="TEN", kind="percent", value=10), "value", 20),
    }


def execute(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def entries(model):
    return list(history_of(model).objects.all())


def test_these_tables_have_a_history():
    assert {model for model in apps.get_models() if history_of(model)} == set(KEPT)


@pytest.mark.parametrize("model", KEPT, ids=lambda model: model.__name__)
def test_a_change_by_sql_is_written_down(rows, model):
    row, column, value = rows[model]
    before = getattr(model.objects.get(pk=row.pk), column)
    execute(f"UPDATE {model._meta.db_table} SET {column} = %s WHERE id = %s", value, row.pk)
    [entry] = entries(model)
    assert (entry.pgh_label, entry.pgh_obj_id, getattr(entry, column), entry.pgh_by_id) == ("update", row.pk, before, None)


@pytest.mark.parametrize("model", KEPT, ids=lambda model: model.__name__)
def test_a_change_by_the_orm_is_written_down(rows, model):
    row, column, value = rows[model]
    model.objects.filter(pk=row.pk).update(**{column: value})
    assert [entry.pgh_obj_id for entry in entries(model)] == [row.pk]


@pytest.mark.parametrize("model", KEPT, ids=lambda model: model.__name__)
def test_without_the_trigger_nothing_is(rows, without_trigger, model):
    row, column, value = rows[model]
    execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks that are still to come cannot be altered
    with without_trigger(model, "note_update"):
        model.objects.filter(pk=row.pk).update(**{column: value})
    assert entries(model) == []


@pytest.mark.parametrize("model", KEPT, ids=lambda model: model.__name__)
def test_what_stays_as_it_was_is_no_change(rows, model):
    row, column, _value = rows[model]
    model.objects.filter(pk=row.pk).update(**{column: getattr(model.objects.get(pk=row.pk), column)})
    assert entries(model) == []


@pytest.mark.parametrize("model", [TimeSlot, AvailabilityRule, AvailabilityException, Voucher], ids=lambda model: model.__name__)
def test_a_deletion_is_written_down(rows, without_trigger, model):
    row, _column, _value = rows[model]
    execute(f"DELETE FROM {model._meta.db_table} WHERE id = %s", row.pk)
    assert [(entry.pgh_label, entry.pgh_obj_id) for entry in entries(model)] == [("delete", row.pk)]


@pytest.mark.parametrize("model", [model for model in KEPT if model is not Meeting], ids=lambda model: model.__name__)
def test_every_table_notes_deletions(model):
    assert {"note_update", "note_delete"} <= {trigger.name for trigger in model._meta.triggers}


def test_a_deletion_says_who(rows, tim):
    slot = rows[TimeSlot][0]
    with acting(tim):
        delete_slot(by=tim, slot_id=slot.pk)
    [entry] = entries(TimeSlot)
    assert (entry.pgh_label, entry.pgh_by_id, entry.tutor_id) == ("delete", tim.pk, tim.pk)


def test_secrets_are_in_no_history():
    names = {field.name for model in KEPT for field in history_of(model)._meta.fields}
    assert not names & {"password", "last_login", "token", "secret", "digest"}
    assert "email" in names


def test_a_change_of_the_password_is_none_of_the_history(alice):
    alice.set_password("another horse battery")
    alice.save()
    assert entries(User) == []


# --- By whom


def test_a_change_by_the_api_says_who(as_user, tim, alice):
    assert as_user(tim).patch(f"/api/v1/users/{alice.pk}/", {"user_type": "vip"}).status_code == 200
    [entry] = entries(User)
    assert (entry.pgh_by, entry.user_type) == (tim, "student")


def test_a_change_by_the_admin_says_who(client, tim, alice):
    ticket = open_ticket(by=alice, message="Help")
    client.force_login(tim, backend="accounts.backends.IdentifierBackend")
    asked = client.post("/admin/tickets/ticket/", {"action": "freeze", "_selected_action": [ticket.pk]})
    assert asked.status_code == 302
    [entry] = entries(Ticket)
    assert (entry.pgh_by, entry.status) == (tim, "u")


def test_after_a_request_nobody_is_known(as_user, tim, alice):
    as_user(tim).patch(f"/api/v1/users/{alice.pk}/", {"first_name": "Ally"})
    with transaction.atomic():
        User.objects.filter(pk=alice.pk).update(first_name="Alice")
    assert [entry.pgh_by_id for entry in entries(User)] == [None, tim.pk]


def test_what_is_rolled_back_leaves_no_actor_behind(tim, alice):
    with acting(tim):
        try:
            with transaction.atomic():
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass
        with transaction.atomic():
            User.objects.filter(pk=alice.pk).update(first_name="Ally")
    assert [entry.pgh_by_id for entry in entries(User)] == [tim.pk]


@pytest.mark.django_db(transaction=True)
def test_a_transaction_tells_its_actor_with_begin_and_no_statement_more(tim, alice, django_assert_num_queries):
    with acting(tim), django_assert_num_queries(3) as seen, transaction.atomic():
        User.objects.filter(pk=alice.pk).update(first_name="Ally")
    assert [query["sql"].split()[0] for query in seen] == ["BEGIN", "UPDATE", "COMMIT"]
    User.objects.filter(pk=alice.pk).update(first_name="Alice")
    assert [entry.pgh_by_id for entry in entries(User)] == [None, tim.pk]


# --- What it costs


def test_the_busiest_writes_write_no_history(rows, alice, tim):
    """An order takes from the stock, a meeting takes its slot, an answer turns its ticket: each is a row that says so."""
    voucher, ticket = rows[Voucher][0], rows[Ticket][0]
    pen = rows[Product][0]
    place_order(by=alice, address="Here", phone="+48123666789", items=[{"product_id": pen.pk, "amount": 1}], voucher=voucher.code)
    answer_ticket(by=tim, ticket_id=ticket.pk, message="Gladly")
    book_meeting(by=alice, time_slot_id=rows[TimeSlot][0].pk, subject="Calculus")
    assert [entry for model in KEPT for entry in entries(model)] == []


def test_services_that_change_rows_write_one_entry_each(rows, alice, tim):
    cancel_meeting(by=alice, meeting_id=rows[Meeting][0].pk)
    complete_order(by=tim, order_id=rows[Order][0].pk)
    change_ticket(by=tim, ticket_id=rows[Ticket][0].pk, priority="low", assignee_id=tim.pk)
    change_account(by=tim, user=alice, user_type="vip")
    assert {model: len(entries(model)) for model in (Meeting, Order, Ticket, User)} == {Meeting: 1, Order: 1, Ticket: 1, User: 1}


# --- Closing an account

PLANTED = "Zanzibar"


def test_closing_an_account_erases_its_history_too(rows, alice, tim):
    change_account(by=tim, user=alice, first_name=PLANTED, last_name=PLANTED, email=f"{PLANTED}@example.com", username=PLANTED)
    change_account(by=tim, user=alice, first_name="Ann", last_name="Other", email="ann@example.com", username="ann")
    Order.objects.filter(user=alice).update(address=PLANTED)
    Order.objects.filter(user=alice).update(address="Elsewhere")
    Meeting.objects.filter(student=alice).update(subject=PLANTED, notes=PLANTED)
    Meeting.objects.filter(student=alice).update(subject="Algebra", notes=None)
    Ticket.objects.filter(user=alice).update(subject=PLANTED, message=PLANTED)
    Ticket.objects.filter(user=alice).update(subject="", message="Help")
    assert found() >= {"accounts_userhistory", "shop_orderhistory", "scheduling_meetinghistory", "tickets_tickethistory"}
    alice.refresh_from_db()
    close_account(by=alice, user=alice, current_password=PASSWORD)
    assert found() == set()
    assert history_of(User).objects.filter(pgh_obj=alice).exists()  # that something changed, and when, stays


def found():
    """The tables of histories that hold the planted value, or a present one of alice's, somewhere in a row."""
    holding = set()
    with connection.cursor() as cursor:
        for model in KEPT:
            table = history_of(model)._meta.db_table
            for word in (PLANTED, "Elsewhere", "ann@example.com", "Alice", "alice"):
                cursor.execute(f"SELECT count(*) FROM {table} h WHERE h::text LIKE %s", [f"%{word}%"])
                if cursor.fetchone()[0]:
                    holding.add(table)
    return holding
