"""Pages tell the studio's time, the API UTC."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from accounts.models import Session
from accounts.services import start_session
from scheduling.models import TimeSlot
from shop.services import grant_credits
from tickets.models import Ticket
from tickets.services import open_ticket

NIGHT = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)  # the next day in Warsaw
YEAR = timezone.now().year + 1
TIMES = [("start", f"{YEAR}-12-02", "00:30"), ("end", f"{YEAR}-12-02", "01:30")]


@pytest.fixture
def warsaw(settings):
    settings.STUDIO_TIME_ZONE = "Europe/Warsaw"


@pytest.fixture
def ticket(alice):
    found = open_ticket(by=alice, message="My printer is on fire", subject="Fire")
    Ticket.objects.update(created_at=NIGHT)
    return found


def test_pages_tell_the_studio_s_time(client, warsaw, sue, ticket):
    client.force_login(sue, backend="accounts.backends.IdentifierBackend")

    assert b"2026-07-02 00:30" in client.get("/admin/").content
    assert b"July 2, 2026, 12:30 a.m." in client.get(f"/admin/desk/tickets/{ticket.pk}/").content


def test_a_person_s_page_tells_the_studio_s_days(client, settings, tim, alice, ticket, order):
    now = timezone.now()
    settings.STUDIO_TIME_ZONE = "Pacific/Kiritimati" if now.hour > 11 else "Etc/GMT+12"  # where it is tomorrow, or yesterday
    grant_credits(by=tim, user=alice, credits=1)
    Ticket.objects.update(created_at=now)
    client.force_login(tim, backend="accounts.backends.IdentifierBackend")

    page = client.get(f"/admin/desk/users/{alice.pk}/").content.decode()

    assert page.count(f"{now.astimezone(ZoneInfo(settings.STUDIO_TIME_ZONE)):%Y-%m-%d}") >= 4
    assert f"{now:%Y-%m-%d}" not in page


def test_a_meeting_is_called_by_the_studio_s_time(client, warsaw, tim, meeting):
    client.force_login(tim, backend="accounts.backends.IdentifierBackend")

    page = client.get(f"/admin/scheduling/meeting/{meeting.pk}/change/").content.decode()

    assert f"Algebra ({meeting.start_time.astimezone(ZoneInfo('Europe/Warsaw')):%Y-%m-%d %H:%M %Z})" in page


def test_a_sign_in_is_called_by_the_studio_s_day(client, warsaw, tim, alice):
    start_session(user=alice, device="Phone", address="192.0.2.7")
    Session.objects.update(created_at=NIGHT)
    client.force_login(tim, backend="accounts.backends.IdentifierBackend")

    page = client.get(f"/admin/accounts/session/{Session.objects.get().pk}/change/").content.decode()

    assert "Phone 2026-07-02" in page


def test_the_admin_s_forms_take_it(client, warsaw, tim):
    client.force_login(tim, backend="accounts.backends.IdentifierBackend")
    fields = {f"{edge}_time_{place}": value for edge, day, hour in TIMES for place, value in enumerate((day, hour))}

    client.post("/admin/scheduling/timeslot/add/", {"credits": 0, **fields})

    assert TimeSlot.objects.get().start_time == datetime(YEAR, 12, 1, 23, 30, tzinfo=UTC)


def test_the_api_speaks_utc(as_user, warsaw, alice, ticket):
    assert as_user(alice).get(f"/api/ticket/{ticket.pk}/").json()["created_at"] == "2026-07-01T22:30:00.000000Z"
