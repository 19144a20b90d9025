"""What races of several subjects need: patience, people, and things to fight over."""

import pytest
from django.db import connections

from accounts.models import User
from scheduling.models import TimeSlot
from shop.models import Product
from tests.concurrency.calendars import MANY
from tests.conftest import make_user
from tests.scheduling.conftest import hour
from tests.shop.conftest import violations


@pytest.fixture
def patience(monkeypatch):
    """Two hundred threads of one process on two cores starve each other, so a wait of 2 s says nothing.

    Deadlocks still end after 1 s. What clients see under the service's own timeouts: test_live_bookings.
    """
    options = connections.databases["default"]["OPTIONS"]
    longer = "-c statement_timeout=60s -c lock_timeout=30s -c idle_in_transaction_session_timeout=60s"
    monkeypatch.setitem(options, "options", longer)
    monkeypatch.setitem(options, "connect_timeout", 30)


@pytest.fixture
def students(db):
    return [make_user(f"student{number}") for number in range(MANY)]


@pytest.fixture
def slot(tim):
    """`slot(3)`: an hour of tim's, or of another tutor's."""
    return lambda number=0, tutor=tim: TimeSlot.objects.create(tutor=tutor, start_time=hour(number), end_time=hour(number + 1))


@pytest.fixture
def buyers(db):
    """`buyers(200)`: so many accounts."""

    def make(number):
        names = [f"buyer{index}" for index in range(number)]
        users = [User(username=name, username_chosen=True, email=f"{name}@example.com") for name in names]
        return User.objects.bulk_create(users)

    return make


@pytest.fixture
def stocked(db):
    """`stocked("Pen", 50)`: a product, and so many of it."""
    return lambda name, amount, **fields: Product.objects.create(name=name, amount=amount, price="2.50", **fields)


@pytest.fixture
def sums_agree_afterwards(request, transactional_db):
    """Whatever the race, the sums agree. Controls are here to tear them."""
    yield
    if not request.node.name.startswith("test_control"):
        assert violations() == []
