"""The use cases of the shop.

`spend_credits`, `return_credits` and `forfeit_credits` are for scheduling, inside the transaction that books or cancels.
"""

from shop.services.catalog import (
    change_category,
    change_product,
    create_category,
    create_product,
    delete_category,
    delete_product,
    remove_picture,
    set_picture,
)
from shop.services.credits import (
    balance_of,
    expire_credits,
    forfeit_credits,
    grant_credits,
    return_credits,
    spend_credits,
)
from shop.services.orders import (
    cancel_order,
    cancel_orders_of,
    complete_order,
    forget_user,
    history_of_order,
    place_order,
)
from shop.services.payments import mark_paid, mark_refunded, payment_of, receive_event, start_payment
from shop.services.stock import change_stock

__all__ = [
    "balance_of",
    "cancel_order",
    "cancel_orders_of",
    "change_category",
    "change_product",
    "change_stock",
    "complete_order",
    "create_category",
    "create_product",
    "delete_category",
    "delete_product",
    "expire_credits",
    "forfeit_credits",
    "forget_user",
    "grant_credits",
    "history_of_order",
    "mark_paid",
    "mark_refunded",
    "payment_of",
    "place_order",
    "receive_event",
    "remove_picture",
    "return_credits",
    "set_picture",
    "spend_credits",
    "start_payment",
]
