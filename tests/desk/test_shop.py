"""The shop's pages at the desk."""

import pytest
from django.utils import timezone

from accounts.services import close_account
from shop.desk import harmless
from shop.models import Order, Payment, Product
from shop.services import cancel_order, complete_order, mark_paid, place_order
from tests.desk.conftest import said


def test_support_settles_no_order(at_desk, sue, order):
    assert at_desk(sue).post(f"/admin/desk/orders/{order.pk}/complete/").status_code == 403
    assert Order.objects.get().status == "new"


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


@pytest.mark.parametrize("who", ["the buyer", "a job, after the closing"])
def test_money_of_canceled_orders_is_to_be_given_back(at_desk, tim, sue, alice, order, run_jobs, who):
    """Nobody of the staff canceled it: they hear of it here, until the money is on its way."""
    pen = Product.objects.get()
    other = place_order(by=tim, address="x", phone="+48123666789", items=[{"product_id": pen.pk, "amount": 1}])
    for one in (order, other):
        mark_paid(by=tim, order_id=one.pk)
    cancel_order(by=tim, order_id=place_order(by=tim, address="x", phone="x", items=[{"product_id": pen.pk, "amount": 1}]).pk)
    desk, title = at_desk(tim), "Money to give back"

    def box():
        return next(box for box in desk.get("/admin/").context["boxes"] if box["title"] == title)

    assert box()["rows"] == []

    if who == "the buyer":
        cancel_order(by=alice, order_id=order.pk)
    else:
        close_account(by=tim, user=alice)
        run_jobs()

    (row,) = box()["rows"]
    payment = Payment.objects.get(order=order)
    assert (row.text, row.note) == (str(Order.objects.get(pk=order.pk)), str(timezone.localdate(payment.paid_at)))
    for link in (row.link, box()["link"]):
        assert [one.pk for one in desk.get(link).context["cl"].result_list] == [payment.pk]
    desk.post(row.link, {"action": "mark_refunded", "_selected_action": payment.pk})
    assert box()["rows"] == []
    assert title not in at_desk(sue).get("/admin/").content.decode()


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@A1", "\t=1", "\r=1"])
def test_a_sheet_holds_no_formula(cell):
    assert harmless(cell) == f"'{cell}"


def test_the_sheet_of_orders(at_desk, tim, order):
    sheet = at_desk(tim).get("/admin/desk/orders/export.csv").content.decode("utf-8-sig")

    assert f"{order.pk}," in sheet
    assert ",'=1+1,'+48123666789" in sheet
