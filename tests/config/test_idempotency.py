"""An Idempotency-Key: one effect, one answer. Seen with orders, and the same piece everywhere."""

import hashlib
from datetime import timedelta

import psycopg
import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from config.idempotency import IdempotencyKey, _digest_of_file, _lock
from config.tasks import sweep
from shop.models import Order, Product
from shop.services import create_product

pytestmark = pytest.mark.django_db

PATH = "/api/v1/orders/"


@pytest.fixture
def book(tim):
    return create_product(by=tim, name="Book", price="9.99", amount=10)


@pytest.fixture
def order(book):
    return {"address": "Main Street 1", "phone": "+48123666789", "items": [{"product_id": book.pk, "amount": 2}]}


def test_a_retry_gets_the_first_answer_again(as_user, alice, order, book):
    client = as_user(alice)

    first = client.post(PATH, order, HTTP_IDEMPOTENCY_KEY="k1")
    again = client.post(PATH, order, HTTP_IDEMPOTENCY_KEY="k1")

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert Product.objects.get(pk=book.pk).amount == 8


def test_the_order_of_members_does_not_matter(as_user, alice, order):
    client = as_user(alice)
    client.post(PATH, order, HTTP_IDEMPOTENCY_KEY="k1")

    assert client.post(PATH, dict(reversed(order.items())), HTTP_IDEMPOTENCY_KEY="k1")["Idempotency-Replayed"] == "true"


def test_both_spellings_of_the_path_are_one_request(as_user, alice, order):
    client = as_user(alice)
    client.post(PATH, order, HTTP_IDEMPOTENCY_KEY="k1")

    assert client.post(PATH.rstrip("/"), order, HTTP_IDEMPOTENCY_KEY="k1")["Idempotency-Replayed"] == "true"


def test_another_body_under_the_same_key_is_refused(as_user, alice, order):
    client = as_user(alice)
    client.post(PATH, order, HTTP_IDEMPOTENCY_KEY="k1")

    answer = client.post(PATH, order | {"address": "Elsewhere"}, HTTP_IDEMPOTENCY_KEY="k1")

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert Order.objects.count() == 1


def test_keys_belong_to_their_users(as_user, alice, bob, order):
    for user in (alice, bob):
        assert "Idempotency-Replayed" not in as_user(user).post(PATH, order, HTTP_IDEMPOTENCY_KEY="k1")
    assert Order.objects.count() == 2


def test_keys_belong_to_their_routes(as_user, tim, book):
    client = as_user(tim)
    client.post("/api/v1/categories/", {"name": "Paper"}, HTTP_IDEMPOTENCY_KEY="k1")

    other = client.post("/api/v1/products/", {"name": "Pen", "price": "1.20"}, HTTP_IDEMPOTENCY_KEY="k1")

    assert (other.status_code, "Idempotency-Replayed" in other) == (201, False)


def test_a_failed_request_leaves_no_key(as_user, alice, order, book):
    client = as_user(alice)
    too_many = order | {"items": [{"product_id": book.pk, "amount": 11}]}

    assert client.post(PATH, too_many, HTTP_IDEMPOTENCY_KEY="k1").status_code == 400
    assert not IdempotencyKey.objects.exists()
    assert client.post(PATH, order, HTTP_IDEMPOTENCY_KEY="k1").status_code == 201


@pytest.mark.parametrize("key", ["", "two words", "x" * 256, "x\x7f", "ключ".encode().decode("latin-1")])
def test_a_malformed_key(as_user, alice, order, key):
    answer = as_user(alice).post(PATH, order, HTTP_IDEMPOTENCY_KEY=key)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "Idempotency-Key")


def test_the_longest_key_and_the_first_and_last_of_its_characters(as_user, alice, order):
    assert as_user(alice).post(PATH, order, HTTP_IDEMPOTENCY_KEY="!~".ljust(255, "x")).status_code == 201


def test_while_the_first_still_runs(as_user, alice, order):
    # The lock that the first request would hold, held by another connection.
    digest = hashlib.sha256(f"{alice.pk}\x1fOrderViewSet.create\x1fk1".encode()).digest()
    assert _lock(alice.pk, "OrderViewSet.create", "k0")
    with psycopg.connect(**{**connection.get_connection_params(), "cursor_factory": None}) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(digest[:8], signed=True)])

        answer = as_user(alice).post(PATH, order, HTTP_IDEMPOTENCY_KEY="k1")

    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_in_progress")


def test_keys_are_forgotten_after_a_day(as_user, alice, order, rewind):
    client = as_user(alice)
    client.post(PATH, order, HTTP_IDEMPOTENCY_KEY="k1")
    rewind(seconds=24 * 3600 + 1)

    sweep(0)

    assert not IdempotencyKey.objects.exists()


def test_keys_are_kept_for_a_day(as_user, alice, order, rewind):
    client = as_user(alice)
    client.post(PATH, order, HTTP_IDEMPOTENCY_KEY="k1")
    rewind(seconds=24 * 3600 - 60)

    sweep(0)

    assert client.post(PATH, order, HTTP_IDEMPOTENCY_KEY="k1")["Idempotency-Replayed"] == "true"


