"""Feeds, read by another library than the one that wrote them."""

from datetime import timedelta

import pytest
import vobject
from django.utils import timezone

from accounts.services import change_account
from config.errors import Missing
from scheduling import services
from scheduling.models import CalendarFeed, Meeting
from tests.scheduling.conftest import behind_the_triggers, shift

pytestmark = pytest.mark.django_db


@pytest.fixture
def feed(as_user, api):
    """`feed(alice)`: the events of her calendar by UID, as a calendar program reads them without signing in."""

    def read(user):
        url = as_user(user).post("/api/v1/calendar/").json()["url"]
        answer = api.get(url)
        assert answer.status_code == 200
        assert answer["Content-Type"] == "text/calendar; charset=utf-8"
        return events(answer.content.decode())

    return read


def events(text):
    calendar = vobject.readOne(text)
    return {event.uid.value: event for event in calendar.contents.get("vevent", [])}


def test_a_feed_holds_ones_own_meetings(feed, book, slot, alice, bob, tim):
    meeting = book(notes="Bring a ruler;\nand, please, time")
    book(slot(1), by=bob)

    [event] = feed(alice).values()

    assert event.uid.value == str(meeting.uid)
    assert (event.dtstart.value, event.dtend.value) == (meeting.start_time, meeting.end_time)
    assert (event.summary.value, event.status.value, event.sequence.value) == ("Algebra", "TENTATIVE", "0")
    assert event.description.value == "With tim\n\nBring a ruler;\nand, please, time"
    assert event.url.value.endswith(f"/api/v1/meetings/{meeting.pk}/")
    theirs = feed(tim)
    assert len(theirs) == 2
    assert theirs[event.uid.value].description.value.startswith("With Alice Liddell")


def test_a_meeting_without_a_student_stays_in_its_tutors_feed(feed, book, tim):
    book()
    behind_the_triggers("UPDATE scheduling_meeting SET student_id = NULL")

    [event] = feed(tim).values()

    assert event.description.value == ""


@pytest.mark.parametrize("place", [0, 1])
def test_an_address_is_its_owners_alone(place, alice, bob):
    people = [alice, bob]
    mine, other = people[place], people[1 - place]
    tokens = {user: services.create_feed(by=user) for user in people}
    CalendarFeed.objects.filter(user=mine).update(created_at=timezone.now() - timedelta(days=1))

    assert services.feed_created_at(by=mine) < services.feed_created_at(by=other)
    services.revoke_feed(by=mine)

    with pytest.raises(Missing):
        services.feed_created_at(by=mine)
    with pytest.raises(Missing):
        services.read_feed(token=tokens[mine])
    assert services.read_feed(token=tokens[other])


def test_what_changes_keeps_its_uid_and_counts_its_sequence(feed, book, slot, alice, tim):
    meeting = book(status="confirmed")
    other = slot(3)
    services.move_meeting(by=alice, meeting_id=meeting.pk, time_slot_id=other.pk)
    [event] = feed(alice).values()
    assert (event.sequence.value, event.status.value, event.dtstart.value) == ("2", "CONFIRMED", other.start_time)

    services.cancel_meeting(by=tim, meeting_id=meeting.pk)
    [event] = feed(alice).values()
    assert (event.uid.value, event.sequence.value, event.status.value) == (str(meeting.uid), "3", "CANCELLED")
    changed = Meeting.objects.get().updated_at.replace(microsecond=0)
    assert event.dtstamp.value == event.last_modified.value == changed


def test_what_took_place_stays_confirmed(feed, book, begin, alice, tim):
    meeting = book(status="confirmed")
    begin(meeting)
    services.complete_meeting(by=tim, meeting_id=meeting.pk)

    [event] = feed(alice).values()

    assert event.status.value == "CONFIRMED"


def test_long_and_strange_texts_survive(feed, book, alice):
    subject = "Żółć; \\ , : ü 數學 \x07" + "x" * 60
    book(subject=subject, notes="line\r\n\x1bBEGIN:VEVENT\nEND:VCALENDAR")

    [event] = feed(alice).values()

    assert event.summary.value == subject.replace("\x07", " ").replace("  ", " ")
    assert "BEGIN:VEVENT" in event.description.value
    assert "\x1b" not in event.description.value


def test_what_is_long_over_is_left_out(feed, book, alice, settings):
    meeting = book()
    shift(meeting, 40 * 86400)
    assert len(feed(alice)) == 1
    settings.CALENDAR_PAST = timedelta(days=30)
    assert feed(alice) == {}


def test_a_feed_that_is_too_long_leaves_out_the_oldest(feed, book, slot, alice, monkeypatch):
    later, _sooner = book(slot(1)), book(slot(0))
    monkeypatch.setattr("scheduling.services.calendars._MOST", 1)

    assert list(feed(alice)) == [str(later.uid)]


def test_an_address_is_a_secret_that_can_be_revoked(as_user, api, alice):
    client, path = as_user(alice), "/api/v1/calendar/"
    assert client.get(path).status_code == client.delete(path).status_code == 404

    first = client.post(path).json()["url"]
    token = first.rpartition("/")[2].removesuffix(".ics")
    assert len(token) >= 43
    assert token.encode() not in bytes(CalendarFeed.objects.get().digest)
    assert client.get(path).status_code == 200
    second = client.post(path).json()["url"]
    assert api.get(first).status_code == 404
    assert api.get(second).status_code == 200
    assert client.delete(path).status_code == 204
    assert api.get(second).status_code == 404
    assert api.get(second).json()["code"] == "not_found"
    assert api.get(path).status_code == 401


def test_nobody_reads_the_calendar_of_a_disabled_account(as_user, api, alice, tim):
    url = as_user(alice).post("/api/v1/calendar/").json()["url"]
    change_account(by=tim, user=alice, is_active=False)
    assert api.get(url).status_code == 404


def test_a_program_that_asks_again_gets_304(as_user, api, alice, book):
    url = as_user(alice).post("/api/v1/calendar/").json()["url"]
    etag = api.get(url)["ETag"]
    assert api.get(url, HTTP_IF_NONE_MATCH=etag).status_code == 304
    book()
    assert api.get(url, HTTP_IF_NONE_MATCH=etag).status_code == 200


def test_a_feed_takes_as_many_queries_for_many_meetings(as_user, api, alice, tim, slot, book, django_assert_num_queries):
    url = as_user(alice).post("/api/v1/calendar/").json()["url"]
    for number in range(5):
        book(slot(number))
    with django_assert_num_queries(2):
        assert api.get(url).content.count(b"BEGIN:VEVENT") == 5
