"""The tutors' week at the desk."""

from datetime import timedelta

import pytest

from scheduling.models import Meeting, TimeSlot
from tests.desk.conftest import tomorrow, week_of


def test_a_meeting_is_confirmed_then_canceled_once(at_desk, tim, slot, meeting):
    desk = at_desk(tim)

    assert f"confirm:{meeting.pk}" in desk.get(week_of(slot)).content.decode()
    desk.post(week_of(slot), {"deed": f"confirm:{meeting.pk}"})
    assert Meeting.objects.get().status == "confirmed"
    desk.post(week_of(slot), {"deed": f"cancel:{meeting.pk}"}, follow=True)
    assert Meeting.objects.get().status == "canceled"
    again = desk.post(week_of(slot), {"deed": f"cancel:{meeting.pk}"}, follow=True)
    assert [message.level_tag for message in again.context["messages"]] == ["error"]


def test_a_slot_is_withdrawn_and_published(at_desk, tim, slot):
    desk = at_desk(tim)

    desk.post(week_of(slot), {"deed": f"withdraw:{slot.pk}"})
    assert not TimeSlot.objects.exists()
    desk.post(week_of(slot), {"publish": "1", "start": f"{tomorrow():%Y-%m-%dT%H:%M}", "minutes": "45"})
    assert TimeSlot.objects.get().end_time == tomorrow() + timedelta(minutes=45)


def test_the_week_is_ones_own_until_another_is_asked_for(at_desk, make_admin, tim, slot):
    desk = at_desk(make_admin("second"))

    for tutor, shown in (("", []), (f"&tutor={tim.pk}", [slot]), ("&tutor=", [slot])):
        response = desk.get(week_of(slot) + tutor)
        assert [one for _day, slots in response.context["days"] for one in slots] == shown


@pytest.mark.parametrize("query", ["day=0001-01-01", "day=9999-12-31", "day=nonsense", "tutor=x", "tutor=99"])
def test_a_week_that_is_none_is_this_one(at_desk, tim, query):
    assert at_desk(tim).get(f"/admin/desk/week/?{query}").status_code == 200
