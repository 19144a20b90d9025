"""Orders, payments and credits at their canonical paths, and the fast reads of all the shop's shapes."""

import json
from datetime import timedelta

import pytest
from django.test import RequestFactory
from django.utils import timezone

from notifications.models import Notification
from shop import services
from shop.api import serializers
from shop.models import Category, CreditEntry, CreditLot, Order, Payment, Product, StockEntry
from tests.shop.conftest import image

pytestmark = pytest.mark.django_db

PRODUCTS, ORDERS, CREDITS = "/api/v1/products/", "/api/v1/orders/", "/api/v1/credits/"
WHERE = {"address": "1 Main Street", "phone": "+48123666789"}


def by_serializer(serializer_class, row):
    shown = serializer_class(row, context={"request": RequestFactory().get("/")}).data
    return json.loads(json.dumps(shown, default=str))


# --- Reads say what the serializers say


def same(client, path, serializer_class, row):
    fast = client.get(path).json()
    slow = by_serializer(serializer_class, row)
    assert fast == slow
    assert list(fast) == list(slow)


def test_both_readings_of_the_serializers_are_equal(as_user, tim, alice, stocked, bought, voucher, media):
    client = as_user(tim)
    category = Category.objects.create(name="Paper")
    plain, full = stocked("Pen"), stocked("Pack", credits=5, credits_valid_days=10, category=category, description="<b>")
    client.put(f"{PRODUCTS}{full.pk}/picture/", {"picture": image()}, format="multipart")
    voucher(percent=10)
    orders = [bought(alice, (plain, 1)), bought(alice, (full, 2), (plain, 1), voucher="SALE")]
    services.complete_order(by=tim, order_id=orders[1].pk)
    payment = services.mark_paid(by=tim, order_id=orders[0].pk)

    same(client, f"/api/v1/categories/{category.pk}/", serializers.CategorySerializer, category)
    for product in Product.objects.all():
        same(client, f"{PRODUCTS}{product.pk}/", serializers.ProductSerializer, product)
    for order in Order.objects.all():
        same(client, f"{ORDERS}{order.pk}/", serializers.OrderSerializer, order)
    same(client, f"{ORDERS}{orders[0].pk}/payment/", serializers.PaymentSerializer, Payment.objects.get(pk=payment.pk))
    stock = [by_serializer(serializers.StockEntrySerializer, row) for row in StockEntry.objects.filter(product=plain)]
    assert client.get(f"{PRODUCTS}{plain.pk}/stock/").json() == stock
    history = [by_serializer(serializers.CreditEntrySerializer, row) for row in CreditEntry.objects.all()]
    assert as_user(alice).get(CREDITS).json()["history"] == history


# --- Orders


def test_an_order_by_the_canonical_path(as_user, alice, bob, stocked, voucher):
    pen = stocked("Pen", 5)
    voucher(percent=50)
    client = as_user(alice)
    sent = WHERE | {
        "items": [{"product_id": pen.pk, "amount": 1, "price": "0.01"}] * 2, "voucher": "sale",
        "user": bob.pk, "total": "0.01", "discount": "9", "status": "completed", "is_completed": True,
    }  # fmt: skip

    answer = client.post(ORDERS, sent)

    assert answer.status_code == 201
    shown = answer.json()
    assert (shown["user"], shown["status"], shown["total"], shown["voucher"]) == (alice.pk, "new", "2.50", "SALE")
    assert client.get(f"{ORDERS}{shown['id']}/").json() == shown
    assert client.get(ORDERS).json() == [shown]
    assert as_user(bob).get(f"{ORDERS}{shown['id']}/").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"items": []}, "items"),
        ({"items": {}}, "items"),
        ({"items": [[]]}, "items.0"),
        ({"items": [{"product_id": 1, "amount": 0}]}, "items.0.amount"),
        ({"items": [{"product_id": 1, "amount": 1.5}]}, "items.0.amount"),
        ({"items": [{"product_id": 1, "amount": 2**31}]}, "items.0.amount"),
        ({"items": [{"product_id": 2**63, "amount": 1}]}, "items.0.product_id"),
        ({"items": [{"amount": 1}]}, "items.0.product_id"),
        ({"items": [{"product_id": 1, "amount": 1}] * 101}, "items"),
        ({"address": ""}, "address"),
        ({"phone": "1" * 41}, "phone"),
        ({"phone": "12"}, "phone"),
        ({"voucher": "NONE-SUCH"}, "voucher"),
    ],
)
def test_orders_that_make_no_sense(as_user, alice, stocked, body, field):
    items = [{"product_id": stocked("Pen").pk, "amount": 1}]

    answer = as_user(alice).post(ORDERS, WHERE | {"items": items} | body)

    assert answer.status_code == 400
    assert {error["field"] for error in answer.json()["errors"]} == {field}


