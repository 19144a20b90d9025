"""Services that take changes by name take those that are meant, and nothing else of the row."""

import pytest

from config.writes import only
from scheduling import services as scheduling
from shop import services as shop
from tickets import services as tickets

CALLS = {
    "ticket": lambda by: tickets.change_ticket(by=by, ticket_id=1, user_id=by.pk),
    "ticket's status": lambda by: tickets.change_ticket(by=by, ticket_id=1, status="c"),
    "slot": lambda by: scheduling.change_slot(by=by, slot_id=1, origin="rule"),
    "meeting": lambda by: scheduling.change_meeting(by=by, meeting_id=1, student_id=by.pk),
    "new rule": lambda by: scheduling.add_rule(by=by, tutor=by),
    "rule": lambda by: scheduling.change_rule(by=by, rule_id=1, tutor_id=by.pk),
    "exception": lambda by: scheduling.change_exception(by=by, exception_id=1, pk=2),
    "new product": lambda by: shop.create_product(by=by, picture="of/another"),
    "product": lambda by: shop.change_product(by=by, product_id=1, id=2),
}


@pytest.mark.django_db
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_another_column_is_refused_before_anything_is_looked_for(tim, call):
    with pytest.raises(TypeError, match="not to be set"):
        call(tim)


def test_what_is_named_passes():
    only({"subject", "notes"}, {"notes": None})
