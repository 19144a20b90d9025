"""Orders. Document C's paths lead here too."""

from typing import ClassVar

from django.db.models import Q
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from config.fields import IdField
from config.filters import Choice, Filter, column_choices
from config.idempotency import idempotent
from config.reads import Detail, Listing
from config.viewsets import ReadViewSet
from shop import services
from shop.api import serializers
from shop.models import Order

_STATUS = column_choices("status", "status", Order.Status.values)
_CATEGORIES = {"completed": Q(status="completed"), "uncompleted": ~Q(status="completed"), "user": Q()}
# Document C gives the categories to superusers only; to others a good one changes nothing.
_OWN = Listing(
    Order.objects.visible_to,
    serializers.OrderSerializer,
    filters=(_STATUS, Choice("category", dict.fromkeys(_CATEGORIES, Q()))),
)


@extend_schema_view(
    list=extend_schema(
        summary="One's own orders, newest first; all of them for administrators",
        description="`category` and `user_id` are for administrators; `category=user` needs `user_id`.",
    ),
    retrieve=extend_schema(summary="One order"),
)
class OrderViewSet(ReadViewSet):
    """Orders are new, then completed or canceled for good."""

    queryset = Order.objects.none()
    serializer_class = serializers.OrderSerializer
    listings: ClassVar = {
        "list": Listing(
            Order.objects.visible_to,
            serializers.OrderSerializer,
            filters=(_STATUS, Choice("category", _CATEGORIES), Filter("user_id", IdField(), "user_id")),
        )
    }
    item = Detail(Order.objects.visible_to, serializers.OrderSerializer)

    def list(self, request, **kwargs):
        if not request.user.is_superuser:
            return _OWN.respond(request)
        if request.GET.get("category") == "user" and not request.GET.get("user_id"):
            raise ValidationError({"user_id": [_("Say whose orders.")]})
        return self.listings["list"].respond(request)

    @extend_schema(
        summary="Place an order",
        description="All of it or nothing: a 400 names each line that cannot be had.",
        request=serializers.NewOrderSerializer,
        responses={201: serializers.OrderSerializer},
    )
    @idempotent
    def create(self, request, **kwargs):
        order = services.place_order(by=request.user, returning=self.item.returning(request), **self.validated(request))
        return self.item.created(request, order)

    def get_serializer_class(self):
        return serializers.NewOrderSerializer if self.action == "create" else self.serializer_class

    @extend_schema(summary="Complete a new order", request=None)
    @action(["post"], detail=True)
    def complete(self, request, pk):
        """For administrators. Grants the credits of lesson packs."""
        services.complete_order(by=request.user, order_id=int(pk))
        return self.item.respond(request, pk)

    @extend_schema(summary="Cancel a new order", request=None)
    @action(["post"], detail=True)
    def cancel(self, request, pk):
        """For its owner and administrators. Puts everything back into stock."""
        services.cancel_order(by=request.user, order_id=int(pk))
        return self.item.respond(request, pk)

    @extend_schema(summary="What became of an order", responses=serializers.OrderEventSerializer(many=True))
    @action(["get"], detail=True)
    def history(self, request, pk):
        events = services.history_of_order(by=request.user, order_id=int(pk))
        return Response(serializers.OrderEventSerializer(events, many=True).data)
