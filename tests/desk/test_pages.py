"""The staff's pages: who gets in, what they show and do, and how many queries they take."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications.models import Delivery
from scheduling.models import Meeting, TimeSlot
from scheduling.services import book_meeting, create_slot
from shop.desk import harmless
from shop.models import Order, Product
from shop.services import cancel_order, complete_order, place_order
from tickets.models import Answer, Ticket
from tickets.services import answer_ticket, open_ticket

FOR_ALL = ["/admin/", "/admin/desk/tickets/"]
FOR_ADMINS = [
    "/admin/desk/jobs/",
    "/admin/desk/week/",
    "/admin/desk/orders/",
    "/admin/desk/orders/packing/",
    "/admin/desk/orders/export.csv",
]


@pytest.fixture
def at_desk(client):
    """`at_desk(sue)`: a browser that is signed in to the admin."""

    def signed_in(user):
        client.force_login(user, backend="accounts.backends.IdentifierBackend")
        return client

    return signed_in


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


def week_of(slot):
    return f"/admin/desk/week/?day={slot.start_time:%Y-%m-%d}"


def said(response):
    return [str(message) for message in response.context["messages"]]


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


def test_support_settles_no_order(at_desk, sue, order):
    assert at_desk(sue).post(f"/admin/desk/orders/{order.pk}/complete/").status_code == 403
    assert Order.objects.get().status == "new"


@pytest.mark.parametrize("language", ["en", "pl", "ru"])
@pytest.mark.parametrize("path", FOR_ALL + FOR_ADMINS)
def test_administrators_get_every_page_in_each_language(at_desk, tim, ticket, order, meeting, path, language):
    assert at_desk(tim).get(path, headers={"Accept-Language": language}).status_code == 200


def test_the_first_page_names_what_waits(at_desk, tim, ticket, order, meeting):
    page = at_desk(tim).get("/admin/").content.decode()

    for words in ("Fire", "Algebra", f"{order.pk}: 5.00", "Pen"):
        assert words in page


def test_an_answer_from_here_reaches_the_customer(at_desk, sue, ticket):
    response = at_desk(sue).post(f"/admin/desk/tickets/{ticket.pk}/", {"message": "Use water"}, follow=True)

    assert b"Use water" in response.content
    assert Delivery.objects.get(channel="email").to == "alice@example.com"
    assert Ticket.objects.get().awaiting == "customer"


def test_an_internal_note_reaches_nobody(at_desk, sue, ticket):
    at_desk(sue).post(f"/admin/desk/tickets/{ticket.pk}/", {"message": "Not water", "internal": "on"})

    assert Answer.objects.get().internal
    assert not Delivery.objects.exists()


def shown(**changes):
    """The sorting form as the browser sends it: what was shown, and what it is now."""
    fields = {"status": "u", "priority": "normal", "assignee": ""}
    return {**{f"initial-{name}": value for name, value in fields.items()}, **fields, **changes}


def test_a_ticket_is_sorted(at_desk, sue, ticket):
    at_desk(sue).post(f"/admin/desk/tickets/{ticket.pk}/", shown(status="c", priority="high", assignee=sue.pk))

    found = Ticket.objects.get()
    assert (found.status, found.priority, found.assignee, found.changed_status) == ("c", "high", sue, sue)


def test_sorting_leaves_what_a_colleague_changed_meanwhile(at_desk, sue, ticket):
    Ticket.objects.update(priority="urgent")

    at_desk(sue).post(f"/admin/desk/tickets/{ticket.pk}/", shown(assignee=sue.pk))

    assert (Ticket.objects.get().priority, Ticket.objects.get().assignee) == ("urgent", sue)


def test_an_empty_answer_is_not_sent(at_desk, sue, ticket):
    assert at_desk(sue).post(f"/admin/desk/tickets/{ticket.pk}/", {"message": " "}).status_code == 200
    assert not Answer.objects.exists()


def test_the_next_ticket(at_desk, sue, alice, ticket):
    newer = open_ticket(by=alice, message="And the ink")
    desk = at_desk(sue)

    assert desk.get(f"/admin/desk/tickets/{ticket.pk}/next/").url == f"/admin/desk/tickets/{newer.pk}/"
    assert desk.get(f"/admin/desk/tickets/{newer.pk}/next/").url == f"/admin/desk/tickets/{ticket.pk}/"
    answer_ticket(by=sue, ticket_id=ticket.pk, message="Done")
    assert desk.get(f"/admin/desk/tickets/{newer.pk}/next/").url == "/admin/desk/tickets/"


def test_the_queue_of_mine_and_of_nobody(at_desk, sue, alice, ticket):
    mine = open_ticket(by=alice, message="Mine")
    Ticket.objects.filter(pk=mine.pk).update(assignee=sue)
    desk = at_desk(sue)

    assert desk.get("/admin/desk/tickets/?show=mine").context["queue"] == [mine]
    assert desk.get("/admin/desk/tickets/?show=unassigned").context["queue"] == [ticket]


def test_what_customers_write_is_text(at_desk, sue, alice):
    evil = open_ticket(by=alice, message="<script>alert(1)</script>")

    for path in ("/admin/", f"/admin/desk/tickets/{evil.pk}/"):
        assert b"<script>alert" not in at_desk(sue).get(path).content


def test_an_order_is_settled_after_a_question_and_once(at_desk, tim, order):
    desk, path = at_desk(tim), f"/admin/desk/orders/{order.pk}/complete/"

    assert desk.get(path).status_code == 200
    assert Order.objects.get().status == "new"
    desk.post(path)
    assert Order.objects.get().status == "completed"
    assert len(said(desk.post(f"/admin/desk/orders/{order.pk}/cancel/", follow=True))) == 2
    assert Order.objects.get().status == "completed"


def test_revenue_is_not_summed_over_currencies(at_desk, tim, alice, order):
    zloty = Product.objects.create(name="Ink", amount=5, price="900.00", currency="PLN")
    foreign = place_order(by=alice, address="x", phone="+48123666789", items=[{"product_id": zloty.pk, "amount": 1}])
    for one in (order, foreign):
        complete_order(by=tim, order_id=one.pk)

    revenue = at_desk(tim).get("/admin/").context["charts"][2]

    assert revenue["bars"][-1].label.endswith(": 5.00")


def test_of_two_who_cancel_one_is_told(at_desk, tim, order):
    cancel_order(by=tim, order_id=order.pk)

    response = at_desk(tim).post(f"/admin/desk/orders/{order.pk}/cancel/", follow=True)

    assert [message.level_tag for message in response.context["messages"]] == ["error"]
    assert Product.objects.get().amount == 5


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@A1", "\t=1", "\r=1"])
def test_a_sheet_holds_no_formula(cell):
    assert harmless(cell) == f"'{cell}"


def test_the_sheet_of_orders(at_desk, tim, order):
    sheet = at_desk(tim).get("/admin/desk/orders/export.csv").content.decode("utf-8-sig")

    assert f"{order.pk}," in sheet
    assert ",'=1+1,'+48123666789" in sheet


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
