"""Anybody does anything in any order, and the calendar is never wrong: a state machine, checked in SQL after each step."""

from datetime import time, timedelta
from itertools import product

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from config.errors import FrontdeskError
from scheduling import services
from scheduling.models import AvailabilityRule, Meeting, Status, TimeSlot
from scheduling.services import telling
from tests.conftest import make_user
from tests.scheduling.conftest import hour

# What must hold after anything: each query finds nothing.
INVARIANTS = {
    "a tutor's slots do not overlap": """
        SELECT 1 FROM scheduling_timeslot a JOIN scheduling_timeslot b ON a.id < b.id AND a.tutor_id = b.tutor_id
        AND a.start_time < b.end_time AND b.start_time < a.end_time""",
    "a student's meetings do not overlap": """
        SELECT 1 FROM scheduling_meeting a JOIN scheduling_meeting b ON a.id < b.id AND a.student_id = b.student_id
        AND a.start_time < b.end_time AND b.start_time < a.end_time AND a.status <> 'canceled' AND b.status <> 'canceled'""",
    "a slot has one meeting": """
        SELECT 1 FROM scheduling_meeting WHERE status <> 'canceled' GROUP BY time_slot_id HAVING count(*) > 1""",
    "a meeting has its slot's tutor and times": """
        SELECT 1 FROM scheduling_meeting m JOIN scheduling_timeslot s ON s.id = m.time_slot_id WHERE m.status <> 'canceled'
        AND (m.tutor_id, m.start_time, m.end_time) IS DISTINCT FROM (s.tutor_id, s.start_time, s.end_time)""",
    "a taken slot is not offered": """
        SELECT 1 FROM scheduling_meeting m JOIN scheduling_timeslot s ON s.id = m.time_slot_id
        WHERE m.status <> 'canceled' AND s.is_available""",
    "a slot ends after its start": "SELECT 1 FROM scheduling_timeslot WHERE end_time <= start_time",
    "the tutor was told of each meeting (of a series, by its first)": """
        SELECT 1 FROM scheduling_meeting m WHERE NOT EXISTS (SELECT FROM notifications_notification n
        JOIN scheduling_meeting first ON first.id = n.meeting_id AND n.type = 'new_reservation'
        WHERE first.student_id = m.student_id AND first.created_at = m.created_at)""",
    "each student was told of a confirmation": """
        SELECT 1 FROM scheduling_meeting m WHERE m.status IN ('confirmed', 'completed') AND NOT EXISTS (
        SELECT FROM notifications_notification n WHERE n.meeting_id = m.id AND n.type = 'reservation_confirmed'
        AND n.user_id = m.student_id)""",
}

who = st.integers(0, 4)
tutors = st.sampled_from([0, 1, 0, 1, 0, 1, 2])  # and now and then a student who tries
hours = st.integers(0, 30)
any_row = st.integers(0, 1000)


