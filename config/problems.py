"""Every error under /auth and /api as a problem details object (RFC 9457).

`{"type", "title", "status", "detail", "code"}`, and for a 400 of validation `"errors": [{"field", "code", "detail"}]`.
"""

import errno
import logging
from http import HTTPStatus

import psycopg
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent, TooManyFilesSent
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError
from django.db.models import ProtectedError
from django.http import Http404, HttpResponse, UnreadablePostError
from django.utils.html import escape
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _
from rest_framework import exceptions

from config import errors
from config.json import dumps

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
STATUS = {
    errors.Invalid: 400,
    errors.Unauthorized: 401,
    errors.NotAllowed: 403,
    errors.Missing: 404,
    errors.Conflict: 409,
    errors.TooLarge: 413,
    errors.KeyReused: 422,
    errors.TooMany: 429,
    errors.Unavailable: 503,
}
RETRY_AFTER = 2  # seconds; PostgreSQL is back within a few after a restart
# A file could not be written, for want of something that whoever runs the service can give.
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


def problem(status, code, detail, **members):
    """The members of a problem details object."""
    title = HTTPStatus(status).phrase
    return {"type": "about:blank", "title": title, "status": status, "detail": str(detail), "code": str(code), **members}


def problem_response(status, code, detail, **members):
    """A problem as a plain Django response, for errors outside DRF's views."""
    return HttpResponse(dumps(problem(status, code, detail, **members)), status=status, content_type=MEDIA_TYPE)


def exception_handler(error, context):
    """DRF's hook: the response for an error that a view raised. None lets Django make its 500."""
    found = _describe(error)
    if found is None:
        return None
    members, headers = found
    if members["status"] == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(context["view"].allowed_methods)
    # No Response of DRF's, which would be rendered as the view's own answers are: the documentation's are pages.
    return HttpResponse(dumps(members), status=members["status"], headers=headers, content_type=MEDIA_TYPE)


def _describe(error):
    match error:
        case errors.FrontdeskError():
            return _domain(error)
        case exceptions.ValidationError():
            return problem(400, "invalid", errors.Invalid.detail, errors=list(_flatten(error.detail))), {}
        case exceptions.APIException():
            return _drf(error)
        case Http404():
            return problem(404, "not_found", _("Not found.")), {}
        case PermissionDenied():
            return problem(403, "permission_denied", errors.NotAllowed.detail), {}
        case ProtectedError():
            return _domain(errors.Protected())
        case RequestDataTooBig():
            return _domain(errors.TooLarge())
        case UnreadablePostError():  # the client sends too slowly, or has gone
            return problem(408, "request_timeout", _("The request did not come whole.")), {}
        case TooManyFieldsSent() | TooManyFilesSent():
            return problem(400, "bad_request", _("The form has too many parts.")), {}
        case SuspiciousOperation():
            return problem(400, "bad_request", _("The request is not valid.")), {}
        case IntegrityError() if found := errors.typed(error):
            return _domain(found)
        case DataError():
            return problem(400, "invalid", _("A value is out of range.")), {}
        case OperationalError() | InterfaceError():
            return _unavailable(error)
        case DatabaseError() if _connection_ended(error):
            return _unavailable(error)
        case OSError() if error.errno in _NO_ROOM:
            logger.error("a file could not be written: %s", error.strerror)
            return _domain(errors.Unavailable())
    return None


def _connection_ended(error):
    # PostgreSQL ends a transaction that it waits for; psycopg counts that among the errors of its own.
    cause = error.__cause__
    if isinstance(cause, psycopg.errors.IdleInTransactionSessionTimeout):
        return True
    # Where libpq notices while it writes, psycopg knows no kind for it, as only the server's errors have an SQLSTATE.
    return type(error) is DatabaseError and isinstance(cause, psycopg.Error) and cause.sqlstate is None


