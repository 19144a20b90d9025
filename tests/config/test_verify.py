"""`manage.py verify`: silent about what the services made, and loud about each rule that somebody broke behind their back."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from config.invariants import MOST_SHOWN, rules
from tests.world import world

pytestmark = pytest.mark.django_db

# What breaks a rule, in SQL that neither a constraint nor (as triggers are off) anything else stops.
BREAKS = {
    "there is an administrator who can sign in, if there is any account": "UPDATE accounts_user SET is_active = false",
    "nobody is signed in to an account that is not active": "UPDATE accounts_user SET is_active = false WHERE username = 'alice'",
    "a living session has one refresh token that is not spent": "DELETE FROM accounts_refreshtoken",
    "a slot that is taken is not offered": "UPDATE scheduling_timeslot SET is_available = true",
    "a meeting has its slot's tutor and times": "UPDATE scheduling_meeting SET end_time = end_time + interval '1 minute'",
    "a ticket's history has no gap": """
        INSERT INTO tickets_statuschange (ticket_id, from_status, to_status)
        SELECT id, status, 'c' FROM tickets_ticket UNION ALL SELECT id, status, 'c' FROM tickets_ticket""",
    "a ticket stands where its history says": """
        INSERT INTO tickets_statuschange (ticket_id, from_status, to_status) SELECT id, status, 'c' FROM tickets_ticket""",
    "who owes the next word follows from what was said": "UPDATE tickets_ticket SET awaiting = NULL",
    "the search knows every ticket's words": "UPDATE tickets_answer SET internal = true",
    "the search knows where every ticket stands": "DELETE FROM tickets_searchtext",
    "a message that waits has a job that will send it": "DELETE FROM procrastinate_jobs",
    "a notification and its messages are one person's": "UPDATE notifications_delivery SET user_id = NULL",
    "product.amount is the sum of its stock ledger": "UPDATE shop_product SET amount = amount + 1",
    "an order's lines make up its subtotal": "UPDATE shop_order SET subtotal = subtotal + 1",
}


@pytest.fixture
def whole(alice, sue, tim, settings, tmp_path):
    """One row of everything."""
    settings.MEDIA_ROOT = tmp_path
    return world(alice=alice, sue=sue, tim=tim)


def verify():
    out = StringIO()
    call_command("verify", stdout=out, no_color=True)
    return out.getvalue()


def sabotage(statement):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement)
        assert cursor.rowcount > 0
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_what_the_services_made_is_right(whole):
    report = verify()

    known = list(rules())
    assert len(known) > 25
    assert {rule.app for rule in known} >= {"config", "accounts", "scheduling", "tickets", "shop", "notifications"}
    assert f"All {len(known)} rules hold" in report
    assert "BROKEN" not in report


@pytest.mark.parametrize("words", BREAKS)
def test_a_broken_rule_is_told(whole, words):
    sabotage(BREAKS[words])

    rule = next(rule for rule in rules() if rule.words == words)
    assert 0 < len(rule.violations()) <= MOST_SHOWN


def test_a_guard_that_was_turned_off_is_told_and_the_exit_code_says_so(db):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE scheduling_meeting DISABLE TRIGGER USER")

    with pytest.raises(CommandError, match=r"1 of \d+ rules are broken"):
        verify()
