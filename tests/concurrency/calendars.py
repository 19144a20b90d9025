"""What races for hours have in common."""

from datetime import timedelta

from django.db import connection
from rest_framework.test import APIClient

from accounts.services import start_session
from scheduling.models import TimeSlot
from tests.scheduling.conftest import hour

MANY = 200
OVERLAPS = """
SELECT count(*) FROM {table} a JOIN {table} b ON a.id < b.id AND a.{who} = b.{who}
AND tstzrange(a.start_time, a.end_time, '[)') && tstzrange(b.start_time, b.end_time, '[)') {where}"""


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
