"""Document C, the web store: products and orders, and its whole flow with curl's cookie jar against the real service."""

import json
import subprocess
from decimal import Decimal

import pytest

from accounts.models import User
from accounts.services import start_session
from shop.models import Order, Product
from shop.services import cancel_order, complete_order, place_order
from tests.live import Service

pytestmark = pytest.mark.django_db

WHERE = {"address": "1 Main Street", "phone": "+48123666789"}


@pytest.fixture
def store(api):
    """`store(alice)`: a client whose header says `Token`, as the document has it."""

    def signed_in(user):
        api.credentials(HTTP_AUTHORIZATION=f"Token {start_session(user=user).access}", HTTP_X_CSRFTOKEN="x" * 32)
        return api

    return signed_in


@pytest.fixture
def shelf(db):
    return [Product.objects.create(name=name, price=price, amount=5) for name, price in (("Pen", "2.50"), ("Book", "19.99"))]


@pytest.fixture
def three_orders(shelf, alice, bob, tim):
    """alice's new one, alice's completed one and bob's canceled one."""
    items = [{"product_id": shelf[0].pk, "amount": 1}]
    orders = [place_order(by=user, **WHERE, items=items) for user in (alice, alice, bob)]
    complete_order(by=tim, order_id=orders[1].pk)
    cancel_order(by=bob, order_id=orders[2].pk)
    return [order.pk for order in orders]


def ids(answer):
    assert answer.status_code == 200
    return [order["id"] for order in answer.json()]


def test_all_products(store, alice, shelf):
    Product.objects.create(name="Old pen", price=1, is_active=False)

    answer = store(alice).get("/api/get_all_products")

    assert answer.status_code == 200
    assert [product["name"] for product in answer.json()] == ["Book", "Pen"]
    assert list(answer.json()[0])[:8] == [
        "id", "name", "description", "price", "currency", "amount", "is_active", "created_at",
    ]  # fmt: skip
    assert (answer.json()[1]["price"], answer.json()[1]["amount"]) == ("2.50", 5)


def test_posting_an_order(store, alice, shelf):
    pen, book = shelf

    answer = store(alice).post(
        "/api/post_order", WHERE | {"items": [{"product_id": pen.pk, "amount": 2}, {"product_id": book.pk, "amount": 1}]}
    )

    assert answer.status_code == 201
    order = Order.objects.get()
    assert list(answer.json().items())[:10] == [
        ("id", order.pk),
        ("user", alice.pk),
        ("address", "1 Main Street"),
        ("phone", "+48123666789"),
        ("status", "new"),
        ("is_completed", False),
        (
            "items",
            [
                {"product_id": pen.pk, "name": "Pen", "amount": 2, "price": "2.50"},
                {"product_id": book.pk, "name": "Book", "amount": 1, "price": "19.99"},
            ],
        ),
        ("total", "24.99"),
        ("currency", "EUR"),
        ("created_at", f"{order.created_at:%Y-%m-%dT%H:%M:%S.%fZ}"),
    ]
    assert order.total == Decimal("24.99")


def test_an_order_that_cannot_be_filled(store, alice, shelf):
    pen, book = shelf
    items = [{"product_id": pen.pk, "amount": 2}, {"product_id": book.pk, "amount": 6}, {"product_id": 10**9, "amount": 1}]

    answer = store(alice).post("/api/post_order", WHERE | {"items": items})

    assert answer.status_code == 400
    assert answer.json()["code"] == "items_unavailable"
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [
        ("items.1.amount", "not_enough_stock"),
        ("items.2.product_id", "does_not_exist"),
    ]
    assert set(Product.objects.values_list("amount", flat=True)) == {5}
    assert not Order.objects.exists()


@pytest.mark.parametrize("support", [False, True])
def test_orders_of_a_regular_user(store, alice, bob, three_orders, support):
    new, completed, of_bob = three_orders
    User.objects.filter(pk=alice.pk).update(is_staff=support)
    client = store(alice)

    for query in ("", "?category=completed", "?category=uncompleted", f"?category=user&user_id={bob.pk}"):
        assert ids(client.get(f"/api/get_order{query}")) == [completed, new]
    assert ids(store(bob).get("/api/get_order")) == [of_bob]