def _domain(error):
    status = next(STATUS[cls] for cls in type(error).__mro__ if cls in STATUS)
    headers = {}
    members = dict(error.extra)
    if isinstance(error, errors.Invalid):
        members["errors"] = [{"field": f, "code": c, "detail": str(d)} for f, (c, d) in error.errors.items()]
    if isinstance(error, errors.Unauthorized):
        headers["WWW-Authenticate"] = 'Bearer realm="api"'
    if isinstance(error, errors.Unavailable):
        headers["Retry-After"] = str(RETRY_AFTER)
    if isinstance(error, errors.TooMany):
        headers["Retry-After"] = str(error.retry_after)
    return problem(status, error.code, error.detail, **members), headers


def _drf(error):
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(int(error.wait) + 1)
    detail = error.detail
    if isinstance(detail, dict):  # SimpleJWT's InvalidToken: {"detail", "code", "messages"}
        code, detail = detail.get("code", error.default_code), detail.get("detail", error.default_detail)
    else:
        code = getattr(detail, "code", error.default_code)
    return problem(error.status_code, code, detail), headers


def _unavailable(error):
    # A deadlock or a lock waited for in vain is as passing as a database that restarts: the same request may succeed.
    logger.warning("database unavailable: %s", type(error.__cause__ or error).__name__)
    busy = isinstance(error.__cause__, psycopg.errors.QueryCanceled | psycopg.errors.LockNotAvailable)
    detail = _("The service is busy. Try again.") if busy else _("The service is briefly unavailable. Try again.")
    return problem(503, "unavailable", detail), {"Retry-After": str(RETRY_AFTER)}


def _flatten(detail, path=""):
    """DRF's nested error details as a flat list of {"field", "code", "detail"}."""
    if isinstance(detail, dict):
        for key, value in detail.items():
            # What is wrong with a member as a whole has no name below the member's own.
            yield from _flatten(value, path if path and key == "non_field_errors" else f"{path}.{key}" if path else str(key))
    elif isinstance(detail, list) and any(isinstance(item, dict | list) for item in detail):
        for index, item in enumerate(detail):
            if item:
                yield from _flatten(item, f"{path}.{index}" if path else str(index))
    elif isinstance(detail, list):
        for item in detail:
            yield {"field": path or "non_field_errors", "code": item.code, "detail": str(item)}
    else:
        yield {"field": path or "non_field_errors", "code": detail.code, "detail": str(detail)}


def is_api(request):
    """Whether problem details answer for this path, rather than pages for people."""
    return request.path_info.startswith(("/api/", "/auth/")) or request.path_info in ("/api", "/auth")


def error_page(error):
    """A plain page for an error that a service raised, or None for one that is none of its own."""
    found = _describe(error)
    if found is None:
        return None
    members, headers = found
    return _page(members["status"], members["detail"], headers)


def _page(status, detail, headers=None):
    words = escape(detail)
    page = (
        f'<!doctype html><html lang="{get_language()}"><head><meta name="viewport" content="width=device-width">'
        f"<title>{words}</title></head><body><main><h1>{words}</h1><p>{status}</p></main></body></html>"
    )
    return HttpResponse(page, status=status, headers=headers)


def _page_or_problem(status, code, detail):
    def handler(request, exception=None):
        if is_api(request):
            return problem_response(status, code, _(detail))
        return _page(status, _(detail))

    return handler


# Django's own errors: no route, a host not allowed, a crash.
bad_request = _page_or_problem(400, "bad_request", gettext_noop("The request is not valid."))
permission_denied = _page_or_problem(403, "permission_denied", gettext_noop("You do not have permission to perform this action."))
page_not_found = _page_or_problem(404, "not_found", gettext_noop("Not found."))
server_error = _page_or_problem(500, "server_error", gettext_noop("Something went wrong on our side. The error was recorded."))


def form_refused(request, reason=""):
    """A form that is not taken, as Django's reason says: CSRF_FAILURE_VIEW. The API's doors have no such forms."""
    if reason.startswith("CSRF token"):  # it is that of another sign-in
        return _page(403, _("You have signed in again since this page was opened. Go back, reload it, and send it once more."))
    return _page(403, _("This form was sent from another address than this service's, or your browser keeps no cookies of it."))
