"""One's own sessions: where one is signed in, and how to end that."""

from typing import ClassVar

from rest_framework.response import Response

from accounts.api.serializers import SessionSerializer
from accounts.models import Session
from accounts.services import end_all_sessions, end_session
from config.reads import Listing
from config.viewsets import ReadViewSet


class SessionViewSet(ReadViewSet):
    """Live sessions of the caller, newest first."""

    serializer_class = SessionSerializer
    queryset = Session.objects.none()
    listings: ClassVar = {"list": Listing(Session.objects.live_of, SessionSerializer)}

    def destroy(self, request, pk):
        end_session(by=request.user, session_id=pk)
        return Response(status=204)

    def destroy_all(self, request):
        end_all_sessions(user=request.user)
        return Response(status=204)
