"""Orders under races: each guard beside a control that shows the race without it."""

import threading
from collections import Counter

import pytest
from django.core.files import File
from django.db import OperationalError, connection, transaction
from rest_framework.test import APIClient

from accounts.services import close_account, start_session
from shop import services
from shop.models import Category, Order, Product, StockEntry, Voucher
from tests.concurrency.racing import aside, race
from tests.concurrency.stores import WHERE, left, lines, order, outcome
from tests.shop.conftest import image

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.usefixtures("sums_agree_afterwards"),
]

# --- Stock


def test_200_buyers_of_a_stock_of_50(buyers, stocked):
    pen = stocked("Pen", 50)

    results = Counter(outcome(result) for result in race(lambda user: order(user, (pen, 1)), buyers(200)))

    assert results == {"done": 50, "items_unavailable": 150}
    assert left(pen) == 0
    assert Order.objects.count() == 50


def test_control_looking_before_taking_sells_too_much(buyers, stocked):
    """Read, then write what was read less one: some of the sales are lost from the stock."""
    pen, looked = stocked("Pen", 5), threading.Barrier(10)

    def buy(_):
        amount = left(pen)
        looked.wait(timeout=10)
        if amount >= 1:
            Product.objects.filter(pk=pen.pk).update(amount=amount - 1)
            return "sold"
        return "refused"

    assert Counter(race(buy, range(10)))["sold"] > 5


def test_60_orders_of_two_products_in_opposite_order(buyers, stocked):
    pen, book = stocked("Pen", 100), stocked("Book", 100)
    pairs = [((pen, 1), (book, 1)), ((book, 1), (pen, 1))]

    results = race(lambda numbered: order(numbered[1], *pairs[numbered[0] % 2]), enumerate(buyers(60)))

    assert Counter(map(outcome, results)) == {"done": 60}
    assert (left(pen), left(book)) == (40, 40)


def test_control_locking_in_the_order_of_the_request_deadlocks(stocked):
    keys, locked_one = [stocked("Pen", 100).pk, stocked("Book", 100).pk], threading.Barrier(2)

    def take(keys):
        with transaction.atomic():
            Product.objects.select_for_update().get(pk=keys[0])
            locked_one.wait(timeout=10)
            Product.objects.select_for_update().get(pk=keys[1])

    results = race(take, [keys, keys[::-1]])

    assert Counter(type(result) for result in results)[OperationalError] == 1


def test_orders_and_cancellations_of_the_same_products_do_not_deadlock(buyers, stocked):
    pen, book = stocked("Pen", 100), stocked("Book", 100)
    users = buyers(40)
    placed = [order(user, (book, 1), (pen, 1)) for user in users[:20]]

    def act(number):
        if number < 20:
            return services.cancel_order(by=users[number], order_id=placed[number].pk)
        return order(users[number], (book, 1), (pen, 1))

    assert Counter(map(outcome, race(act, range(40)))) == {"done": 40}
    assert (left(pen), left(book)) == (80, 80)


def test_products_are_taken_by_their_ids_wherever_they_lie(alice, stocked):
    first, last = stocked("Pen", 5), stocked("Book", 5)
    Product.objects.filter(pk=first.pk).update(description="a new row, which lies behind the last one's")

    with transaction.atomic():
        Product.objects.select_for_update(no_key=True).get(pk=first.pk)
        ordering = aside(lambda: order(alice, (last, 1), (first, 1)))
        assert Product.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=last.pk).exists()

    assert outcome(ordering()) == "done"


# --- Products and categories that go


def test_a_category_that_is_deleted_waits_for_its_products_in_the_order_of_orders(alice, tim, stocked):
    shelf = Category.objects.create(name="Shelf")
    first, other, last = stocked("Pen", 5, category=shelf), stocked("Book", 5), stocked("Cup", 5, category=shelf)
    Product.objects.filter(pk=first.pk).update(description="a new row, which lies behind the last one's")

    with transaction.atomic():
        Product.objects.select_for_update(no_key=True).get(pk=other.pk)
        ordering = aside(lambda: order(alice, (first, 1), (other, 1), (last, 1)))
        deleting = aside(lambda: services.delete_category(by=tim, category_id=shelf.pk))

    assert [outcome(ordering()), outcome(deleting())] == ["done", "done"]
    assert not Product.objects.exclude(category=None).exists()


def test_a_product_that_comes_while_its_category_goes(tim, stocked):
    shelf = Category.objects.create(name="Shelf")
    pen = stocked("Pen", 5, category=shelf)

    with transaction.atomic():
        Product.objects.select_for_update(no_key=True).get(pk=pen.pk)
        deleting = aside(lambda: services.delete_category(by=tim, category_id=shelf.pk))
        early = aside(lambda: services.create_product(by=tim, name="Book", price="2.50", category=shelf))
        assert outcome(early()) == "done"
    assert outcome(deleting()) == "done"
    assert list(Product.objects.values_list("category", flat=True)) == [None, None]

    shelf = Category.objects.create(name="Shelf")
    with transaction.atomic():
        services.delete_category(by=tim, category_id=shelf.pk)
        late = [
            aside(lambda: services.create_product(by=tim, name="Cup", price="2.50", category=shelf)),
            aside(lambda: services.change_product(by=tim, product_id=pen.pk, category=shelf)),
        ]
    assert [outcome(one()) for one in late] == ["does_not_exist"] * 2
    assert not Product.objects.exclude(category=None).exists()