class Calendar(RuleBasedStateMachine):
    """Two tutors, three students, and a few hours."""

    def __init__(self):
        super().__init__()
        self.scope = transaction.atomic()
        self.scope.__enter__()
        admins = [make_user(name, user_type="admin", is_staff=True, is_superuser=True) for name in ("tim", "tom")]
        self.people = admins + [make_user(name) for name in ("alice", "bob", "vera")]
        self.statuses = {}
        for tutor, start in product(admins, range(4)):
            services.create_slot(by=tutor, start_time=hour(start), end_time=hour(start + 1))
        for start in (0, 2):
            self.past(admins[0], self.people[2], hour(start, days=-2))

    def past(self, tutor, student, start):
        """A confirmed meeting that took place, which no service can book."""
        slot = TimeSlot.objects.create(tutor=tutor, start_time=start, end_time=start + timedelta(hours=1))
        meeting = Meeting.objects.create(student=student, tutor=tutor, time_slot=slot, subject="x")
        meeting.student, meeting.tutor = student, tutor
        telling.booked(meeting)
        services.confirm_meeting(by=tutor, meeting_id=meeting.pk)

    def teardown(self):
        transaction.set_rollback(True)
        self.scope.__exit__(None, None, None)

    def attempt(self, service, **values):
        """What is refused must be refused by a typed error, and leave nothing behind (the other invariants look)."""
        try:
            with transaction.atomic():
                return service(**values)
        except FrontdeskError:
            return None

    def pick(self, model, number):
        """Some row: mostly one with which something can be done."""
        useful = {TimeSlot: {"is_available": True}, Meeting: {"status__in": ["pending", "confirmed"]}}
        found = model.objects.filter(**useful.get(model, {})) if number % 4 else model.objects.all()
        keys = list(found.order_by("start_time", "id").values_list("pk", flat=True))
        return keys[number % len(keys)] if keys else 0

    @rule(by=tutors, start=hours, half_hours=st.integers(-1, 4))
    def publish(self, by, start, half_hours):
        end = hour(start) + timedelta(minutes=30 * half_hours)
        self.attempt(services.create_slot, by=self.people[by], start_time=hour(start), end_time=end)

    @rule(by=tutors, slot=any_row, start=hours, available=st.booleans())
    def change_slot(self, by, slot, start, available):
        changes = {"start_time": hour(start), "end_time": hour(start + 1), "is_available": available}
        self.attempt(services.change_slot, by=self.people[by], slot_id=self.pick(TimeSlot, slot), **changes)

    @rule(by=tutors, slot=any_row)
    def delete_slot(self, by, slot):
        self.attempt(services.delete_slot, by=self.people[by], slot_id=self.pick(TimeSlot, slot))

    @rule(by=who, slot=any_row, student=st.none() | who)
    def book(self, by, slot, student):
        student_id = None if student is None else self.people[student].pk
        values = {"time_slot_id": self.pick(TimeSlot, slot), "subject": "x", "student_id": student_id}
        self.attempt(services.book_meeting, by=self.people[by], **values)

    @rule(by=who, slot=any_row, weeks=st.integers(2, 4), skip=st.booleans())
    def book_series(self, by, slot, weeks, skip):
        values = {
            "time_slot_id": self.pick(TimeSlot, slot),
            "weeks": weeks,
            "zone": "Europe/Warsaw",
            "subject": "x",
            "skip": skip,
        }
        self.attempt(services.book_series, by=self.people[by], **values)

    @rule(by=who, meeting=any_row, slot=any_row)
    def move(self, by, meeting, slot):
        values = {"meeting_id": self.pick(Meeting, meeting), "time_slot_id": self.pick(TimeSlot, slot)}
        self.attempt(services.move_meeting, by=self.people[by], **values)

    @rule(by=who, meeting=any_row, status=st.sampled_from(Status.values))
    def change_status(self, by, meeting, status):
        self.attempt(services.change_meeting, by=self.people[by], meeting_id=self.pick(Meeting, meeting), status=status)

    @rule(by=tutors, weekday=st.integers(0, 6), start=st.integers(0, 22), minutes=st.sampled_from([30, 45, 60]))
    def add_hours(self, by, weekday, start, minutes):
        values = {"weekday": weekday, "start_time": time(start), "end_time": time(start + 1), "slot_minutes": minutes}
        self.attempt(services.add_rule, by=self.people[by], time_zone="Europe/Warsaw", **values)

    @rule(by=tutors, hours=any_row, start=st.integers(0, 22))
    def change_hours(self, by, hours, start):
        booked = set(Meeting.objects.standing().values_list("time_slot_id", "start_time"))
        values = {"rule_id": self.pick(AvailabilityRule, hours), "start_time": time(start), "end_time": time(start + 1)}
        self.attempt(services.change_rule, by=self.people[by], **values)
        assert booked == set(Meeting.objects.standing().values_list("time_slot_id", "time_slot__start_time"))

    @rule(by=tutors, hours=any_row)
    def remove_hours(self, by, hours):
        self.attempt(services.remove_rule, by=self.people[by], rule_id=self.pick(AvailabilityRule, hours))

    @rule(by=tutors, day=st.integers(2, 9))
    def day_off(self, by, day):
        self.attempt(services.add_exception, by=self.people[by], date=hour(days=day).date(), kind="off")

    @rule(by=tutors, minutes=st.sampled_from([0, 15, 60]))
    def set_buffer(self, by, minutes):
        self.attempt(services.set_buffer, by=self.people[by], buffer_minutes=minutes)

    @invariant()
    def nothing_is_wrong(self):
        with connection.cursor() as cursor:
            for name, sql in INVARIANTS.items():
                cursor.execute(f"SELECT count(*) FROM ({sql}) wrong")
                assert cursor.fetchone()[0] == 0, name

    @invariant()
    def changes_of_status_are_legal(self):
        legal = {("pending", "confirmed"), ("pending", "canceled"), ("confirmed", "canceled"), ("confirmed", "completed")}
        now = dict(Meeting.objects.values_list("pk", "status"))
        tutors = dict(Meeting.objects.values_list("pk", "tutor_id"))
        for pk, (before, tutor_id) in self.statuses.items():
            moved = (before, now[pk]) == ("confirmed", "pending") and tutors[pk] != tutor_id
            assert before == now[pk] or (before, now[pk]) in legal or moved
        self.statuses = {pk: (status, tutors[pk]) for pk, status in now.items()}


@pytest.mark.django_db
def test_the_calendar_is_never_wrong(settings):
    settings.PUBLISH_AHEAD = timedelta(days=10)
    run_state_machine_as_test(Calendar, settings=_SETTINGS)


_SETTINGS = settings(max_examples=15, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck))
