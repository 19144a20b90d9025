"""Whoever was sent an invitation has a true calendar: what it says changes by mail, whoever changed it, and by nothing else."""

import pytest
import vobject

from accounts.models import User
from notifications.models import Delivery
from scheduling.ical import invitation
from scheduling.services import cancel_meeting
from tests.conftest import make_user
from tests.scheduling.invitations import CANCELED, calendar, says, text, told

pytestmark = pytest.mark.django_db


class TestOne:
    """An invitation as such."""

    def test_the_confirmation_invites(self, book, mails, alice):
        meeting = book(status="confirmed")

        [mail] = mails(alice)

        found = calendar(mail)
        event = found.vevent
        assert (found.method.value, event.uid.value, event.sequence.value) == ("REQUEST", str(meeting.uid), "1")
        assert (event.dtstart.value, event.dtend.value) == (meeting.start_time, meeting.end_time)
        assert event.attendee.value == "mailto:alice@example.com"
        assert event.description.value == "With tim"
        assert "Algebra" in text(mail)

    def test_it_comes_from_the_studio(self, book, mails, alice, settings):
        """From whose address the mails come, too, whoever the tutor is, or will be."""
        settings.DEFAULT_FROM_EMAIL = '"Studio, the" <studio@lessons.example>'
        book(status="confirmed")

        [mail] = mails(alice)

        organizer = calendar(mail).vevent.organizer
        assert (organizer.value, organizer.cn_param) == ("mailto:studio@lessons.example", "Studio, the")
        assert mail["From"].addresses[0].addr_spec == "studio@lessons.example"

    def test_an_organizer_without_a_name_is_called_by_the_address(self, book, settings):
        settings.DEFAULT_FROM_EMAIL = "studio@lessons.example"
        event = vobject.readOne(invitation(book(), to="alice@example.com").decode()).vevent
        assert event.organizer.cn_param == "studio@lessons.example"

    def test_a_name_in_quotes_can_stand_in_it(self, book, alice):
        alice.first_name, alice.last_name = 'Alice "Ali"', "Liddell"
        alice.save()
        event = vobject.readOne(invitation(book(), to="alice@example.com").decode()).vevent
        assert event.attendee.cn_param == "Alice 'Ali' Liddell"

    def test_it_names_the_address_that_the_mail_goes_to(self, book, mails, alice):
        """Whoever reads mail there learns of no other, to which the account went while the mail waited."""
        book(status="confirmed")
        User.objects.filter(pk=alice.pk).update(email="liddell@example.com")

        [mail] = mails(alice)

        assert calendar(mail).vevent.attendee.value == "mailto:alice@example.com"


