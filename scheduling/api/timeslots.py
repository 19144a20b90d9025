"""`/api/v1/timeslots/`."""

from typing import ClassVar

from django.db.models import Q
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from accounts.permissions import IsAdmin
from config.fields import IdField, InstantField
from config.filters import Filter, Flag
from config.idempotency import idempotent
from config.pagination import Order
from config.reads import Detail, Listing
from config.viewsets import ReadViewSet
from scheduling import services
from scheduling.api import serializers
from scheduling.models import TimeSlot

_CHANGE = "It stays with its tutor: another one in `tutor` is a 400."


@extend_schema_view(
    list=extend_schema(summary="Slots by start time", description="Administrators see all, others those that are free."),
    retrieve=extend_schema(summary="One slot"),
    create=extend_schema(
        summary="Offer a slot (administrators)",
        description="Of the caller, or of another tutor whom `tutor` names. Who is no tutor, or left, is a 400.",
    ),
    update=extend_schema(summary="Change a slot (administrators)", description=_CHANGE),
    partial_update=extend_schema(summary="Change a slot (administrators)", description=_CHANGE),
    destroy=extend_schema(summary="Take a slot away (administrators)", description="One that ever had a meeting stays: 409."),
)
class TimeSlotViewSet(ReadViewSet):
    """Times that tutors offer."""

    queryset = TimeSlot.objects.none()
    serializer_class = serializers.SlotInputSerializer
    listings: ClassVar = {
        "list": Listing(
            TimeSlot.objects.offered_to,
            serializers.TimeSlotSerializer,
            ordering=Order("start_time", "id", start_time=InstantField()),
            filters=(
                Filter("tutor", IdField(), "tutor_id"),
                Filter("start_after", InstantField(help_text="At or after this time."), "start_time__gte"),
                Filter("start_before", InstantField(help_text="Before this time."), "start_time__lt"),
                Flag("is_available", Q(is_available=True)),
            ),
        )
    }
    item = Detail(TimeSlot.objects.visible_to, serializers.TimeSlotSerializer)

    def get_permissions(self):
        writes = self.action in ("create", "update", "partial_update", "destroy")
        return [IsAuthenticated(), IsAdmin()] if writes else [IsAuthenticated()]

    @idempotent
    def create(self, request):
        slot = services.create_slot(by=request.user, **self.validated(request))
        return self.item.respond(request, slot.pk, status=201)

    def update(self, request, pk, partial=False):
        services.change_slot(by=request.user, slot_id=int(pk), **self.validated(request, partial=partial))
        return self.item.respond(request, pk)

    def partial_update(self, request, pk):
        return self.update(request, pk, partial=True)

    def destroy(self, request, pk):
        services.delete_slot(by=request.user, slot_id=int(pk))
        return Response(status=204)
