"""What the database keeps of meetings, whoever writes: constraints by their names, and what triggers fill in."""

import pytest
from django.db import connection

from scheduling import services
from scheduling.models import Meeting
from tests.refusals import broken
from tests.scheduling.conftest import available, behind_the_triggers

pytestmark = pytest.mark.django_db


class TestTheDatabase:
    """What no writer gets past."""

    @staticmethod
    def refused(sql, *params):
        with connection.cursor() as cursor:
            return broken(lambda: cursor.execute(sql, params))

    INSERT = "INSERT INTO scheduling_meeting (student_id, tutor_id, time_slot_id, subject) VALUES (%s, %s, %s, 'SQL')"

    def test_refuses_a_second_meeting_in_a_slot(self, book, tim, bob):
        assert self.refused(self.INSERT, bob.pk, tim.pk, book().time_slot_id) == "slot_taken"

    def test_refuses_two_meetings_of_a_student_at_a_time(self, book, slot, make_admin, alice):
        tom = make_admin("tom")
        book()
        assert self.refused(self.INSERT, alice.pk, tom.pk, slot(tutor=tom).pk) == "student_overlap"

    def test_refuses_another_tutor_than_the_slots(self, slot, make_admin, alice):
        assert self.refused(self.INSERT, alice.pk, make_admin("tom").pk, slot().pk) == "meeting_tutor_is_slots"

    def test_fills_in_the_times_and_takes_the_slot(self, slot, tim, alice):
        one = slot()
        with connection.cursor() as cursor:
            cursor.execute(self.INSERT, [alice.pk, tim.pk, one.pk])
        assert Meeting.objects.get().start_time == one.start_time
        assert not available(one.pk)

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("pending", "completed"),
            ("confirmed", "completed"),  # once it has begun
            ("confirmed", "pending"),  # unless it goes to another tutor
            *(("canceled", status) for status in ("pending", "confirmed", "completed", "nonsense")),
            *(("completed", status) for status in ("pending", "confirmed", "canceled")),
        ],
    )
    def test_refuses_illegal_changes_of_status(self, book, before, after):
        meeting = book()
        behind_the_triggers("UPDATE scheduling_meeting SET status = %s WHERE id = %s", before, meeting.pk)
        sql = "UPDATE scheduling_meeting SET status = %s WHERE id = %s"
        assert self.refused(sql, after, meeting.pk) == "illegal_transition"

    def test_refuses_an_unknown_status(self, book, tim, slot, alice):
        sql = (
            "INSERT INTO scheduling_meeting (student_id, tutor_id, time_slot_id, subject, status) VALUES (%s, %s, %s, 'SQL', 'x')"
        )
        assert self.refused(sql, alice.pk, tim.pk, slot().pk) == "meeting_status_known"

    @pytest.mark.parametrize("column", ["start_time", "end_time"])
    def test_keeps_copied_times(self, book, column):
        meeting = book()
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE scheduling_meeting SET {column} = {column} - interval '1 minute'")
        assert getattr(Meeting.objects.get(), column) == getattr(meeting, column)

    def test_keeps_the_slots_tutor(self, book, make_admin):
        sql = "UPDATE scheduling_meeting SET tutor_id = %s WHERE id = %s"
        assert self.refused(sql, make_admin("tom").pk, book().pk) == "meeting_tutor_is_slots"

    def test_offers_a_slot_again_as_its_meeting_is_canceled_and_no_other_time(self, book, slot, tim, alice):
        meeting, hidden = book(), slot(1, is_available=False)

        services.cancel_meeting(by=alice, meeting_id=meeting.pk)
        assert (available(meeting.time_slot_id), available(hidden.pk)) == (True, False)

        services.change_slot(by=tim, slot_id=meeting.time_slot_id, is_available=False)
        Meeting.objects.update(status="canceled")  # as it is already
        assert not available(meeting.time_slot_id)

    def test_keeps_meetings_for_good(self, book):
        assert self.refused("DELETE FROM scheduling_meeting WHERE id = %s", book().pk) == "meeting_protected"


def test_the_database_bounds_notes(book):
    meeting = book()

    assert broken(lambda: Meeting.objects.filter(pk=meeting.pk).update(notes="x" * 2001)) == "meeting_notes_length"
