"""What every request passes. The API pays for what it needs alone: no cookie sessions, forms or messages."""

import logging
import re
import time
import uuid

from django.http import QueryDict
from django.middleware import security
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError

from config import logs
from config.clients import address_of
from config.csp import policy_for
from config.edge import HEALTH
from config.json import loads
from config.problems import is_api, problem_response

logger = logging.getLogger("frontdesk.request")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def _path_of(request):
    """As it was asked for, without what a route calls a token: whoever knows that needs no other."""
    route = request.resolver_match
    return request.path.replace(route.kwargs["token"], "…") if route and "token" in route.kwargs else request.path


class RequestLogMiddleware:
    """Names each request and writes one line about it: never its query, headers or body, which may hold secrets."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        identifier = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        token = logs.request_id.set(identifier)
        began = time.perf_counter()
        try:
            request.is_api = is_api(request)
            response = self.get_response(request)
            response["X-Request-Id"] = identifier
            probe = request.path in HEALTH and response.status_code == 200  # every few seconds, with nothing to tell
            logger.log(
                logging.DEBUG if probe else logging.INFO,
                "request",
                extra={
                    "method": request.method,
                    "path": _path_of(request),
                    "status": response.status_code,
                    "ms": round((time.perf_counter() - began) * 1000, 2),
                    "address": address_of(request),
                    "user_id": getattr(request, "user_id", None),
                },
            )
            return response
        finally:
            logs.request_id.reset(token)


class SecurityMiddleware(security.SecurityMiddleware):
    """Django's; the load balancer's and Docker's health checks come over plain http."""

    def process_request(self, request):
        if request.path in HEALTH:
            return None
        return super().process_request(request)

    def process_response(self, request, response):
        if policy := policy_for(request, response):
            response.headers.setdefault("Content-Security-Policy", policy)
        return super().process_response(request, response)


class APIMiddleware:
    """For /api and /auth: the two spellings of a path, `?json=`, no NULs, and no copies kept by anyone."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if not request.is_api:
            return self.get_response(request)
        # Patterns end in a slash; a path without one means the same. `request.path` keeps what the client wrote.
        if not request.path_info.endswith("/"):
            request.path_info += "/"
        if "\x00" in request.path_info:
            return problem_response(404, "not_found", _("Not found."))
        query = request.META.get("QUERY_STRING", "")
        if query:
            refusal = self._read_query(request, query)
            if refusal:
                return refusal
        response = self.get_response(request)
        if request.META.get("HTTP_AUTHORIZATION"):
            response.headers["Cache-Control"] = "no-store"
        if not response.streaming:
            response.headers.setdefault("Content-Length", str(len(response.content)))
        return response

    @staticmethod
    def _read_query(request, query):
        if "%00" in query:
            return problem_response(400, "invalid", _("Null characters are not allowed."))
        if request.method not in ("GET", "HEAD") or "json" not in request.GET:
            return None
        try:
            members = loads(request.GET["json"].encode())
        except ParseError:
            return problem_response(400, "invalid", _("json must be a JSON object."))
        merged = QueryDict(mutable=True)
        merged.update(request.GET)
        del merged["json"]
        for name, value in members.items():
            if isinstance(value, dict | list):
                return problem_response(400, "invalid", _("json must hold plain values."))
            merged[name] = str(value).lower() if isinstance(value, bool) else str("" if value is None else value)
        request.GET = merged
        return None


class LanguageMiddleware:
    """The language of the answer, from Accept-Language (and the admin's choice), for the time of the request."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        translation.activate(translation.get_language_from_request(request))
        try:
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language())
            if "HTTP_AUTHORIZATION" not in request.META:  # else nobody keeps a copy
                patch_vary_headers(response, ("Accept-Language",))
            return response
        finally:
            translation.deactivate()
