"""The OpenAPI document: what drf-spectacular cannot see by itself. Each part reads what the views declare anyhow."""

import re
from http import HTTPStatus

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema as SpectacularSchema
from drf_spectacular.plumbing import build_media_type_object
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework_simplejwt.views import TokenViewBase

from config import keys, problems

# Documents of clients that wrote down the API before it was one; listed after the canonical paths.
_DOORS = re.compile(r"/api/(?!v1/)|/api/v1/token/")
_KEY = f"^{keys.PATTERN}$"
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_TAGS = {"jwt": "tokens", "token": "tokens", "logout": "tokens", "sessions": "tokens", "ticket": "tickets", "comment": "answers"}


def examples(*requests, answer=None, status=None):
    """Decorates a serializer with bodies that clients send, and the answer: of `status`, where that is not 200 or 201."""
    sent = [OpenApiExample(f"Request {number}", value, request_only=True) for number, value in enumerate(requests, 1)]
    of = status and [status]
    got = [OpenApiExample("Answer", answer, response_only=True, status_codes=of)] if answer else []
    return extend_schema_serializer(examples=[*sent, *got])


class FieldErrorSerializer(serializers.Serializer):
    field = serializers.CharField(help_text="Path of the member, such as items.0.amount.")
    code = serializers.CharField(help_text="Stable, never translated.")
    detail = serializers.CharField(help_text="In the language of Accept-Language.")


class ProblemSerializer(serializers.Serializer):
    """An error (RFC 9457)."""

    type = serializers.CharField(help_text="about:blank")
    title = serializers.CharField(help_text="The status in words.")
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="For people, in the language of Accept-Language.")
    code = serializers.CharField(help_text="For programs: stable, never translated.")
    errors = FieldErrorSerializer(many=True, required=False, help_text="With 400: what is wrong with which member.")


_ERRORS = {
    400: "The request is not valid.",
    401: "Not signed in, or no longer.",
    403: "The role may not do this.",
    404: "There is none, or none that the caller may see.",
    408: "The request did not come whole, or not in time.",
    409: "The present state refuses it.",
    411: "The body came in chunks, without a Content-Length.",
    413: "The body is too large.",
    415: "The body is not of a type that is taken here.",
    422: "The Idempotency-Key was used with another request.",
    429: "Too many tries; Retry-After says when to come back.",
    503: "Briefly unavailable; Retry-After says when to come back.",
}
# The code that each has, unless its cause has another one.
_CODES = {
    400: "invalid",
    401: "not_authenticated",
    403: "permission_denied",
    404: "not_found",
    408: "request_timeout",
    409: "conflict",
    411: "length_required",
    413: "too_large",
    415: "unsupported_media_type",
    422: "idempotency_key_reused",
    429: "throttled",
    503: "unavailable",
}
_WRONG_MEMBER = {"field": "items.0.amount", "code": "min_value", "detail": "Ensure this value is greater than or equal to 1."}
_PAGE = (
    OpenApiParameter("limit", OpenApiTypes.INT, description="Rows of a page: 50 by default, at most 200 (more is capped)."),
    OpenApiParameter("cursor", OpenApiTypes.STR, description="Where the page starts; taken from the Link header."),
)
_LINK = OpenApiParameter("Link", OpenApiTypes.STR, OpenApiParameter.HEADER, description='<…>; rel="next"', response=[200])
_SUMMARIES = {
    "list": "List",
    "retrieve": "Read one",
    "create": "Create",
    "update": "Change",
    "partial_update": "Change some members",
    "destroy": "Delete",
}
EMPTY_OBJECT = OpenApiResponse({"type": "object", "additionalProperties": False}, "Done; the object is empty.")
NO_CONTENT = {204: OpenApiResponse(description="Done; there is nothing to say.")}
_IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="1 to 255 visible ASCII characters. The same request sent again within 24 h has its effect once.",
)


