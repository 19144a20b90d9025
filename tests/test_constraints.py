"""What rows may not say, whoever writes them: each CHECK and UNIQUE that no other test holds, broken once by SQL."""

import json

import pytest
from django.db import IntegrityError, connection, transaction

from config.errors import constraint_of
from config.models import IdempotencyKey
from notifications.services import set_preferences
from scheduling.services import set_buffer
from shop.models import CreditSpending, Payment, Voucher
from shop.services import grant_credits
from tests.world import world
from tickets.models import CannedReply
from tickets.services import set_status

pytestmark = pytest.mark.django_db

# What closing leaves of an account, and what it must not.
_CLOSED = {
    "username": ("'deleted user'", "'alice'"),
    "email": ("NULL", "'alice@example.com'"),
    "phone": ("NULL", "'+48123666789'"),
    "first_name": ("''", "'Alice'"),
    "last_name": ("''", "'Liddell'"),
    "is_active": ("false", "true"),
    "is_staff": ("false", "true"),
}
# Of alice's account.
_ACCOUNTS = [
    ("user_admin_is_superuser", "is_superuser = true"),
    ("user_email_form", "email = 'alice@Example.com'"),
    ("user_email_form", "email = 'alice@'"),
    ("user_email_form", "email = 'alice@home@example.com'"),
    ("user_phone_form", "phone = '+1234'"),
    ("user_phone_form", "phone = '+1234567890123456'"),
    ("user_phone_form", "phone = '+0123456789'"),
    ("user_password_is_hashed", "password = '! '"),
    ("user_password_is_hashed", "password = 'a !'"),
    ("user_username_is_own_email", "username = 'alice@example.com', email = NULL, phone = '+48123666789'"),
    ("user_username_is_own_phone", "username = '+48123666789', phone = '+48123666780'"),
    ("user_username_is_own_phone", "username = '+15550000012'"),
    *(
        (
            "user_closed_is_erased",
            ", ".join(f"{name} = {value[name == left]}" for name, value in _CLOSED.items()) + ", closed_at = now()",
        )
        for left in _CLOSED
    ),
]
# The constraint, its table, and what would break it.
BROKEN = [
    *((name, "accounts_user", f"{values} WHERE username = 'alice'") for name, values in _ACCOUNTS),
    ("user_admin_is_superuser", "accounts_user", "is_staff = false WHERE username = 'tim'"),
    ("user_admin_is_superuser", "accounts_user", "is_superuser = false WHERE username = 'tim'"),
    ("slot_origin_known", "scheduling_timeslot", "origin = 'x'"),
    ("slot_length", "scheduling_timeslot", "end_time = start_time + interval '4 minutes 59.999999 seconds'"),
    ("slot_length", "scheduling_timeslot", "end_time = start_time + interval '24 hours 0.000001 seconds'"),
    ("buffer_at_most_a_day", "scheduling_tutorsettings", "buffer_minutes = 1441"),
    ("rule_weekday_known", "scheduling_availabilityrule", "weekday = 7"),
    ("rule_weekday_known", "scheduling_availabilityrule", "weekday = -1"),
    ("rule_ends_after_start", "scheduling_availabilityrule", "end_time = start_time"),
    ("rule_validity_in_order", "scheduling_availabilityrule", "valid_until = valid_from - 1"),
    ("rule_slot_length", "scheduling_availabilityrule", "slot_minutes = 4"),
    ("rule_slot_length", "scheduling_availabilityrule", "slot_minutes = 1441"),
    ("rule_whole_minutes", "scheduling_availabilityrule", "start_time = start_time + interval '1 second'"),
    ("rule_whole_minutes", "scheduling_availabilityrule", "end_time = end_time - interval '1 second'"),
    (
        "exception_whole_minutes",
        "scheduling_availabilityexception",
        "start_time = '10:00', end_time = '10:30:01', kind = 'extra', slot_minutes = 30",
    ),
    (
        "exception_whole_minutes",
        "scheduling_availabilityexception",
        "start_time = '10:00:01', end_time = '10:30', kind = 'extra', slot_minutes = 30",
    ),
    ("exception_kind_known", "scheduling_availabilityexception", "kind = 'x'"),
    ("exception_slots", "scheduling_availabilityexception", "slot_minutes = 60"),
    ("exception_slots", "scheduling_availabilityexception", "kind = 'extra'"),
    ("exception_slots", "scheduling_availabilityexception", "kind = 'extra', slot_minutes = 60"),
    *(
        (
            "exception_slots",
            "scheduling_availabilityexception",
            f"start_time = '10:00', end_time = '11:00', kind = 'extra', slot_minutes = {minutes}",
        )
        for minutes in (4, 1441)
    ),
    ("exception_times", "scheduling_availabilityexception", "start_time = '10:00'"),
    ("exception_times", "scheduling_availabilityexception", "end_time = '10:00'"),
    ("exception_times", "scheduling_availabilityexception", "start_time = '10:00', end_time = '10:00'"),
    ("preference_channel_known", "notifications_preference", "channel = 'x'"),
    ("preference_type_known", "notifications_preference", "type = 'x'"),
    ("preference_security_required", "notifications_preference", "type = 'account', channel = 'in_app', enabled = false"),
    ("delivery_sent_has_time", "notifications_delivery", "status = 'queued', sent_at = now()"),
    ("attachment_place_known", "tickets_attachment", "position = 0"),
    ("status_change_known", "tickets_statuschange", "from_status = 'x'"),
    ("status_change_known", "tickets_statuschange", "to_status = 'x'"),
    ("product_price_not_negative", "shop_product", "price = -1"),
    ("product_currency_form", "shop_product", "currency = 'eur'"),
    ("product_has_name", "shop_product", "name = ''"),
    ("product_credits_validity", "shop_product", "credits_valid_days = 0"),
    ("voucher_kind_known", "shop_voucher", "kind = 'x'"),
    ("voucher_value_range", "shop_voucher", "value = 0"),
    ("voucher_currency_form", "shop_voucher", "currency = 'eur'"),
    ("order_currency_form", "shop_order", "currency = 'eur'"),
    ("order_discount_within_subtotal", "shop_order", "discount = -1, voucher_id = 1"),
    ("order_discount_within_subtotal", "shop_order", "discount = subtotal + 1, voucher_id = 1"),
    ("order_item_price_not_negative", "shop_orderitem", "price = -1"),
    ("payment_amount_positive", "shop_payment", "amount = 0"),
    ("payment_currency_form", "shop_payment", "currency = 'eur'"),
    ("payment_paid_has_time", "shop_payment", "status = 'paid'"),
    ("payment_paid_has_time", "shop_payment", "paid_at = now()"),
    ("credit_lot_granted_positive", "shop_creditlot", "granted = 0, remaining = 0"),
    ("shop_creditlot_order_item_id_key", "shop_creditlot", "order_item_id = 0"),
    ("credit_spending_positive", "shop_creditspending", "credits = 0"),
    ("credit_spending_status_known", "shop_creditspending", "status = 'x'"),
    ("stock_entry_direction", "shop_stockentry", "change = 0 WHERE reason = 'order'"),
    ("stock_entry_direction", "shop_stockentry", "change = 0 WHERE reason = 'delivery'"),
    ("stock_entry_direction", "shop_stockentry", "change = 0, reason = 'correction' WHERE reason = 'delivery'"),
    ("credit_entry_direction", "shop_creditentry", "change = -1"),
    ("credit_entry_direction", "shop_creditentry", "change = 0"),
    ("credit_entry_direction", "shop_creditentry", "kind = 'correction', change = 0"),
    ("credit_entry_direction", "shop_creditentry", "kind = 'expiry', change = 0"),
    ("credit_entry_direction", "shop_creditentry", "kind = 'forfeit', spending_id = 1"),
    ("credit_entry_lot", "shop_creditentry", "lot_id = NULL"),
    ("credit_entry_spending", "shop_creditentry", "spending_id = 1"),
    ("credit_entry_spending", "shop_creditentry", "kind = 'debit', change = -1"),
]
# The constraint, its table, and what a copy of a row has of its own.
COPIED = [
    ("idempotency_key_unique", "config_idempotencykey", {"id": 0}),
    ("refresh_token_unique", "accounts_refreshtoken", {"id": 0}),
    ("calendar_feed_unique", "scheduling_calendarfeed", {"user_id": 0}),
    ("delivery_key_unique", "notifications_delivery", {"id": 0, "message_id": "another"}),
    ("delivery_message_id_unique", "notifications_delivery", {"id": 0, "key": "another"}),
    ("attachment_file_unique", "tickets_attachment", {"id": 0, "position": 2}),
    ("canned_reply_unique", "tickets_cannedreply", {"id": 0, "text": "Another"}),
    ("payment_reference_unique", "shop_payment", {"id": 0, "status": "failed"}),
    ("shop_voucher_code_key", "shop_voucher", {"id": 0}),
]


