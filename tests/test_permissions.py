"""Who gets what: every route × method × person equals permissions.txt, and every member of the answers members.txt.

A new route fails until it is in the tables. They are written by a run and read by people:

    pytest tests/test_permissions.py --write-tables && git diff tests/*.txt

Every row tried is alice's own (for people's working hours and slots: tim's); bob is somebody else. Bodies are empty, so
400 means "allowed, but say what". Methods that no one may use on a path (405) are left out of the table.
"""

from datetime import time, timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone

from accounts.models import Session
from notifications.models import Notification
from notifications.services import notify
from scheduling import services as scheduling
from shop import services as shop
from shop.models import Category, Product
from tests.routes import METHODS, compare, routes
from tickets import services as tickets

pytestmark = pytest.mark.django_db

HERE = Path(__file__).parent
ROLES = ("anonymous", "alice", "bob", "sue", "tim", "ada")
WIDTH = max(map(len, ROLES)) + 1


@pytest.fixture
def people(alice, bob, sue, tim, make_admin, api, as_user):
    """A client for each role: nobody, a customer, another one, support, a tutor (and so an administrator), an administrator."""
    known = {"alice": alice, "bob": bob, "sue": sue, "tim": tim, "ada": make_admin("ada")}
    return {"anonymous": api, **{name: as_user(user) for name, user in known.items()}}


@pytest.fixture
def values(people, alice, sue, tim, settings, tmp_path):
    """What stands for each parameter of a path: the keys of rows that alice has, or that anybody may see."""
    settings.MEDIA_ROOT = tmp_path
    start = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=3)
    slots = [
        scheduling.create_slot(by=tim, start_time=start + timedelta(hours=n), end_time=start + timedelta(hours=n + 1))
        for n in (0, 2)
    ]
    rule = scheduling.add_rule(by=tim, weekday=1, start_time=time(9), end_time=time(12), slot_minutes=60)
    off = scheduling.add_exception(by=tim, date=(start + timedelta(days=9)).date(), kind="off")
    meeting = scheduling.book_meeting(by=alice, time_slot_id=slots[0].pk, subject="Algebra")
    category = Category.objects.create(name="Paper")
    product = Product.objects.create(name="Pen", amount=10, price="2.50")
    order = shop.place_order(
        by=alice, address="1 Main Street", phone="+48123666789", items=[{"product_id": product.pk, "amount": 1}]
    )
    ticket = tickets.open_ticket(by=alice, message="Help", files=[SimpleUploadedFile("a.txt", b"hello", "text/plain")])
    answer = tickets.answer_ticket(by=sue, ticket_id=ticket.pk, message="Gladly")
    notify(user=alice, type="system", title="Hello", message="Welcome", key=f"matrix-{alice.pk}")
    return {
        "users/id": alice.pk,
        "users/pk": alice.pk,
        "sessions/pk": Session.objects.get(user=alice).pk,
        "notifications/pk": Notification.objects.filter(user=alice).first().pk,
        "calendar/token": scheduling.create_feed(by=alice),
        "exceptions/pk": off.pk,
        "availability/pk": rule.pk,
        "timeslots/pk": slots[1].pk,
        "meetings/pk": meeting.pk,
        "products/pk": product.pk,
        "categories/pk": category.pk,
        "orders/pk": order.pk,
        "orders/order": order.pk,
        "webhooks/provider": "stripe",
        "tickets/pk": ticket.pk,
        "ticket/pk": ticket.pk,
        "answers/pk": answer.pk,
        "comment/pk": answer.pk,
        "attachments/pk": ticket.attachments.get().pk,
    }


def doors():
    """All routes but the OpenAPI document's, which is everybody's."""
    return [route for route in routes() if route.path not in ("/api/schema/", "/api/docs/")]


def ask(client, method, path):
    """The answer to a request with an empty body. What it did is undone."""
    with transaction.atomic():
        answer = getattr(client, method.lower())(path, *([] if method == "GET" else [{}]))
        if answer.streaming:
            answer.getvalue()  # read to the end, the file is closed
        transaction.set_rollback(True)
    return answer


def test_every_route_answers_each_role_as_the_table_says(request, people, values):
    lines = [f"{'':6} {'':47} " + "".join(f"{role:>{WIDTH}}" for role in ROLES)]
    for route in doors():
        path = route.filled(values)
        for method in METHODS:
            statuses = [ask(people[role], method, path).status_code for role in ROLES]
            if not (405 in statuses and set(statuses) <= {401, 403, 405}):
                lines.append(f"{method:6} {route.path:47} " + "".join(f"{status:>{WIDTH}}" for status in statuses))
    compare(request, HERE / "permissions.txt", lines)


def test_every_answer_has_the_members_that_the_table_allows(request, people, values):
    lines = []
    for route in doors():
        path, shown = route.filled(values), {}
        for role in ROLES:
            answer = ask(people[role], "GET", path)
            if answer.status_code == 200 and "json" in answer["Content-Type"] and (members := members_of(answer.json())):
                shown.setdefault(" ".join(members), []).append(role)
        lines += [f"{route.path} {'+'.join(roles)}: {members}" for members, roles in shown.items()]
    compare(request, HERE / "members.txt", lines)


def members_of(value, path=""):
    """Every member of a JSON value by its path, `results.user.id`, in order, each once."""
    found = {}
    if isinstance(value, dict):
        for name, inner in value.items():
            here = f"{path}.{name}" if path else name
            found.update(dict.fromkeys(members_of(inner, here) or [here]))
    elif isinstance(value, list):
        for inner in value:
            found.update(dict.fromkeys(members_of(inner, path)))
    return list(found)


def test_a_strangers_row_is_answered_like_a_missing_one(people, values):
    """404 tells bob nothing: neither the status nor the body differs from that of a row that never was."""
    missing = dict.fromkeys(values, 2**62)
    told = []
    for route in doors():
        if "{pk}" not in route.path and "{order}" not in route.path and "{id}" not in route.path:
            continue
        for method in METHODS:
            his = ask(people["bob"], method, route.filled(values))
            if his.status_code == 404 and his.content != ask(people["bob"], method, route.filled(missing)).content:
                told.append(f"{method} {route.path}")
    assert told == []