def test_the_same_value_under_another_name_is_another_body(as_user, alice):
    client = as_user(alice)
    client.post("/api/ticket", {"message": "Help", "priority": "low"}, HTTP_IDEMPOTENCY_KEY="k1")

    answer = client.post("/api/ticket", {"message": "Help", "subject": "low"}, HTTP_IDEMPOTENCY_KEY="k1")

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


def test_the_same_file_under_another_name_is_another_body(as_user, alice, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client = as_user(alice)

    def send(name):
        body = {"message": "See the file", "files": SimpleUploadedFile(name, b"words")}
        return client.post("/api/ticket", body, format="multipart", HTTP_IDEMPOTENCY_KEY="k1")

    assert [send(name).status_code for name in ("a.txt", "a.txt", "b.txt")] == [201, 201, 422]


def test_each_of_several_files_is_part_of_the_body(as_user, alice, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client = as_user(alice)

    def send(*words):
        files = [SimpleUploadedFile("a.txt", each) for each in words]
        body = {"message": "See the files", "files": files}
        return client.post("/api/ticket", body, format="multipart", HTTP_IDEMPOTENCY_KEY="k1")

    bodies = [(b"one", b"two"), (b"one", b"two"), (b"three", b"two"), (b"one", b"three")]
    assert [send(*words).status_code for words in bodies] == [201, 201, 422, 422]
    assert sorted(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()) == [b"one", b"two"]


def test_a_file_is_read_from_its_beginning_after_it_was_compared():
    file = SimpleUploadedFile("a.txt", b"words")
    _digest_of_file(file)

    assert file.read() == b"words"


def test_an_alias_is_the_same_door(as_user, alice, order):
    client = as_user(alice)
    first = client.post(PATH, order, HTTP_IDEMPOTENCY_KEY="k1")

    again = client.post("/api/post_order", order, HTTP_IDEMPOTENCY_KEY="k1")

    assert (again.status_code, again["Idempotency-Replayed"], again.json()) == (201, "true", first.json())
    assert Order.objects.count() == 1


def test_what_a_path_names_belongs_to_the_request(as_user, tim, book):
    other = create_product(by=tim, name="Pen", price="1", amount=10)
    client, delivery = as_user(tim), {"change": 5, "reason": "delivery"}
    client.post(f"/api/v1/products/{book.pk}/stock/", delivery, HTTP_IDEMPOTENCY_KEY="k1")

    assert client.post(f"/api/v1/products/{other.pk}/stock/", delivery, HTTP_IDEMPOTENCY_KEY="k1").status_code == 422
    assert Product.objects.get(pk=other.pk).amount == 10


SOON = timezone.now().replace(microsecond=0) + timedelta(days=3)
CREATED = {  # path: body, and the table that gets a row
    "/api/v1/users/": ({"email": "new@example.com", "password": "a long one, and odd"}, "accounts.User"),
    "/api/v1/categories/": ({"name": "Paper"}, "shop.Category"),
    "/api/v1/products/": ({"name": "Pen", "price": "1.20"}, "shop.Product"),
    "/api/v1/products/{book}/stock/": ({"change": 5, "reason": "delivery"}, "shop.StockEntry"),
    "/api/v1/availability/": (
        {"weekday": 0, "start_time": "10:00", "end_time": "12:00", "slot_minutes": 60},
        "scheduling.AvailabilityRule",
    ),
    "/api/v1/availability/exceptions/": ({"date": f"{SOON:%Y-%m-%d}", "kind": "off"}, "scheduling.AvailabilityException"),
    "/api/v1/timeslots/": (
        {"start_time": SOON.isoformat(), "end_time": (SOON + timedelta(hours=1)).isoformat()},
        "scheduling.TimeSlot",
    ),
}


@pytest.mark.parametrize("path", CREATED)
def test_what_administrators_create_is_created_once(as_user, tim, book, path):
    body, label = CREATED[path]
    client, rows = as_user(tim), apps.get_model(label).objects
    before, path = rows.count(), path.format(book=book.pk)

    first = client.post(path, body, HTTP_IDEMPOTENCY_KEY="k1")
    again = client.post(path, body, HTTP_IDEMPOTENCY_KEY="k1")

    assert (first.status_code, again.status_code, again.get("Idempotency-Replayed")) == (201, 201, "true"), first.content
    assert (first.json(), rows.count()) == (again.json(), before + 1)


def test_what_is_kept_of_a_body_is_keyed(as_user, alice, order, settings):
    """A body may hold a password, which a plain digest would let anybody try who reads the table."""
    client = as_user(alice)
    for key in ("k1", "k2"):
        client.post(PATH, order, HTTP_IDEMPOTENCY_KEY=key)
        settings.SECRET_KEY = "another key, of fifty characters or so, for this test"

    first, second = IdempotencyKey.objects.values_list("fingerprint", flat=True)
    assert bytes(first) != bytes(second)