def test_completing_and_canceling(as_user, alice, bob, sue, tim, stocked, bought):
    pen = stocked("Pen", 5)
    first, second = bought(alice, (pen, 1)), bought(alice, (pen, 1))
    complete, cancel = (f"{ORDERS}{first.pk}/{verb}/" for verb in ("complete", "cancel"))

    for stranger in (bob, sue):
        assert as_user(stranger).post(complete).status_code == 404
        assert as_user(stranger).post(cancel).status_code == 404
    assert as_user(alice).post(complete).status_code == 403
    done = as_user(tim).post(complete)
    assert (done.status_code, done.json()["status"], done.json()["is_completed"]) == (200, "completed", True)
    for path in (complete, cancel):
        again = as_user(tim).post(path)
        assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")
    canceled = as_user(alice).post(f"{ORDERS}{second.pk}/cancel/")
    assert (canceled.status_code, canceled.json()["status"]) == (200, "canceled")
    history = as_user(alice).get(f"{ORDERS}{first.pk}/history/").json()
    assert [(event["status"], event["by"]) for event in history] == [("completed", tim.pk)]
    assert as_user(bob).get(f"{ORDERS}{first.pk}/history/").status_code == 404


def test_an_order_has_up_to_100_lines_and_needs_no_voucher(as_user, alice, stocked):
    line = {"product_id": stocked("Pen", 100).pk, "amount": 1}

    answer = as_user(alice).post(ORDERS, WHERE | {"items": [line] * 100, "voucher": ""})

    assert (answer.status_code, answer.json()["voucher"]) == (201, None)


def test_the_status_filters_ones_own_and_all(as_user, alice, bob, tim, stocked, bought):
    pen = stocked("Pen", 5)
    new, canceled, of_bob = bought(alice, (pen, 1)), bought(alice, (pen, 1)), bought(bob, (pen, 1))
    as_user(alice).post(f"{ORDERS}{canceled.pk}/cancel/")

    for user, found in ((alice, [new.pk]), (tim, [of_bob.pk, new.pk])):
        assert [order["id"] for order in as_user(user).get(f"{ORDERS}?status=new").json()] == found
        assert [order["id"] for order in as_user(user).get(f"{ORDERS}?status=canceled").json()] == [canceled.pk]
        assert as_user(user).get(f"{ORDERS}?status=lost").status_code == 400


@pytest.mark.parametrize("verb", ["", "complete/", "cancel/", "history/", "payment/"])
def test_orders_that_do_not_exist(as_user, tim, verb):
    client = as_user(tim)
    for key in (10**9, 2**63, 10**18 * 9 + 999):
        call = client.post if verb in ("complete/", "cancel/") else client.get
        assert call(f"{ORDERS}{key}/{verb}").status_code == 404


def test_a_retried_order_is_one(as_user, alice, stocked):
    pen = stocked("Pen", 5)
    body = WHERE | {"items": [{"product_id": pen.pk, "amount": 2}]}
    client = as_user(alice)

    answers = [client.post(ORDERS, body, HTTP_IDEMPOTENCY_KEY="k1") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.content for answer in answers}) == 1
    assert Order.objects.count() == Notification.objects.count() == 1
    assert Product.objects.get().amount == 3
    assert client.post(ORDERS, body | {"phone": "+48123666780"}, HTTP_IDEMPOTENCY_KEY="k1").status_code == 422