@pytest.mark.parametrize("meanwhile", ["deleted", "ordered"])
def test_a_product_that_two_take_off_sale(alice, tim, stocked, meanwhile):
    pen = stocked("Pen", 5)

    with transaction.atomic():
        if meanwhile == "deleted":
            services.delete_product(by=tim, product_id=pen.pk)
        else:
            order(alice, (pen, 1))
        second = aside(lambda: services.delete_product(by=tim, product_id=pen.pk))

    assert outcome(second()) == ("not_found" if meanwhile == "deleted" else "done")
    assert list(Product.objects.values_list("is_active", flat=True)) == ([] if meanwhile == "deleted" else [False])


def test_a_product_that_gets_another_picture_while_it_goes_leaves_none(tim, stocked, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    pen = stocked("Pen", 5)
    services.set_picture(by=tim, product_id=pen.pk, picture=File(image()))

    with transaction.atomic():
        services.set_picture(by=tim, product_id=pen.pk, picture=File(image()))
        deleting = aside(lambda: services.delete_product(by=tim, product_id=pen.pk))
    assert outcome(deleting()) == "done"

    assert not Product.objects.exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


# --- One order, many tries


def test_50_parallel_posts_with_one_key_are_one_order(alice, stocked):
    pen = stocked("Pen", 100)
    access = start_session(user=alice).access

    def post(_):
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Token {access}", HTTP_IDEMPOTENCY_KEY="one")
        return client.post("/api/post_order", WHERE | {"items": lines((pen, 2))})

    answers = race(post, range(50))

    assert set(Counter(answer.status_code for answer in answers)) <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert Order.objects.count() == 1
    assert left(pen) == 98
    assert post(0).content == next(answer.content for answer in answers if answer.status_code == 201)


def test_control_50_parallel_posts_without_a_key_are_50_orders(alice, stocked):
    pen = stocked("Pen", 100)
    access = start_session(user=alice).access

    def post(_):
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Token {access}")
        return client.post("/api/post_order", WHERE | {"items": lines((pen, 2))}).status_code

    assert Counter(race(post, range(50))) == {201: 50}
    assert left(pen) == 0


def test_10_parallel_cancels_restock_once(alice, stocked):
    pen = stocked("Pen", 10)
    placed = order(alice, (pen, 4))

    results = race(lambda _: services.cancel_order(by=alice, order_id=placed.pk), range(10))

    assert Counter(map(outcome, results)) == {"done": 1, "illegal_transition": 9}
    assert left(pen) == 10


def test_control_looking_at_the_status_first_restocks_often(alice, stocked, without_trigger):
    pen = stocked("Pen", 10)
    placed = order(alice, (pen, 4))
    looked = threading.Barrier(10)

    def cancel(_):
        status = Order.objects.get(pk=placed.pk).status
        looked.wait(timeout=10)
        if status == "new":
            with transaction.atomic(), connection.cursor() as cursor:
                Order.objects.filter(pk=placed.pk).update(status="canceled")
                cursor.execute("UPDATE shop_product SET amount = amount + 4 WHERE id = %s", [pen.pk])

    with without_trigger(Order, "change_status"):
        race(cancel, range(10))

    assert left(pen) > 10


def test_completing_against_canceling_is_one_of_both(alice, tim, stocked):
    pen = stocked("Pen", 100)
    for _ in range(10):
        placed = order(alice, (pen, 1))
        calls = [(services.complete_order, tim), (services.cancel_order, alice)] * 2
        results = race(lambda call, pk=placed.pk: call[0](by=call[1], order_id=pk), calls)
        assert Counter(map(outcome, results)) == {"done": 1, "illegal_transition": 3}
    completed = Order.objects.filter(status="completed").count()
    assert left(pen) == 100 - completed
    assert StockEntry.objects.filter(reason="cancellation").count() == 10 - completed


def test_an_account_that_closes_while_it_orders_leaves_no_address(buyers, tim, stocked):
    pen = stocked("Pen", 1000)

    for user in buyers(8):
        acts = [lambda user=user: order(user, (pen, 1))] * 4 + [lambda user=user: close_account(by=tim, user=user)]
        results = [outcome(result) for result in race(lambda act: act(), acts)]
        assert set(results) <= {"done", "not_found"}
        assert results[-1] == "done"
    assert not Order.objects.exclude(address="").exists()


# --- Vouchers


def test_a_voucher_is_used_no_more_often_than_it_may(buyers, stocked):
    Voucher.objects.create(code="SALE", kind="percent", value=10, max_uses=5)
    pen = stocked("Pen", 100)

    results = race(lambda user: order(user, (pen, 1), voucher="SALE"), buyers(30))

    assert Counter(map(outcome, results)) == {"done": 5, "voucher_used_up": 25}
    assert Voucher.objects.get().uses == 5
    assert left(pen) == 95


def test_one_account_cannot_use_a_voucher_twice_at_once(alice, stocked):
    Voucher.objects.create(code="SALE", kind="percent", value=10, max_uses_per_user=1)
    pen = stocked("Pen", 100)

    results = race(lambda _: order(alice, (pen, 1), voucher="SALE"), range(20))

    assert Counter(map(outcome, results)) == {"done": 1, "voucher_used": 19}


def test_control_without_the_count_a_voucher_is_used_too_often(buyers, stocked, without_trigger):
    Voucher.objects.create(code="SALE", kind="percent", value=10, max_uses=5, max_uses_per_user=1)
    pen = stocked("Pen", 100)

    with without_trigger(Order, "count_voucher"):
        race(lambda user: order(user, (pen, 1), voucher="SALE"), buyers(10))

    assert Order.objects.filter(voucher__isnull=False).count() == 10
