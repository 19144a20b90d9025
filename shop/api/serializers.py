"""The shapes of the shop in JSON."""

from django.db.models import OuterRef
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from accounts.api.fields import PhoneField
from config.fields import DecimalField, IdField, InstantField, IntegerField, WordsField
from config.openapi import examples
from config.reads import JSONRows
from shop.api.fields import PictureField
from shop.models import Category, CreditEntry, CreditLot, Order, OrderEvent, OrderItem, Payment, Product, StockEntry
from shop.models.catalog import validate_currency
from shop.services.stock import BY_HAND

MOST_LINES = 100
MOST_PIECES = 2**31 - 1  # of PostgreSQL's integer
_PRODUCT = {
    "id": 7,
    "name": "Ten lessons",
    "description": "A pack of ten lessons of an hour.",
    "price": "450.00",
    "currency": "EUR",
    "amount": 25,
    "is_active": True,
    "created_at": "2026-11-21T14:12:07.488396Z",
    "category": 2,
    "picture": "http://127.0.0.1:8000/media/products/0f8fad5bd9cb469fa165.jpg",
    "credits": 10,
    "credits_valid_days": 180,
}
_ORDER = {
    "id": 31,
    "user": 19,
    "address": "1 Main Street, Springfield",
    "phone": "+48123666789",
    "status": "new",
    "is_completed": False,
    "items": [
        {"product_id": 7, "name": "Ten lessons", "amount": 1, "price": "450.00"},
        {"product_id": 9, "name": "Workbook", "amount": 2, "price": "12.50"},
    ],
    "total": "427.50",
    "currency": "EUR",
    "created_at": "2026-11-21T14:12:07.488396Z",
    "subtotal": "475.00",
    "discount": "47.50",
    "voucher": "TENTH-OFF",
}


@examples({"name": "Lesson packs"}, answer={"id": 2, "name": "Lesson packs"})
class CategorySerializer(serializers.ModelSerializer):
    """A shelf of the shop."""

    name = WordsField(max_length=100)

    class Meta:
        model = Category
        fields = ("id", "name")


@examples({"name": "Workbook", "price": "12.50", "amount": 40, "category": 3}, answer=_PRODUCT)
class ProductSerializer(serializers.ModelSerializer):
    """A product. `amount` is what is in stock, `price` a decimal number in a string."""

    name = WordsField(max_length=200)
    price = DecimalField(max_digits=10, decimal_places=2, min_value=0)
    currency = serializers.CharField(max_length=3, validators=[validate_currency], required=False)
    amount = IntegerField(min_value=0, max_value=MOST_PIECES, required=False)
    description = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    created_at = InstantField(read_only=True)
    category = serializers.PrimaryKeyRelatedField(queryset=Category.objects.all(), allow_null=True, required=False)
    picture = PictureField()
    credits = IntegerField(min_value=0, max_value=32767, required=False, help_text=_("Lesson credits that each piece grants."))
    credits_valid_days = IntegerField(
        min_value=1, max_value=32767, required=False, allow_null=True, help_text=_("null: without end.")
    )

    class Meta:
        model = Product
        fields = (
            "id", "name", "description", "price", "currency", "amount", "is_active", "created_at",
            "category", "picture", "credits", "credits_valid_days",
        )  # fmt: skip


class PictureSerializer(serializers.Serializer):
    """A picture, as a form sends it."""

    picture = serializers.FileField(use_url=False, help_text=_("JPEG, PNG, GIF or WebP."))


@examples({"change": 20, "reason": "delivery", "note": "Invoice 4711"}, {"change": -1, "reason": "correction", "note": "broken"})
class StockChangeSerializer(serializers.Serializer):
    """A delivery, or a correction after counting."""

    change = IntegerField(min_value=-MOST_PIECES, max_value=MOST_PIECES)
    reason = serializers.ChoiceField(choices=[reason.value for reason in BY_HAND])
    note = serializers.CharField(max_length=200, required=False, allow_blank=True)


@examples(
    answer={
        "id": 88,
        "change": -2,
        "balance": 25,
        "reason": "order",
        "order": 31,
        "by": 19,
        "note": "",
        "created_at": "2026-11-21T14:12:07.488396Z",
    }
)
class StockEntrySerializer(serializers.ModelSerializer):
    """Why the stock of a product changed, and what it was afterwards."""

    created_at = InstantField()

    class Meta:
        model = StockEntry
        fields = ("id", "change", "balance", "reason", "order", "by", "note", "created_at")
        read_only_fields = fields


class _OrderItems(serializers.ListSerializer):
    def expression(self):
        return JSONRows(OrderItem.objects.filter(order=OuterRef("pk")).order_by("id"), self.child)


