"""Pages tell the studio's time, the API tells UTC."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils import timezone

from scheduling.models import TimeSlot

pytestmark = pytest.mark.django_db
YEAR = timezone.now().year + 1


@pytest.fixture
def staff(tim, settings):
    settings.STUDIO_TIME_ZONE = "Europe/Warsaw"
    client = Client()
    client.force_login(tim)
    return client


@pytest.fixture
def slot(tim):
    """Two hours of a summer's day."""
    times = {"start_time": datetime(YEAR, 7, 1, 8, tzinfo=UTC), "end_time": datetime(YEAR, 7, 1, 10, tzinfo=UTC)}
    return TimeSlot.objects.create(tutor=tim, **times)


def test_the_admin_shows_the_studios_time_and_says_so(staff, slot):
    page = staff.get("/admin/scheduling/timeslot/").content.decode()
    assert "10 a.m." in page
    assert "8 a.m." not in page
    assert "Europe/Warsaw" in page
    form = staff.get(f"/admin/scheduling/timeslot/{slot.pk}/change/").content.decode()
    assert 'value="10:00:00"' in form
    assert f"{YEAR}-07-01 10:00 CEST" in form


def test_the_admin_reads_the_studios_time(staff, tim):
    values = {"start_time_0": f"{YEAR}-01-15", "start_time_1": "10:00", "end_time_0": f"{YEAR}-01-15", "end_time_1": "11:00"}
    staff.post("/admin/scheduling/timeslot/add/", values | {"is_available": "on", "credits": "0"})
    assert TimeSlot.objects.get().start_time == datetime(YEAR, 1, 15, 9, tzinfo=UTC)


def test_the_api_speaks_utc_and_the_zone_ends_with_the_page(staff, slot, as_user, tim):
    staff.get("/admin/")
    assert timezone.get_current_timezone_name() == "UTC"
    assert as_user(tim).get(f"/api/v1/timeslots/{slot.pk}/").json()["start_time"] == f"{YEAR}-07-01T08:00:00.000000Z"
    assert str(slot) == f"{YEAR}-07-01 08:00 UTC"


@pytest.mark.parametrize(("wall", "hour"), [("02:30", 0), ("10:00", 9)])
def test_the_week_takes_an_hour_that_the_clocks_repeat(staff, tim, wall, hour):
    """The last Sunday of October, when 02:30 comes twice; the first one is meant."""
    sunday = next(day for day in range(31, 24, -1) if datetime(YEAR, 10, day, tzinfo=UTC).weekday() == 6)
    answer = staff.post(
        "/admin/desk/week/", {"publish": "1", "tutor": tim.pk, "start": f"{YEAR}-10-{sunday}T{wall}", "minutes": "30"}
    )
    assert answer.status_code == 302
    start = TimeSlot.objects.get().start_time.astimezone(UTC)
    assert (start.day, start.hour) == (sunday, hour)
