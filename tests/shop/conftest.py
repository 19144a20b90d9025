"""Things to buy, and ways to buy them."""

import io
import threading
from http.server import HTTPServer

import pytest
from PIL import Image

from config.invariants import rules
from shop.models import Payment, Product, Voucher
from shop.services import place_order, start_payment
from tests.shop.provider import SECRET, StripeHandler


def violations(words=None):
    """What breaks one of the shop's invariants, or any: [(rule, id, detail)]."""
    found = [rule for rule in rules() if rule.app == "shop" and words in (None, rule.words)]
    return [(rule.words, *row) for rule in found for row in rule.violations()]


def status():
    """Where the only payment stands."""
    return Payment.objects.get().status


def image(format="PNG", size=(4, 4), name="any.exe"):
    """A picture as a form sends it."""
    file = io.BytesIO()
    Image.new("RGB", size).save(file, format)
    file.seek(0)
    file.name = name
    return file


@pytest.fixture
def media(settings, tmp_path):
    """The folder that pictures are kept in."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def stocked(db):
    """`stocked("Pen", 5)`: a product with five pieces in stock."""

    def make(name="Pen", amount=10, price="2.50", **fields):
        return Product.objects.create(name=name, amount=amount, price=price, **fields)

    return make


@pytest.fixture
def bought():
    """`bought(alice, (pen, 2), (book, 1))`: an order of alice's."""

    def place(by, *lines, **more):
        items = [{"product_id": product.pk, "amount": amount} for product, amount in lines]
        return place_order(by=by, address="1 Main Street", phone="+48123666789", items=items, **more)

    return place


@pytest.fixture
def voucher(db):
    """`voucher(percent=10)` or `voucher(amount=5)`."""

    def make(code="SALE", *, percent=None, amount=None, **fields):
        kind, value = ("percent", percent) if percent else ("amount", amount)
        return Voucher.objects.create(code=code, kind=kind, value=value, **fields)

    return make


@pytest.fixture
def order(alice, stocked, bought):
    """Alice's, of 39.98."""
    return bought(alice, (stocked("Book", 10, "19.99"), 2))


@pytest.fixture
def stripe(settings):
    """A server that plays Stripe; `stripe.requests` are what it was sent, `stripe.status` and `.answer` what it answers with."""
    server = HTTPServer(("127.0.0.1", 0), StripeHandler)
    server.requests, server.status, server.answer = [], 200, None
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    settings.PAYMENT_PROVIDER, settings.STRIPE_KEY = "stripe", "sk_test"
    settings.STRIPE_WEBHOOK_SECRETS = [SECRET, "whsec_the_next_one"]
    settings.STRIPE_URL = f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def pending(stripe, alice, order):
    """A payment that was started at Stripe."""
    start_payment(by=alice, order_id=order.pk)
    return Payment.objects.get()
