"""The tutors' week at the desk."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from notifications.models import Delivery
from scheduling.errors import IllegalTransition
from scheduling.models import Meeting, TimeSlot
from tests.desk.conftest import said, said_levels, tomorrow, week_of


def test_a_meeting_is_confirmed_then_canceled_once(at_desk, tim, slot, meeting):
    desk = at_desk(tim)

    assert f"confirm:{meeting.pk}" in desk.get(week_of(slot)).content.decode()
    desk.post(week_of(slot), {"deed": f"confirm:{meeting.pk}"})
    assert Meeting.objects.get().status == "confirmed"
    desk.post(week_of(slot), {"deed": f"cancel:{meeting.pk}"}, follow=True)
    assert Meeting.objects.get().status == "canceled"
    again = desk.post(week_of(slot), {"deed": f"cancel:{meeting.pk}"}, follow=True)
    assert [message.level_tag for message in again.context["messages"]] == ["error"]


def test_who_cancels_second_hears_what_has_become_of_it(at_desk, tim, slot, meeting):
    desk = at_desk(tim)

    first = desk.post(week_of(slot), {"deed": f"cancel:{meeting.pk}"}, follow=True)
    told = Delivery.objects.count()
    second = desk.post(week_of(slot), {"deed": f"cancel:{meeting.pk}"}, follow=True)

    assert said(first) == ["Done."]
    assert said(second) == ["“Algebra” is canceled already. Nothing was changed."]
    assert Delivery.objects.count() == told


def test_a_deed_that_is_too_early_is_refused_in_the_services_words(at_desk, tim, slot, meeting):
    desk = at_desk(tim)
    desk.post(week_of(slot), {"deed": f"confirm:{meeting.pk}"})

    response = desk.post(week_of(slot), {"deed": f"complete:{meeting.pk}"}, follow=True)

    assert said(response)[-1] == str(IllegalTransition.detail)
    assert Meeting.objects.get().status == "confirmed"


@pytest.mark.parametrize(("deed", "kind"), [("confirm", "confirmed"), ("cancel", "canceled")])
def test_the_student_hears_of_it(at_desk, tim, slot, meeting, deed, kind):
    at_desk(tim).post(week_of(slot), {"deed": f"{deed}:{meeting.pk}"})

    mails = Delivery.objects.filter(channel="email", to="alice@example.com", notification__type=f"reservation_{kind}")
    assert mails.count() == 1


def test_a_meeting_that_took_place_is_completed(at_desk, tim, slot, meeting):
    desk = at_desk(tim)
    desk.post(week_of(slot), {"deed": f"confirm:{meeting.pk}"})
    with without_triggers():
        TimeSlot.objects.update(start_time=tomorrow(-48), end_time=tomorrow(-47))
        Meeting.objects.update(start_time=tomorrow(-48), end_time=tomorrow(-47))

    desk.post(week_of(slot), {"deed": f"complete:{meeting.pk}"})

    assert Meeting.objects.get().status == "completed"


@contextmanager
def without_triggers():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_a_slot_with_a_meeting_is_not_withdrawn(at_desk, tim, slot, meeting):
    response = at_desk(tim).post(week_of(slot), {"deed": f"withdraw:{slot.pk}"}, follow=True)

    assert said_levels(response) == ["error"]
    assert TimeSlot.objects.exists()


def publish(tutor, **fields):
    return {"publish": "1", "tutor": tutor.pk, "start": f"{tomorrow():%Y-%m-%dT%H:%M}", "minutes": "45", **fields}


def test_a_slot_is_withdrawn_and_published(at_desk, tim, slot):
    desk = at_desk(tim)

    desk.post(week_of(slot), {"deed": f"withdraw:{slot.pk}"})
    assert not TimeSlot.objects.exists()
    desk.post(week_of(slot), publish(tim, credits="2"))
    published = TimeSlot.objects.get()
    assert (published.tutor, published.credits, published.end_time) == (tim, 2, tomorrow() + timedelta(minutes=45))


def test_a_slot_is_published_for_another_tutor(at_desk, make_admin, tim):
    second = make_admin("second")
    desk = at_desk(tim)

    assert desk.get(f"/admin/desk/week/?tutor={second.pk}").context["publish"]["tutor"].value() == second.pk
    desk.post("/admin/desk/week/", publish(second))

    assert TimeSlot.objects.get().tutor == second


def test_a_slot_that_overlaps_is_refused_politely(at_desk, tim, slot):
    response = at_desk(tim).post(week_of(slot), publish(tim), follow=True)

    assert said_levels(response) == ["error"]
    assert TimeSlot.objects.count() == 1


def test_no_slot_is_published_for_somebody_who_is_no_tutor(at_desk, tim, alice):
    response = at_desk(tim).post("/admin/desk/week/", publish(alice))

    assert response.context["publish"].errors.keys() == {"tutor"}
    assert not TimeSlot.objects.exists()


def test_the_week_is_ones_own_until_another_is_asked_for(at_desk, make_admin, tim, slot):
    desk = at_desk(make_admin("second"))

    for tutor, shown in (("", []), (f"&tutor={tim.pk}", [slot]), ("&tutor=", [slot])):
        response = desk.get(week_of(slot) + tutor)
        assert [one for _day, slots in response.context["days"] for one in slots] == shown


def test_whoever_is_no_tutor_pages_through_everybodys_weeks(at_desk, sue, slot):
    sue.groups.add(Group.objects.get(name="Tutors"))

    response = at_desk(sue).get("/admin/desk/week/?day=2030-05-09")

    assert f"{response.context['monday']}" == "2030-05-06"
    assert response.context["tutor"] is None


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York", "UTC"])
@pytest.mark.parametrize("start", ["0001-01-01T00:00", "9999-12-31T23:59", "8999-12-31T23:59", "1800-01-01T00:00"])
def test_no_slot_is_published_at_the_end_of_time(at_desk, tim, settings, zone, start):
    settings.STUDIO_TIME_ZONE = zone

    response = at_desk(tim).post("/admin/desk/week/", publish(tim, start=start, minutes="1440"), follow=True)

    assert response.status_code == 200
    assert not TimeSlot.objects.exists()


@pytest.mark.parametrize("query", ["day=0001-01-01", "day=9999-12-31", "day=nonsense", "tutor=x", "tutor=99"])
def test_a_week_that_is_none_is_this_one(at_desk, tim, query):
    assert at_desk(tim).get(f"/admin/desk/week/?{query}").status_code == 200
