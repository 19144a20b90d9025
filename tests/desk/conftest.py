"""A browser at the desk, and what lies there: a ticket, an order, a slot and a meeting."""

from datetime import timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from scheduling.services import book_meeting, create_slot
from shop.models import Product
from shop.services import place_order
from tickets.services import open_ticket


@pytest.fixture
def at_desk(client):
    """`at_desk(sue)`: a browser that is signed in to the admin."""

    def signed_in(user):
        client.force_login(user, backend="accounts.backends.IdentifierBackend")
        return client

    return signed_in


@pytest.fixture(autouse=True)
def nothing_remembered():
    """Charts remember the days before today (config.desk.home)."""
    yield
    cache.clear()


@pytest.fixture
def ticket(alice):
    return open_ticket(by=alice, message="My printer is on fire", subject="Fire")


@pytest.fixture
def order(alice):
    pen = Product.objects.create(name="Pen", amount=5, price="2.50")
    return place_order(by=alice, address="=1+1", phone="+48123666789", items=[{"product_id": pen.pk, "amount": 2}])


def tomorrow(hour=0):
    return (timezone.now() + timedelta(days=1)).replace(minute=0, second=0, microsecond=0) + timedelta(hours=hour)


@pytest.fixture
def slot(tim):
    return create_slot(by=tim, start_time=tomorrow(), end_time=tomorrow(1))


@pytest.fixture
def meeting(slot, alice):
    return book_meeting(by=alice, time_slot_id=slot.pk, subject="Algebra")


def week_of(slot, zone=None):
    """The page of the week in which a slot or meeting is by the studio's clock; by UTC it may be another at its ends."""
    return f"/admin/desk/week/?day={slot.start_time.astimezone(ZoneInfo(zone or settings.STUDIO_TIME_ZONE)):%Y-%m-%d}"


def said(response):
    return [str(message) for message in response.context["messages"]]


def said_levels(response):
    return [message.level_tag for message in response.context["messages"]]


def once(**fields):
    """The fields of a form that has its effect once, as a page just shown would send them."""
    return {"once": str(uuid4()), **fields}
