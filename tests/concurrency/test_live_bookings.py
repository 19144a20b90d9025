"""Two hundred people at the service as it is deployed: gunicorn, its threads, its own timeouts, real HTTP."""

import json
import threading
import urllib.error
import urllib.request
from collections import Counter

import pytest
from django.db import connections, transaction

from accounts.models import User
from accounts.services import start_session
from notifications.models import Notification
from scheduling.models import Meeting, TimeSlot
from scheduling.services import book_meeting, set_buffer
from tests.concurrency.calendars import MANY, overlapping_slots, overlaps
from tests.concurrency.racing import race
from tests.conftest import make_user
from tests.live import Service
from tests.scheduling.conftest import hour

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def post_all(tmp_path):
    """`post_all(path, users, bodies)`: all post at once. Counts (status, code) of the answers."""

    def run(path, users, bodies):
        tokens = {user: start_session(user=user).access for user in set(users)}
        with Service(tmp_path, worker=False) as service:
            return Counter(
                race(
                    lambda pair: post(service.url + path, tokens[pair[0]], pair[1]),
                    zip(users, bodies, strict=True),
                    at_once=MANY,
                )
            )

    return run


def post(url, token, body):
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, None
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)["code"]


def test_200_bookers_of_one_slot(post_all, tim):
    slot = TimeSlot.objects.create(tutor=tim, start_time=hour(), end_time=hour(1))
    students = [make_user(f"student{number}") for number in range(MANY)]

    answers = post_all("/api/v1/meetings/", students, [{"time_slot": slot.pk, "subject": "Algebra"}] * MANY)

    assert answers == {(201, None): 1, (409, "slot_taken"): MANY - 1}
    assert Meeting.objects.count() == Notification.objects.count() == 1


def test_200_overlapping_slots_of_one_tutor(post_all, tim):
    bodies = [
        {"start_time": slot.start_time.isoformat(), "end_time": slot.end_time.isoformat()}
        for slot in overlapping_slots([tim] * MANY)
    ]

    answers = post_all("/api/v1/timeslots/", [tim] * MANY, bodies)

    assert answers == {(201, None): 1, (409, "slot_overlap"): MANY - 1}
    assert overlaps("scheduling_timeslot", "tutor_id") == 0


def test_one_student_books_200_overlapping_slots(post_all, alice, make_admin):
    slots = TimeSlot.objects.bulk_create(overlapping_slots([make_admin(f"tutor{number}") for number in range(MANY)]))
    bodies = [{"time_slot": slot.pk, "subject": "Algebra"} for slot in slots]

    answers = post_all("/api/v1/meetings/", [alice] * MANY, bodies)

    assert answers == {(201, None): 1, (409, "student_overlap"): MANY - 1}
    assert overlaps("scheduling_meeting", "student_id", "AND a.status <> 'canceled' AND b.status <> 'canceled'") == 0


def test_200_bookers_of_overlapping_hours_under_a_buffer(post_all, tim):
    """Neighboring hours of one tutor, each too close to the other: no constraint knows, the queue at the tutor does."""
    set_buffer(by=tim, buffer_minutes=60 * 24)
    slots = [TimeSlot.objects.create(tutor=tim, start_time=hour(number), end_time=hour(number + 1)) for number in range(20)]
    students = [make_user(f"student{number}") for number in range(MANY)]

    answers = post_all(
        "/api/v1/meetings/", students, [{"time_slot": slots[number % 20].pk, "subject": "Algebra"} for number in range(MANY)]
    )

    assert answers.pop((201, None)) == 1
    assert set(answers) <= {(409, "slot_taken"), (409, "too_close")}
    assert Meeting.objects.count() == 1


def test_control_it_is_the_queue_that_keeps_the_pause(tim):
    """The same without asking for one's turn: both look, both see nothing, both book."""
    set_buffer(by=tim, buffer_minutes=30)
    slots = [TimeSlot.objects.create(tutor=tim, start_time=hour(number), end_time=hour(number + 1)) for number in range(2)]
    students = [make_user(f"student{number}") for number in range(2)]
    looked = threading.Barrier(2)

    def book(pair):
        student, slot = pair
        with transaction.atomic():
            free = not Meeting.objects.filter(tutor=tim).exists()
            looked.wait(timeout=10)
            if free:
                Meeting.objects.create(student=student, tutor=tim, time_slot=slot, subject="Algebra")

    race(book, zip(students, slots, strict=True))

    assert Meeting.objects.count() == 2


@pytest.fixture
def impatience(monkeypatch):
    """Whoever waits for a lock gives up soon."""
    monkeypatch.setitem(connections.databases["default"]["OPTIONS"], "options", "-c lock_timeout=100ms")


@pytest.mark.parametrize("locked", ["tim", "alice"])
def test_whose_turn_does_not_come_hears_of_it_by_a_409(as_user, alice, bob, tim, impatience, locked):
    """Somebody holds the account for long: a studio's import, a prompt left open."""
    slot = TimeSlot.objects.create(tutor=tim, start_time=hour(), end_time=hour(1))
    meeting = book_meeting(
        by=bob, time_slot_id=TimeSlot.objects.create(tutor=tim, start_time=hour(2), end_time=hour(3)).pk, subject="x"
    )
    student, other, tutor = as_user(alice), as_user(bob), as_user(tim)
    later = {"start_time": hour(5).isoformat(), "end_time": hour(6).isoformat()}
    requests = [
        lambda: student.post("/api/v1/meetings/", {"time_slot": slot.pk, "subject": "Algebra"}),
        lambda: student.post(
            "/api/v1/meetings/", {"time_slot": slot.pk, "subject": "Algebra"}, headers={"idempotency-key": "one"}
        ),
    ]
    if locked == "tim":
        requests += [
            lambda: other.patch(f"/api/v1/meetings/{meeting.pk}/", {"time_slot": slot.pk}),
            lambda: tutor.post("/api/v1/timeslots/", later),
            lambda: tutor.delete(f"/api/v1/timeslots/{slot.pk}/"),
        ]

    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(username=locked)
        answers = race(lambda request: request(), requests)

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(409, "calendar_busy")] * len(requests)
    assert Meeting.objects.count() == 1
    assert [request().status_code for request in requests[1:2]] == [201]
