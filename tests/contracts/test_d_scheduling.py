"""Document D, the tutoring site: slots, meetings and their notifications. Its requests, one after another."""

from datetime import timedelta

import pytest
from django.utils import timezone

pytestmark = pytest.mark.django_db

SLOTS, MEETINGS = "/api/v1/timeslots/", "/api/v1/meetings/"


def times(number=0):
    start = (timezone.now() + timedelta(days=2, hours=number)).replace(minute=0, second=0, microsecond=0)
    return {"start_time": start.isoformat(), "end_time": (start + timedelta(hours=1)).isoformat()}


@pytest.fixture
def publish(as_user, tim):
    return lambda number=0, **more: as_user(tim).post(SLOTS, times(number) | more)


@pytest.fixture
def meet(as_user, alice, publish):
    def book(number=0, by=alice, **more):
        slot = publish(number).json()
        return as_user(by).post(MEETINGS, {"time_slot": slot["id"], "tutor": slot["tutor"], "subject": "Algebra"} | more)

    return book


def test_a_tutor_offers_a_slot(publish, tim):
    answer = publish()

    assert answer.status_code == 201
    slot = answer.json()
    assert list(slot)[:6] == ["id", "tutor", "start_time", "end_time", "is_available", "created_at"]
    assert (slot["tutor"], slot["is_available"]) == (tim.pk, True)
    assert slot["start_time"].endswith("00:00.000000Z")


def test_only_administrators_offer_slots(as_user, alice, sue):
    assert as_user(alice).post(SLOTS, times()).status_code == 403
    assert as_user(sue).post(SLOTS, times()).status_code == 403


def test_a_slot_of_another_tutor_says_so_or_is_refused(publish, as_user, tim, alice, make_admin):
    """Document D gives slots to their author; whoever names another tutor must not be taken for oneself in silence."""
    second = make_admin("second")

    assert publish(0, tutor=tim.pk).json()["tutor"] == tim.pk
    slot = publish(1, tutor=second.pk).json()
    assert slot["tutor"] == second.pk
    assert [error["field"] for error in publish(2, tutor=alice.pk).json()["errors"]] == ["tutor"]
    path = f"{SLOTS}{slot['id']}/"
    assert as_user(tim).patch(path, {"tutor": second.pk}).status_code == 200
    moved = as_user(tim).patch(path, {"tutor": tim.pk})
    assert (moved.status_code, moved.json()["errors"][0]["code"]) == (400, "tutor_mismatch")


def test_notes_have_an_end(as_user, alice, meet):
    assert meet(notes="x" * 2001).status_code == 400
    meeting = meet(1, notes="x" * 2000).json()

    too_long = as_user(alice).patch(f"{MEETINGS}{meeting['id']}/", {"notes": "x" * 2001})
    assert (too_long.status_code, too_long.json()["errors"][0]["code"]) == (400, "max_length")


def test_slots_of_one_tutor_touch_but_do_not_overlap(publish):
    assert publish(0).status_code == publish(1).status_code == 201
    again = publish(0)
    assert (again.status_code, again.json()["code"]) == (409, "slot_overlap")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"start_time": "2020-01-01T10:00:00Z", "end_time": "2020-01-01T11:00:00Z"}, "start_time"),
        ({"start_time": "2090-01-01T10:00:00", "end_time": "2090-01-01T11:00:00Z"}, "start_time"),
        ({"start_time": "2090-01-01T11:00:00Z", "end_time": "2090-01-01T10:00:00Z"}, "end_time"),
        ({"start_time": "2090-01-01T11:00:00Z"}, "end_time"),
        ({"start_time": "2090-01-01T11:00:00Z", "end_time": "2090-01-01T11:00:00.000001Z"}, "end_time"),
        ({"start_time": "2090-01-01T11:00:00Z", "end_time": "2099-01-01T11:00:00Z"}, "end_time"),
    ],
)
def test_impossible_times(as_user, tim, body, field):
    answer = as_user(tim).post(SLOTS, body)

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_slots_are_listed_by_start_time(as_user, publish, meet, tim, alice):
    later, first = publish(5).json()["id"], publish(3).json()["id"]
    taken = meet(4).json()["time_slot"]
    hidden = publish(7, is_available=False).json()["id"]

    assert [slot["id"] for slot in as_user(alice).get(SLOTS).json()] == [first, later]
    assert [slot["id"] for slot in as_user(tim).get(SLOTS).json()] == [first, taken, later, hidden]
    assert [slot["id"] for slot in as_user(tim).get(SLOTS + "?is_available=false").json()] == [taken, hidden]
    after = times(4)["start_time"].replace("+00:00", "Z")
    assert [slot["id"] for slot in as_user(alice).get(f"{SLOTS}?tutor={tim.pk}&start_after={after}").json()] == [later]
    assert [slot["id"] for slot in as_user(alice).get(f"{SLOTS}?start_before={after}").json()] == [first]
    assert as_user(alice).get(f"{SLOTS}?start_before=soon").status_code == 400


def test_a_slot_is_seen_and_changed(as_user, publish, tim, alice):
    path = f"{SLOTS}{publish().json()['id']}/"

    assert as_user(alice).get(path).status_code == 200
    assert as_user(alice).patch(path, {"is_available": False}).status_code == 403
    assert as_user(tim).patch(path, {"is_available": False}).json()["is_available"] is False
    moved = as_user(tim).put(path, times(9) | {"is_available": True})
    assert moved.status_code == 200
    assert moved.json()["start_time"][:13] == times(9)["start_time"][:13]
    assert as_user(alice).delete(path).status_code == 403
    gone = as_user(tim).delete(path)
    assert (gone.status_code, gone.content) == (204, b"")
    assert as_user(tim).get(path).status_code == as_user(tim).delete(path).status_code == 404


