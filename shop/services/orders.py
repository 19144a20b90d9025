"""Placing, completing and canceling orders.

Locks are taken in one order (docs/locking.md): the buyer, the order, the voucher, then the products by id; but who places an
order takes the buyer last. An order of any length takes the same few statements.
"""

from collections import Counter
from decimal import Decimal
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from config.actors import acting
from config.errors import Missing, NotAllowed, named_constraints
from config.history import erase_history
from config.sql import Query, Writing
from notifications.models import Type
from shop.causes import give_cause
from shop.errors import BuyerGone, ItemsUnavailable, MixedCurrencies, OrderFinal
from shop.models import CreditEntry, Order, OrderEvent, Payment, StockEntry
from shop.services.credits import grant_for_order
from shop.services.telling import tell
from shop.services.vouchers import discount_of, hold_voucher

# In the order of the ids, so that two orders of the same products queue instead of waiting for each other.
_HOLD_PRODUCTS = Query("""
SELECT id, price, currency, amount FROM shop_product
WHERE id = ANY(%(products)s::bigint[]) AND is_active ORDER BY id FOR NO KEY UPDATE""")
# One statement, as the products' locks are held meanwhile: the order, its lines with the names and prices of now, and the
# stock, whose ledger the products' trigger writes. An account that was closed a moment ago orders nothing.
_PLACE = Writing("""
WITH buyer AS (
    SELECT id FROM accounts_user WHERE id = %(buyer)s AND closed_at IS NULL FOR KEY SHARE
), shop_order AS (
    INSERT INTO shop_order (user_id, address, phone, subtotal, discount, currency, voucher_id)
    SELECT id, %(address)s, %(phone)s, %(subtotal)s::numeric, %(discount)s::numeric, %(currency)s, %(voucher)s::bigint FROM buyer
    RETURNING *
), wanted AS (
    SELECT * FROM unnest(%(products)s::bigint[], %(amounts)s::int[]) AS w(product_id, amount)
), shop_orderitem AS (
    INSERT INTO shop_orderitem (order_id, product_id, name, amount, price, credits, credits_valid_days)
    SELECT o.id, p.id, p.name, w.amount, p.price, p.credits, p.credits_valid_days
    FROM shop_order o, wanted w JOIN shop_product p ON p.id = w.product_id ORDER BY p.id
    RETURNING *
), cause AS MATERIALIZED (
    SELECT set_config('frontdesk.stock_cause', json_build_object('reason', 'order', 'order', id, 'by', %(buyer)s)::text, true)
    FROM shop_order
), taken AS (
    UPDATE shop_product p SET amount = p.amount - w.amount FROM wanted w, cause WHERE p.id = w.product_id
)
SELECT written.id, written.created_at, {returned} FROM shop_order AS written""")

_HOLD_BUYER = Query("""
SELECT u.id FROM accounts_user u JOIN shop_order o ON o.user_id = u.id WHERE o.id = %(order)s FOR KEY SHARE OF u""")
_HOLD_ORDERED = Query("""
SELECT id FROM shop_product WHERE id IN (SELECT product_id FROM shop_orderitem WHERE order_id = %(order)s)
ORDER BY id FOR NO KEY UPDATE""")
_RESTOCK = Query("""
UPDATE shop_product p SET amount = p.amount + i.amount FROM shop_orderitem i
WHERE i.order_id = %(order)s AND p.id = i.product_id""")


class _Product(NamedTuple):
    """A product whose row is locked."""

    id: int
    price: Decimal
    currency: str
    amount: int


def place_order(*, by, address, phone, items, voucher="", returning=None):
    """Orders products, all of them or none. Returns the Order; its `returned` is what `returning` (config.sql) makes of it.

    `items`: [{"product_id", "amount"}]; the same product twice counts as its sum. Raises ItemsUnavailable naming each line
    that cannot be had, MixedCurrencies, and VoucherRefused errors.
    """
    wanted = Counter()
    for item in items:
        wanted[item["product_id"]] += item["amount"]
    if not items or min(item["amount"] for item in items) < 1:
        raise ItemsUnavailable
    with named_constraints(), transaction.atomic():
        held_voucher = hold_voucher(code=voucher) if voucher else None
        products = _hold_products(wanted, items)
        order = Order(user=by, address=address, phone=phone, currency=products[0].currency, voucher=held_voucher)
        order.subtotal = sum(product.price * wanted[product.id] for product in products)
        if held_voucher:
            order.discount = discount_of(held_voucher, subtotal=order.subtotal, currency=order.currency)
        _write(order, wanted, returning)
        tell(order, Type.ORDER_PLACED)
    return order


