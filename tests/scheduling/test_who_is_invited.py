"""Who is sent no update, what a mail says that goes out late, and what is sent when an account closes."""

import re

import pytest

from accounts.services import change_account, close_account
from notifications.models import Delivery
from notifications.tasks import deliver
from scheduling.models import Meeting
from tests.conftest import PASSWORD
from tests.scheduling.conftest import behind_the_triggers
from tests.scheduling.invitations import CANCELED, calendar, says, text, told, wants

pytestmark = pytest.mark.django_db


class TestWhoHoldsNone:
    """No invitation, no update."""

    def test_a_pending_meeting(self, book, slot, change, mails, alice, tim, tom):
        for number, act in enumerate(
            [
                lambda meeting: change(alice, meeting, time_slot=slot(10).pk),
                lambda meeting: change(alice, meeting, subject="Circles", notes="Round"),
                lambda meeting: change(alice, meeting, **CANCELED),
                lambda meeting: change(tim, meeting, time_slot=slot(11).pk),
                lambda meeting: change(tim, meeting, time_slot=slot(12, tutor=tom).pk),
                lambda meeting: change(tim, meeting, subject="Circles"),
                lambda meeting: change(tim, meeting, **CANCELED),
            ]
        ):
            act(book(slot(number)))
        assert {calendar(mail) for mail in mails(alice)} == {None}
        assert not Delivery.objects.filter(kind="scheduling.invitation").exists()

    def test_what_waits_for_another_tutor(self, invited, change, slot, mails, alice, tom):
        """It was taken back when it moved; once is enough."""
        change(alice, invited, time_slot=slot(3, tutor=tom).pk)
        assert len(mails(alice)) == 1

        change(alice, invited, subject="Circles")
        change(alice, invited, time_slot=slot(4, tutor=tom).pk)
        change(alice, invited, **CANCELED)

        assert mails(alice) == []

    def test_who_has_no_mails_of_confirmations(self, book, slot, change, as_user, mails, alice, tim, tom):
        wants(as_user, alice, reservation_confirmed=False)
        meetings = [book(slot(number), status="confirmed") for number in range(3)]

        change(alice, meetings[0], time_slot=slot(10).pk)
        change(alice, meetings[0], **CANCELED)
        change(alice, meetings[1], subject="Circles")
        change(tim, meetings[1], notes="Round")
        change(alice, meetings[2], time_slot=slot(11, tutor=tom).pk)
        assert mails(alice) == []

    def test_a_mail_that_goes_anyway_takes_it_out_though_they_may_have_none(
        self, book, slot, change, as_user, mails, alice, tim, tom
    ):
        """They may have switched off mails of confirmations since; what no calendar knows takes no harm."""
        meetings = [book(slot(number), status="confirmed") for number in range(2)]
        assert len(mails(alice)) == 2
        wants(as_user, alice, reservation_confirmed=False)

        change(tim, meetings[0], time_slot=slot(12, tutor=tom).pk)
        change(tim, meetings[1], **CANCELED)

        assert [says(mail)[0] for mail in mails(alice)] == ["CANCEL", "CANCEL"]

    def test_who_has_no_mails_of_cancellations_has_none_of_their_own(self, invited, change, slot, as_user, mails, alice):
        wants(as_user, alice, reservation_canceled=False)

        change(alice, invited, time_slot=slot(3).pk)
        assert [says(mail)[0] for mail in mails(alice)] == ["REQUEST"]
        change(alice, invited, **CANCELED)
        assert mails(alice) == []

    def test_who_has_no_mails_from_the_system_is_sent_the_update_alone(
        self, invited, change, slot, as_user, mails, alice, tim, tom
    ):
        """They hold an invitation, and want to hear of those."""
        wants(as_user, alice, system=False)
        change(tim, invited, time_slot=slot(3, tutor=tom).pk)

        [mail] = mails(alice)

        assert says(mail)[:4] == ("CANCEL", "CANCELLED", 2, invited.start_time)
        assert told(alice) == ["reservation_confirmed", "system"]

    def test_a_meeting_without_a_student(self, invited, change, mails, alice, tim):
        behind_the_triggers("UPDATE scheduling_meeting SET student_id = NULL")

        change(tim, invited, subject="Circles")
        change(tim, invited, **CANCELED)

        assert mails(alice) == []