def test_the_lists_cost_the_same_for_any_number(as_user, alice, stocked, bought, django_assert_num_queries):
    client = as_user(alice)
    for number in range(30):
        bought(alice, *[(stocked(f"Product {number}.{line}"), 1) for line in range(3)])
        if number in (0, 29):
            for path in (PRODUCTS, ORDERS):
                with django_assert_num_queries(2):  # who asks; the page
                    client.get(path)
            with django_assert_num_queries(3):  # who asks; the history; the lots
                client.get(CREDITS)


def test_an_order_costs_few_statements(as_user, alice, stocked, django_assert_num_queries):
    items = [{"product_id": stocked(name).pk, "amount": 1} for name in ("Pen", "Book", "Pad")]
    client = as_user(alice)

    with django_assert_num_queries(6):  # who asks; savepoint, products, order and answer, notification, release
        assert client.post(ORDERS, WHERE | {"items": items}).status_code == 201


# --- Credits and payments


def test_credits_show_balance_lots_and_history(as_user, alice, bob, tim, stocked, bought):
    order = bought(alice, (stocked("Five lessons", credits=5, credits_valid_days=30), 1))
    services.complete_order(by=tim, order_id=order.pk)
    services.grant_credits(by=tim, user=alice, credits=1, note="a trial")

    answer = as_user(alice).get(f"{CREDITS}?limit=1")

    shown = answer.json()
    assert shown["balance"] == 6
    assert [lot["remaining"] for lot in shown["lots"]] == [5, 1]
    assert shown["lots"][0]["expires_at"].endswith("Z")
    assert [(entry["kind"], entry["change"], entry["note"]) for entry in shown["history"]] == [("grant", 1, "a trial")]
    link = answer["Link"]
    (older,) = as_user(alice).get(link[link.index("/api") : link.index(">")]).json()["history"]
    assert (older["kind"], older["change"], older["order"], older["meeting"]) == ("grant", 5, order.pk, None)
    assert as_user(bob).get(CREDITS).json() == {"balance": 0, "lots": [], "history": []}


def test_credits_that_expired_are_in_no_balance(as_user, alice, tim):
    services.grant_credits(by=tim, user=alice, credits=2, expires_at=timezone.now() + timedelta(hours=1))
    CreditLot.objects.update(expires_at=timezone.now())

    shown = as_user(alice).get(CREDITS).json()

    assert (shown["balance"], shown["lots"]) == (0, [])


def test_payments_by_hand(as_user, alice, bob, sue, tim, stocked, bought):
    path = f"{ORDERS}{bought(alice, (stocked('Pen'), 2)).pk}/payment/"

    assert as_user(alice).get(path).status_code == 404
    started = as_user(alice).post(path)
    assert (started.status_code, started.json()["status"], started.json()["amount"]) == (201, "pending", "5.00")
    assert as_user(alice).post(path).json() == started.json() == as_user(alice).get(path).json()
    for user in (alice, bob, sue):
        assert as_user(user).post(f"{path}paid/").status_code == 403
        assert as_user(user).post(f"{path}refunded/").status_code == 403
    assert as_user(bob).get(path).status_code == as_user(bob).post(path).status_code == 404
    assert as_user(tim).post(f"{path}paid/").json()["status"] == "paid"
    assert as_user(tim).post(f"{path}paid/").status_code == 409
    assert as_user(alice).post(path).json()["code"] == "payment_exists"
    assert as_user(tim).post(f"{path}refunded/").json()["status"] == "refunded"


def test_strangers_are_asked_to_sign_in(api):
    for path in (PRODUCTS, f"{PRODUCTS}1/", ORDERS, f"{ORDERS}1/", f"{ORDERS}1/payment/", CREDITS, "/api/v1/categories/"):
        assert api.get(path).status_code == 401
