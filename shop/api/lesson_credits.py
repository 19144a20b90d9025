"""One's own lesson credits."""

from typing import ClassVar

from django.db.models import F
from drf_spectacular.utils import extend_schema
from rest_framework.viewsets import GenericViewSet

from config.json import dumps
from config.reads import Listing
from config.viewsets import LeanMixin
from shop.api import serializers
from shop.models import CreditEntry, CreditLot


class CreditViewSet(LeanMixin, GenericViewSet):
    """Balance and history; the history comes in pages."""

    queryset = CreditEntry.objects.none()
    serializer_class = serializers.CreditsSerializer
    history: ClassVar = Listing(CreditEntry.objects.visible_to, serializers.CreditEntrySerializer)

    @extend_schema(summary="One's lesson credits", responses=serializers.CreditsSerializer)
    def list(self, request):
        page = self.history.respond(request)
        lots = CreditLot.objects.visible_to(request.user).spendable().order_by(F("expires_at").asc(nulls_last=True), "id")
        shown = serializers.CreditLotSerializer(lots, many=True).data
        head = dumps({"balance": sum(lot["remaining"] for lot in shown), "lots": shown})
        page.content = head.removesuffix(b"}") + b',"history":' + page.content + b"}"
        return page
