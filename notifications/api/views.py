"""One's own notifications, and which ones one wants."""

from typing import ClassVar

from django.db.models import Q
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.response import Response

from config.filters import Flag, column_choices
from config.reads import Detail, Listing
from config.viewsets import ReadViewSet
from notifications import services
from notifications.api import serializers
from notifications.models import Notification, Type

_EXAMPLE = OpenApiExample(
    "A reservation",
    {
        "id": 12,
        "user": 19,
        "meeting": 5,
        "title": "New reservation",
        "message": "Alice Liddell booked Nov. 24, 2026, 10 a.m.: Algebra.",
        "type": "new_reservation",
        "is_read": False,
        "created_at": "2026-11-21T14:12:07.488396Z",
        "link": "http://127.0.0.1:8000/api/v1/meetings/5/",
    },
    response_only=True,
)
_WISHES = {"reminder": {"in_app": True, "email": False, "sms": True}}
_PREFERENCES = OpenApiExample(
    "Preferences",
    {kind: {"in_app": True, "email": True, "sms": False} for kind in Type.values} | _WISHES,
    response_only=True,
)


@extend_schema_view(
    list=extend_schema(summary="One's own notifications, newest first", examples=[_EXAMPLE]),
    retrieve=extend_schema(summary="One notification", examples=[_EXAMPLE]),
)
class NotificationViewSet(ReadViewSet):
    """Everybody's own. They come into being by what happens, so there is no way to create or delete one."""

    queryset = Notification.objects.none()
    serializer_class = serializers.NotificationSerializer
    listings: ClassVar = {
        "list": Listing(
            Notification.objects.visible_to,
            serializers.NotificationSerializer,
            filters=(Flag("is_read", Q(is_read=True)), column_choices("type", "type", Type.values)),
        )
    }
    item = Detail(Notification.objects.visible_to, serializers.NotificationSerializer)

    @extend_schema(
        summary="Mark one as read or unread",
        request=serializers.ReadMarkSerializer,
        responses=serializers.NotificationSerializer,
        examples=[OpenApiExample("Read", {"is_read": True}, request_only=True), _EXAMPLE],
    )
    def partial_update(self, request, pk):
        services.mark_notification(by=request.user, notification_id=int(pk), **self.validated(request))
        return self.item.respond(request, pk)

    @extend_schema(
        summary="How many are unread",
        responses=serializers.UnreadSerializer,
        examples=[OpenApiExample("Three", {"unread_count": 3}, response_only=True)],
    )
    @action(["get"], detail=False)
    def unread_count(self, request):
        return Response({"unread_count": services.count_unread(by=request.user)})

    @extend_schema(
        summary="Mark all as read",
        request=None,
        responses=serializers.MarkedSerializer,
        examples=[OpenApiExample("Three", {"marked": 3}, response_only=True)],
    )
    @action(["post"], detail=False)
    def read_all(self, request):
        return Response({"marked": services.mark_all_read(by=request.user)})

    @extend_schema(
        summary="Which notifications one wants, by type and channel",
        description="In the app and by e-mail all are on at first, by SMS all are off. Those about the security of the account "
        "(`account`) stay on in the app and by e-mail; without an e-mail address they come by SMS.",
        responses=serializers.PreferencesSerializer,
        examples=[_PREFERENCES],
    )
    @action(["get"], detail=False)
    def preferences(self, request):
        return Response(services.preferences_of(request.user))

    @extend_schema(
        summary="Choose which notifications one wants",
        description="Types and channels that are left out stay as they are.",
        request=serializers.PreferencesSerializer,
        responses=serializers.PreferencesSerializer,
        examples=[OpenApiExample("Reminders by SMS, not by mail", _WISHES, request_only=True), _PREFERENCES],
    )
    @preferences.mapping.put
    def choose(self, request):
        services.set_preferences(by=request.user, wanted=self.validated(request))
        return Response(services.preferences_of(request.user))

    def get_serializer_class(self):
        bodies = {"partial_update": serializers.ReadMarkSerializer, "choose": serializers.PreferencesSerializer}
        return bodies.get(self.action, self.serializer_class)
