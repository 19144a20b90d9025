"""What the database refuses, whoever writes."""

import pytest
from django.db import IntegrityError, connection, transaction

from config.errors import constraint_of


def broken(action):
    """The name of the constraint that an action breaks, at once or at the commit."""
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        _to_the_end(action)
    return constraint_of(refused.value)


def _to_the_end(action):
    action()
    connection.check_constraints()
