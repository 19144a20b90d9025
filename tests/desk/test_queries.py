"""How many queries each of the staff's pages takes: the same for ten rows as for many (milliseconds: docs/performance.md)."""

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from scheduling.services import book_meeting, create_slot
from shop.models import Product
from shop.services import place_order
from tests.desk.conftest import tomorrow, week_of
from tickets.models import CannedReply
from tickets.services import answer_ticket, open_ticket

# Two of each are for who asks: the session and the account.
QUERIES = {
    "/admin/": 13,
    "/admin/desk/tickets/": 3,
    "/admin/desk/tickets/?show=mine": 3,
    "/admin/desk/tickets/?show=all": 3,
    "/admin/desk/tickets/?q=again": 3,
    "/admin/desk/tickets/{ticket}/": 9,
    "/admin/desk/tickets/{ticket}/next/": 4,
    "{week}": 7,
    "{week}&tutor=": 6,
    "/admin/desk/orders/": 3,
    "/admin/desk/orders/{order}/complete/": 4,
    "/admin/desk/orders/packing/": 4,
    "/admin/desk/orders/export.csv": 3,
    "/admin/desk/stock/": 3,
    "/admin/desk/stock/{product}/": 4,
    "/admin/desk/jobs/": 4,
    "/admin/desk/users/{user}/": 10,
    "/admin/desk/users/{user}/close/": 3,
}


def fill(alice, tim, first, number):
    """So many more of everything. The keys of the newest, which have as much in them as there is of everything."""
    monday = tomorrow() + timedelta(days=-tomorrow().weekday() % 7)  # all slots are in one week, whatever day it is
    for place in range(first, first + number):
        ticket = open_ticket(by=alice, message="Again")
        start = monday + timedelta(hours=place)
        slot = create_slot(by=tim, start_time=start, end_time=start + timedelta(hours=1))
        book_meeting(by=alice, time_slot_id=slot.pk, subject="Algebra")
        pen = Product.objects.create(name=f"Pen {place}", amount=3, price="2.50")
        CannedReply.objects.create(title=f"Reply {place}", text="Dear {first_name}")
    lines = [{"product_id": pk, "amount": 1} for pk in Product.objects.filter(amount__gt=0).values_list("pk", flat=True)]
    order = place_order(by=alice, address="1 Main Street", phone="+48123666789", items=lines)
    for place in range(first + number):
        answer_ticket(by=alice, ticket_id=ticket.pk, message=f"Word {place}")
    return {"ticket": ticket.pk, "order": order.pk, "product": pen.pk, "user": alice.pk, "week": week_of(slot)}


def counted(desk, keys):
    counts = {}
    for path in QUERIES:
        with CaptureQueriesContext(connection) as caught:
            assert desk.get(path.format(**keys)).status_code in (200, 302), path
        counts[path] = len(caught)
    return counts


def test_a_page_takes_as_many_queries_for_many_rows_as_for_few(at_desk, tim, alice):
    desk = at_desk(tim)
    few = fill(alice, tim, 0, 10)
    counted(desk, few)  # what is remembered between requests

    assert counted(desk, few) == QUERIES
    assert counted(desk, fill(alice, tim, 10, 50)) == QUERIES
