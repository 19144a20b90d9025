"""Whoever was sent an invitation has a true calendar: what it says changes by mail, whoever changed it, and by nothing else.

Mails are read as a mail program does, by another library than the one that wrote them.
"""

import email
from email import policy

import pytest
import vobject

from accounts.services import change_account, close_account
from notifications.models import Delivery, Notification
from notifications.tasks import deliver
from scheduling.ical import invitation
from scheduling.models import Meeting
from tests.conftest import PASSWORD, make_user
from tests.scheduling.conftest import behind_the_triggers

pytestmark = pytest.mark.django_db

CANCELED = {"status": "canceled"}


@pytest.fixture
def tom(make_admin):
    """Another tutor."""
    return make_admin("tom")


@pytest.fixture
def mails(run_jobs, outbox):
    """`mails(alice)`: what has come to her since the last look, whoever else got something, once the worker has done its jobs."""

    def read(user):
        run_jobs()
        found = []
        for path in sorted(outbox.iterdir()) if outbox.exists() else ():
            found.append(email.message_from_bytes(path.read_bytes(), policy=policy.default))
            path.unlink()
        return [mail for mail in found if mail["To"] == user.email]

    return read


@pytest.fixture
def invited(book, mails, alice):
    """A confirmed meeting of alice's with tim, whose invitation she has been sent."""
    meeting = book(status="confirmed")
    assert [calendar(mail).method.value for mail in mails(alice)] == ["REQUEST"]
    return meeting


@pytest.fixture
def change(as_user):
    """`change(alice, meeting, subject="Geometry")`: by the API."""

    def act(user, meeting, **changes):
        answer = as_user(user).patch(f"/api/v1/meetings/{meeting.pk}/", changes)
        assert answer.status_code == 200
        return answer.json()

    return act


def calendar(mail):
    """What is in a mail for calendars, or None."""
    attached = list(mail.iter_attachments())
    if not attached:
        return None
    [part] = attached
    assert part.get_content_type() == "text/calendar"
    found = vobject.readOne(part.get_content())
    assert part.get_param("method") == found.method.value
    return found


def says(mail):
    """(METHOD, STATUS, SEQUENCE, DTSTART, SUMMARY) of an event in a mail."""
    found = calendar(mail)
    event = found.vevent
    return found.method.value, event.status.value, int(event.sequence.value), event.dtstart.value, event.summary.value


def text(mail):
    return mail.get_body(("plain",)).get_content()


def told(user):
    return list(Notification.objects.filter(user=user).order_by("id").values_list("type", flat=True))


def wants(as_user, user, **mails):
    """Chooses by mail: `reminder=False`."""
    wanted = {kind: {"email": enabled} for kind, enabled in mails.items()}
    assert as_user(user).put("/api/v1/notifications/preferences/", wanted).status_code == 200


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
        event = vobject.readOne(invitation(Meeting.objects.get(pk=book().pk)).decode()).vevent
        assert event.organizer.cn_param == "studio@lessons.example"

    def test_a_name_in_quotes_can_stand_in_it(self, book, alice):
        alice.first_name, alice.last_name = 'Alice "Ali"', "Liddell"
        alice.save()
        event = vobject.readOne(invitation(Meeting.objects.get(pk=book().pk)).decode()).vevent
        assert event.attendee.cn_param == "Alice 'Ali' Liddell"

    def test_people_without_email_can_stand_in_it(self, book, phil):
        event = vobject.readOne(invitation(Meeting.objects.get(pk=book(by=phil).pk)).decode()).vevent
        assert event.attendee.value == "tel:+48987654321"


@pytest.fixture
def phil(db):
    """Somebody with a phone alone."""
    user = make_user("phil", phone="+48987654321")
    user.email = None
    user.save()
    return user


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
        meetings = [book(slot(number), status="confirmed") for number in range(5)]

        change(alice, meetings[0], time_slot=slot(10).pk)
        change(alice, meetings[0], **CANCELED)
        change(alice, meetings[1], subject="Circles")
        change(tim, meetings[1], notes="Round")
        change(alice, meetings[2], time_slot=slot(11, tutor=tom).pk)
        assert mails(alice) == []

        change(tim, meetings[3], time_slot=slot(12, tutor=tom).pk)
        change(tim, meetings[4], **CANCELED)
        assert [calendar(mail) for mail in mails(alice)] == [None, None]

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
