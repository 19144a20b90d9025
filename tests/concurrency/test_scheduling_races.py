"""Calendars under races: each guard beside a control that shows the race without it."""

import threading
from collections import Counter
from contextlib import contextmanager
from datetime import time, timedelta

import pytest
from django.db import IntegrityError, OperationalError, connection, connections, transaction
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.services import start_session
from config.errors import constraint_of
from notifications.models import Notification
from scheduling import errors, services
from scheduling.models import Meeting, TimeSlot
from tests.concurrency.racing import race
from tests.conftest import make_user
from tests.scheduling.conftest import hour

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

MANY = 200
OVERLAPS = """
SELECT count(*) FROM {table} a JOIN {table} b ON a.id < b.id AND a.{who} = b.{who}
AND tstzrange(a.start_time, a.end_time, '[)') && tstzrange(b.start_time, b.end_time, '[)') {where}"""
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


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Two hundred threads on two cores starve each other, so a wait of 2 s says nothing. Deadlocks still end after 1 s."""
    options = connections.databases["default"]["OPTIONS"]
    longer = "-c statement_timeout=60s -c lock_timeout=30s -c idle_in_transaction_session_timeout=60s"
    monkeypatch.setitem(options, "options", longer)


@pytest.fixture
def students(db):
    return [make_user(f"student{number}") for number in range(MANY)]


@pytest.fixture
def slot(tim):
    """`slot(3)`: an hour of tim's, or of another tutor's."""
    return lambda number=0, tutor=tim: TimeSlot.objects.create(tutor=tutor, start_time=hour(number), end_time=hour(number + 1))


def clients(users):
    tokens = [start_session(user=user).access for user in users]
    return [APIClient(headers={"authorization": f"Bearer {token}"}) for token in tokens]


def overlaps(table, who, where=""):
    with connection.cursor() as cursor:
        cursor.execute(OVERLAPS.format(table=table, who=who, where=where))
        return cursor.fetchone()[0]


def overlapping_slots(tutors):
    """For each, an hour that begins one minute after the one before: all overlap with all."""
    return [
        TimeSlot(tutor=tutor, start_time=hour() + timedelta(seconds=10 * number), end_time=hour(1) + timedelta(seconds=number))
        for number, tutor in enumerate(tutors)
    ]


@contextmanager
def without(name):
    """Meetings without one of their constraints; what was written meanwhile goes with it."""
    constraint = next(one for one in Meeting._meta.constraints if one.name == name)
    with connection.schema_editor() as editor:
        editor.remove_constraint(Meeting, constraint)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE scheduling_meeting CASCADE")
        with connection.schema_editor() as editor:
            editor.add_constraint(Meeting, constraint)


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

        with without("slot_taken"):
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
            done = race(run_sql(INSERT_SLOTS), [(tim.pk, step) for step in (1, -1)] * 3)
        assert any(isinstance(one, OperationalError) for one in done)
        assert overlaps("scheduling_timeslot", "tutor_id") == 0

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

    def test_control_without_the_lock_it_deadlocks(self, alice, make_admin, without_trigger):
        """The student is not locked, so two who book the same hours from both ends wait for each other in the middle."""
        tutors = [make_admin(name) for name in ("one", "two")]
        for tutor in tutors:
            with connection.cursor() as cursor:
                cursor.execute(INSERT_SLOTS, [tutor.pk, 1])

        with without_trigger(Meeting, "copy_slot"):
            done = race(run_sql(INSERT_MEETINGS), [(alice.pk, tutors[0].pk, 1), (alice.pk, tutors[1].pk, -1)] * 3)
        assert any(isinstance(one, OperationalError) for one in done)
        assert overlaps("scheduling_meeting", "student_id") == 0


class TestChanges:
    def test_cancel_and_confirm_at_once_is_one_legal_story(self, slot, students, tim):
        """Canceling is legal before and after, so both may succeed; but never a confirmation after a cancellation."""
        for number in range(15):
            meeting = services.book_meeting(by=students[0], time_slot_id=slot(number).pk, subject="x")
            acts = [services.cancel_meeting, services.confirm_meeting] * 2
            done = race(lambda act, key=meeting.pk: act(by=tim, meeting_id=key), acts)
            assert Counter(type(one) for one in done)[errors.IllegalTransition] in (2, 3)
            meeting.refresh_from_db()
            assert meeting.status == "canceled"

    def test_complete_and_cancel_at_once_is_one_change(self, slot, students, tim):
        now = timezone.now()
        for number in range(15):
            start = now - timedelta(hours=number + 1)
            one = TimeSlot.objects.create(tutor=tim, start_time=start, end_time=start + timedelta(hours=1))
            meeting = Meeting.objects.create(student=students[0], tutor=tim, time_slot=one, subject="x", status="confirmed")
            acts = [services.cancel_meeting, services.complete_meeting] * 2
            done = race(lambda act, key=meeting.pk: act(by=tim, meeting_id=key), acts)
            assert Counter(type(result) for result in done) == {type(None): 1, errors.IllegalTransition: 3}

    def test_everything_at_once_neither_overlaps_nor_deadlocks(self, slot, students, tim, make_admin):
        """Bookings, moves back and forth, cancellations, confirmations and closed accounts over the same few slots."""
        tom = make_admin("tom")
        slots = [slot(number, tutor) for number in range(6) for tutor in (tim, tom)]
        people = students[:8]

        def live(number):
            student, target = people[number % 8], slots[(number * 7) % 12].pk
            step = number % 5
            mine = Meeting.objects.live().filter(student=student).first()
            if step < 2 or mine is None:
                services.book_meeting(by=student, time_slot_id=target, subject="x")
            elif step == 2:
                services.cancel_meeting(by=student, meeting_id=mine.pk)
            elif step == 3:
                services.move_meeting(by=student, meeting_id=mine.pk, time_slot_id=target)
            else:
                services.move_meeting(by=mine.tutor, meeting_id=mine.pk, time_slot_id=target)

        done = race(live, range(400))

        strange = [one for one in done if one is not None and not hasattr(one, "code")]
        assert strange == []
        check_invariants()

    def test_tutors_who_book_each_other(self, tim, make_admin):
        """Each locks both accounts; without the order of ids, they would wait for each other."""
        tom = make_admin("tom")
        pairs = [
            (student, TimeSlot.objects.create(tutor=tutor, start_time=hour(number), end_time=hour(number + 1)))
            for number in range(20)
            for student, tutor in ((tim, tom), (tom, tim))
        ]
        done = race(lambda pair: services.book_meeting(by=pair[0], time_slot_id=pair[1].pk, subject="x"), pairs)
        assert [one for one in done if not isinstance(one, Meeting | errors.StudentOverlap)] == []
        check_invariants()

    def test_the_buffer_holds_between_two_who_book_at_once(self, slot, students, tim):
        """No constraint knows of it: it is the lock on the tutor that makes the second one see the first."""
        services.set_buffer(by=tim, buffer_minutes=30)
        for number in range(15):
            pair = [slot(number * 4), slot(number * 4 + 1)]
            done = race(
                lambda two: services.book_meeting(by=two[0], time_slot_id=two[1].pk, subject="x"),
                zip(students, pair, strict=False),
            )
            assert Counter(type(one) for one in done) == {Meeting: 1, errors.TooClose: 1}

    def test_new_times_and_a_booking_at_once(self, slot, students, tim):
        for number in range(15):
            one, start = slot(number * 2), hour(number * 2) + timedelta(minutes=30)

            def act(student, one=one, start=start):
                if student is tim:
                    services.change_slot(by=tim, slot_id=one.pk, start_time=start)
                else:
                    services.book_meeting(by=student, time_slot_id=one.pk, subject="x")

            done = race(act, [tim, students[0]])
            assert [result for result in done if result is not None and not isinstance(result, errors.SlotBooked)] == []
        check_invariants()

    def test_publishing_and_booking_at_once(self, students, tim):
        rule = services.add_rule(by=tim, weekday=0, start_time=time(9), end_time=time(17), slot_minutes=30, time_zone="UTC")

        def act(number):
            if number % 4 == 0:
                services.change_rule(by=tim, rule_id=rule.pk, slot_minutes=(20, 30, 45)[number // 4 % 3])
            elif found := TimeSlot.objects.filter(is_available=True).order_by("?").first():
                services.book_meeting(by=students[number], time_slot_id=found.pk, subject="x")

        done = race(act, range(80))

        allowed = (errors.Obstacle, errors.UnknownSlot)
        assert [one for one in done if one is not None and not isinstance(one, allowed)] == []
        check_invariants()


def check_invariants():
    """What must hold after anything, asked in SQL."""
    assert overlaps("scheduling_timeslot", "tutor_id") == 0
    assert overlaps("scheduling_meeting", "student_id", "AND a.status <> 'canceled' AND b.status <> 'canceled'") == 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM scheduling_meeting m JOIN scheduling_timeslot s ON s.id = m.time_slot_id "
            "WHERE m.status <> 'canceled' AND ((m.tutor_id, m.start_time, m.end_time) "
            "IS DISTINCT FROM (s.tutor_id, s.start_time, s.end_time) OR s.is_available)"
        )
        assert cursor.fetchone()[0] == 0
        cursor.execute(
            "SELECT count(*) FROM (SELECT time_slot_id FROM scheduling_meeting WHERE status <> 'canceled' "
            "GROUP BY time_slot_id HAVING count(*) > 1) doubled"
        )
        assert cursor.fetchone()[0] == 0
