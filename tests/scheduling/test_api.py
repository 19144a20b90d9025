"""The doors that document D does not know, and what all of scheduling's doors share."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIRequestFactory

from scheduling.api import serializers
from scheduling.models import AvailabilityException, AvailabilityRule, Meeting, TimeSlot
from tests.scheduling.conftest import hour

pytestmark = pytest.mark.django_db

RULE = {"weekday": 2, "start_time": "10:00", "end_time": "12:00", "slot_minutes": 60, "time_zone": "Europe/Warsaw"}


def plainly(serializer_class, row):
    request = APIRequestFactory().get("/")
    return json.loads(json.dumps(serializer_class(row, context={"request": request}).data))


def queries(client, path):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        answer = client.get(path)
    assert answer.status_code == 200
    return [query["sql"] for query in captured]


def test_both_readings_of_each_shape_are_equal(as_user, tim, book, alice):
    client = as_user(tim)
    book(notes="Fractions")
    client.post("/api/v1/availability/", RULE | {"valid_until": "2030-01-01"})
    client.post("/api/v1/availability/exceptions/", {"date": "2030-01-01", "kind": "off"})
    client.post(
        "/api/v1/availability/exceptions/",
        {"date": "2030-01-02", "kind": "extra", "start_time": "10:05", "end_time": "00:00", "slot_minutes": 30},
    )
    for path, serializer_class, model in (
        ("timeslots", serializers.TimeSlotSerializer, TimeSlot),
        ("meetings", serializers.MeetingSerializer, Meeting),
        ("availability", serializers.RuleSerializer, AvailabilityRule),
        ("availability/exceptions", serializers.ExceptionSerializer, AvailabilityException),
    ):
        assert model.objects.exists()
        for row in model.objects.all():
            fast = client.get(f"/api/v1/{path}/{row.pk}/").json()
            assert fast == plainly(serializer_class, row)
            assert list(fast) == list(plainly(serializer_class, row))


@pytest.mark.parametrize("path", ["/api/v1/timeslots/", "/api/v1/meetings/"])
def test_lists_take_two_queries_for_10_rows_and_for_1000(as_user, tim, alice, path):
    """One for the caller, one for the page."""
    clients = [as_user(alice), as_user(tim)]

    def fill(first, last):
        slots = [TimeSlot(tutor=tim, start_time=hour(number), end_time=hour(number + 1)) for number in range(first, last)]
        TimeSlot.objects.bulk_create(slots)
        meetings = [Meeting(student=alice, tutor=tim, time_slot=slot, subject="x") for slot in slots[::2]]
        Meeting.objects.bulk_create(meetings)

    fill(0, 20)
    few = [queries(client, path) for client in clients]
    fill(20, 2000)
    many = [queries(client, path) for client in clients]
    assert [len(one) for one in few] == [len(one) for one in many] == [2, 2]


def test_pages_of_slots(as_user, slot, alice):
    made = [slot(number).pk for number in range(5)]
    client, path, seen = as_user(alice), "/api/v1/timeslots/?limit=2", []
    while path:
        answer = client.get(path)
        seen.append([one["id"] for one in answer.json()])
        link = answer.headers.get("Link", "")
        path = link[link.index("/api") : link.index(">")] if link else None
    assert seen == [made[:2], made[2:4], made[4:]]


def test_meetings_are_filtered(as_user, tim, alice, bob, book, slot):
    first, second = book(slot(0), status="confirmed"), book(slot(1), by=bob)
    client = as_user(tim)

    def found(query):
        return [one["id"] for one in client.get(f"/api/v1/meetings/?{query}").json()]

    assert found("") == [second.pk, first.pk]
    assert found("status=confirmed") == found(f"student={alice.pk}") == found(f"time_slot={first.time_slot_id}") == [first.pk]
    assert found(f"tutor={bob.pk}") == []
    moment = second.start_time.isoformat().replace("+00:00", "Z")
    assert found(f"start_after={moment}") == [second.pk]
    assert found(f"start_before={moment}") == [first.pk]
    assert client.get("/api/v1/meetings/?status=maybe").status_code == 400


def test_a_booking_takes_a_handful_of_statements(as_user, slot, alice):
    client, one = as_user(alice), slot()
    with CaptureQueriesContext(connection) as captured:
        assert client.post("/api/v1/meetings/", {"time_slot": one.pk, "subject": "Algebra"}).status_code == 201
    statements = [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]
    # Who asks; the people's locks; the booking, which returns the answer; the notification.
    assert len(statements) == 4


def test_a_booking_sent_again_books_once(as_user, slot, alice):
    client, body = as_user(alice), {"time_slot": slot().pk, "subject": "Algebra"}
    first = client.post("/api/v1/meetings/", body, HTTP_IDEMPOTENCY_KEY="k-1")
    again = client.post("/api/v1/meetings/", body, HTTP_IDEMPOTENCY_KEY="k-1")

    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.json(), again["Idempotency-Replayed"]) == (first.json(), "true")
    assert Meeting.objects.count() == 1


def test_a_series(as_user, slot, alice):
    client = as_user(alice)
    first, third = slot(0), slot(24 * 14)
    body = {"time_slot": first.pk, "subject": "Algebra", "weeks": 3, "time_zone": "UTC"}

    refused = client.post("/api/v1/meetings/series/", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "series_conflict")
    assert refused.json()["dates"] == [
        {"date": hour(24 * 7).date().isoformat(), "code": "no_slot", "detail": "There is no slot at that time."}
    ]
    booked = client.post("/api/v1/meetings/series/", body | {"skip": True}, HTTP_IDEMPOTENCY_KEY="k-2")
    assert booked.status_code == 201
    assert [one["time_slot"] for one in booked.json()["meetings"]] == [first.pk, third.pk]
    assert booked.json()["skipped"] == refused.json()["dates"]
    for meeting in booked.json()["meetings"]:
        assert client.get(f"/api/v1/meetings/{meeting['id']}/").json() == meeting
    again = client.post("/api/v1/meetings/series/", body | {"skip": True}, HTTP_IDEMPOTENCY_KEY="k-2")
    assert again.json() == booked.json()


@pytest.mark.parametrize("change", [{"weeks": 1}, {"weeks": 54}, {"time_zone": "Mars/Olympus"}, {"weeks": None}])
def test_a_series_that_makes_no_sense(as_user, slot, alice, change):
    body = {"time_slot": slot().pk, "subject": "Algebra", "weeks": 3} | change
    assert as_user(alice).post("/api/v1/meetings/series/", body).status_code == 400


class TestAvailability:
    PATH = "/api/v1/availability/"

    def test_weekly_hours(self, as_user, tim):
        client = as_user(tim)
        made = client.post(self.PATH, RULE)
        assert made.status_code == 201
        assert made.json().items() >= (RULE | {"tutor": tim.pk, "valid_until": None, "credits": 0}).items()
        path = f"{self.PATH}{made.json()['id']}/"
        assert TimeSlot.objects.filter(origin="rule").exists()
        changed = client.patch(path, {"end_time": "11:00:00", "credits": 2})
        assert (changed.status_code, changed.json()["end_time"]) == (200, "11:00")
        assert client.put(path, RULE | {"weekday": 4}).json()["weekday"] == 4
        assert [one["id"] for one in client.get(f"{self.PATH}?tutor={tim.pk}").json()] == [made.json()["id"]]
        assert client.delete(path).status_code == 204
        assert client.get(path).status_code == client.patch(path, {}).status_code == client.delete(path).status_code == 404
        assert not TimeSlot.objects.exists()

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"weekday": 7}, "weekday"),
            ({"end_time": "09:00"}, "end_time"),
            ({"end_time": "25:00"}, "end_time"),
            ({"end_time": "11:00:30"}, "end_time"),
            ({"start_time": "10:00:30"}, "start_time"),
            ({"slot_minutes": 4}, "slot_minutes"),
            ({"slot_minutes": 1441}, "slot_minutes"),
            ({"time_zone": "Europe/Atlantis"}, "time_zone"),
            ({"time_zone": "localtime"}, "time_zone"),
            ({"time_zone": "posixrules"}, "time_zone"),
            ({"time_zone": "Factory"}, "time_zone"),
            ({"time_zone": "../../etc/passwd"}, "time_zone"),
            ({"valid_from": "2026-02-30"}, "valid_from"),
            ({"valid_from": "2026-02-02", "valid_until": "2026-02-01"}, "valid_until"),
            ({"credits": -1}, "credits"),
        ],
    )
    def test_hours_that_make_no_sense(self, as_user, tim, change, field):
        answer = as_user(tim).post(self.PATH, RULE | change)
        assert answer.status_code == 400
        assert [error["field"] for error in answer.json()["errors"]] == [field]

    def test_exceptions(self, as_user, tim):
        client, path = as_user(tim), self.PATH + "exceptions/"
        off = client.post(path, {"date": "2030-12-24", "kind": "off"})
        assert off.status_code == 201
        one = f"{path}{off.json()['id']}/"
        assert client.patch(one, {"start_time": "10:00", "end_time": "12:00"}).json()["start_time"] == "10:00"
        assert [row["id"] for row in client.get(path).json()] == [off.json()["id"]]
        assert client.delete(one).status_code == 204
        for body, field in (
            ({"date": "2030-12-24", "kind": "extra"}, "slot_minutes"),
            ({"date": "2030-12-24", "kind": "off", "start_time": "10:00"}, "end_time"),
            ({"date": "2030-12-24", "kind": "extra", "start_time": "10:00", "end_time": "12:00"}, "slot_minutes"),
            ({"date": "2030-12-24", "kind": "holiday"}, "kind"),
        ):
            answer = client.post(path, body)
            assert answer.status_code == 400
            assert [error["field"] for error in answer.json()["errors"]] == [field]

    def test_the_buffer(self, as_user, tim):
        client, path = as_user(tim), self.PATH + "settings/"
        assert client.get(path).json() == {"buffer_minutes": 0}
        assert client.put(path, {"buffer_minutes": 10}).json() == client.get(path).json() == {"buffer_minutes": 10}
        assert client.put(path, {"buffer_minutes": -1}).status_code == 400

    def test_administrators_alone(self, as_user, alice, sue, api):
        for path in (self.PATH, self.PATH + "exceptions/", self.PATH + "settings/", self.PATH + "1/"):
            for user in (alice, sue):
                assert as_user(user).get(path).status_code == 403
            assert api.get(path).status_code == 401


def test_dates_at_the_end_of_time(as_user, tim):
    client = as_user(tim)
    for body in (
        {"start_time": "9999-12-31T23:00:00Z", "end_time": "9999-12-31T23:59:59.999999Z"},
        {"start_time": "9999-12-31T23:00:00-05:00", "end_time": "9999-12-31T23:59:59-05:00"},
    ):
        assert client.post("/api/v1/timeslots/", body).status_code == 400
    rule = client.post("/api/v1/availability/", RULE | {"valid_from": "0001-01-01", "valid_until": "9999-12-31"})
    assert rule.status_code == 201
    for day in ("0001-01-01", "9999-12-31"):
        assert client.post("/api/v1/availability/exceptions/", {"date": day, "kind": "off"}).status_code == 201


def test_a_slot_far_ahead_can_be_booked(as_user, tim, alice):
    body = {"start_time": "8999-12-31T22:00:00Z", "end_time": "8999-12-31T23:59:59Z"}
    last = as_user(tim).post("/api/v1/timeslots/", body).json()
    series = as_user(alice).post("/api/v1/meetings/series/", {"time_slot": last["id"], "subject": "x", "weeks": 50})
    assert series.status_code == 409
    booked = as_user(alice).post("/api/v1/meetings/", {"time_slot": last["id"], "subject": "Eschatology"})
    assert booked.status_code == 201
