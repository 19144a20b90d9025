"""Why something changes, said to the database.

The triggers that write the ledgers read the transaction's setting `frontdesk.cause`. The next statement on products or
credit lots uses it up, so a cause never sticks to a change that it does not belong to.
"""

import orjson
from django.db import connection


def cause_text(**values):
    """A cause as the triggers read it: `reason`, `by`, `order`, `spending` (ids) and `note`, those that there are."""
    return orjson.dumps({name: value for name, value in values.items() if value}).decode()


def give_cause(**values):
    """Says why, and by whose doing (`by`, an id), the next statement changes stock, credits or an order's status."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('frontdesk.cause', %s, true)", [cause_text(**values)])
