"""What people get of the shop, and what not (config.exports)."""

from config.exports import Section
from config.history import WITHHELD as HISTORY
from shop.models import CreditEntry, CreditLot, CreditSpending, Order, OrderEvent, OrderItem, Payment

_BUYER = {"user": "The account."}

SECTIONS = (
    Section(
        "orders",
        lambda user: Order.objects.filter(user_id=user.pk),
        ("id", "address", "phone", "status", "subtotal", "discount", "total", "currency", "voucher__code", "created_at"),
        _BUYER | {"is_completed": "Follows from the status."},
    ),
    Section(
        "order_lines",
        lambda user: OrderItem.objects.filter(order__user_id=user.pk),
        ("id", "order", "product", "name", "amount", "price", "credits", "credits_valid_days"),
    ),
    Section(
        "order_events",
        lambda user: OrderEvent.objects.filter(order__user_id=user.pk),
        ("order", "status", "created_at"),
        {"id": "Nothing refers to it.", "by": "Who of the staff it was."},
    ),
    Section(
        "payments",
        lambda user: Payment.objects.filter(order__user_id=user.pk),
        ("id", "order", "provider", "status", "amount", "currency", "reference", "created_at", "paid_at"),
        {"url": "Whoever has it could go on paying."},
    ),
    Section(
        "credit_lots",
        lambda user: CreditLot.objects.filter(user_id=user.pk),
        ("id", "order_item", "granted", "remaining", "expires_at", "created_at"),
        _BUYER,
    ),
    Section(
        "credit_spendings",
        lambda user: CreditSpending.objects.filter(user_id=user.pk),
        ("id", "meeting", "credits", "status", "created_at"),
        _BUYER,
    ),
    Section(
        "credit_entries",
        lambda user: CreditEntry.objects.filter(user_id=user.pk),
        ("id", "lot", "spending", "kind", "change", "note", "created_at"),
        _BUYER | {"by": "Who of the staff it was."},
    ),
)
WITHHELD = {
    "shop.StockEntry": "The stock of a product, whoever bought it.",
    "shop.PaymentEvent": "What the payment provider sent; the payments say what came of it.",
    "shop.OrderHistory": HISTORY,
    "shop.ProductHistory": HISTORY,
    "shop.VoucherHistory": HISTORY,
}
