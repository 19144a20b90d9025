"""The rules of orders, at their services."""

from decimal import Decimal

import pytest
from django.db import connection
from django.db.models.functions import Now

from accounts.services import close_account
from config.errors import Missing, NotAllowed
from notifications.models import Notification
from shop.errors import BuyerGone, ItemsUnavailable, MixedCurrencies, OrderFinal
from shop.models import Order, OrderItem, Product, StockEntry
from shop.services import cancel_order, cancel_orders_of, change_product, complete_order, history_of_order, place_order
from tests.refusals import broken

pytestmark = pytest.mark.django_db


def stock(*products):
    return [Product.objects.get(pk=product.pk).amount for product in products]


def test_an_order_takes_from_stock_and_keeps_names_and_prices(alice, tim, stocked, bought):
    pen, book = stocked("Pen", 10, "2.50"), stocked("Book", 4, "19.99")

    order = Order.objects.get(pk=bought(alice, (book, 2), (pen, 3)).pk)
    change_product(by=tim, product_id=pen.pk, name="Fountain pen", price="99.00")

    assert (order.status, order.is_completed, order.currency) == ("new", False, "EUR")
    assert (order.subtotal, order.discount, order.total) == (Decimal("47.48"), 0, Decimal("47.48"))
    assert list(order.items.values_list("product", "name", "amount", "price")) == [
        (pen.pk, "Pen", 3, Decimal("2.50")),
        (book.pk, "Book", 2, Decimal("19.99")),
    ]
    assert stock(pen, book) == [7, 2]


def test_the_same_product_twice_counts_as_its_sum(alice, stocked, bought):
    pen = stocked("Pen", 5)

    order = bought(alice, (pen, 2), (pen, 3))

    assert list(order.items.values_list("amount", flat=True)) == [5]
    assert stock(pen) == [0]
    with pytest.raises(ItemsUnavailable):
        bought(alice, (stocked("Pencil", 4), 2), (pen, 1))


@pytest.mark.parametrize("amounts", [[0], [-1], [3, -1]])
def test_nobody_orders_less_than_one(alice, stocked, bought, amounts):
    pen = stocked("Pen", 10)

    with pytest.raises(ItemsUnavailable):
        bought(alice, *((pen, amount) for amount in amounts))
    assert not Order.objects.exists()


def test_every_line_that_cannot_be_had_is_named_and_nothing_is_taken(alice, stocked, bought):
    pen, book, gone = stocked("Pen", 10), stocked("Book", 3), stocked("Gone", 5, is_active=False)
    missing = Product(pk=999_999_999)

    with pytest.raises(ItemsUnavailable) as refused:
        bought(alice, (pen, 1), (book, 2), (missing, 1), (gone, 1), (book, 2))

    assert {field: code for field, (code, _) in refused.value.errors.items()} == {
        "items.1.amount": "not_enough_stock",
        "items.2.product_id": "does_not_exist",
        "items.3.product_id": "does_not_exist",
        "items.4.amount": "not_enough_stock",
    }
    assert stock(pen, book) == [10, 3]
    assert not Order.objects.exists()
    assert not Notification.objects.exists()


@pytest.mark.parametrize("items", [[], [{"product_id": 1, "amount": 0}], [{"product_id": 1, "amount": -1}]])
def test_an_order_of_nothing_is_none(alice, items):
    with pytest.raises(ItemsUnavailable):
        place_order(by=alice, address="x", phone="1", items=items)


def test_one_order_has_one_currency(alice, stocked, bought):
    with pytest.raises(MixedCurrencies):
        bought(alice, (stocked("Pen"), 1), (stocked("Stylo", currency="CHF"), 1))

    assert bought(alice, (stocked("Stylo", currency="CHF"), 1)).currency == "CHF"


def test_canceling_restocks_once(alice, stocked, bought):
    pen, book = stocked("Pen", 10), stocked("Book", 4)
    order = bought(alice, (pen, 3), (book, 4))

    cancel_order(by=alice, order_id=order.pk)

    assert stock(pen, book) == [10, 4]
    with pytest.raises(OrderFinal):
        cancel_order(by=alice, order_id=order.pk)
    assert stock(pen, book) == [10, 4]


