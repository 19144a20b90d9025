"""Products, categories and pictures at their canonical paths. Document C's are in tests/contracts/test_c_shop.py."""

import errno
import io
import os

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from PIL import Image

from shop import services
from shop.models import Category, Product
from tests.shop.conftest import image

pytestmark = pytest.mark.django_db

PRODUCTS = "/api/v1/products/"


def names(answer):
    assert answer.status_code == 200, answer.json()
    return [row["name"] for row in answer.json()]


# --- Products


def test_products_on_sale_are_listed_by_name_and_paged(as_user, alice, tim, stocked):
    for name in ("Pen", "Book", "Pen", " Leading space", "Żeton", "x" * 200):
        stocked(name)
    stocked("Old", is_active=False)
    seen, path = [], f"{PRODUCTS}?limit=1"

    client = as_user(alice)
    while path:
        answer = client.get(path)
        seen += names(answer)
        link = answer.headers.get("Link", "")
        path = link[link.index("/api") : link.index(">")] if link else None

    assert seen == [" Leading space", "Book", "Pen", "Pen", "x" * 200, "Żeton"]
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
    for yes, no in (("true", "false"), ("True", "FALSE"), ("1", "0")):
        assert names(client.get(f"{PRODUCTS}?in_stock={yes}")) == ["Book", "Red pen"]
        assert names(client.get(f"{PRODUCTS}?in_stock={no}")) == ["Blue pen"]
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
    stocked("Book", 9)
    stock = client.post(f"{path}stock/", {"change": 6, "reason": "delivery", "note": "invoice 1"})
    assert (stock.status_code, stock.json()["amount"]) == (201, 10)
    assert [entry["change"] for entry in client.get(f"{path}stock/").json()] == [6, 4]
    assert client.get(f"{PRODUCTS}999999/stock/").status_code == 404

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
        ({"credits": -1}, "credits"),
        ({"credits": 32768}, "credits"),
        ({"credits_valid_days": 0}, "credits_valid_days"),
        ({"credits_valid_days": 32768}, "credits_valid_days"),
    ],
)
def test_products_that_make_no_sense(as_user, tim, body, field):
    answer = as_user(tim).post(PRODUCTS, {"name": "Pen", "price": "1.00"} | body)

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_what_a_product_need_not_have_is_taken_away(as_user, tim, stocked):
    paper = Category.objects.create(name="Paper")
    pack = stocked("Pack", description="Ten", category=paper, credits=10, credits_valid_days=30)
    without = {"description": "", "category": None, "credits_valid_days": None}

    answer = as_user(tim).patch(f"{PRODUCTS}{pack.pk}/", without)

    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in without} == without


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"change": 2**31}, "change"),
        ({"change": -(2**31)}, "change"),
        ({"reason": "order"}, "reason"),
        ({"note": "x" * 201}, "note"),
    ],
)
def test_changes_of_stock_that_make_no_sense(as_user, tim, stocked, body, field):
    path = f"{PRODUCTS}{stocked('Pen').pk}/stock/"

    answer = as_user(tim).post(path, {"change": 1, "reason": "correction"} | body)

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
    assert (client.patch(path, {}).status_code, client.patch(path, {}).json()) == (200, created.json())
    assert client.patch("/api/v1/categories/999999/", {}).status_code == 404
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
    assert shown["Cache-Control"] == "public, max-age=31536000, immutable"
    assert Image.open(io.BytesIO(b"".join(shown.streaming_content))).format == format
    assert api.post(url).status_code == 405


def test_a_change_that_is_undone_leaves_the_picture(as_user, tim, stocked, media):
    pen = stocked("Pen")
    as_user(tim).put(f"{PRODUCTS}{pen.pk}/picture/", {"picture": image()}, format="multipart")
    before = Product.objects.get().picture

    with transaction.atomic():
        services.remove_picture(by=tim, product_id=pen.pk)
        transaction.set_rollback(True)

    assert Product.objects.get().picture == before
    assert before.storage.exists(before.name)


def test_a_picture_that_cannot_be_kept_leaves_nothing(as_user, tim, stocked, media, monkeypatch):
    path = f"{PRODUCTS}{stocked('Pen').pk}/picture/"

    def chunks(file):
        yield b"half"
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as full:
        full.setattr(ContentFile, "chunks", chunks)
        answer = as_user(tim).put(path, {"picture": image()}, format="multipart")

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert [file for file in media.rglob("*") if file.is_file()] == []
    assert Product.objects.get().picture == ""


def test_a_product_takes_its_picture_along(as_user, tim, stocked, media, django_capture_on_commit_callbacks):
    client, path = as_user(tim), f"{PRODUCTS}{stocked('Pen').pk}/"
    client.put(f"{path}picture/", {"picture": image()}, format="multipart")

    with django_capture_on_commit_callbacks(execute=True):
        assert client.delete(path).status_code == 204
    assert not list((media / "products").iterdir())


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
