"""Products and the stock ledger, at their services and in the database."""

from decimal import Decimal

import pytest
from django.core.files import File
from django.db import connection

from config.errors import Missing, NotAllowed
from shop import services
from shop.causes import give_cause
from shop.errors import CategoryNameTaken, NotEnoughStock, PriceFraction, StockChangeRefused
from shop.models import Category, Product, StockEntry
from tests.refusals import broken
from tests.shop.conftest import image

pytestmark = pytest.mark.django_db


def ledger(product):
    rows = StockEntry.objects.filter(product=product).order_by("id")
    return list(rows.values_list("change", "balance", "reason", "order", "by", "note"))


def test_every_change_of_stock_has_its_reason(alice, tim, bought):
    pen = services.create_product(by=tim, name="Pen", price="2.50", amount=10)
    services.change_stock(by=tim, product_id=pen.pk, change=5, reason="delivery", note="invoice 1")
    order = bought(alice, (pen, 4))
    services.cancel_order(by=alice, order_id=order.pk)
    services.change_stock(by=tim, product_id=pen.pk, change=-1, reason="correction", note="broken")
    services.change_product(by=tim, product_id=pen.pk, amount=20)

    assert ledger(pen) == [
        (10, 10, "delivery", None, tim.pk, ""),
        (5, 15, "delivery", None, tim.pk, "invoice 1"),
        (-4, 11, "order", order.pk, alice.pk, ""),
        (4, 15, "cancellation", order.pk, alice.pk, ""),
        (-1, 14, "correction", None, tim.pk, "broken"),
        (6, 20, "correction", None, tim.pk, ""),
    ]


def test_sql_by_hand_is_recorded_as_a_correction(stocked):
    pen, book = stocked("Pen", 10), stocked("Book", 0)

    with connection.cursor() as cursor:
        cursor.execute("UPDATE shop_product SET amount = amount + 3")

    assert [row[:3] for row in ledger(pen)] == [(10, 10, "delivery"), (3, 13, "correction")]
    assert [row[:3] for row in ledger(book)] == [(3, 3, "correction")]


def test_a_cause_serves_one_statement(stocked, tim):
    give_cause("stock", by=tim.pk, note="first")
    pen = stocked("Pen", 10)
    Product.objects.update(amount=11)
    give_cause("stock", reason="delivery", by=tim.pk, note="once")
    Product.objects.update(amount=12)
    Product.objects.update(amount=13)

    by_hand = ("correction", None, None, "")
    caused = [("delivery", None, tim.pk, note) for note in ("first", "once")]
    assert [row[2:] for row in ledger(pen)] == [caused[0], by_hand, caused[1], by_hand]


def test_the_ledger_is_only_added_to_and_only_by_the_stock(stocked):
    pen = stocked("Pen", 10)
    entry = StockEntry(product=pen, change=5, balance=15, reason="delivery")

    assert broken(entry.save) == "stock_entry_append_only"
    assert broken(lambda: StockEntry.objects.update(change=7)) == "stock_entry_append_only"
    assert broken(lambda: StockEntry.objects.all().delete()) == "stock_entry_append_only"


@pytest.mark.parametrize(
    ("cause", "change", "constraint"),
    [
        ({"reason": "delivery"}, -1, "stock_entry_direction"),
        ({"reason": "theft"}, -1, "stock_entry_direction"),
        ({"reason": "order"}, -1, "stock_entry_order"),
        ({"reason": "correction", "order": 1}, -1, "stock_entry_order"),
    ],
)
def test_the_ledger_takes_no_reason_that_makes_no_sense(stocked, cause, change, constraint):
    pen = stocked("Pen", 10)

    def move():
        give_cause("stock", **cause)
        Product.objects.filter(pk=pen.pk).update(amount=10 + change)

    assert broken(move) == constraint


def test_an_order_cannot_be_restocked_twice_by_hand_either(alice, stocked, bought):
    pen = stocked("Pen", 10)
    order = bought(alice, (pen, 4))
    services.cancel_order(by=alice, order_id=order.pk)

    def again():
        give_cause("stock", reason="cancellation", order=order.pk)
        Product.objects.filter(pk=pen.pk).update(amount=14)

    assert broken(again) == "stock_entry_once"


def test_a_currency_without_cents_has_no_fractions(tim):
    with pytest.raises(PriceFraction):
        services.create_product(by=tim, name="Pen", price="0.50", currency="JPY")

    assert services.create_product(by=tim, name="Pen", price="50.00", currency="JPY").pk


