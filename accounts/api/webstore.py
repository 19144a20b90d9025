"""The web store's doors (document C): its own paths, words and cookies, in front of the same services.

The refresh token travels in a cookie that scripts cannot read, so here, and only here, a request must also show that it
comes from our own page: CSRF token and origin are checked as Django does it.
"""

from django.conf import settings
from django.http import HttpResponse
from django.middleware.csrf import CsrfViewMiddleware, get_token
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.response import Response

from accounts.api.serializers import (
    NothingSerializer,
    WebStoreErrorSerializer,
    WebStoreSessionSerializer,
    WebStoreSignInSerializer,
    WebStoreSignUpSerializer,
    WebStoreSuccessSerializer,
    WebStoreTokenSerializer,
    WebStoreUserSerializer,
)
from accounts.api.sign_in import sign_in
from accounts.errors import NoActiveAccount, UsernameTaken
from accounts.services import log_out, refresh_session, register_user
from accounts.tokens import TokenInvalid
from config.clients import place_of
from config.errors import NotAllowed
from config.limits import count_try
from config.openapi import ProblemSerializer
from config.viewsets import ValidatingMixin

REFRESH_PATH = "/api/refresh_token"


class UserNotFound(NotAllowed):
    """The web store's word for a failed sign-in."""

    code = "no_active_account"
    detail = _("user not found")


class CredentialsMissing(NotAllowed):
    """No usable refresh cookie, or no proof that the request comes from our page."""

    code = "not_authenticated"
    detail = _("Authentication credentials were not provided.")


class _CsrfCheck(CsrfViewMiddleware):
    def _reject(self, request, reason):
        return reason


_CSRF = _CsrfCheck(lambda request: HttpResponse())


class _WebStoreView(ValidatingMixin, GenericAPIView):
    authentication_classes = ()
    permission_classes = ()


class SignUpView(_WebStoreView):
    """Register at the web store."""

    serializer_class = WebStoreSignUpSerializer

    @extend_schema(
        responses={
            200: WebStoreSuccessSerializer,
            (400, "application/json"): WebStoreErrorSerializer,
            (400, "application/problem+json"): ProblemSerializer,
        }
    )
    def post(self, request, **kwargs):
        values = self.validated(request)
        count_try("sign_up", place_of(request))
        try:
            register_user(**values, language=get_language())
        except UsernameTaken:
            return Response({"error": "username is used"}, status=400)
        return Response({"massage": "success"})


class SignInView(_WebStoreView):
    """Sign in: an access token in the body, the refresh token in a cookie."""

    serializer_class = WebStoreSignInSerializer
    response_serializer_class = WebStoreSessionSerializer

    def post(self, request, **kwargs):
        values = self.validated(request)
        try:
            user, pair = sign_in(request, identifier=values["username"], password=values["password"])
        except NoActiveAccount:
            raise UserNotFound from None
        get_token(request._request)
        response = Response({"access_token": pair.access, "user": WebStoreUserSerializer(user).data})
        return _with_refresh_cookie(_CSRF.process_response(request._request, response), pair)


# What proves that a request comes from our page: what is in both cookies, and the CSRF token in the header once more.
_PROOF = [
    OpenApiParameter("X-CSRFToken", location=OpenApiParameter.HEADER, required=True, description="What `csrftoken` holds."),
    *(OpenApiParameter(name, location=OpenApiParameter.COOKIE, required=True) for name in ("csrftoken", settings.REFRESH_COOKIE)),
]


class RefreshCookieView(_WebStoreView):
    """Exchange the refresh cookie for a new access token and a new cookie."""

    serializer_class = NothingSerializer
    response_serializer_class = WebStoreTokenSerializer

    @extend_schema(parameters=_PROOF)
    def post(self, request, **kwargs):
        self.validated(request)  # there is nothing to say, but a form of another site is turned away here
        pair = self.proved(request, refresh_session)
        return _with_refresh_cookie(Response({"access_token": pair.access}), pair)

    @extend_schema(
        summary="Sign out: end the refresh cookie's session",
        description="With `X-CSRFTOKEN` and both cookies, like the POST. The cookie travels to this path alone.",
        parameters=_PROOF,
    )
    def delete(self, request, **kwargs):
        self.proved(request, log_out)
        response = Response(status=204)
        response.delete_cookie(settings.REFRESH_COOKIE, path=REFRESH_PATH, samesite="Strict")
        return response

    @staticmethod
    def proved(request, use):
        """What `use` makes of the cookie's token, if the request comes from our page. Raises CredentialsMissing."""
        reason = _CSRF.process_view(request._request, None, (), {})
        refresh = request.COOKIES.get(settings.REFRESH_COOKIE)
        if reason or not refresh:
            raise CredentialsMissing
        try:
            return use(refresh=refresh)
        except TokenInvalid:
            raise CredentialsMissing from None


def _with_refresh_cookie(response, pair):
    response.set_cookie(
        settings.REFRESH_COOKIE,
        pair.refresh,
        max_age=settings.REFRESH_TOKEN_LIFETIME,
        path=REFRESH_PATH,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Strict",
    )
    response.headers["Cache-Control"] = "no-store"
    return response