class TestLate:
    """The worker comes when it comes, and writes what is true then."""

    def test_two_moves_are_one_mail(self, invited, change, slot, mails, alice):
        change(alice, invited, time_slot=slot(3).pk)
        last = slot(4)
        change(alice, invited, time_slot=last.pk)

        [mail] = mails(alice)

        assert says(mail) == ("REQUEST", "CONFIRMED", 3, last.start_time, "Algebra")

    def test_a_move_and_a_cancellation_are_a_cancellation(self, invited, change, slot, mails, alice):
        other = slot(3)
        change(alice, invited, time_slot=other.pk)
        change(alice, invited, **CANCELED)

        [mail] = mails(alice)

        assert says(mail) == ("CANCEL", "CANCELLED", 3, other.start_time, "Algebra")

    def test_own_words_and_the_tutors_cancellation_are_a_cancellation(self, invited, change, mails, alice, tim):
        change(alice, invited, subject="Circles")
        change(tim, invited, **CANCELED)

        assert [says(mail)[0] for mail in mails(alice)] == ["CANCEL"]

    @pytest.mark.parametrize("who", ["student", "tutor"])
    def test_what_another_tutor_has_confirmed_is_not_taken_out(self, invited, change, slot, mails, alice, tim, tom, who):
        other = slot(3, tutor=tom)
        change({"student": alice, "tutor": tim}[who], invited, time_slot=other.pk)
        change(tom, invited, status="confirmed")

        found = mails(alice)

        assert [says(mail) for mail in found if calendar(mail)] == [("REQUEST", "CONFIRMED", 3, other.start_time, "Algebra")]
        # Whom the tutor told of the move hears of it still.
        assert len(found) == {"student": 1, "tutor": 2}[who]

    def test_what_took_place_meanwhile_is_not_taken_out(self, invited, change, slot, begin, mails, alice, tim, tom):
        change(tim, invited, time_slot=slot(3, tutor=tom).pk)
        change(tom, invited, status="confirmed")
        begin(Meeting.objects.get())
        change(tom, invited, status="completed")

        assert [(mail["Subject"], calendar(mail)) for mail in mails(alice)] == [("Reservation moved", None)]

    def test_of_what_was_completed_meanwhile_the_last_words_are_sent(self, invited, change, begin, mails, alice, tim):
        change(alice, invited, subject="Circles")
        begin(invited)
        change(alice, invited, subject="Cones")
        change(tim, invited, status="completed")

        [mail] = mails(alice)

        assert says(mail)[::2] == ("REQUEST", 4, "Cones")

    def test_what_was_canceled_meanwhile_is_taken_out_once(self, invited, change, slot, mails, alice, tom):
        change(alice, invited, time_slot=slot(3, tutor=tom).pk)
        change(tom, invited, **CANCELED)

        found = [says(mail) for mail in mails(alice) if calendar(mail)]

        assert found == [("CANCEL", "CANCELLED", 3, invited.start_time, "Algebra")]

    def test_a_confirmation_that_no_longer_holds_is_not_sent(self, book, change, mails, alice):
        """A CANCEL is, of what the calendar does not know yet: whether the other has gone out is the mail server's to know."""
        meeting = book(status="confirmed")
        change(alice, meeting, **CANCELED)

        assert [says(mail)[0] for mail in mails(alice)] == ["CANCEL"]

    def test_who_changes_nothing_is_sent_nothing(self, invited, change, mails, alice):
        change(alice, invited, time_slot=invited.time_slot_id, subject="Algebra", status="confirmed")

        assert mails(alice) == []

    def test_no_notes_are_no_notes_however_they_are_written(self, invited, change, mails, alice):
        for notes in ("", None, "Homework", "", None):
            change(alice, invited, notes=notes)

        found = [says(mail)[2] for mail in mails(alice)]

        assert found == [Meeting.objects.get().sequence] == [invited.sequence + 2]

    def test_what_is_refused_is_not_sent(self, invited, as_user, slot, mails, alice):
        changes = {"time_slot": slot(3).pk, "subject": "Circles", "status": "completed"}
        assert as_user(alice).patch(f"/api/v1/meetings/{invited.pk}/", changes).status_code == 403

        assert mails(alice) == []

    def test_a_job_that_runs_twice_sends_once(self, invited, change, mails, alice):
        change(alice, invited, subject="Circles")
        assert len(mails(alice)) == 1

        deliver(Delivery.objects.get(kind="scheduling.invitation").pk)

        assert mails(alice) == []


class TestClosing:
    """Who leaves takes their meetings out of the others' calendars, and is sent nothing any more."""

    def test_the_tutors(self, invited, mails, alice, tim, tom):
        close_account(by=tim, user=tim, current_password=PASSWORD)

        [mail] = mails(alice)

        assert says(mail) == ("CANCEL", "CANCELLED", 2, invited.start_time, "Algebra")
        assert calendar(mail).vevent.organizer.value == "mailto:frontdesk@example.com"
        assert told(alice) == ["reservation_canceled"]

    @pytest.mark.parametrize("who", ["student", "tutor"])
    def test_of_the_tutor_whose_word_it_waits_for(self, invited, change, slot, mails, alice, tim, tom, who):
        """What the other one's move takes out is still in the calendar, as the worker comes late."""
        change({"student": alice, "tutor": tim}[who], invited, time_slot=slot(3, tutor=tom).pk)
        close_account(by=tom, user=tom, current_password=PASSWORD)

        found = mails(alice)

        assert sorted(mail["Subject"] for mail in found) == ["Reservation canceled"] * 2
        assert [says(mail)[:4] for mail in found if calendar(mail)] == [("CANCEL", "CANCELLED", 3, invited.start_time)]
        assert not any(re.search(r"\btom\b", text(mail)) for mail in found)

    def test_of_the_tutor_who_canceled_before(self, invited, change, mails, alice, tim, tom):
        change(tim, invited, **CANCELED)
        close_account(by=tim, user=tim, current_password=PASSWORD)

        [mail] = mails(alice)

        assert says(mail) == ("CANCEL", "CANCELLED", 2, invited.start_time, "Algebra")
        assert not re.search(r"\btim\b", text(mail) + calendar(mail).vevent.description.value)
        assert told(alice) == []

    @pytest.mark.parametrize("who", ["student", "administrator"])
    def test_the_students(self, invited, change, mails, run_jobs, alice, tim, who):
        change(alice, invited, subject="Circles")  # a mail that waits
        if who == "student":
            close_account(by=alice, user=alice, current_password=PASSWORD)
        else:
            close_account(by=tim, user=alice)

        assert Meeting.objects.get().status == "canceled"
        assert not Delivery.objects.filter(user=alice).exists()
        assert mails(alice) == []

    def test_a_tutor_who_only_stops_teaching_cancels_nothing(self, invited, mails, alice, tim, tom):
        """The meeting stays, and so does what calendars say of it."""
        change_account(by=tom, user=tim, user_type="student")

        assert Meeting.objects.get().status == "confirmed"
        assert mails(alice) == []
