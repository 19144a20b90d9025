"""The staff's door: the same services, and a message where they refuse."""

from datetime import time

import pytest

from scheduling import services
from scheduling.models import AvailabilityRule, Meeting, TimeSlot, TutorSettings
from tests.scheduling.conftest import hour

pytestmark = pytest.mark.django_db

SLOTS, MEETINGS = "/admin/scheduling/timeslot/", "/admin/scheduling/meeting/"


@pytest.fixture
def staff(client, tim):
    client.force_login(tim)
    return client


def moment(name, value):
    return {f"{name}_0": f"{value:%Y-%m-%d}", f"{name}_1": f"{value:%H:%M:%S}"}


def times(first, last, **more):
    return moment("start_time", hour(first)) | moment("end_time", hour(last)) | {"credits": 0} | more


def messages(response):
    return [str(message) for message in response.context["messages"]]


def test_pages_show(staff, book, tim):
    book()
    services.add_rule(by=tim, weekday=1, start_time=time(10), end_time=time(12), slot_minutes=60)
    services.add_exception(by=tim, date=hour().date(), kind="off")
    services.set_buffer(by=tim, buffer_minutes=5)
    services.create_feed(by=tim)
    for name in ("timeslot", "meeting", "availabilityrule", "availabilityexception", "tutorsettings", "calendarfeed"):
        assert staff.get(f"/admin/scheduling/{name}/").status_code == 200
        assert staff.get(f"/admin/scheduling/{name}/?q=a").status_code in (200, 302)
    for path in (SLOTS, MEETINGS, "/admin/scheduling/availabilityrule/", "/admin/scheduling/tutorsettings/"):
        assert staff.get(f"{path}add/").status_code == 200
    assert staff.get(f"{MEETINGS}{Meeting.objects.get().pk}/change/").status_code == 200


def test_slots_are_offered_and_changed(staff, tim):
    staff.post(f"{SLOTS}add/", times(0, 1, is_available="on"))
    slot = TimeSlot.objects.get()
    assert (slot.tutor, slot.start_time, slot.is_available) == (tim, hour(0), True)
    staff.post(f"{SLOTS}{slot.pk}/change/", times(2, 3))
    slot.refresh_from_db()
    assert (slot.start_time, slot.is_available) == (hour(2), False)


def test_what_the_services_refuse_is_told(staff, book, slot, bob):
    taken = book().time_slot
    answer = staff.post(f"{SLOTS}{taken.pk}/change/", times(5, 6), follow=True)
    assert messages(answer) == ["A meeting takes place in this slot, so its times cannot change."]
    answer = staff.post(f"{SLOTS}add/", times(-90, -89), follow=True)
    assert messages(answer) == ["The start lies in the past."]
    hidden = slot(5, is_available=False)
    answer = staff.post(f"{MEETINGS}add/", {"student": bob.pk, "time_slot": hidden.pk, "subject": "x"}, follow=True)
    assert messages(answer) == ["This slot is not offered."]
    # Where a constraint can be checked before, the form says it.
    answer = staff.post(f"{MEETINGS}add/", {"student": bob.pk, "time_slot": taken.pk, "subject": "x"}, follow=True)
    assert answer.status_code == 200
    assert Meeting.objects.count() == 1


def test_meetings_are_booked_and_moved(staff, slot, bob, tim):
    first, second = slot(0), slot(1)
    staff.post(f"{MEETINGS}add/", {"student": bob.pk, "time_slot": first.pk, "subject": "Algebra", "notes": ""})
    meeting = Meeting.objects.get()
    assert (meeting.student, meeting.tutor, meeting.start_time) == (bob, tim, first.start_time)

    staff.post(f"{MEETINGS}{meeting.pk}/change/", {"time_slot": second.pk, "subject": "Geometry", "notes": ""})
    meeting.refresh_from_db()
    assert (meeting.time_slot, meeting.subject) == (second, "Geometry")


def test_actions_change_the_status(staff, book, slot, begin):
    first, second = book(slot(0)), book(slot(1))

    def act(action):
        return staff.post(MEETINGS, {"action": action, "_selected_action": [first.pk, second.pk]}, follow=True)

    assert messages(act("confirm")) == ["2 meetings changed."]
    begin(first)
    told = messages(act("complete"))
    assert told[-1] == "1 meeting changed."
    assert "cannot go from its present status" in told[0]
    act("cancel")
    assert dict(Meeting.objects.values_list("pk", "status")) == {first.pk: "completed", second.pk: "canceled"}


def test_free_slots_are_taken_away(staff, book, slot):
    taken, free = book().time_slot, slot(1)
    answer = staff.post(SLOTS, {"action": "take_away", "_selected_action": [taken.pk, free.pk]}, follow=True)

    assert messages(answer)[-1] == "1 slot taken away."
    assert TimeSlot.objects.get() == taken


def test_weekly_hours_and_the_buffer(staff, tim):
    path = "/admin/scheduling/availabilityrule/"
    rule = {
        "weekday": 2,
        "start_time": "10:00",
        "end_time": "12:00",
        "slot_minutes": 60,
        "valid_from": f"{hour():%Y-%m-%d}",
        "time_zone": "Europe/Warsaw",
        "credits": 0,
    }
    staff.post(f"{path}add/", rule)
    made = AvailabilityRule.objects.get()
    assert made.tutor == tim
    assert TimeSlot.objects.exists()
    staff.post("/admin/scheduling/tutorsettings/add/", {"tutor": tim.pk, "buffer_minutes": 15})
    assert TutorSettings.objects.get().buffer_minutes == 15
    staff.post(f"{path}{made.pk}/change/", rule | {"end_time": "11:00"})
    assert AvailabilityRule.objects.get().end_time == time(11)
    refused = staff.post(f"{path}{made.pk}/change/", rule | {"end_time": "11:00:30"})
    assert "Hours begin and end on whole minutes." in refused.content.decode()
    staff.post(f"{path}{made.pk}/delete/", {"post": "yes"})
    assert not TimeSlot.objects.exists()


def test_nothing_is_deleted(staff, book):
    meeting = book()
    assert staff.post(f"{MEETINGS}{meeting.pk}/delete/", {"post": "yes"}).status_code == 403
    assert staff.post(f"{SLOTS}{meeting.time_slot_id}/delete/", {"post": "yes"}).status_code == 403


def test_support_sees_none_of_it(client, sue):
    client.force_login(sue)
    assert client.get(SLOTS).status_code == 403