@pytest.fixture
def rows(alice, sue, tim, settings, tmp_path):
    """A row at least of each table, with grants alone among the entries of credits."""
    settings.MEDIA_ROOT = tmp_path
    made = world(alice=alice, sue=sue, tim=tim)
    set_buffer(by=tim, buffer_minutes=5)
    set_preferences(by=alice, wanted={"reminder": {"sms": True}})
    set_status(by=sue, ticket_id=made["tickets/pk"], status="c")
    CannedReply.objects.create(title="Hello", language="en", text="Good morning")
    Voucher.objects.create(code="SALE", kind="percent", value=10)
    Payment.objects.create(order_id=made["orders/pk"], provider="offline", reference="1", amount="2.50", currency="EUR")
    for number in (3, 2):
        grant_credits(by=tim, user=alice, credits=number)
    CreditSpending.objects.create(user=alice, meeting_id=made["meetings/pk"], credits=1)
    IdempotencyKey.objects.create(user=alice, route="post", key="1", fingerprint=b"", status=201, body=b"")


def refused(statement, *values):
    """The name of the constraint that a statement breaks."""
    with connection.cursor() as cursor:
        # The triggers would refuse most of it before: what they let through, by a mistake, is to stop here.
        cursor.execute("SET LOCAL session_replication_role = replica")
        with pytest.raises(IntegrityError) as caught, transaction.atomic():
            cursor.execute(statement, values)
        cursor.execute("SET LOCAL session_replication_role = origin")
    return constraint_of(caught.value)


@pytest.mark.parametrize(("name", "table", "values"), BROKEN)
def test_no_row_says_it(rows, name, table, values):
    assert refused(f"UPDATE {table} SET {values}") == name


@pytest.mark.parametrize(("name", "table", "values"), COPIED)
def test_no_two_rows_say_it(rows, name, table, values):
    copy = f"INSERT INTO {table} SELECT (jsonb_populate_record(one, %s)).* FROM {table} one LIMIT 1"

    assert refused(copy, json.dumps(values)) == name
