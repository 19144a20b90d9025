"""Vouchers: what they take off, and when they hold."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models.functions import Now

from shop.errors import VoucherCurrency, VoucherRefused, VoucherUsedTooOften, VoucherUsedUp
from shop.models import Order, Voucher
from shop.services import cancel_order
from tests.refusals import broken

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("worth", "discount"),
    [
        ({"percent": 10}, "2.00"),  # of 19.99: 1.999
        ({"percent": "12.5"}, "2.50"),
        ({"percent": 100}, "19.99"),
        ({"amount": 5}, "5.00"),
        ({"amount": 50}, "19.99"),
    ],
)
def test_what_a_voucher_takes_off(alice, stocked, bought, voucher, worth, discount):
    voucher(**worth)

    order = Order.objects.get(pk=bought(alice, (stocked("Book", 1, "19.99"), 1), voucher="sale").pk)

    assert (order.discount, order.total) == (Decimal(discount), Decimal("19.99") - Decimal(discount))
    assert order.voucher.uses == 1


def test_each_code_is_worth_its_own(alice, stocked, bought, voucher):
    for percent in (10, 20, 30):
        voucher(f"SALE-{percent}", percent=percent)

    assert bought(alice, (stocked("Book"), 4), voucher="SALE-20").discount == 2
    with pytest.raises(VoucherRefused):
        bought(alice, (stocked("Book"), 4), voucher="SALE-40")


def test_a_percentage_of_a_currency_without_cents(alice, stocked, bought, voucher):
    voucher(percent=15)

    order = bought(alice, (stocked("Book", 1, "110", currency="JPY"), 1), voucher="SALE")

    assert order.discount == 17  # of 16.5


def test_an_amount_of_other_money(alice, stocked, bought, voucher):
    voucher(amount=5)

    with pytest.raises(VoucherCurrency):
        bought(alice, (stocked("Book", currency="CHF"), 1), voucher="SALE")


@pytest.mark.parametrize(
    "limits",
    [
        {"is_active": False},
        {"valid_from": Now() + HOUR},
        {"valid_until": Now() - HOUR},
        {"valid_from": Now() - 2 * HOUR, "valid_until": Now() - HOUR},
    ],
)
def test_a_voucher_that_does_not_hold_now(alice, stocked, bought, voucher, limits):
    voucher(percent=10, **limits)
    book = stocked("Book")

    with pytest.raises(VoucherRefused):
        bought(alice, (book, 1), voucher="SALE")
    with pytest.raises(VoucherRefused):
        bought(alice, (book, 1), voucher="NONE-SUCH")
    book.refresh_from_db()
    assert book.amount == 10


def test_a_voucher_within_its_time(alice, stocked, bought, voucher):
    voucher(percent=10, valid_from=Now() - HOUR, valid_until=Now() + HOUR)

    assert bought(alice, (stocked("Book"), 1), voucher=" sale ").discount


def test_the_uses_of_all_are_counted_and_canceling_gives_one_back(alice, bob, vera, stocked, bought, voucher):
    voucher(percent=10, max_uses=2)
    book = stocked("Book")
    first, _ = (bought(user, (book, 1), voucher="SALE") for user in (alice, bob))
    with pytest.raises(VoucherUsedUp):
        bought(vera, (book, 1), voucher="SALE")

    cancel_order(by=alice, order_id=first.pk)
    bought(vera, (book, 1), voucher="SALE")

    assert Voucher.objects.get().uses == 2
    book.refresh_from_db()
    assert book.amount == 8


def test_the_uses_of_one_account_are_counted(alice, bob, stocked, bought, voucher):
    for code in ("SALE", "OTHER"):
        voucher(code, percent=10, max_uses_per_user=1)
    book = stocked("Book")
    bought(alice, (book, 1), voucher="OTHER")  # counts for itself
    first = bought(alice, (book, 1), voucher="SALE")
    with pytest.raises(VoucherUsedTooOften):
        bought(alice, (book, 1), voucher="SALE")
    bought(bob, (book, 1), voucher="SALE")

    cancel_order(by=alice, order_id=first.pk)

    assert bought(alice, (book, 1), voucher="SALE").discount
    assert dict(Voucher.objects.values_list("code", "uses")) == {"SALE": 2, "OTHER": 1}


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"percent": 101}, "voucher_value_range"),
        ({"percent": -1}, "voucher_value_range"),
        ({"amount": "-0.01"}, "voucher_value_range"),
        ({"amount": "0.50", "currency": "JPY"}, "voucher_value_in_units"),
        ({"percent": 5, "code": "sale"}, "voucher_code_form"),
        ({"percent": 5, "valid_from": Now(), "valid_until": Now()}, "voucher_time_order"),
        ({"percent": 5, "uses": 2, "max_uses": 1}, "voucher_uses_of_all"),
    ],
)
def test_vouchers_that_make_no_sense(voucher, fields, constraint):
    assert broken(lambda: voucher(**fields)) == constraint


def test_a_discount_needs_a_voucher(alice):
    order = Order(user=alice, address="x", phone="1", subtotal=5, discount=1, currency="EUR")

    assert broken(order.save) == "order_discount_by_voucher"
