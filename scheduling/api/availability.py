"""`/api/v1/availability/`: a tutor's weekly hours, the exceptions from them, and the buffer between meetings."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from accounts.permissions import IsAdmin
from config.fields import IdField
from config.filters import Filter
from config.idempotency import idempotent
from config.reads import Detail, Listing
from config.viewsets import ReadViewSet
from scheduling import services
from scheduling.api import serializers
from scheduling.models import AvailabilityException, AvailabilityRule


class _HoursViewSet(ReadViewSet):
    """Administrators alone; new ones are the caller's. Slots follow at once, but for those that are booked."""

    permission_classes = (IsAuthenticated, IsAdmin)

    def partial_update(self, request, pk):
        return self.update(request, pk, partial=True)


@extend_schema_view(
    list=extend_schema(summary="Weekly hours, newest first"),
    retrieve=extend_schema(summary="Weekly hours"),
    create=extend_schema(summary="New weekly hours of the caller"),
    update=extend_schema(summary="Change weekly hours"),
    partial_update=extend_schema(summary="Change weekly hours"),
    destroy=extend_schema(summary="Remove weekly hours", description="Free slots go, booked ones stay."),
)
class AvailabilityViewSet(_HoursViewSet):
    """Hours that come back each week. Wall time: a lesson at 10:00 stays at 10:00 when the clocks change."""

    queryset = AvailabilityRule.objects.none()
    serializer_class = serializers.RuleSerializer
    listings: ClassVar = {
        "list": Listing(
            AvailabilityRule.objects.visible_to, serializers.RuleSerializer, filters=(Filter("tutor", IdField(), "tutor_id"),)
        )
    }
    item = Detail(AvailabilityRule.objects.visible_to, serializers.RuleSerializer)

    @idempotent
    def create(self, request):
        rule = services.add_rule(by=request.user, **self.validated(request))
        return self.item.respond(request, rule.pk, status=201)

    def update(self, request, pk, partial=False):
        services.change_rule(by=request.user, rule_id=int(pk), **self.validated(request, partial=partial))
        return self.item.respond(request, pk)

    def destroy(self, request, pk):
        services.remove_rule(by=request.user, rule_id=int(pk))
        return Response(status=204)

    @extend_schema(summary="The caller's settings", responses=serializers.TutorSettingsSerializer)
    @action(["get"], detail=False, url_path="settings", serializer_class=serializers.TutorSettingsSerializer)
    def wishes(self, request):
        return Response({"buffer_minutes": services.settings_of(request.user).buffer_minutes})

    @extend_schema(summary="Change the caller's settings", responses=serializers.TutorSettingsSerializer)
    @wishes.mapping.put
    def change_wishes(self, request):
        values = self.validated(request)
        services.set_buffer(by=request.user, **values)
        return Response(values)


@extend_schema_view(
    list=extend_schema(summary="Exceptions from weekly hours, newest first"),
    retrieve=extend_schema(summary="One exception"),
    create=extend_schema(summary="A day off, or extra hours, of the caller"),
    update=extend_schema(summary="Change an exception"),
    partial_update=extend_schema(summary="Change an exception"),
    destroy=extend_schema(summary="Remove an exception"),
)
class ExceptionViewSet(_HoursViewSet):
    """Dates that are not like the others."""

    queryset = AvailabilityException.objects.none()
    serializer_class = serializers.ExceptionSerializer
    listings: ClassVar = {
        "list": Listing(
            AvailabilityException.objects.visible_to,
            serializers.ExceptionSerializer,
            filters=(Filter("tutor", IdField(), "tutor_id"),),
        )
    }
    item = Detail(AvailabilityException.objects.visible_to, serializers.ExceptionSerializer)

    @idempotent
    def create(self, request):
        exception = services.add_exception(by=request.user, **self.validated(request))
        return self.item.respond(request, exception.pk, status=201)

    def update(self, request, pk, partial=False):
        services.change_exception(by=request.user, exception_id=int(pk), **self.validated(request, partial=partial))
        return self.item.respond(request, pk)

    def destroy(self, request, pk):
        services.remove_exception(by=request.user, exception_id=int(pk))
        return Response(status=204)
