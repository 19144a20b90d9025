"""What must hold over all of the shop (config.invariants); shop.checks_data has the queries, for its own tests too."""

from shop.checks_data import CHECKS

__all__ = ["CHECKS"]
