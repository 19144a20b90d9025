"""`/api/v1/meetings/`."""

from typing import ClassVar

from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.response import Response

from config.fields import IdField, InstantField
from config.filters import Filter, column_choices
from config.idempotency import idempotent
from config.reads import Detail, Listing
from config.viewsets import ReadViewSet
from scheduling import services
from scheduling.api import serializers
from scheduling.models import Meeting, Status

_CHANGES = (
    "Sets the status (a tutor confirms and completes, either side cancels), moves the meeting to another slot, or changes "
    "its subject and notes. What is left out stays. A student who was sent an invitation is sent its update by mail, whoever "
    "changed the meeting."
)


@extend_schema_view(
    list=extend_schema(summary="Meetings, newest first", description="Administrators see all, others their own."),
    retrieve=extend_schema(summary="One meeting"),
    create=extend_schema(summary="Book a slot"),
    update=extend_schema(summary="Change a meeting", description=_CHANGES),
    partial_update=extend_schema(summary="Change a meeting", description=_CHANGES),
)
class MeetingViewSet(ReadViewSet):
    """Appointments of students with tutors."""

    queryset = Meeting.objects.none()
    listings: ClassVar = {
        "list": Listing(
            Meeting.objects.visible_to,
            serializers.MeetingSerializer,
            filters=(
                column_choices("status", "status", Status.values),
                Filter("time_slot", IdField(), "time_slot_id"),
                Filter("tutor", IdField(), "tutor_id"),
                Filter("student", IdField(), "student_id"),
                Filter("start_after", InstantField(help_text="At or after this time."), "start_time__gte", planned=True),
                Filter("start_before", InstantField(help_text="Before this time."), "start_time__lt", planned=True),
            ),
        )
    }
    item = Detail(Meeting.objects.visible_to, serializers.MeetingSerializer)

    def get_serializer_class(self):
        inputs = {"create": serializers.BookingSerializer, "series": serializers.SeriesSerializer}
        return inputs.get(self.action, serializers.MeetingChangeSerializer)

    @idempotent
    def create(self, request):
        values = _by_id(self.validated(request))
        meeting = services.book_meeting(by=request.user, returning=self.item.returning(request), **values)
        return self.item.created(request, meeting)

    def update(self, request, pk):
        services.change_meeting(by=request.user, meeting_id=int(pk), **_by_id(self.validated(request, partial=True)))
        return self.item.respond(request, pk)

    def partial_update(self, request, pk):
        return self.update(request, pk)

    @extend_schema(
        summary="Cancel a meeting",
        description="Answers with the canceled meeting; nothing is ever erased.",
        responses={200: serializers.MeetingSerializer},
    )
    def destroy(self, request, pk):
        services.cancel_meeting(by=request.user, meeting_id=int(pk))
        return self.item.respond(request, pk)

    @extend_schema(
        summary="Book the same hour for several weeks",
        description="All or none: the 409 `series_conflict` names the `dates` in the way. With `skip` the others are booked.",
        responses={201: OpenApiResponse(serializers.BookedSeriesSerializer)},
    )
    @action(["post"], detail=False)
    @idempotent
    def series(self, request):
        values = _by_id(self.validated(request))
        meetings, skipped = services.book_series(by=request.user, zone=values.pop("time_zone"), **values)
        return Response({"meetings": serializers.MeetingSerializer(meetings, many=True).data, "skipped": skipped}, status=201)


def _by_id(values):
    """The members that name rows under the names that services give them."""
    return {f"{name}_id" if name in ("time_slot", "tutor", "student") else name: value for name, value in values.items()}