class OrderItemSerializer(serializers.ModelSerializer):
    """A line of an order, by the name and price of its time."""

    product_id = serializers.IntegerField()

    class Meta:
        model = OrderItem
        fields = ("product_id", "name", "amount", "price")
        read_only_fields = fields
        list_serializer_class = _OrderItems


@examples(answer=_ORDER)
class OrderSerializer(serializers.ModelSerializer):
    """An order."""

    items = OrderItemSerializer(many=True, read_only=True)
    is_completed = serializers.BooleanField(read_only=True)
    total = serializers.DecimalField(max_digits=24, decimal_places=2, read_only=True)
    created_at = InstantField(read_only=True)
    voucher = serializers.CharField(source="voucher.code", read_only=True, allow_null=True)

    class Meta:
        model = Order
        fields = (
            "id", "user", "address", "phone", "status", "is_completed", "items", "total", "currency", "created_at",
            "subtotal", "discount", "voucher",
        )  # fmt: skip
        read_only_fields = fields


class OrderLineSerializer(serializers.Serializer):
    """So many pieces of a product."""

    product_id = IdField()
    amount = IntegerField(min_value=1, max_value=MOST_PIECES)


@examples(
    {
        "address": "1 Main Street, Springfield",
        "phone": "+48123666789",
        "items": [{"product_id": 7, "amount": 1}, {"product_id": 9, "amount": 2}],
        "voucher": "TENTH-OFF",
    }
)
class NewOrderSerializer(serializers.Serializer):
    """What somebody orders, and where it goes. The same product twice counts as its sum."""

    address = WordsField(max_length=500)
    phone = PhoneField()
    items = OrderLineSerializer(many=True, allow_empty=False, max_length=MOST_LINES)  # type: ignore[call-arg]  # many=True takes it
    voucher = serializers.CharField(max_length=40, required=False, allow_blank=True)


@examples(answer={"status": "completed", "by": 4, "created_at": "2026-11-22T09:00:00.000000Z"})
class OrderEventSerializer(serializers.ModelSerializer):
    """When, and by whom, an order was completed or canceled."""

    created_at = InstantField()

    class Meta:
        model = OrderEvent
        fields = ("status", "by", "created_at")
        read_only_fields = fields


@examples(
    answer={
        "id": 12,
        "order": 31,
        "provider": "stripe",
        "status": "pending",
        "amount": "427.50",
        "currency": "EUR",
        "url": "https://checkout.stripe.com/c/pay/cs_test_a1b2c3",
        "created_at": "2026-11-21T14:13:00.000000Z",
        "paid_at": None,
    }
)
class PaymentSerializer(serializers.ModelSerializer):
    """A payment of an order. `url` is where the customer pays; it is empty where staff take the money."""

    url = serializers.CharField()
    created_at = InstantField()
    paid_at = InstantField(allow_null=True)

    class Meta:
        model = Payment
        fields = ("id", "order", "provider", "status", "amount", "currency", "url", "created_at", "paid_at")
        read_only_fields = fields


class WebhookAnswerSerializer(serializers.Serializer):
    """What came of an event."""

    outcome = serializers.CharField(help_text=_("done, ignored, unknown, mismatch or late."))


class CreditLotSerializer(serializers.ModelSerializer):
    """Credits that expire together."""

    expires_at = InstantField(allow_null=True)

    class Meta:
        model = CreditLot
        fields = ("remaining", "expires_at")
        read_only_fields = fields


class CreditEntrySerializer(serializers.ModelSerializer):
    """A change of one's credits; a forfeit changes nothing, and says that a debit will not come back."""

    meeting = serializers.IntegerField(source="spending.meeting_id", allow_null=True)
    order = serializers.IntegerField(source="lot.order_item.order_id", allow_null=True)
    created_at = InstantField()

    class Meta:
        model = CreditEntry
        fields = ("id", "kind", "change", "meeting", "order", "note", "created_at")
        read_only_fields = fields


@examples(
    answer={
        "balance": 9,
        "lots": [{"remaining": 9, "expires_at": "2027-05-20T14:12:07.488396Z"}],
        "history": [
            {
                "id": 2,
                "kind": "debit",
                "change": -1,
                "meeting": 5,
                "order": 31,
                "note": "",
                "created_at": "2026-11-22T10:00:00.000000Z",
            },
            {
                "id": 1,
                "kind": "grant",
                "change": 10,
                "meeting": None,
                "order": 31,
                "note": "",
                "created_at": "2026-11-21T14:12:07.488396Z",
            },
        ],
    }
)
@extend_schema_serializer(many=False)
class CreditsSerializer(serializers.Serializer):
    """One's lesson credits: how many can be spent now, when they expire, and how they came and went, newest first."""

    balance = serializers.IntegerField()
    lots = CreditLotSerializer(many=True)
    history = CreditEntrySerializer(many=True)