def test_completing_is_final(alice, tim, stocked, bought):
    order = bought(alice, (stocked("Pen", 10), 3))

    complete_order(by=tim, order_id=order.pk)

    assert Order.objects.get().is_completed
    for change in (cancel_order, complete_order):
        with pytest.raises(OrderFinal):
            change(by=tim, order_id=order.pk)


def test_who_has_an_order_reads_the_history_of_no_other(alice, bob, stocked, bought):
    pen = stocked("Pen", 10)
    theirs, own = (bought(user, (pen, 1)) for user in (alice, bob))
    cancel_order(by=bob, order_id=own.pk)

    assert [event.status for event in history_of_order(by=bob, order_id=own.pk)] == ["canceled"]
    with pytest.raises(Missing):
        history_of_order(by=bob, order_id=theirs.pk)


def test_who_may_do_what_with_an_order(alice, bob, sue, tim, stocked, bought):
    order = bought(alice, (stocked("Pen", 10), 3))

    for stranger in (bob, sue):
        for change in (cancel_order, complete_order):
            with pytest.raises(Missing):
                change(by=stranger, order_id=order.pk)
    with pytest.raises(NotAllowed):
        complete_order(by=alice, order_id=order.pk)
    complete_order(by=tim, order_id=order.pk)


def test_the_history_says_who(alice, tim, stocked, bought):
    pen = stocked("Pen", 10)
    canceled, completed, by_hand = bought(alice, (pen, 1)), bought(alice, (pen, 1)), bought(alice, (pen, 1))

    cancel_order(by=alice, order_id=canceled.pk)
    complete_order(by=tim, order_id=completed.pk)

    assert list(canceled.events.values_list("status", "by")) == [("canceled", alice.pk)]
    assert list(completed.events.values_list("status", "by")) == [("completed", tim.pk)]
    assert not by_hand.events.exists()


def test_the_buyer_is_told(alice, tim, stocked, bought):
    alice.language = "pl"
    alice.save()
    pen = stocked("Pen", 10_000, "0.50")
    first, second = bought(alice, (pen, 2500)), bought(alice, (pen, 1))
    complete_order(by=tim, order_id=first.pk)
    cancel_order(by=tim, order_id=second.pk)

    told = Notification.objects.order_by("id").values_list("user", "type", "link", "key")

    assert list(told) == [
        (alice.pk, kind, f"/api/v1/orders/{order.pk}/", f"{kind}:{order.pk}")
        for order, kind in (
            (first, "order_placed"),
            (second, "order_placed"),
            (first, "order_completed"),
            (second, "order_canceled"),
        )
    ]
    assert "1\xa0250,00 EUR" in Notification.objects.order_by("id").first().message


def test_the_mail_lists_what_was_ordered(alice, stocked, bought, voucher, run_jobs, mailoutbox):
    voucher(percent=10)
    bought(alice, (stocked("Pen", 10, "2.50"), 3), (stocked("<Book>", 10, "20.00"), 1), voucher="SALE")

    run_jobs()

    (mail,) = mailoutbox
    for words in ("3 × Pen: 7.50 EUR", "1 × <Book>: 20.00 EUR", "Discount: -2.75 EUR", "Total: 24.75 EUR"):
        assert words in mail.body


def test_closing_an_account_erases_where_its_orders_went(alice, bob, tim, stocked, bought):
    pen = stocked("Pen", 10)
    bought(alice, (pen, 1))
    bought(bob, (pen, 1))

    close_account(by=tim, user=alice)

    assert list(Order.objects.order_by("id").values_list("address", "phone")) == [("", ""), ("1 Main Street", "+48123666789")]


