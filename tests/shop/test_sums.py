"""Whatever happens in whatever order, the sums of the shop agree: stock, credits and totals."""

from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import connection, transaction
from django.db.models import F, Sum
from django.db.models.functions import Now
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from config.errors import FrontdeskError
from scheduling.services import book_meeting, create_slot
from shop import services
from shop.invariants import CHECKS
from shop.models import CreditEntry, CreditLot, Order, OrderItem, Product, StockEntry, Voucher
from tests.conftest import make_user
from tests.scheduling.conftest import hour
from tests.shop.conftest import violations

pytestmark = pytest.mark.django_db
FEW = settings(max_examples=25, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck))

prices = st.decimals(min_value=0, max_value=Decimal("99999999.99"), places=2)
amounts = st.integers(min_value=1, max_value=2**31 - 1)


@contextmanager
def undone():
    """What happens inside is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def half_up(value, places):
    """A Fraction rounded as on a till, by whole numbers alone."""
    return Fraction((value * 10**places * 2 + 1) // 2, 10**places)


@FEW
@given(
    lines=st.lists(st.tuples(prices, amounts), min_size=1, max_size=5),
    currency=st.sampled_from(["EUR", "JPY"]),
    percent=st.decimals(min_value="0.01", max_value=100, places=2),
    money=st.decimals(min_value="0.01", max_value=Decimal("9999999.99"), places=2),
    kind=st.sampled_from([None, "percent", "amount"]),
)
def test_totals_are_exact(alice, lines, currency, percent, money, kind):
    places = 0 if currency == "JPY" else 2
    with undone():
        if kind:
            money = money if places else money // 1 + 1
            value = percent if kind == "percent" else money
            Voucher.objects.create(code="SALE", kind=kind, value=value, currency=currency)
        products = [
            Product.objects.create(name="x", price=price if places else price // 1, amount=amount, currency=currency)
            for price, amount in lines
        ]
        items = [{"product_id": p.pk, "amount": p.amount} for p in products]
        placed = services.place_order(by=alice, address="x", phone="1", items=items, voucher="SALE" if kind else "")
        order = Order.objects.get(pk=placed.pk)

        subtotal = sum(Fraction(p.price) * p.amount for p in products)
        off = {None: 0, "percent": half_up(subtotal * Fraction(percent) / 100, places), "amount": min(Fraction(money), subtotal)}
        assert Fraction(order.subtotal) == subtotal
        assert Fraction(order.discount) == off[kind]
        assert Fraction(order.total) == subtotal - off[kind] >= 0
        assert violations() == []


class Shop(RuleBasedStateMachine):
    """Two customers, a shopkeeper and somebody who writes SQL by hand."""

    def __init__(self):
        super().__init__()
        self.work = undone()
        self.work.__enter__()
        self.alice, self.bob = make_user("alice"), make_user("bob")
        self.tim = make_user("tim", user_type="admin", is_staff=True, is_superuser=True)
        self.products = [
            Product.objects.create(name="Pen", price="2.50", amount=20),
            Product.objects.create(name="Pack", price="45", amount=20, credits=3, credits_valid_days=30),
        ]
        self.orders, self.meetings, self.slots = [], [], 0
        Voucher.objects.create(code="SALE", kind="percent", value=10, max_uses=3, max_uses_per_user=2)

    def teardown(self):
        self.work.__exit__(None, None, None)

    @staticmethod
    def attempt(service, **values):
        """What a service refuses changes nothing; that is the point."""
        try:
            with transaction.atomic():
                return service(**values)
        except FrontdeskError:
            return None

    @rule(buyer=st.booleans(), pens=st.integers(0, 12), packs=st.integers(0, 8), voucher=st.sampled_from(["", "SALE"]))
    def order(self, buyer, pens, packs, voucher):
        wanted = zip(self.products, (pens, packs), strict=True)
        items = [{"product_id": product.pk, "amount": amount} for product, amount in wanted if amount]
        by = self.alice if buyer else self.bob
        placed = self.attempt(services.place_order, by=by, address="x", phone="1", items=items, voucher=voucher)
        self.orders += [placed] if placed else []

    @precondition(lambda self: self.orders)
    @rule(data=st.data(), cancel=st.booleans())
    def settle(self, data, cancel):
        order = data.draw(st.sampled_from(self.orders))
        self.attempt(services.cancel_order if cancel else services.complete_order, by=self.tim, order_id=order.pk)

    @rule(product=st.integers(0, 1), change=st.integers(-15, 15), reason=st.sampled_from(["delivery", "correction"]))
    def change_stock(self, product, change, reason):
        key = self.products[product].pk
        self.attempt(services.change_stock, by=self.tim, product_id=key, change=change, reason=reason)

    @rule(product=st.integers(0, 1), amount=st.integers(0, 30))
    def write_sql(self, product, amount):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE shop_product SET amount = %s WHERE id = %s", [amount, self.products[product].pk])

    @rule(cost=st.integers(0, 4))
    def book(self, cost):
        self.slots += 1
        start = hour(self.slots)
        slot = create_slot(by=self.tim, start_time=start, end_time=start + timedelta(hours=1), credits=cost)
        meeting = self.attempt(book_meeting, by=self.alice, time_slot_id=slot.pk, subject="Algebra")
        self.meetings += [meeting] if meeting else []

    @precondition(lambda self: self.meetings)
    @rule(data=st.data(), late=st.booleans())
    def give_back(self, data, late):
        meeting = data.draw(st.sampled_from(self.meetings))
        (services.forfeit_credits if late else services.return_credits)(meeting_id=meeting.pk)

    @rule(expired=st.booleans())
    def expire(self, expired):
        if expired:
            lot = CreditLot.objects.spendable().order_by("id").first()
            CreditLot.objects.filter(pk=lot and lot.pk).update(expires_at=Now())
        services.expire_credits()

    @invariant()
    def nothing_is_violated(self):
        assert violations() == []

    @invariant()
    def stock_and_sold_are_what_was_delivered(self):
        for product in self.products:
            entries = StockEntry.objects.filter(product=product)
            came = entries.filter(reason__in=["delivery", "correction"]).aggregate(sum=Sum("change", default=0))["sum"]
            sold = OrderItem.objects.filter(product=product).exclude(order__status="canceled")
            stock = Product.objects.get(pk=product.pk).amount
            assert stock + sold.aggregate(sum=Sum("amount", default=0))["sum"] == came
            assert stock >= 0

    @invariant()
    def grants_less_debits_plus_returns_are_the_balance(self):
        for user in (self.alice, self.bob):
            by_kind = dict(CreditEntry.objects.filter(user=user).values_list("kind").annotate(sum=Sum("change")))
            balance = CreditLot.objects.filter(user=user).aggregate(sum=Sum("remaining", default=0))["sum"]
            assert sum(by_kind.get(kind, 0) for kind in ("grant", "debit", "return", "expiry")) == balance >= 0
            packs = OrderItem.objects.filter(order__user=user, order__status="completed")
            assert by_kind.get("grant", 0) == packs.aggregate(sum=Sum(F("credits") * F("amount"), default=0))["sum"]
            assert services.balance_of(user_id=user.pk) <= balance


def test_the_sums_agree_whatever_happens(db):
    run_state_machine_as_test(Shop, settings=FEW)


# --- The checks themselves find what is wrong


def tear(sql):
    """Writes behind the triggers' back, as a broken disk or a careless restore would."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql)
        cursor.execute("SET LOCAL session_replication_role = origin")


