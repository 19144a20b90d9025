"""The shop's doors at their canonical paths. Document C's are in tests/contracts/test_c_shop.py."""

import io
import json

import pytest
from django.test import RequestFactory
from PIL import Image

from notifications.models import Notification
from shop import services
from shop.api import serializers
from shop.models import Category, CreditEntry, Order, Payment, Product, StockEntry

pytestmark = pytest.mark.django_db

PRODUCTS, ORDERS, CREDITS = "/api/v1/products/", "/api/v1/orders/", "/api/v1/credits/"
WHERE = {"address": "1 Main Street", "phone": "+48123666789"}


def by_serializer(serializer_class, row):
    shown = serializer_class(row, context={"request": RequestFactory().get("/")}).data
    return json.loads(json.dumps(shown, default=str))


def names(answer):
    assert answer.status_code == 200, answer.json()
    return [row["name"] for row in answer.json()]


def image(format="PNG", size=(4, 4), name="any.exe"):
    file = io.BytesIO()
    Image.new("RGB", size).save(file, format)
    file.seek(0)
    file.name = name
    return file


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


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


# --- Products


def test_products_on_sale_are_listed_by_name_and_paged(as_user, alice, tim, stocked):
    for name in ("Pen", "Book", "Pen", " Leading space", "Żeton"):
        stocked(name)
    stocked("Old", is_active=False)
    seen, path = [], f"{PRODUCTS}?limit=2"

    client = as_user(alice)
    while path:
        answer = client.get(path)
        seen += names(answer)
        link = answer.headers.get("Link", "")
        path = link[link.index("/api") : link.index(">")] if link else None

    assert seen == [" Leading space", "Book", "Pen", "Pen", "Żeton"]
    assert "Old" not in names(as_user(tim).get(PRODUCTS))


def test_filters_of_products(as_user, alice, stocked):
    paper = Category.objects.create(name="Paper")
    stocked("Blue pen", 0)
    stocked("Red pen", 3, description="100 % wool")
    stocked("Book", 2, category=paper)
    client = as_user(alice)

    assert names(client.get(f"{PRODUCTS}?search=PEN")) == ["Blue pen", "Red pen"]
    assert names(client.get(f"{PRODUCTS}?search=wool")) == ["Red pen"]
    assert names(client.get(f"{PRODUCTS}?search=%25")) == ["Red pen"]
    assert names(client.get(f"{PRODUCTS}?in_stock=true")) == ["Book", "Red pen"]
    assert names(client.get(f"{PRODUCTS}?in_stock=false")) == ["Blue pen"]
    assert names(client.get(f"{PRODUCTS}?category={paper.pk}")) == ["Book"]
    for query in ("in_stock=perhaps", "category=paper", "search=" + "x" * 201, "cursor=x", "limit=0"):
        assert client.get(f"{PRODUCTS}?{query}").status_code == 400


def test_what_is_off_sale_is_missing_for_customers(as_user, alice, tim, stocked):
    old = stocked("Old", is_active=False)

    assert as_user(alice).get(f"{PRODUCTS}{old.pk}/").status_code == 404
    assert as_user(tim).get(f"{PRODUCTS}{old.pk}/").json()["is_active"] is False


def test_administrators_keep_products(as_user, tim, alice, stocked, bought):
    client = as_user(tim)
    answer = client.post(PRODUCTS, {"name": "Pen", "price": "2.50", "amount": 4, "id": 99, "created_at": "2020-01-01T00:00:00Z"})
    assert answer.status_code == 201
    path = f"{PRODUCTS}{answer.json()['id']}/"
    assert answer.json() == client.get(path).json()
    assert (answer.json()["currency"], answer.json()["amount"], answer.json()["is_active"]) == ("EUR", 4, True)

    changed = client.patch(path, {"price": 3, "currency": "CHF"}).json()
    assert (changed["price"], changed["currency"], changed["name"]) == ("3.00", "CHF", "Pen")
    stock = client.post(f"{path}stock/", {"change": 6, "reason": "delivery", "note": "invoice 1"})
    assert (stock.status_code, stock.json()["amount"]) == (201, 10)
    assert [entry["change"] for entry in client.get(f"{path}stock/").json()] == [6, 4]

    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    sold = stocked("Book")
    bought(alice, (sold, 1))
    assert client.delete(f"{PRODUCTS}{sold.pk}/").status_code == 204
    assert client.get(f"{PRODUCTS}{sold.pk}/").json()["is_active"] is False


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"price": "-0.01"}, "price"),
        ({"price": "1.001"}, "price"),
        ({"price": "1e9"}, "price"),
        ({"price": "NaN"}, "price"),
        ({"currency": "eur"}, "currency"),
        ({"amount": -1}, "amount"),
        ({"amount": 2**31}, "amount"),
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"category": 999}, "category"),
        ({"category": 2**70}, "category"),
        ({"credits": 32768}, "credits"),
        ({"credits_valid_days": 0}, "credits_valid_days"),
    ],
)
def test_products_that_make_no_sense(as_user, tim, body, field):
    answer = as_user(tim).post(PRODUCTS, {"name": "Pen", "price": "1.00"} | body)

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_customers_and_support_only_look(as_user, alice, sue, stocked):
    pen = stocked("Pen")
    path = f"{PRODUCTS}{pen.pk}/"
    for client in (as_user(alice), as_user(sue)):
        for method, url in (
            ("post", PRODUCTS), ("patch", path), ("delete", path), ("put", f"{path}picture/"), ("delete", f"{path}picture/"),
            ("get", f"{path}stock/"), ("post", f"{path}stock/"), ("post", "/api/v1/categories/"),
        ):  # fmt: skip
            assert getattr(client, method)(url, {}).status_code == 403
        assert client.get(path).status_code == 200