class TestByTheStudent:
    """Who changes their meeting themselves is told nothing, and their calendar all."""

    def test_a_move_moves_the_entry(self, invited, change, slot, mails, alice, tim):
        other = slot(3)
        change(alice, invited, time_slot=other.pk)

        [mail] = mails(alice)

        assert says(mail) == ("REQUEST", "CONFIRMED", 2, other.start_time, "Algebra")
        assert calendar(mail).vevent.uid.value == str(invited.uid)
        assert calendar(mail).vevent.dtend.value == other.end_time
        assert mail["Subject"] == "Reservation changed"
        assert "brings your calendar up to date" in text(mail)
        assert f"/api/v1/meetings/{invited.pk}/" in text(mail)
        assert told(alice) == ["reservation_confirmed"]
        assert told(tim) == ["new_reservation", "new_reservation"]

    @pytest.mark.parametrize("door", ["PATCH", "DELETE"])
    def test_a_cancellation_takes_it_out(self, invited, change, as_user, mails, alice, tim, door):
        if door == "PATCH":
            change(alice, invited, **CANCELED)
        else:
            assert as_user(alice).delete(f"/api/v1/meetings/{invited.pk}/").status_code == 200

        [mail] = mails(alice)

        assert says(mail) == ("CANCEL", "CANCELLED", 2, invited.start_time, "Algebra")
        assert calendar(mail).vevent.uid.value == str(invited.uid)
        assert mail["Subject"] == "Reservation canceled"
        assert told(alice) == ["reservation_confirmed"]
        assert told(tim) == ["new_reservation", "reservation_canceled"]

    def test_the_tutor_who_hears_of_it_was_not_invited(self, invited, change, slot, mails, tim):
        change(invited.student, invited, time_slot=slot(3).pk)
        change(invited.student, invited, **CANCELED)

        assert [calendar(mail) for mail in mails(tim)] == [None, None]

    @pytest.mark.parametrize(("name", "shown"), [("subject", "summary"), ("notes", "description")])
    def test_other_words_stand_in_it(self, invited, change, mails, alice, tim, name, shown):
        change(alice, invited, **{name: "Circles"})

        [mail] = mails(alice)

        assert says(mail)[:4] == ("REQUEST", "CONFIRMED", 2, invited.start_time)
        assert getattr(calendar(mail).vevent, shown).value.endswith("Circles")
        assert told(alice) == ["reservation_confirmed"]
        assert told(tim) == ["new_reservation"]

    def test_what_waits_for_another_tutor_leaves_it_and_comes_back(self, invited, change, slot, mails, alice, tom):
        other = slot(3, tutor=tom)
        change(alice, invited, time_slot=other.pk)

        [mail] = mails(alice)

        # The entry that goes is the old one: at the new time nothing is canceled.
        assert says(mail) == ("CANCEL", "CANCELLED", 2, invited.start_time, "Algebra")
        assert calendar(mail).vevent.dtend.value == invited.end_time
        assert "tom" not in calendar(mail).vevent.description.value
        assert mail["Subject"] == "Reservation moved"
        assert "has yet to be confirmed" in text(mail)
        assert told(alice) == ["reservation_confirmed"]

        change(tom, invited, status="confirmed")

        [again] = mails(alice)
        assert says(again) == ("REQUEST", "CONFIRMED", 3, other.start_time, "Algebra")
        assert calendar(again).vevent.organizer.value == calendar(mail).vevent.organizer.value
        assert calendar(again).vevent.uid.value == str(invited.uid)

    def test_it_is_in_their_language(self, book, slot, change, mails, tim):
        pola = make_user("pola", language="pl")
        meeting = book(slot(), by=pola, status="confirmed")
        change(pola, meeting, subject="Koła")
        change(pola, meeting, time_slot=slot(3).pk)

        assert "Rezerwacja zmieniona" in [mail["Subject"] for mail in mails(pola)]

    def test_it_goes_to_where_they_read_mail_now(self, invited, change, mails, alice):
        alice.email = "liddell@example.com"
        alice.save()
        change(alice, invited, subject="Circles")

        [mail] = mails(alice)

        assert calendar(mail).vevent.attendee.value == "mailto:liddell@example.com"

    def test_who_has_no_email_is_sent_nothing(self, book, slot, change, phil):
        meeting = book(by=phil, status="confirmed")

        change(phil, meeting, time_slot=slot(3).pk)
        change(phil, meeting, subject="Circles")
        change(phil, meeting, **CANCELED)

        assert not Delivery.objects.filter(user=phil).exists()

    def test_who_has_given_up_their_email_meanwhile_is_sent_nothing(self, invited, mails, alice):
        """The account that the request brought along is of a moment before."""
        User.objects.filter(pk=alice.pk).update(email=None, phone="+48987654321")

        cancel_meeting(by=alice, meeting_id=invited.pk)

        assert mails(alice) == []