@pytest.fixture
def business(alice, bob, tim, stocked, bought, voucher):
    """One of everything, all in order."""
    voucher(percent=10)
    pen, pack = stocked("Pen", 10), stocked("Pack", 10, credits=3)
    services.complete_order(by=tim, order_id=bought(alice, (pack, 1), (pen, 2), voucher="SALE").pk)
    services.cancel_order(by=alice, order_id=bought(alice, (pen, 1)).pk)
    services.mark_paid(by=tim, order_id=bought(bob, (pen, 1)).pk)
    slot = create_slot(by=tim, start_time=hour(), end_time=hour(1), credits=1)
    book_meeting(by=alice, time_slot_id=slot.pk, subject="Algebra")
    assert violations() == []


CLOSED = (
    "UPDATE accounts_user SET closed_at = now(), username = 'deleted user', email = NULL, first_name = '', last_name = '',"
    " is_active = false WHERE username = 'alice'"
)
TEARS = {
    "product.amount is the sum of its stock ledger": "UPDATE shop_product SET amount = amount + 1 WHERE name = 'Pen'",
    "each stock entry's balance follows from the one before": "UPDATE shop_stockentry SET balance = 99 WHERE reason = 'order'",
    "an order took what it holds, and gave it back if it was canceled": "UPDATE shop_order SET status = 'canceled'",
    "the stock ledger names only orders that hold the product": "DELETE FROM shop_orderitem WHERE name = 'Pen'",
    "an order's lines make up its subtotal": "UPDATE shop_order SET subtotal = subtotal + 1",
    "an order that was completed or canceled says when": "DELETE FROM shop_orderevent",
    "orders of closed accounts hold no address": CLOSED,
    "the history of closed accounts' orders holds no address": CLOSED,
    "a voucher's uses are its orders that were not canceled": "UPDATE shop_voucher SET uses = 7",
    "what is left of credits is the sum of their ledger": "UPDATE shop_creditlot SET remaining = 3",
    "completed lesson packs granted their credits, and no others did": "UPDATE shop_order SET status = 'new'",
    "a booking's credits are gone, unless they were returned": "UPDATE shop_creditspending SET status = 'returned'",
    "a payment is for its order's total": "UPDATE shop_payment SET amount = 1",
}


def test_each_rule_has_a_test_that_tears_it():
    assert set(TEARS) == set(CHECKS)


@pytest.mark.parametrize("torn", TEARS)
def test_a_torn_rule_is_found(business, torn):
    tear(TEARS[torn])

    found = violations(torn)

    assert found
    assert set(found) <= set(violations())
