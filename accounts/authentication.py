"""Who makes an API request: SimpleJWT's header, our sessions."""

from django.conf import settings
from rest_framework_simplejwt.authentication import JWTAuthentication

from accounts import tokens
from accounts.services.sessions import user_of
from config.actors import act_as
from config.limits import count_try


class SessionTokenAuthentication(JWTAuthentication):
    """`Authorization: Bearer <access>` (or `Token <access>`). `request.auth` holds the token's Claims.

    Raises TokenInvalid, from the next request on, when the account was deactivated, its password changed or its session
    ended since the token was issued.
    """

    def authenticate(self, request):
        header = request.META.get("HTTP_AUTHORIZATION")
        if not header:
            return None
        scheme, _, token = header.partition(" ")
        if scheme.lower() not in ("bearer", "token"):
            return None
        claims = tokens.read(token.strip(), tokens.ACCESS)
        user = user_of(claims)
        if user is None:
            raise tokens.TokenInvalid
        if settings.LIMITS["api"].count:
            count_try("api", user.pk)
        request._request.user_id = user.pk  # for the request's log line
        act_as(user.pk)
        return user, claims
