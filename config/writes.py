"""What services that write have in common."""

from contextlib import nullcontext

from django.db import connection, transaction

from config.errors import Missing
from config.sql import Query

PART = 10_000  # rows of a statement
_HOLD_OPEN = Query("SELECT id FROM accounts_user WHERE id = %(user)s AND closed_at IS NULL FOR KEY SHARE")


def one_statement():
    """Around a write of a single statement, which is a transaction by itself: BEGIN and COMMIT would only take time.

    Inside somebody else's transaction it is a savepoint, so that what fails there leaves the rest alone.
    """
    return transaction.atomic() if connection.in_atomic_block else nullcontext()


def hold_open(user):
    """Keeps an account from closing until the transaction ends, or waits until it has: then it is Missing.

    For what closing erases: written after that, it would stay. Nobody but who closes the account waits, or is waited for.
    """
    if not _HOLD_OPEN.run({"user": user.pk}):
        raise Missing


def delete_in_parts(rows):
    """Deletes the rows of a queryset, so many at a time: however many there are, no statement comes near statement_timeout.

    Each is looked at again once it is locked: who held it meanwhile may have made it one that is to stay.
    """
    rows = rows.order_by()
    while rows.filter(pk__in=rows.values("pk")[:PART]).delete()[0]:
        pass


def parts(keys):
    """A list in lists of a thousand: however much there is of somebody, no statement that writes takes too long."""
    return (keys[start : start + 1000] for start in range(0, len(keys), 1000))


def only(names, values):
    """Raises TypeError, as a call with an unknown argument does, for a value of anything but these names.

    Services that take changes as `**changes` begin with it: a member that a serializer or a form lets through by mistake
    stops here, and does not become a column that nobody may set.
    """
    if unknown := values.keys() - names:
        raise TypeError(f"this is not to be set here: {', '.join(sorted(unknown))}")