def test_new_orders_of_a_closed_account_are_canceled(alice, bob, tim, stocked, bought, run_jobs):
    pen = stocked("Pen", 10)
    done, left, other = bought(alice, (pen, 1)), bought(alice, (pen, 2)), bought(bob, (pen, 3))
    complete_order(by=tim, order_id=done.pk)
    cancel_orders_of(user_id=alice.pk)  # who has not closed theirs
    assert stock(pen) == [4]
    close_account(by=tim, user=alice)
    told = Notification.objects.count()

    run_jobs()
    assert stock(pen) == [6]
    cancel_orders_of(user_id=alice.pk)  # again

    assert [(one.pk, one.status) for one in Order.objects.order_by("id")] == [
        (done.pk, "completed"),
        (left.pk, "canceled"),
        (other.pk, "new"),
    ]
    assert stock(pen) == [6]
    assert (entry := StockEntry.objects.first()).reason == "cancellation"
    assert (entry.order_id, entry.by, left.events.last().by) == (left.pk, None, None)
    assert Notification.objects.count() == told


def test_a_closed_account_orders_nothing(alice, tim, stocked, bought):
    pen = stocked("Pen", 10)
    close_account(by=tim, user=alice)

    with pytest.raises(BuyerGone):
        bought(alice, (pen, 1))
    assert stock(pen) == [10]


def test_the_database_keeps_the_terms_of_an_order(alice, bob, stocked, bought):
    order = bought(alice, (stocked("Pen", 10), 3))
    row = Order.objects.filter(pk=order.pk)

    terms = {"subtotal": 1, "discount": 1, "user": bob, "currency": "CHF", "voucher": 1, "created_at": Now()}
    for change in ({name: value} for name, value in terms.items()):
        assert broken(lambda change=change: row.update(**change)) == "order_terms_final"
    assert broken(lambda: row.update(status="eaten")) == "order_status_known"
    assert broken(lambda: OrderItem.objects.update(amount=1)) == "order_item_append_only"
    assert broken(lambda: OrderItem.objects.all().delete()) == "order_item_append_only"
    row.update(status="completed")
    assert broken(lambda: order.events.update(status="new")) == "order_event_append_only"
    assert broken(lambda: order.events.all().delete()) == "order_event_append_only"


@pytest.mark.parametrize("final", ["completed", "canceled"])
def test_the_database_lets_no_order_go_on_from_its_end(order, final):
    row = Order.objects.filter(pk=order.pk)
    row.update(status=final)

    for status in {"new", "completed", "canceled"} - {final}:
        assert broken(lambda status=status: row.update(status=status)) == "order_status_final"


def test_the_database_checks_the_sum_of_the_lines(alice, stocked):
    pen, book = stocked("Pen"), stocked("Book")
    order = Order.objects.create(user=alice, address="x", phone="1", subtotal="5.00", currency="EUR")

    def line(product, **values):
        return OrderItem(order=order, product=product, name="x", **{"amount": 2, "price": "2.50"} | values)

    assert broken(lambda: line(pen, price="2.49").save()) == "order_items_make_up_subtotal"
    assert broken(lambda: line(pen, amount=0).save()) == "order_item_amount_positive"
    line(pen).save()
    assert broken(lambda: line(book).save()) == "order_items_make_up_subtotal"
    assert broken(lambda: line(pen).save()) == "order_item_once"


def test_the_database_never_lets_stock_fall_below_zero(stocked):
    pen = stocked("Pen", 1)

    assert broken(lambda: Product.objects.filter(pk=pen.pk).update(amount=-1)) == "product_amount_not_negative"


def test_an_order_writes_to_no_index_of_its_products(alice, stocked, bought):
    """PostgreSQL's HOT updates: a new version of a row beside the old one, as long as no index says what has changed."""
    pen, book = stocked(name="Pen"), stocked(name="Book")

    def hot():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_get_xact_tuples_hot_updated('shop_product'::regclass)")
            return cursor.fetchone()[0]

    before = hot()
    bought(alice, (pen, 1), (book, 1))

    assert hot() - before == 2


def test_an_order_of_100_lines_takes_as_many_statements_as_one_of_3(alice, tim, stocked, bought, django_assert_num_queries):
    products = [stocked(f"Product {number}") for number in range(100)]

    for count in (3, 100):
        lines = [(product, 1) for product in products[:count]]
        with django_assert_num_queries(5):  # savepoint, products, order, notification, release
            order = bought(alice, *lines)
        with django_assert_num_queries(9):  # savepoint, buyer, order, status, products, cause, stock, notification, release
            cancel_order(by=alice, order_id=order.pk)
    assert StockEntry.objects.filter(reason="order").count() == 103
