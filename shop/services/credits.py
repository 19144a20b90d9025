"""Lesson credits: bookings take them, canceling gives them back or forfeits them.

What scheduling calls belongs inside the transaction that books or cancels, after the rows of scheduling were locked.
Credits are taken from the lots that expire first. They go back where they came from, with that lot's expiry.
"""

from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Sum
from django.db.models.functions import Now

from config.errors import Invalid, NotAllowed, named_constraints
from shop.causes import give_cause
from shop.errors import NotEnoughCredits
from shop.models import CreditEntry, CreditLot, CreditSpending

_TAKE = """
UPDATE shop_creditlot l SET remaining = l.remaining + v.change
FROM unnest(%s::bigint[], %s::bigint[]) AS v(id, change) WHERE l.id = v.id"""
# Before their lots, as who closes an account has it before the lots of the meetings that are canceled with it.
_HOLD_OWNERS = """
SELECT id FROM accounts_user WHERE id IN (
    SELECT user_id FROM shop_creditlot WHERE expires_at <= statement_timestamp() AND remaining > 0 LIMIT 1000)
ORDER BY id FOR KEY SHARE"""


def spend_credits(*, student_id, meeting_id, credits):
    """Takes what a meeting costs from its student's credits. Raises NotEnoughCredits; costs nothing where `credits` is 0.

    The lots are locked in the order of their ids, so of many bookings at once each sees what the others left.
    """
    if credits == 0:
        return
    with transaction.atomic():
        lots = CreditLot.objects.spendable().filter(user_id=student_id).order_by("id").select_for_update(no_key=True)
        changes = _shares(list(lots), credits)
        spending = CreditSpending.objects.create(user_id=student_id, meeting_id=meeting_id, credits=credits)
        _change_lots(changes, reason=CreditEntry.Kind.DEBIT, spending=spending.pk)


def _shares(lots, credits):
    """How much each lot gives: {id: negative change}, those that expire first before the others."""
    changes, needed = {}, credits
    for lot in sorted(lots, key=lambda lot: (lot.expires_at is None, lot.expires_at, lot.pk)):
        share = min(lot.remaining, needed)
        if share:
            changes[lot.pk] = -share
            needed -= share
    if needed:
        raise NotEnoughCredits
    return changes


def _change_lots(changes, **cause):
    give_cause("credit", **cause)
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [list(changes), list(changes.values())])


def return_credits(*, meeting_id):
    """Gives back what a meeting cost, where it was canceled in time or by the tutor. Returns how many credits.

    A second call, or one for a meeting that cost nothing or was forfeited, returns 0.
    """
    with transaction.atomic():
        spending = _settle(meeting_id, CreditSpending.Status.RETURNED)
        if spending is None:
            return 0
        debits = dict(spending.entries.filter(kind=CreditEntry.Kind.DEBIT).values_list("lot", "change"))
        list(CreditLot.objects.filter(pk__in=debits).order_by("id").select_for_update(no_key=True))
        back = {lot: -change for lot, change in debits.items()}
        _change_lots(back, reason=CreditEntry.Kind.RETURN, spending=spending.pk)
        return spending.credits


def forfeit_credits(*, meeting_id):
    """Keeps what a meeting cost, where it was canceled too late; the history says so. Returns how many credits."""
    with transaction.atomic():
        spending = _settle(meeting_id, CreditSpending.Status.FORFEITED)
        return spending.credits if spending else 0


def _settle(meeting_id, status):
    live = CreditSpending.objects.filter(meeting_id=meeting_id, status=CreditSpending.Status.SPENT)
    spending = live.select_for_update(no_key=True).first()
    if spending is not None:
        spending.status = status
        spending.save(update_fields=["status"])
    return spending


def balance_of(*, user_id):
    """How many credits somebody can spend now."""
    return CreditLot.objects.spendable().filter(user_id=user_id).aggregate(sum=Sum("remaining", default=0))["sum"]


def grant_credits(*, by, user, credits, expires_at=None, note=""):
    """Gives somebody credits that they did not buy. Returns the CreditLot. For administrators: else NotAllowed."""
    if not by.is_admin:
        raise NotAllowed
    if credits < 1:
        raise Invalid(errors={"credits": ("min_value", Invalid.detail)})
    with named_constraints(), transaction.atomic():
        give_cause("credit", by=by.pk, note=note)
        return CreditLot.objects.create(user=user, granted=credits, remaining=credits, expires_at=expires_at)


def grant_for_order(*, order, by):
    """Grants the credits of a completed order's lesson packs, once: each line has at most one lot."""
    packs = [item for item in order.items.all() if item.credits]
    lots = [
        CreditLot(
            user_id=order.user_id,
            order_item=item,
            granted=item.credits * item.amount,
            remaining=item.credits * item.amount,
            expires_at=_expiry(item),
        )
        for item in packs
    ]
    if lots:
        give_cause("credit", by=by.pk)
        CreditLot.objects.bulk_create(lots)


def _expiry(item):
    return Now() + timedelta(days=item.credits_valid_days) if item.credits_valid_days else None


def expire_credits():
    """Writes off what is left of lots whose time is over. Returns how many lots. Runs safely at any time, any number of times."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_HOLD_OWNERS)
            owners = [pk for (pk,) in cursor]
        over = CreditLot.objects.filter(user__in=owners, expires_at__lte=Now(), remaining__gt=0).order_by("id")
        keys = list(over.select_for_update(no_key=True).values_list("pk", flat=True)[:1000])
        if not keys:
            return 0
        give_cause("credit", reason=CreditEntry.Kind.EXPIRY)
        return CreditLot.objects.filter(pk__in=keys).update(remaining=0)
