"""Bookings under races: each guard beside a control that shows the race without it."""

import threading
from collections import Counter

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test import Client

from config.errors import constraint_of
from notifications.models import Notification
from scheduling.models import Meeting, TimeSlot
from tests.concurrency.calendars import MANY, clients, overlapping_slots, overlaps
from tests.concurrency.racing import race, without

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.usefixtures("patience")]

INSERT_MEETING = "INSERT INTO scheduling_meeting (student_id, tutor_id, time_slot_id, subject) VALUES (%s, %s, %s, 'SQL')"
INSERT_SLOT = "INSERT INTO scheduling_timeslot (tutor_id, start_time, end_time) VALUES (%s, %s, %s)"
# Five hundred days at once, in one order or the other.
INSERT_SLOTS = """
INSERT INTO scheduling_timeslot (tutor_id, start_time, end_time)
SELECT %s, now() + make_interval(days => n), now() + make_interval(days => n, hours => 1)
FROM generate_series(1, 500) n ORDER BY n * %s"""
INSERT_MEETINGS = """
INSERT INTO scheduling_meeting (student_id, tutor_id, time_slot_id, subject, start_time, end_time)
SELECT %s, tutor_id, id, 'SQL', start_time, end_time FROM scheduling_timeslot WHERE tutor_id = %s ORDER BY id * %s"""


def run_sql(sql):
    """Runs a statement as someone at the SQL prompt would; the name of the constraint that refuses it, or "done"."""

    def run(params):
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, params)
        except IntegrityError as error:
            return constraint_of(error)
        return "done"

    return run


class TestOneSlot:
    def test_200_bookers(self, slot, students):
        one = slot()

        answers = race(
            lambda client: client.post("/api/v1/meetings/", {"time_slot": one.pk, "subject": "Algebra"}),
            clients(students),
            at_once=MANY,
        )

        assert Counter(answer.status_code for answer in answers) == {201: 1, 409: MANY - 1}
        assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"slot_taken"}
        assert Meeting.objects.count() == Notification.objects.count() == 1

    def test_20_bookings_in_the_admin(self, slot, students, make_admin):
        one, path = slot(), "/admin/scheduling/meeting/add/"
        staff = [Client() for _ in range(20)]
        admin = make_admin("tom")
        for client in staff:
            client.force_login(admin)

        answers = race(
            lambda pair: pair[0].post(path, {"student": pair[1].pk, "time_slot": one.pk, "subject": "Algebra"}).status_code,
            zip(staff, students, strict=False),
        )

        assert set(answers) <= {200, 302}
        assert Meeting.objects.count() == 1

    def test_200_writers_of_sql(self, slot, students, tim):
        one = slot()
        done = race(run_sql(INSERT_MEETING), [(student.pk, tim.pk, one.pk) for student in students], at_once=100)
        assert Counter(done) == {"done": 1, "slot_taken": MANY - 1}

    def test_control_looking_before_booking_books_twice(self, slot, students):
        """Without constraint and lock: look whether the slot is free, then book."""
        one, looked = slot(), threading.Barrier(10)

        def book(student):
            with transaction.atomic():
                free = TimeSlot.objects.get(pk=one.pk).is_available
                looked.wait(timeout=10)
                if free:
                    Meeting.objects.create(student=student, tutor_id=one.tutor_id, time_slot=one, subject="Algebra")

        with without(Meeting, "slot_taken"):
            race(book, students[:10])
            assert Meeting.objects.count() > 1