class AutoSchema(SpectacularSchema):
    """Adds the lists' parameters, the errors, and names that stay unique when a view is mounted twice."""

    def get_operation_id(self):
        collection = self.method == "DELETE" and "{" not in self.path
        return super().get_operation_id() + ("_all" if collection else "")

    def get_summary(self):
        """The first line of the method's docstring, of the view's where it has one method, or the action in words."""
        action = getattr(self.view, "action", None)
        documented = self._handler() if action else type(self.view)
        text = (getattr(documented, "__doc__", None) or "").strip().partition("\n")[0]
        return text.rstrip(".") or _SUMMARIES.get(action) or (action or "").replace("_", " ").capitalize() or None

    def get_tags(self):
        words = [word for word in self.path.strip("/").split("/") if word not in ("api", "v1", "auth") and "{" not in word]
        return [_TAGS.get(words[0], words[0]) if words else "accounts"]

    def get_override_parameters(self):
        found = []
        listing = self._listing()
        if listing:
            found += [*_PAGE, _LINK]
            for one in listing.filters:
                schema = self._map_serializer_field(one.field, "request")
                found.append(OpenApiParameter(one.name, schema, description=str(one.field.help_text or "")))
        if getattr(self._handler(), "takes_idempotency_key", False):
            found.append(_IDEMPOTENCY_KEY)
        return found

    def _listing(self):
        return getattr(self.view, "listings", {}).get(getattr(self.view, "action", None)) if self.method == "GET" else None

    def _handler(self):
        return getattr(self.view, getattr(self.view, "action", None) or self.method.lower(), None)

    def _map_serializer_field(self, field, direction, bypass_extensions=False):
        schema = super()._map_serializer_field(field, direction, bypass_extensions)
        if isinstance(field, serializers.DecimalField) and field.min_value is not None and field.min_value >= 0:
            schema["pattern"] = schema["pattern"].replace("-?", "")
        return schema

    def _map_basic_serializer(self, serializer, direction):
        """An answer has all its members always, if as null: typed clients need not ask whether. Problems alone may have fewer."""
        schema = super()._map_basic_serializer(serializer, direction)
        if direction == "response" and schema.get("properties") and not isinstance(serializer, ProblemSerializer):
            schema["required"] = sorted(schema["properties"])
        return schema

    def get_request_serializer(self):
        # What a DELETE takes says @extend_schema, if it takes anything.
        return None if self.method == "DELETE" else super().get_request_serializer()

    def _get_request_body(self, direction="request"):
        # spectacular has none for DELETE.
        if self.method != "DELETE" or not (serializer := self.get_request_serializer()):
            return super()._get_request_body(direction)
        schema, required = self._get_request_for_media_type(serializer, direction)
        examples = self._get_examples(serializer, direction, "application/json")
        return {"content": {"application/json": build_media_type_object(schema, examples)}, "required": required}

    def _resolve_path_parameters(self, variables):
        """Keys are numbers in paths as they are in bodies, though routes find them by a pattern."""
        found = super()._resolve_path_parameters(variables)
        for parameter in found:
            if parameter["schema"].get("pattern") == _KEY:
                parameter["schema"] = {"type": "integer", "format": "int64", "minimum": 1, "maximum": 10**18 - 1}
        return found

    def get_filter_backends(self):
        return []

    def _is_list_view(self, serializer=None):
        return self._listing() is not None or super()._is_list_view(serializer)

    def get_response_serializers(self):
        if listing := self._listing():
            return listing.serializer_class(many=True)
        if self.method == "DELETE":
            return NO_CONTENT
        if answer := getattr(self.view, "response_serializer_class", None):
            return answer
        item = getattr(self.view, "item", None)
        if item is not None and getattr(self.view, "action", None) in {"retrieve", "create", "update", "partial_update", "me"}:
            return item.serializer_class
        return super().get_response_serializers()

    def _get_response_bodies(self, direction="response"):
        bodies = super()._get_response_bodies(direction)
        for status in self._error_statuses():
            if str(status) not in bodies:
                response = OpenApiResponse(ProblemSerializer, _ERRORS[status])
                bodies[str(status)] = self._get_response_for_code(response, str(status), [problems.MEDIA_TYPE], direction)
        return dict(sorted(bodies.items()))

    def _error_statuses(self):
        permissions = {type(permission) for permission in self.view.get_permissions()}
        statuses = {400, 503}
        if self.view.get_authenticators():
            statuses |= {401, 429}
        if isinstance(self.view, TokenViewBase):
            statuses.add(401)
        if not permissions <= {AllowAny, IsAuthenticated} or self.method in ("POST", "PUT", "PATCH", "DELETE"):
            statuses.add(403)
        # A thing of which one has one or none says so itself: its path names no row.
        if "{" in self.path or self.method in getattr(self.view, "may_be_missing", ()):
            statuses.add(404)
        if self.method == "DELETE":
            statuses.add(409)
        if self.method in ("POST", "PUT", "PATCH") or (self.method == "DELETE" and self.get_request_serializer()):
            statuses |= {408, 409, 411, 413, 415, 429}
        if getattr(self._handler(), "takes_idempotency_key", False):
            statuses.add(422)
        return sorted(statuses)


class SessionTokenScheme(OpenApiAuthenticationExtension):
    """How SessionTokenAuthentication is described."""

    target_class = "accounts.authentication.SessionTokenAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema):
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An access token of `/auth/jwt/create/`. `Authorization: Token …` is taken as well.",
        }


def canonical_first(endpoints, **kwargs):
    """spectacular's hook: canonical paths first, then the documents' own spellings of them; and methods always in one order."""
    places = {path: place for place, (path, *_rest) in reversed(list(enumerate(endpoints)))}
    return sorted(endpoints, key=lambda one: (bool(_DOORS.match(one[0])), places[one[0]], _METHODS.index(one[2])))


def errors_with_examples(result, **kwargs):
    """spectacular's hook: an example of each error, kept once, as hundreds of answers have the same."""
    shown = result["components"].setdefault("examples", {})
    for status, code in _CODES.items():
        members = {"errors": [_WRONG_MEMBER]} if status == HTTPStatus.BAD_REQUEST else {}
        shown[f"Problem{status}"] = {"value": problems.problem(status, code, _ERRORS[status], **members)}
    for operation in (operation for item in result["paths"].values() for operation in item.values()):
        for status, answer in operation["responses"].items():
            if content := answer.get("content", {}).get(problems.MEDIA_TYPE):
                content.setdefault("examples", {"Problem": {"$ref": f"#/components/examples/Problem{status}"}})
    return result
