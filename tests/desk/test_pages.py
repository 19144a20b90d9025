"""The staff's pages: who gets in, what they show, and how many queries they take."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.models import Delivery
from scheduling.services import book_meeting, create_slot
from shop.models import Product
from shop.services import place_order
from tests.desk.conftest import tomorrow
from tickets.models import Ticket
from tickets.services import answer_ticket, open_ticket

FOR_ALL = ["/admin/", "/admin/desk/tickets/"]
FOR_ADMINS = [
    "/admin/desk/jobs/",
    "/admin/desk/week/",
    "/admin/desk/orders/",
    "/admin/desk/orders/packing/",
    "/admin/desk/orders/export.csv",
]


@pytest.mark.parametrize("path", FOR_ALL + FOR_ADMINS)
def test_customers_are_sent_to_the_door(at_desk, alice, path):
    assert at_desk(alice).get(path).status_code == 302


@pytest.mark.parametrize(("paths", "status"), [(FOR_ALL, 200), (FOR_ADMINS, 403)])
def test_support_sees_tickets_and_nothing_else(at_desk, sue, order, meeting, ticket, paths, status):
    for path in paths:
        response = at_desk(sue).get(path)
        assert response.status_code == status, path
        assert b"Algebra" not in response.content
        assert status == 403 or b"Fire" in response.content


def test_messages_that_did_not_get_through_are_named(at_desk, tim, ticket):
    answer_ticket(by=tim, ticket_id=ticket.pk, message="Use water")
    Delivery.objects.update(status="failed", last_error="550 no such box")

    assert b"550 no such box" in at_desk(tim).get("/admin/").content


@pytest.mark.parametrize("language", ["en", "pl", "ru"])
@pytest.mark.parametrize("path", FOR_ALL + FOR_ADMINS)
def test_administrators_get_every_page_in_each_language(at_desk, tim, ticket, order, meeting, path, language):
    assert at_desk(tim).get(path, headers={"Accept-Language": language}).status_code == 200


def test_the_first_page_names_what_waits(at_desk, tim, ticket, order, meeting):
    page = at_desk(tim).get("/admin/").content.decode()

    for words in ("Fire", "Algebra", f"{order.pk}: 5.00", "Pen"):
        assert words in page


def test_a_failed_job_is_tried_again_once(at_desk, tim):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status) VALUES (%s, %s, %s) RETURNING id",
            ["default", "some.task", "failed"],
        )
        job = cursor.fetchone()[0]
    desk = at_desk(tim)

    assert b"some.task" in desk.get("/admin/").content
    first = desk.post("/admin/desk/jobs/", {"job": job}, follow=True)
    second = desk.post("/admin/desk/jobs/", {"job": job}, follow=True)

    levels = [[message.level_tag for message in response.context["messages"]] for response in (first, second)]
    assert levels == [["success"], ["error"]]


def _many(alice, tim, first, number):
    for place in range(first, first + number):
        ticket = open_ticket(by=alice, message="Again")
        answer_ticket(by=alice, ticket_id=ticket.pk, message="And again")
        slot = create_slot(by=tim, start_time=tomorrow(place), end_time=tomorrow(place + 1))
        book_meeting(by=alice, time_slot_id=slot.pk, subject="Algebra")
        pen = Product.objects.create(name=f"Pen {place}", amount=5, price="2.50")
        place_order(by=alice, address="1 Main Street", phone="+48123666789", items=[{"product_id": pen.pk, "amount": 1}])


@pytest.mark.parametrize("path", [*FOR_ALL, *FOR_ADMINS, "/admin/desk/tickets/{ticket}/"])
def test_a_page_takes_as_many_queries_for_many_rows_as_for_few(at_desk, tim, alice, path):
    desk, counts = at_desk(tim), []
    for number in (2, 8):
        _many(alice, tim, sum(counts and [2]), number)
        ticket = Ticket.objects.latest("id")
        for place in range(number):
            answer_ticket(by=alice, ticket_id=ticket.pk, message=f"Word {place}")
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert desk.get(path.format(ticket=ticket.pk)).status_code == 200
        counts.append(len(caught))

    assert counts[0] == counts[1] <= 20
