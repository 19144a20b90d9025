"""Services that take changes by name take those that are meant. What a write answers is what is read afterwards."""

import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config import writes
from config.models import Try
from config.sql import Writing
from config.tasks import sweep
from config.writes import delete_in_parts, only
from scheduling import services as scheduling
from shop import services as shop
from tickets import services as tickets
from tickets.api.views import TicketViewSet

CALLS = {
    "ticket": lambda by: tickets.change_ticket(by=by, ticket_id=1, user_id=by.pk),
    "ticket's status": lambda by: tickets.change_ticket(by=by, ticket_id=1, status="c"),
    "slot": lambda by: scheduling.change_slot(by=by, slot_id=1, origin="rule"),
    "meeting": lambda by: scheduling.change_meeting(by=by, meeting_id=1, student_id=by.pk),
    "new rule": lambda by: scheduling.add_rule(by=by, tutor=by),
    "rule": lambda by: scheduling.change_rule(by=by, rule_id=1, tutor_id=by.pk),
    "exception": lambda by: scheduling.change_exception(by=by, exception_id=1, pk=2),
    "new product": lambda by: shop.create_product(by=by, picture="of/another"),
    "product": lambda by: shop.change_product(by=by, product_id=1, id=2),
}


@pytest.mark.django_db
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_another_column_is_refused_before_anything_is_looked_for(tim, call):
    with pytest.raises(TypeError, match="not to be set"):
        call(tim)


@pytest.fixture
def of_old(db, monkeypatch):
    """Counted tries, of which two are deleted at a time."""
    monkeypatch.setattr(writes, "PART", 2)
    Try.objects.bulk_create(Try(key=str(number), hits=1, started_at="2020-01-01T00:00:00Z") for number in range(5))


def test_much_is_deleted_in_parts(of_old, django_assert_num_queries):
    with django_assert_num_queries(3):  # two rows, two, none
        delete_in_parts(Try.objects.filter(key__lt="4"))

    assert [one.key for one in Try.objects.all()] == ["4"]


def test_the_sweep_goes_by_parts_as_statements_have_five_seconds(of_old):
    with CaptureQueriesContext(connection) as found:
        sweep(0)

    assert sum('DELETE FROM "config_try"' in one["sql"] for one in found) == 4
    assert not Try.objects.exists()


def test_what_is_named_passes():
    only({"subject", "notes"}, {"notes": None})


@pytest.fixture
def sold(tim):
    """`sold(name)`: something in stock."""
    return lambda name, **fields: shop.create_product(by=tim, name=name, price="2.50", amount=9, **fields)


@pytest.fixture
def slot(tim):
    """`slot(days)`: an hour of tim's."""

    def make(days):
        start = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=days)
        return scheduling.create_slot(by=tim, start_time=start, end_time=start + timedelta(hours=1))

    return make


def bodies(sold, slot):
    """A body for each list to which a statement adds what it answers with, and a second one."""
    pen, pad, first, second = sold("Pen"), sold("Pad", credits=2), slot(3), slot(4)
    return {
        "/api/v1/orders/": (
            {"items": [{"product_id": pen.pk, "amount": 2}], "address": "12 Main Street", "phone": "+15550000012"},
            {
                "items": [{"product_id": pad.pk, "amount": 1}, {"product_id": pen.pk, "amount": 3}],
                "address": "1 Side Street",
                "phone": "+15550000012",
            },
        ),
        "/api/v1/meetings/": (
            {"time_slot": first.pk, "subject": "Algebra"},
            {"time_slot": second.pk, "subject": "50 %", "notes": "é"},
        ),
        "/api/v1/tickets/": ({"message": "It's broken"}, {"message": "100 % of it", "subject": "{returned}", "priority": "high"}),
    }


@pytest.mark.parametrize("path", ["/api/v1/orders/", "/api/v1/meetings/", "/api/v1/tickets/"])
def test_a_write_answers_with_what_is_read_afterwards(as_user, alice, sold, slot, path):
    client = as_user(alice)
    answers = [client.post(path, body) for body in bodies(sold, slot)[path]]

    assert [answer.status_code for answer in answers] == [201, 201]
    for answer in answers:
        read = client.get(f"{path}{answer.json()['id']}/")
        assert answer.content == read.content


def test_places_of_the_answer_are_none_of_the_services(alice, rf):
    """Both may call somebody the caller."""
    request = rf.get("/")
    request.user, request.site = alice, "http://testserver"
    returning = TicketViewSet.item.returning(request)
    ticket = tickets.open_ticket(by=alice, message="Help")
    writing = Writing("SELECT {returned} FROM tickets_ticket AS written WHERE id = %(ticket)s AND %(caller)s = 'me'")

    ((answer,),) = writing.run({"ticket": ticket.pk, "caller": "me"}, returning)

    assert json.loads(answer)["id"] == ticket.pk


def test_so_does_one_that_writes_files_after_it(as_user, alice):
    client = as_user(alice)
    file = SimpleUploadedFile("note.txt", b"words", "text/plain")
    answer = client.post("/api/v1/tickets/", {"message": "See the file", "files": [file]}, format="multipart")

    assert answer.json()["attachments"][0]["name"] == "note.txt"
    assert answer.content == client.get(f"/api/v1/tickets/{answer.json()['id']}/").content
