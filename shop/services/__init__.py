"""The use cases of the shop."""

from shop.services.credits import (
    balance_of,
    expire_credits,
    forfeit_credits,
    grant_credits,
    return_credits,
    spend_credits,
)

__all__ = [
    "balance_of",
    "expire_credits",
    "forfeit_credits",
    "grant_credits",
    "return_credits",
    "spend_credits",
]
