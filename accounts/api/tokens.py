"""Tokens as JSON: SimpleJWT's views, with our sessions behind them (documents A, B, D and E)."""

from rest_framework.response import Response
from rest_framework_simplejwt.views import TokenViewBase

from accounts.api import serializers
from accounts.api.sign_in import sign_in
from accounts.services import log_out, refresh_session, verify_token
from config.openapi import EMPTY_OBJECT
from config.viewsets import ValidatingMixin


class _TokenView(ValidatingMixin, TokenViewBase):
    """A view whose `answer` turns validated data into the response's body."""

    def post(self, request, **kwargs):
        return Response(self.answer(self.validated(request)))


class CreateView(_TokenView):
    """Sign in."""

    serializer_class = serializers.SignInSerializer
    response_serializer_class = serializers.TokenPairSerializer

    def answer(self, values):
        _, pair = sign_in(self.request, **values)
        return {"refresh": pair.refresh, "access": pair.access}


class RefreshView(_TokenView):
    """Exchange a refresh token for a new pair."""

    serializer_class = serializers.RefreshSerializer
    response_serializer_class = serializers.TokenPairSerializer

    def answer(self, values):
        pair = refresh_session(refresh=values["refresh"])
        return {"access": pair.access, "refresh": pair.refresh}


class VerifyView(_TokenView):
    """Ask whether a token would be accepted."""

    serializer_class = serializers.TokenSerializer
    response_serializer_class = EMPTY_OBJECT

    def answer(self, values):
        verify_token(token=values["token"])
        return {}


class LogoutView(_TokenView):
    """End the session of a refresh token."""

    serializer_class = serializers.RefreshSerializer
    response_serializer_class = EMPTY_OBJECT

    def answer(self, values):
        log_out(refresh=values["refresh"])
        return {}
