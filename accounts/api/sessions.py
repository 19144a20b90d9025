"""One's own sessions: where one is signed in, and how to end that."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.response import Response

from accounts.api.serializers import SessionSerializer
from accounts.models import Session
from accounts.services import end_all_sessions, end_session
from config.reads import Listing
from config.viewsets import ReadViewSet


@extend_schema_view(
    list=extend_schema(summary="Where one is signed in, newest first"),
    destroy=extend_schema(summary="End one session", description="Its tokens are worth nothing from the next request on."),
)
class SessionViewSet(ReadViewSet):
    """Live sessions of the caller."""

    serializer_class = SessionSerializer
    queryset = Session.objects.none()
    listings: ClassVar = {"list": Listing(Session.objects.live_of, SessionSerializer)}

    def destroy(self, request, pk):
        end_session(by=request.user, session_id=pk)
        return Response(status=204)

    @extend_schema(summary="End all sessions", description="This one as well: sign out everywhere.")
    def destroy_all(self, request):
        end_all_sessions(user=request.user)
        return Response(status=204)