class TestByOthers:
    """What the student is told has the calendar's part in the same mail, once."""

    @pytest.mark.parametrize("who", ["tutor", "administrator"])
    def test_a_move(self, invited, change, slot, mails, alice, tim, tom, who):
        other = slot(3)
        change({"tutor": tim, "administrator": tom}[who], invited, time_slot=other.pk)

        [mail] = mails(alice)

        assert says(mail) == ("REQUEST", "CONFIRMED", 2, other.start_time, "Algebra")
        assert told(alice) == ["reservation_confirmed"] * 2

    @pytest.mark.parametrize("who", ["tutor", "administrator"])
    def test_a_cancellation(self, invited, change, mails, alice, tim, tom, who):
        change({"tutor": tim, "administrator": tom}[who], invited, **CANCELED)

        [mail] = mails(alice)

        assert says(mail) == ("CANCEL", "CANCELLED", 2, invited.start_time, "Algebra")
        assert told(alice) == ["reservation_confirmed", "reservation_canceled"]

    @pytest.mark.parametrize("who", ["tutor", "administrator"])
    def test_other_words_are_not_told_but_sent(self, invited, change, mails, alice, tim, tom, who):
        change({"tutor": tim, "administrator": tom}[who], invited, subject="Circles")

        [mail] = mails(alice)

        assert says(mail) == ("REQUEST", "CONFIRMED", 2, invited.start_time, "Circles")
        assert told(alice) == ["reservation_confirmed"]

    def test_other_words_by_the_page_of_the_admin(self, client, invited, mails, alice, tom):
        client.force_login(tom)
        path = f"/admin/scheduling/meeting/{invited.pk}/change/"
        assert client.post(path, {"time_slot": invited.time_slot_id, "subject": "Circles", "notes": ""}).status_code == 302

        [mail] = mails(alice)

        assert says(mail) == ("REQUEST", "CONFIRMED", 2, invited.start_time, "Circles")

    @pytest.mark.parametrize("who", ["tutor", "administrator"])
    def test_a_move_to_another_tutor(self, invited, change, slot, mails, alice, tim, tom, make_admin, who):
        other = slot(3, tutor=tom)
        change({"tutor": tim, "administrator": make_admin("ada")}[who], invited, time_slot=other.pk)

        [mail] = mails(alice)

        assert says(mail) == ("CANCEL", "CANCELLED", 2, invited.start_time, "Algebra")
        assert mail["Subject"] == "Reservation moved"
        assert "has yet to be confirmed" in text(mail)
        assert told(alice) == ["reservation_confirmed", "system"]

    def test_a_move_to_a_slot_of_the_students_own(self, book, change, slot, mails, tim, tom):
        """An administrator learns, too, and is told of a reservation then."""
        meeting = book(by=tom, status="confirmed")
        mails(tom)
        change(tim, meeting, time_slot=slot(3, tutor=tom).pk)

        found = mails(tom)

        assert sorted(mail["Subject"] for mail in found) == ["New reservation", "Reservation moved"]
        assert [says(mail)[:4] for mail in found if calendar(mail)] == [("CANCEL", "CANCELLED", 2, meeting.start_time)]

    def test_a_move_and_other_words_at_once_are_one_mail(self, invited, change, slot, mails, alice, tim):
        other = slot(3)
        change(tim, invited, time_slot=other.pk, subject="Circles")

        [mail] = mails(alice)

        assert says(mail) == ("REQUEST", "CONFIRMED", 3, other.start_time, "Circles")
        assert mail["Subject"] == "Reservation moved"
        assert "Circles" in text(mail)

    def test_what_was_completed_stays_as_it_is(self, invited, change, begin, mails, alice, tim):
        begin(invited)
        change(tim, invited, status="completed")

        assert mails(alice) == []

    def test_other_words_come_along_with_the_completion(self, invited, change, begin, mails, alice, tim):
        begin(invited)
        change(tim, invited, notes="Homework", status="completed")

        [mail] = mails(alice)

        assert says(mail)[:3] == ("REQUEST", "CONFIRMED", 3)
        assert calendar(mail).vevent.description.value.endswith("Homework")
