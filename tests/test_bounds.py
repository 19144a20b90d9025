"""Nothing that a client may say is without end."""

import pytest
from rest_framework import serializers as drf

from config.fields import DecimalField, IdField, IntegerField
from tests.serializers import serializers

# Answers, which no client sends: their members are written by the service itself.
ANSWERS = {
    "AnswerWrittenSerializer", "BookedSeriesSerializer", "CreditsSerializer", "FieldErrorSerializer", "InTheWaySerializer",
    "NewFeedSerializer", "PaymentSerializer", "ProblemSerializer", "TokenPairSerializer", "WebStoreErrorSerializer",
    "WebStoreSessionSerializer", "WebStoreSuccessSerializer", "WebStoreTokenSerializer", "WebhookAnswerSerializer",
}  # fmt: skip
NUMBERS_OF_ANSWERS = {
    "AnswerWrittenSerializer.id", "CreditEntrySerializer.meeting", "CreditEntrySerializer.order", "CreditsSerializer.balance",
    "MarkedSerializer.marked", "OrderItemSerializer.product_id", "ProblemSerializer.status", "StatusSetSerializer.changed_status",
    "UnreadSerializer.unread_count",
}  # fmt: skip


def writable(serializer_class):
    return {name: field for name, field in serializer_class().fields.items() if not field.read_only}


@pytest.mark.parametrize("serializer_class", [one for one in serializers() if one.__name__ not in ANSWERS])
def test_every_text_and_list_has_a_longest(serializer_class):
    endless = {
        name
        for name, field in writable(serializer_class).items()
        if isinstance(field, drf.CharField | drf.ListField | drf.ListSerializer) and not field.max_length
    }

    assert endless == set()


def test_each_exception_is_needed():
    """A serializer that is gone, or that has nothing endless, is no exception."""
    endless = {
        one.__name__
        for one in serializers()
        for field in writable(one).values()
        if isinstance(field, drf.CharField | drf.ListField | drf.ListSerializer) and not field.max_length
    }

    assert endless == ANSWERS


def test_every_number_is_read_in_plain_digits():
    numbers = {
        f"{one.__name__}.{name}"
        for one in serializers()
        for name, field in writable(one).items()
        if isinstance(field, drf.IntegerField | drf.DecimalField | drf.FloatField)
        and not isinstance(field, IntegerField | DecimalField | IdField)
    }

    assert numbers == NUMBERS_OF_ANSWERS
