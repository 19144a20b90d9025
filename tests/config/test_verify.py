"""`manage.py verify`: silent about what the services made, and loud about each rule that somebody broke behind their back."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.services import close_account
from config.invariants import MOST_SHOWN, rules
from tests.world import world

pytestmark = pytest.mark.django_db

_CLOSED = "INSERT INTO tickets_statuschange (ticket_id, from_status, to_status) SELECT id, status, 'c' FROM tickets_ticket"
_CLOSED_BUT_NOT_ERASED = """
    ALTER TABLE accounts_user DROP CONSTRAINT user_closed_is_erased; UPDATE accounts_user SET closed_at = now()"""
_MEET_AGAIN = """
    INSERT INTO scheduling_meeting (student_id, tutor_id, time_slot_id, subject, start_time, end_time)
    SELECT {student}, tutor_id, {slot}, 'Again', start_time, end_time FROM scheduling_meeting"""
# The rows are changed, which their triggers write down, and then the account is closed without a service.
_HISTORY_NOT_ERASED = f"""
    SET LOCAL session_replication_role = origin; {{changes}}; SET LOCAL session_replication_role = replica;
    {_CLOSED_BUT_NOT_ERASED}"""
# What breaks each rule: SQL that nothing stops, as triggers are off and the constraint in the way is dropped first.
BREAKS = {
    "every trigger is on": "ALTER TABLE scheduling_meeting DISABLE TRIGGER USER",
    "every constraint was proved of every row": "ALTER TABLE shop_product ADD CONSTRAINT planted CHECK (id > 0) NOT VALID",
    "every index is whole": "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'session_live'::regclass",
    "there is an administrator who can sign in, if there is any account": "UPDATE accounts_user SET is_active = false",
    "a closed account holds no personal data": """
        ALTER TABLE accounts_user DROP CONSTRAINT user_closed_is_erased;
        UPDATE accounts_user SET closed_at = now() WHERE username = 'alice'""",
    "nobody is signed in to an account that is not active": "UPDATE accounts_user SET is_active = false WHERE username = 'alice'",
    "a living session has one refresh token that is not spent": "DELETE FROM accounts_refreshtoken",
    "no name leads to two accounts": """
        DROP INDEX user_username_unique; UPDATE accounts_user SET username = 'ALICE' WHERE username = 'sue'""",
    "no tutor has two slots at once": """
        ALTER TABLE scheduling_timeslot DROP CONSTRAINT slot_overlap;
        INSERT INTO scheduling_timeslot (tutor_id, start_time, end_time, credits, origin)
        SELECT tutor_id, start_time, end_time, credits, origin FROM scheduling_timeslot""",
    "no student has two meetings at once": "ALTER TABLE scheduling_meeting DROP CONSTRAINT student_overlap;"
    + _MEET_AGAIN.format(student="student_id", slot=0),
    "a slot is one meeting's": f"DROP INDEX slot_taken; {_MEET_AGAIN.format(student='NULL', slot='time_slot_id')}",
    "a slot that is taken is not offered": "UPDATE scheduling_timeslot SET is_available = true",
    "what a meeting costs is spent while it stands, and settled once it is canceled": """
        UPDATE scheduling_meeting SET credits = 5""",
    "a meeting is paid by its own student": """
        INSERT INTO shop_creditspending (user_id, meeting_id, credits) SELECT tutor_id, id, 1 FROM scheduling_meeting""",
    "a meeting has its slot's tutor and times": "UPDATE scheduling_meeting SET end_time = end_time + interval '1 minute'",
    "a ticket's history has no gap": f"{_CLOSED} UNION ALL SELECT id, status, 'c' FROM tickets_ticket",
    "a ticket stands where its history says": _CLOSED,
    "who owes the next word follows from what was said": "UPDATE tickets_ticket SET awaiting = NULL",
    "an open ticket is seen to by support, or by nobody": "UPDATE tickets_ticket SET assignee_id = user_id",
    "a ticket is about its owner's own order": """
        UPDATE tickets_ticket SET user_id = 0, order_id = (SELECT min(id) FROM shop_order)""",
    "a ticket is about its owner's own meeting": """
        UPDATE tickets_ticket SET user_id = 0, meeting_id = (SELECT min(id) FROM scheduling_meeting)""",
    "an attachment is its ticket's own": """
        UPDATE tickets_attachment SET ticket_id = 0, answer_id = (SELECT min(id) FROM tickets_answer)""",
    "the search knows every ticket's words": "UPDATE tickets_answer SET internal = true",
    "the search knows where every ticket stands": "DELETE FROM tickets_searchtext",
    "a message that waits has a job that will send it": "DELETE FROM procrastinate_jobs",
    "a notification and its messages are one person's": "UPDATE notifications_delivery SET user_id = NULL",
    "a message that was sent says when": """
        ALTER TABLE notifications_delivery DROP CONSTRAINT delivery_sent_has_time;
        UPDATE notifications_delivery SET status = 'sent'""",
    "product.amount is the sum of its stock ledger": "UPDATE shop_product SET amount = amount + 1",
    "each stock entry's balance follows from the one before": "UPDATE shop_stockentry SET balance = balance + 1",
    "an order took what it holds, and gave it back if it was canceled": "DELETE FROM shop_stockentry WHERE order_id IS NOT NULL",
    "the stock ledger names only orders that hold the product": "DELETE FROM shop_orderitem",
    "an order's lines make up its subtotal": "UPDATE shop_order SET subtotal = subtotal + 1",
    "an order that was completed or canceled says when": "UPDATE shop_order SET status = 'completed'",
    "orders of closed accounts hold no address": _CLOSED_BUT_NOT_ERASED,
    "tickets of closed accounts hold none of their words": _CLOSED_BUT_NOT_ERASED,
    "meetings of closed accounts hold none of their words": _CLOSED_BUT_NOT_ERASED,
    "the history of a closed account holds nothing of the person": _HISTORY_NOT_ERASED.format(
        changes="UPDATE accounts_user SET first_name = 'Ally' WHERE username = 'alice'"
    ),
    "the history of closed accounts' tickets holds none of their words": _HISTORY_NOT_ERASED.format(
        changes="UPDATE tickets_ticket SET subject = 'Fire'"
    ),
    "the history of closed accounts' meetings holds none of their words": _HISTORY_NOT_ERASED.format(
        changes="UPDATE scheduling_meeting SET notes = 'Bring paper'"
    ),
    "the history of closed accounts' orders holds no address": _HISTORY_NOT_ERASED.format(
        changes="UPDATE shop_order SET address = 'There'"
    ),
    "the staff are in the groups of their roles, and nobody else is": "DELETE FROM accounts_user_groups",
    "a voucher's uses are its orders that were not canceled": """
        INSERT INTO shop_voucher (code, kind, value, currency, uses) VALUES ('HALF', 'percent', 50, 'EUR', 1)""",
    "what is left of credits is the sum of their ledger": """
        INSERT INTO shop_creditlot (user_id, granted, remaining) SELECT id, 5, 5 FROM accounts_user""",
    "completed lesson packs granted their credits, and no others did": """
        UPDATE shop_orderitem SET credits = 5; UPDATE shop_order SET status = 'completed'""",
    "a booking's credits are gone, unless they were returned": """
        INSERT INTO shop_creditspending (user_id, meeting_id, credits) SELECT student_id, id, 1 FROM scheduling_meeting""",
    "a payment is for its order's total": """
        INSERT INTO shop_payment (order_id, provider, amount, currency)
        SELECT id, 'offline', total + 1, currency FROM shop_order""",
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
        assert cursor.rowcount != 0  # -1 where it is no change of rows
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
    rule = next(rule for rule in rules() if rule.words == words)
    assert rule.violations() == []

    sabotage(BREAKS[words])

    assert 0 < len(rule.violations()) <= MOST_SHOWN


def test_every_rule_is_broken_here_once():
    """A rule that nobody has seen broken may be one that cannot be."""
    known = [rule.words for rule in rules()]

    assert len(known) == len(set(known))
    assert set(known) == set(BREAKS)


def test_a_guard_that_was_turned_off_is_told_and_the_exit_code_says_so(db):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE scheduling_meeting DISABLE TRIGGER USER")

    with pytest.raises(CommandError, match=r"1 of \d+ rules are broken"):
        verify()


@pytest.mark.parametrize(
    "left",
    [
        "UPDATE accounts_user SET last_login = now() WHERE id = %s",
        "UPDATE accounts_user SET password = 'argon2$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA' WHERE id = %s",
        "INSERT INTO accounts_session (user_id, device, expires_at, ended_at) VALUES (%s, 'Phone', now(), now())",
        """INSERT INTO accounts_code (user_id, purpose, address, nonce, guesses, expires_at)
           VALUES (%s, 'reset', 'alice@example.com', '', 0, now())""",
        "INSERT INTO accounts_export (user_id, expires_at) VALUES (%s, now() + interval '1 day')",
    ],
)
def test_what_a_closed_account_keeps_is_told(alice, tim, left):
    close_account(by=tim, user=alice)
    assert "BROKEN" not in verify()

    with connection.cursor() as cursor:
        cursor.execute(left, [alice.pk])

    with pytest.raises(CommandError, match=r"1 of \d+ rules are broken"):
        verify()