def _hold_products(wanted, items):
    products = [_Product(*row) for row in _HOLD_PRODUCTS.run({"products": list(wanted)})]
    in_stock = {product.id: product.amount for product in products}
    refused = {}
    for line, item in enumerate(items):
        amount = in_stock.get(item["product_id"])
        if amount is None:
            refused[f"items.{line}.product_id"] = ("does_not_exist", _("There is no such product."))
        elif amount < wanted[item["product_id"]]:
            refused[f"items.{line}.amount"] = ("not_enough_stock", _("There are only %d in stock.") % amount)
    if refused:
        raise ItemsUnavailable(errors=refused)
    if len({product.currency for product in products}) > 1:
        raise MixedCurrencies
    return products


def _write(order, wanted, returning):
    places = {
        "buyer": order.user_id,
        "address": order.address,
        "phone": order.phone,
        "subtotal": order.subtotal,
        "discount": order.discount,
        "currency": order.currency,
        "voucher": order.voucher_id,
        "products": list(wanted),
        "amounts": list(wanted.values()),
    }
    rows = _PLACE.run(places, returning)
    if not rows:
        raise BuyerGone
    order.pk, order.created_at, order.returned = rows[0]


def complete_order(*, by, order_id):
    """Completes a new order, which grants the credits of its lesson packs. For administrators.

    Raises OrderFinal for one that was completed or canceled, NotAllowed, and Missing.
    """
    with acting(by), transaction.atomic():
        order = _settle(order_id, Order.Status.COMPLETED, by=by)
        grant_for_order(order=order, by=by)
        tell(order, Type.ORDER_COMPLETED)


def cancel_order(*, by, order_id):
    """Cancels a new order: its owner or an administrator. What it took goes back into stock, once.

    Raises OrderFinal for one that was completed or canceled, and Missing.
    """
    with acting(by), transaction.atomic():
        order = _settle(order_id, Order.Status.CANCELED, by=by)
        _put_back(order_id, by=by.pk)
        tell(order, Type.ORDER_CANCELED)


def cancel_orders_of(*, user_id):
    """Cancels the new orders of an account that was closed: they have no address any more. Safe to run again.

    Not while the account is being closed: who orders holds the products and waits for the buyer (docs/locking.md).
    """
    new = Order.objects.filter(user_id=user_id, user__closed_at__isnull=False, status=Order.Status.NEW).order_by("id")
    for order_id in new.values_list("pk", flat=True):
        with transaction.atomic():
            if _finish(order_id, Order.Status.CANCELED):
                _put_back(order_id, by=None)


def _put_back(order_id, *, by):
    _HOLD_ORDERED.run({"order": order_id})
    give_cause("stock", reason=StockEntry.Reason.CANCELLATION, order=order_id, by=by)
    _RESTOCK.run({"order": order_id})


def _settle(order_id, status, *, by):
    """Settles an order for somebody who may. Returns it. Raises OrderFinal, NotAllowed and Missing."""
    _HOLD_BUYER.run({"order": order_id})
    order = Order.objects.visible_to(by).filter(pk=order_id).select_related("user").first()
    if order is None:
        raise Missing
    if status == Order.Status.COMPLETED and not by.is_admin:
        raise NotAllowed
    if not _finish(order_id, status):
        raise OrderFinal
    return order


def _finish(order_id, status):
    """Gives a new order its final status. Whether it was new still."""
    return bool(Order.objects.filter(pk=order_id, status=Order.Status.NEW).update(status=status))


def history_of_order(*, by, order_id):
    """The OrderEvents of an order, oldest first. Raises Missing."""
    if not Order.objects.visible_to(by).filter(pk=order_id).exists():
        raise Missing
    return OrderEvent.objects.filter(order_id=order_id).order_by("id")


def forget_user(*, user):
    """Erases where an account's orders went, where they could be paid, and what staff noted with its credits.

    Called inside the transaction that closes the account. The orders, payments and ledgers stay; a job cancels new orders.
    """
    theirs = Order.objects.filter(user=user)
    theirs.update(address="", phone="")
    if theirs.filter(status=Order.Status.NEW).exists():
        app.configure_task("shop.cancel_orders_of").defer(user_id=user.pk)  # by its name: the task calls these services
    erase_history(theirs, address="", phone="")
    Payment.objects.filter(order__user=user).update(url="")
    CreditEntry.objects.filter(user=user).exclude(note="").update(note="")
