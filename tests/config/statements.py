"""Statements for transactions to send."""

from config.postgresql.prepared import Prepared
from shop.models import Category

ONE = Prepared("SELECT 1", 0)
ACTOR = Prepared("SELECT current_setting('frontdesk.actor', true)", 0)
ADD = Prepared("INSERT INTO shop_category (name) VALUES (%s)", 1)
PAPER = ["Paper"]


def names():
    """Those of all categories."""
    return set(Category.objects.values_list("name", flat=True))