@pytest.mark.parametrize(("change", "reason"), [(-1, "delivery"), (0, "correction"), (1, "order"), (1, "cancellation")])
def test_what_is_not_done_by_hand(tim, stocked, change, reason):
    with pytest.raises(StockChangeRefused):
        services.change_stock(by=tim, product_id=stocked("Pen").pk, change=change, reason=reason)


def test_a_correction_below_zero(tim, stocked):
    pen = stocked("Pen", 2)

    with pytest.raises(NotEnoughStock):
        services.change_stock(by=tim, product_id=pen.pk, change=-3, reason="correction")
    assert len(ledger(pen)) == 1


def test_a_product_that_was_never_ordered_is_deleted_with_its_ledger(tim, stocked):
    pen = stocked("Pen", 2)

    assert services.delete_product(by=tim, product_id=pen.pk) is True

    connection.check_constraints()
    assert not Product.objects.exists()
    assert not StockEntry.objects.exists()


def test_a_product_that_was_ordered_goes_off_sale(tim, alice, stocked, bought):
    pen = stocked("Pen", 2)
    bought(alice, (pen, 1))

    assert services.delete_product(by=tim, product_id=pen.pk) is False

    assert not Product.objects.get().is_active
    assert len(ledger(pen)) == 2


def test_a_product_keeps_its_place_without_its_category(tim, stocked):
    category = services.create_category(by=tim, name="Paper")
    pad = stocked("Pad", category=category)
    with pytest.raises(CategoryNameTaken):
        services.create_category(by=tim, name="Paper")

    services.delete_category(by=tim, category_id=category.pk)

    assert Product.objects.get(pk=pad.pk).category is None
    assert not Category.objects.exists()


def test_only_administrators_keep_the_shop(alice, sue, stocked):
    pen = stocked("Pen")
    category = Category.objects.create(name="Paper")
    attempts = (
        lambda by: services.create_product(by=by, name="Mine", price=1),
        lambda by: services.change_product(by=by, product_id=pen.pk, price=0),
        lambda by: services.delete_product(by=by, product_id=pen.pk),
        lambda by: services.change_stock(by=by, product_id=pen.pk, change=1, reason="delivery"),
        lambda by: services.set_picture(by=by, product_id=pen.pk, picture=None),
        lambda by: services.remove_picture(by=by, product_id=pen.pk),
        lambda by: services.create_category(by=by, name="Mine"),
        lambda by: services.change_category(by=by, category_id=category.pk, name="Mine"),
        lambda by: services.delete_category(by=by, category_id=category.pk),
    )
    for by in (alice, sue):
        for attempt in attempts:
            with pytest.raises(NotAllowed):
                attempt(by)


def test_what_is_not_there_cannot_be_changed(tim):
    attempts = (
        lambda: services.change_product(by=tim, product_id=1, price=0),
        lambda: services.delete_product(by=tim, product_id=1),
        lambda: services.change_stock(by=tim, product_id=1, change=1, reason="delivery"),
        lambda: services.remove_picture(by=tim, product_id=1),
        lambda: services.change_category(by=tim, category_id=1, name="x"),
        lambda: services.delete_category(by=tim, category_id=1),
    )
    for attempt in attempts:
        with pytest.raises(Missing):
            attempt()


@pytest.mark.parametrize("place", [0, 1])
def test_what_is_named_is_changed_and_nothing_beside_it(tim, stocked, media, place):
    shelves = [Category.objects.create(name=name) for name in ("Books", "Paper")]
    products = [stocked(shelf.name, category=shelf) for shelf in shelves]
    mine, other = products[place], products[1 - place]

    services.change_product(by=tim, product_id=mine.pk, price=3)
    services.set_picture(by=tim, product_id=mine.pk, picture=File(image()))
    services.change_category(by=tim, category_id=mine.category_id, name="Tools")
    services.change_stock(by=tim, product_id=mine.pk, change=1, reason="delivery")

    rows = Product.objects.values_list("price", "amount", "category__name")
    assert rows.get(pk=mine.pk) == (3, 11, "Tools")
    assert rows.get(pk=other.pk) == (Decimal("2.50"), 10, other.name)
    assert bool(Product.objects.get(pk=mine.pk).picture) > bool(Product.objects.get(pk=other.pk).picture)

    services.remove_picture(by=tim, product_id=mine.pk)
    services.delete_category(by=tim, category_id=mine.category_id)
    services.delete_product(by=tim, product_id=mine.pk)

    assert list(rows) == [(Decimal("2.50"), 10, other.name)]
    assert Category.objects.get().pk == other.category_id