def test_categories(as_user, tim, alice, stocked):
    client = as_user(tim)
    created = client.post("/api/v1/categories/", {"name": "Paper"})
    assert (created.status_code, created.json()["name"]) == (201, "Paper")
    path = f"/api/v1/categories/{created.json()['id']}/"
    assert client.post("/api/v1/categories/", {"name": "Paper"}).json()["errors"][0]["field"] == "name"
    assert client.patch(path, {"name": "Books"}).json()["name"] == "Books"
    assert names(as_user(alice).get("/api/v1/categories/")) == ["Books"]
    assert client.delete(path).status_code == 204
    assert client.delete(path).status_code == 404


# --- Pictures


@pytest.mark.parametrize(("format", "ending"), [("PNG", "png"), ("JPEG", "jpg"), ("GIF", "gif"), ("WEBP", "webp")])
def test_a_picture_is_kept_under_a_name_of_its_own_and_shown_to_anybody(as_user, api, tim, stocked, media, format, ending):
    path = f"{PRODUCTS}{stocked('Pen').pk}/"

    answer = as_user(tim).put(f"{path}picture/", {"picture": image(format)}, format="multipart")

    assert answer.status_code == 200
    url = answer.json()["picture"]
    assert url.startswith("http://testserver/media/products/")
    assert url.endswith(f".{ending}")
    shown = api.get(url)
    assert (shown.status_code, shown["Content-Type"]) == (200, f"image/{'jpeg' if ending == 'jpg' else ending}")
    assert Image.open(io.BytesIO(b"".join(shown.streaming_content))).format == format


def test_a_picture_is_replaced_and_removed(as_user, tim, stocked, media, django_capture_on_commit_callbacks):
    client, path = as_user(tim), f"{PRODUCTS}{stocked('Pen').pk}/picture/"
    files = media / "products"

    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            assert client.put(path, {"picture": image()}, format="multipart").status_code == 200
        assert len(list(files.iterdir())) == 1
    with django_capture_on_commit_callbacks(execute=True):
        assert client.delete(path).status_code == 204
    assert not list(files.iterdir())
    assert Product.objects.get().picture == ""


def test_what_is_no_picture(as_user, tim, stocked, media, settings):
    client, path = as_user(tim), f"{PRODUCTS}{stocked('Pen').pk}/picture/"
    svg = io.BytesIO(b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    svg.name = "harmless.png"
    torn = io.BytesIO(image().read()[:20])
    torn.name = "torn.png"

    for file in (svg, torn, image("BMP")):
        answer = client.put(path, {"picture": file}, format="multipart")
        assert (answer.status_code, answer.json()["code"]) == (400, "picture_refused")
    assert client.put(path, {"picture": image(size=(7000, 6000))}, format="multipart").status_code == 400
    assert client.put(path, {}, format="multipart").status_code == 400
    assert client.put(path, {"picture": "x"}).status_code == 415
    settings.PRODUCT_PICTURE_BYTES = 50
    assert client.put(path, {"picture": image(size=(64, 64))}, format="multipart").status_code == 400
    huge = io.BytesIO(bytes(70_000))
    huge.name = "huge.png"
    assert client.put(path, {"picture": huge}, format="multipart").status_code == 413
    assert not list(media.rglob("*.*"))


@pytest.mark.parametrize("name", ["x.png", "..", "%2e%2e%2fkeys.env", "0" * 32 + ".png"])
def test_only_pictures_are_served(api, media, name):
    (media / "keys.env").write_text("secret")

    assert api.get(f"/media/products/{name}").status_code == 404


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
        ({"voucher": "NONE-SUCH"}, "voucher"),
    ],
)
def test_orders_that_make_no_sense(as_user, alice, stocked, body, field):
    items = [{"product_id": stocked("Pen").pk, "amount": 1}]

    answer = as_user(alice).post(ORDERS, WHERE | {"items": items} | body)

    assert answer.status_code == 400
    assert {error["field"].removesuffix(".non_field_errors") for error in answer.json()["errors"]} == {field}


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
    assert client.post(ORDERS, body | {"phone": "2"}, HTTP_IDEMPOTENCY_KEY="k1").status_code == 422


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

    with django_assert_num_queries(7):  # who asks; savepoint, products, order, notification, release; the order as JSON
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
