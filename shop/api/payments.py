"""Paying orders, and what payment providers tell us."""

from typing import ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from config.reads import Detail
from config.viewsets import ReadViewSet
from shop import services
from shop.api import serializers
from shop.models import Payment


class PaymentViewSet(ReadViewSet):
    """The payment of one order."""

    queryset = Payment.objects.none()
    serializer_class = serializers.PaymentSerializer
    listings: ClassVar = {}
    item = Detail(Payment.objects.visible_to, serializers.PaymentSerializer)

    @extend_schema(summary="The newest payment of an order")
    def retrieve(self, request, order):
        return self.item.respond(request, services.payment_of(by=request.user, order_id=order).pk)

    @extend_schema(summary="Start to pay an order, or go on", request=None, responses={201: serializers.PaymentSerializer})
    def create(self, request, order):
        payment = services.start_payment(by=request.user, order_id=order)
        return self.item.respond(request, payment.pk, status=201)

    @extend_schema(
        summary="The money is there",
        description="For administrators. It is recorded of a canceled order, too, as it has to be given back: `…/refunded/`.",
        request=None,
    )
    def mark_paid(self, request, order):
        return self.item.respond(request, services.mark_paid(by=request.user, order_id=order).pk)

    @extend_schema(summary="The money was given back", description="For administrators, of a paid order.", request=None)
    def mark_refunded(self, request, order):
        return self.item.respond(request, services.mark_refunded(by=request.user, order_id=order).pk)


class WebhookView(APIView):
    """Where a payment provider reports. What it signed counts, not who sends it."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        summary="An event of a payment provider",
        description="The body is the provider's own, proved by the signature in its header. Each event has its effect once.",
        request=OpenApiTypes.OBJECT,
        responses=serializers.WebhookAnswerSerializer,
        examples=[
            OpenApiExample("An event", {"id": "evt_1", "type": "checkout.session.completed"}, request_only=True),
            OpenApiExample("Answer", {"outcome": "done"}, response_only=True),
        ],
    )
    def post(self, request, provider, **kwargs):
        outcome = services.receive_event(provider=provider, headers=request.headers, body=request._request.body)
        return Response({"outcome": outcome})