def test_orders_of_a_superuser(store, tim, bob, three_orders):
    new, completed, of_bob = three_orders
    client = store(tim)

    assert ids(client.get("/api/get_order")) == [of_bob, completed, new]
    assert ids(client.get("/api/get_order?category=completed")) == [completed]
    assert ids(client.get("/api/get_order?category=uncompleted")) == [of_bob, new]
    assert ids(client.get(f"/api/get_order?category=user&user_id={bob.pk}")) == [of_bob]


@pytest.mark.parametrize("query", ["category=other", "category=user", "category=user&user_id=bob", "category=completed,user"])
def test_a_bad_category(store, tim, query):
    answer = store(tim).get(f"/api/get_order?{query}")

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_a_bad_category_of_a_regular_user(store, alice):
    assert store(alice).get("/api/get_order?category=other").status_code == 400


@pytest.mark.parametrize("path", ["/api/get_all_products", "/api/get_order", "/api/post_order"])
def test_strangers(api, path):
    assert api.generic("POST" if "post" in path else "GET", path).status_code == 401


class Curl:
    """curl with a cookie jar: what a terminal has of a browser."""

    def __init__(self, url, jar):
        self.url, self.jar = url, jar

    def __call__(self, path, body=None, **headers):
        command = ["curl", "-sS", "-b", self.jar, "-c", self.jar, "-w", "\n%{http_code}", self.url + path]
        for name, value in headers.items():
            command += ["-H", f"{name.replace('_', '-')}: {value}"]
        if body is not None:
            command += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
        answer, _, status = subprocess.run(command, capture_output=True, text=True, check=True).stdout.rpartition("\n")
        return int(status), json.loads(answer)

    def cookies(self):
        """{name: (value, HttpOnly)} of the jar."""
        lines = [line.split("\t") for line in self.jar.read_text().splitlines() if line.count("\t") == 6]
        return {line[5]: (line[6], line[0].startswith("#HttpOnly_")) for line in lines}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_whole_flow_with_curls_cookie_jar(tmp_path, shelf):
    pen, book = shelf
    account = {"username": "shopper", "password": "a long password", "email": "shopper@example.com"}
    with Service(tmp_path / "data", worker=False, workers=1) as service:
        curl = Curl(service.url, tmp_path / "jar")

        assert curl("/api/sign_in", account) == (200, {"massage": "success"})
        assert curl("/api/sign_in", account) == (400, {"error": "username is used"})
        status, refused = curl("/api/login_view", {"username": "shopper", "password": "wrong"})
        assert (status, refused["detail"]) == (403, "user not found")
        status, session = curl("/api/login_view", {"username": "shopper", "password": "a long password"})
        assert status == 200
        assert session["user"] == {"id": session["user"]["id"], "username": "shopper", "email": "shopper@example.com"}
        csrf, refresh = curl.cookies()["csrftoken"][0], curl.cookies()["refreshtoken"]
        assert refresh[1], "the refresh cookie must be HttpOnly"

        assert curl("/api/refresh_token", {})[0] == 403  # the cookies alone are no proof
        status, renewed = curl("/api/refresh_token", {}, X_CSRFTOKEN=csrf)
        assert status == 200
        assert curl.cookies()["refreshtoken"] != refresh
        header = {"Authorization": f"Token {renewed['access_token']}"}

        status, products = curl("/api/get_all_products", **header)
        assert (status, [product["name"] for product in products]) == (200, ["Book", "Pen"])
        items = [{"product_id": pen.pk, "amount": 2}, {"product_id": book.pk, "amount": 5}]
        status, order = curl("/api/post_order", WHERE | {"items": items}, X_CSRFTOKEN=csrf, **header)
        assert (status, order["total"], order["user"]) == (201, "104.95", session["user"]["id"])
        status, refused = curl("/api/post_order", WHERE | {"items": items}, X_CSRFTOKEN=csrf, **header)
        assert (status, [error["field"] for error in refused["errors"]]) == (400, ["items.1.amount"])
        assert curl("/api/get_order", **header) == (200, [order])
    assert list(Product.objects.order_by("id").values_list("amount", flat=True)) == [3, 0]
