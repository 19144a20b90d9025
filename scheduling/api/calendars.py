"""`/api/v1/calendar/`: a secret address for calendar programs, and what they find there."""

import hashlib

from django.http import HttpResponse
from django.utils.cache import get_conditional_response
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from config.openapi import NO_CONTENT
from scheduling import services
from scheduling.api import serializers


class CalendarView(APIView):
    """The caller's own feed. Its address is a secret: whoever knows it can read the calendar, and nothing else."""

    may_be_missing = ("GET", "DELETE")

    @extend_schema(summary="Whether there is a feed, and since when", responses=serializers.FeedSerializer)
    def get(self, request):
        return Response(serializers.FeedSerializer({"created_at": services.feed_created_at(by=request.user)}).data)

    @extend_schema(
        summary="A new address for the feed",
        description="It is shown this once. An older address is worth nothing from now on.",
        request=None,
        responses={201: serializers.NewFeedSerializer},
    )
    def post(self, request):
        token = services.create_feed(by=request.user)
        return Response({"url": request.build_absolute_uri(f"/api/v1/calendar/{token}.ics")}, status=201)

    @extend_schema(summary="Revoke the address of the feed", responses=NO_CONTENT)
    def delete(self, request):
        services.revoke_feed(by=request.user)
        return Response(status=204)


class FeedView(APIView):
    """What calendar programs read."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        summary="The calendar (iCalendar)",
        description="The meetings of whoever made the address: those to come and those of the last time, canceled ones included.",
        responses={
            (200, "text/calendar"): OpenApiResponse(OpenApiTypes.STR),
            304: OpenApiResponse(description="It is as If-None-Match knows it."),
        },
    )
    def get(self, request, token):
        content = services.read_feed(token=token)
        response = HttpResponse(content, content_type="text/calendar; charset=utf-8", headers={"Cache-Control": "private"})
        # Programs ask every hour, and mostly nothing has changed.
        etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        response["ETag"] = etag
        return get_conditional_response(request, etag, response=response)