def test_a_slot_with_a_meeting_keeps_its_times_and_stays(as_user, meet, tim):
    path = f"{SLOTS}{meet().json()['time_slot']}/"

    changed = as_user(tim).patch(path, times(9))
    offered = as_user(tim).patch(path, {"is_available": True})
    deleted = as_user(tim).delete(path)

    assert (changed.status_code, changed.json()["code"]) == (409, "slot_booked")
    assert (offered.status_code, offered.json()["code"]) == (409, "slot_taken")
    assert (deleted.status_code, deleted.json()["code"]) == (409, "protected")


def test_a_student_books(as_user, meet, alice, bob, tim):
    answer = meet(notes="Fractions")

    assert answer.status_code == 201
    meeting = answer.json()
    assert list(meeting)[:8] == ["id", "student", "tutor", "time_slot", "subject", "notes", "status", "created_at"]
    assert meeting.items() >= {"student": alice.pk, "tutor": tim.pk, "notes": "Fractions", "status": "pending"}.items()
    slot = as_user(tim).get(f"{SLOTS}{meeting['time_slot']}/").json()
    assert slot["is_available"] is False
    again = as_user(bob).post(MEETINGS, {"time_slot": slot["id"], "subject": "Geometry"})
    assert (again.status_code, again.json()["code"]) == (409, "slot_taken")


def test_what_cannot_be_booked(as_user, publish, alice, bob, tim, make_admin):
    client, slot = as_user(alice), publish(is_available=False).json()["id"]
    free = publish(2).json()["id"]
    other = make_admin("tom").pk

    withdrawn = client.post(MEETINGS, {"time_slot": slot, "subject": "Algebra"})
    assert (withdrawn.status_code, withdrawn.json()["code"]) == (409, "slot_unavailable")
    for body, field in (
        ({"time_slot": 999999, "subject": "Algebra"}, "time_slot"),
        ({"time_slot": free, "subject": "Algebra", "tutor": other}, "tutor"),
        ({"time_slot": free, "subject": "Algebra", "student": bob.pk}, "student"),
        ({"time_slot": free, "subject": "Algebra", "student": 999999}, "student"),
        ({"time_slot": free, "subject": "x" * 101}, "subject"),
        ({"time_slot": free}, "subject"),
    ):
        refused = client.post(MEETINGS, body)
        assert refused.status_code == 400
        assert [error["field"] for error in refused.json()["errors"]] == [field]
    named = as_user(tim).post(MEETINGS, {"time_slot": free, "subject": "Algebra", "student": bob.pk})
    assert (named.status_code, named.json()["student"]) == (201, bob.pk)


def test_meetings_are_seen_by_their_participants_and_administrators(as_user, meet, make_admin, alice, bob, sue):
    meeting = meet().json()
    path = f"{MEETINGS}{meeting['id']}/"

    for user in (alice, make_admin("tom")):
        assert as_user(user).get(path).json() == meeting
        assert as_user(user).get(MEETINGS).json() == [meeting]
    for user in (bob, sue):
        assert as_user(user).get(path).status_code == 404
        assert as_user(user).patch(path, {"status": "canceled"}).status_code == 404
        assert as_user(user).get(MEETINGS).json() == []


@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_tutor_confirms(as_user, meet, alice, tim, method):
    path = f"{MEETINGS}{meet().json()['id']}/"

    assert getattr(as_user(alice), method)(path, {"status": "confirmed"}).status_code == 403
    confirmed = getattr(as_user(tim), method)(path, {"status": "confirmed"})
    assert (confirmed.status_code, confirmed.json()["status"]) == (200, "confirmed")
    again = getattr(as_user(tim), method)(path, {"status": "confirmed"})
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")


def test_deleting_cancels_and_frees_the_slot(as_user, meet, alice, bob):
    meeting = meet().json()
    path = f"{MEETINGS}{meeting['id']}/"

    canceled = as_user(alice).delete(path)
    assert (canceled.status_code, canceled.json()) == (200, meeting | {"status": "canceled"})
    assert as_user(alice).delete(path).json()["code"] == "illegal_transition"
    assert as_user(bob).post(MEETINGS, {"time_slot": meeting["time_slot"], "subject": "Geometry"}).status_code == 201


def test_a_meeting_moves(as_user, meet, publish, alice, bob):
    meeting, other = meet().json(), publish(3).json()["id"]

    moved = as_user(alice).patch(f"{MEETINGS}{meeting['id']}/", {"time_slot": other})

    assert (moved.status_code, moved.json()["time_slot"]) == (200, other)
    assert [slot["id"] for slot in as_user(bob).get(SLOTS).json()] == [meeting["time_slot"]]


def test_everybody_concerned_is_told(as_user, meet, alice, tim):
    path = f"{MEETINGS}{meet().json()['id']}/"
    as_user(tim).patch(path, {"status": "confirmed"})
    as_user(alice).delete(path)

    told = {user.pk: as_user(user).get("/api/v1/notifications/").json() for user in (alice, tim)}
    assert [one["type"] for one in told[tim.pk]] == ["reservation_canceled", "new_reservation"]
    assert [one["type"] for one in told[alice.pk]] == ["reservation_confirmed"]
    assert told[alice.pk][0]["link"].endswith(path)
    read = as_user(alice).patch(f"/api/v1/notifications/{told[alice.pk][0]['id']}/", {"is_read": True})
    assert read.json()["is_read"] is True