class TestOneTutor:
    def test_200_overlapping_slots(self, tim):
        mine = clients([tim] * MANY)
        slots = [
            {"start_time": one.start_time.isoformat(), "end_time": one.end_time.isoformat()}
            for one in overlapping_slots([tim] * MANY)
        ]

        answers = race(lambda pair: pair[0].post("/api/v1/timeslots/", pair[1]), zip(mine, slots, strict=True), at_once=MANY)

        assert Counter(answer.status_code for answer in answers) == {201: 1, 409: MANY - 1}
        assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"slot_overlap"}
        assert overlaps("scheduling_timeslot", "tutor_id") == 0

    def test_200_writers_of_sql(self, tim):
        rows = [(tim.pk, one.start_time, one.end_time) for one in overlapping_slots([tim] * MANY)]
        done = race(run_sql(INSERT_SLOT), rows, at_once=100)
        assert Counter(done) == {"done": 1, "slot_overlap": MANY - 1}

    def test_control_the_bare_exclusion_constraint_deadlocks(self, tim, without_trigger):
        """Two that publish the same days from both ends wait for each other in the middle."""
        with without_trigger(TimeSlot, "queue_at_tutor"):
            for _ in range(20):  # on a busy machine one may be done before another begins
                done = race(run_sql(INSERT_SLOTS), [(tim.pk, step) for step in (1, -1)] * 3)
                assert overlaps("scheduling_timeslot", "tutor_id") == 0
                if any(isinstance(one, OperationalError) for one in done):
                    return
                TimeSlot.objects.all().delete()
        pytest.fail("nobody waited in a circle")

    def test_whole_days_from_both_ends(self, tim):
        done = race(run_sql(INSERT_SLOTS), [(tim.pk, step) for step in (1, -1)] * 10)
        assert Counter(done) == {"done": 1, "slot_overlap": 19}


class TestOneStudent:
    def test_200_overlapping_slots_of_200_tutors(self, alice, make_admin):
        tutors = [make_admin(f"tutor{number}") for number in range(MANY)]
        slots = TimeSlot.objects.bulk_create(overlapping_slots(tutors))

        answers = race(
            lambda pair: pair[0].post("/api/v1/meetings/", {"time_slot": pair[1].pk, "subject": "Algebra"}),
            zip(clients([alice] * MANY), slots, strict=True),
            at_once=MANY,
        )

        assert Counter(answer.status_code for answer in answers) == {201: 1, 409: MANY - 1}
        assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"student_overlap"}
        assert TimeSlot.objects.filter(is_available=False).count() == 1

    def test_200_writers_of_sql(self, alice, make_admin):
        tutors = [make_admin(f"tutor{number}") for number in range(MANY)]
        slots = TimeSlot.objects.bulk_create(overlapping_slots(tutors))
        done = race(run_sql(INSERT_MEETING), [(alice.pk, one.tutor_id, one.pk) for one in slots], at_once=100)
        assert Counter(done) == {"done": 1, "student_overlap": MANY - 1}

    @pytest.fixture
    def tutors(self, make_admin):
        """Two, of the same five hundred hours."""
        tutors = [make_admin(name) for name in ("one", "two")]
        for tutor in tutors:
            with connection.cursor() as cursor:
                cursor.execute(INSERT_SLOTS, [tutor.pk, 1])
        return tutors

    def test_whole_days_from_both_ends(self, alice, tutors):
        done = race(run_sql(INSERT_MEETINGS), [(alice.pk, tutors[0].pk, 1), (alice.pk, tutors[1].pk, -1)] * 3)
        # The first has the hours. Who wants the same slots is told of the one or the other, whichever is noticed first.
        assert (done.count("done"), set(done) - {"slot_taken"}) == (1, {"done", "student_overlap"})

    def test_control_without_the_lock_it_deadlocks(self, alice, tutors, without_trigger):
        """The student is not locked, so two who book the same hours from both ends wait for each other in the middle."""
        with without_trigger(Meeting, "copy_slot"), without_trigger(Meeting, "keep_forever"):
            for _ in range(20):  # as for tutors
                done = race(run_sql(INSERT_MEETINGS), [(alice.pk, tutors[0].pk, 1), (alice.pk, tutors[1].pk, -1)] * 3)
                assert overlaps("scheduling_meeting", "student_id") == 0
                if any(isinstance(one, OperationalError) for one in done):
                    return
                Meeting.objects.all().delete()
        pytest.fail("nobody waited in a circle")
