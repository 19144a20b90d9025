"""The stock at the desk: deliveries and corrections, each with its reason in the ledger."""

import pytest

from shop.models import Product, StockEntry
from tests.desk.conftest import once, said_levels


@pytest.fixture
def pen(db):
    return Product.objects.create(name="Pen", amount=3, price="2.50")


def page_of(product):
    return f"/admin/desk/stock/{product.pk}/"


def ledger():
    """The newest entry."""
    entry = StockEntry.objects.latest("id")
    return entry.change, entry.balance, entry.reason, entry.by, entry.note


def test_a_delivery_and_a_correction_are_entered(at_desk, tim, pen):
    desk = at_desk(tim)

    desk.post(page_of(pen), once(reason="delivery", change="20"))
    assert ledger() == (20, 23, "delivery", tim, "")
    desk.post(page_of(pen), once(reason="correction", change="-1", note="broken"))
    assert ledger() == (-1, 22, "correction", tim, "broken")
    assert Product.objects.get().amount == 22
    page = desk.get(page_of(pen)).content.decode()
    for words in ("broken", "+20", "22"):
        assert words in page


def test_a_delivery_that_is_sent_twice_arrives_once(at_desk, tim, pen):
    desk, form = at_desk(tim), once(reason="delivery", change="20")

    levels = [said_levels(desk.post(page_of(pen), form, follow=True)) for _time in range(2)]

    assert levels == [["success"], ["info"]]
    assert Product.objects.get().amount == 23


def test_a_correction_says_why(at_desk, tim, pen):
    response = at_desk(tim).post(page_of(pen), once(reason="correction", change="-1"))

    assert response.context["entry"].errors.keys() == {"note"}
    assert Product.objects.get().amount == 3


@pytest.mark.parametrize(
    "entry",
    [
        {"reason": "correction", "change": "-4", "note": "lost"},  # more than there are
        {"reason": "delivery", "change": "-1"},
        {"reason": "delivery", "change": "0"},
    ],
)
def test_what_the_ledger_refuses_is_told(at_desk, tim, pen, entry):
    response = at_desk(tim).post(page_of(pen), once(**entry), follow=True)

    assert said_levels(response) == ["error"]
    assert Product.objects.get().amount == 3


@pytest.mark.parametrize("reason", ["order", "cancellation", "nonsense"])
def test_what_orders_do_is_not_done_by_hand(at_desk, tim, pen, reason):
    assert at_desk(tim).post(page_of(pen), once(reason=reason, change="1", note="x")).context["entry"].errors.keys() == {"reason"}
    assert Product.objects.get().amount == 3


def test_what_runs_low_comes_first_and_everything_is_found_by_name(at_desk, tim, pen):
    ink = Product.objects.create(name="Blue ink", amount=500, price="1.00")
    desk = at_desk(tim)

    assert list(desk.get("/admin/desk/stock/").context["products"]) == [pen]
    assert list(desk.get("/admin/desk/stock/?q=INK").context["products"]) == [ink]
    assert page_of(pen) in desk.get("/admin/").content.decode()


def test_support_keeps_out(at_desk, sue, pen):
    desk = at_desk(sue)

    assert desk.get("/admin/desk/stock/").status_code == 403
    assert desk.post(page_of(pen), once(reason="delivery", change="20")).status_code == 403
    assert Product.objects.get().amount == 3


def test_a_product_that_there_is_not(at_desk, tim):
    assert at_desk(tim).get("/admin/desk/stock/999999/").status_code == 404
