"""The tables of the shop. Their rules stand in the database, so that admin, shell and SQL obey them too."""

from shop.models.catalog import Category, Product
from shop.models.credits import CreditEntry, CreditLot, CreditSpending
from shop.models.orders import Order, OrderEvent, OrderItem
from shop.models.payments import Payment, PaymentEvent
from shop.models.stock import StockEntry
from shop.models.vouchers import Voucher

__all__ = [
    "Category",
    "CreditEntry",
    "CreditLot",
    "CreditSpending",
    "Order",
    "OrderEvent",
    "OrderItem",
    "Payment",
    "PaymentEvent",
    "Product",
    "StockEntry",
    "Voucher",
]
