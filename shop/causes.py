"""Why something changes, said to the database. (Who it is that changes it, config.actors says.)

The triggers that write the ledgers read a setting of the transaction. The next change of that kind
uses it up, so that a cause never sticks to a change that it does not belong to.
"""

import orjson
from django.db import connection


def give_cause(kind, **values):
    """Says why, and by whose doing (`by`, an id), the next statement changes something.

    `kind`: "stock" or "credit", for `frontdesk.<kind>_cause`. `values`: `reason`, `by`, `order`, `spending` (ids)
    and `note`, those that there are.
    """
    cause = orjson.dumps({name: value for name, value in values.items() if value}).decode()
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [f"frontdesk.{kind}_cause", cause])
