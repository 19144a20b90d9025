"""The Idempotency-Key header (IETF draft): a POST sent again has its effect once and its first answer again.

The key's row commits with the effect. A failed request leaves none, so that it may be tried again under the same key.
"""

import functools
import hashlib
import hmac
import re

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from config.errors import Conflict, Invalid, KeyReused
from config.json import dumps
from config.models import IdempotencyKey
from config.sql import Query

_READ_AT_ONCE = 64 * 1024
_TRY_LOCK = Query("SELECT pg_try_advisory_xact_lock(%(digest)s::bigint)")
_FORM = re.compile(r"[\x21-\x7e]{1,255}")


class InProgress(Conflict):
    """The first request with this key still runs."""

    code = "idempotency_key_in_progress"
    detail = _("The first request with this Idempotency-Key is still being worked on.")


class MalformedKey(Invalid):
    """The header's value is no key."""

    code = "invalid_idempotency_key"
    field = "Idempotency-Key"
    detail = _("An Idempotency-Key has 1 to 255 visible ASCII characters.")


def idempotent(view):
    """Makes a viewset's POST method take the Idempotency-Key header. Keys are kept 24 h, per user and route."""

    @functools.wraps(view)
    def wrapper(self, request, *args, **kwargs):
        key = request.META.get("HTTP_IDEMPOTENCY_KEY")
        if key is None:
            return view(self, request, *args, **kwargs)
        if not _FORM.fullmatch(key):
            raise MalformedKey
        route = f"{type(self).__name__}.{view.__name__}"
        fingerprint = _fingerprint(request, kwargs)
        with transaction.atomic():
            if not _lock(request.user.pk, route, key):
                raise InProgress
            first = IdempotencyKey.objects.filter(user_id=request.user.pk, route=route, key=key).first()
            if first is not None:
                return _replay(first, fingerprint)
            response = view(self, request, *args, **kwargs)
            IdempotencyKey.objects.create(
                user_id=request.user.pk,
                route=route,
                key=key,
                fingerprint=fingerprint,
                status=response.status_code,
                body=dumps(response.data),
            )
            return response

    wrapper.takes_idempotency_key = True  # for the OpenAPI document
    return wrapper


def _lock(*subject):
    # Held until the transaction ends, and tried rather than waited for: a second request hears at once that it is early.
    digest = hashlib.sha256("\x1f".join(map(str, subject)).encode()).digest()
    ((locked,),) = _TRY_LOCK.run({"digest": int.from_bytes(digest[:8], signed=True)})
    return locked


def _fingerprint(request, arguments):
    # Of the path its arguments count: its other spellings lead to the same door. Keyed, as a body may hold a password.
    digest = hmac.new(
        settings.SECRET_KEY.encode(), dumps(sorted((name, str(value)) for name, value in arguments.items())), "sha256"
    )
    # Of a form the parsed values count: its boundary is another one each time.
    form = hasattr(request.data, "lists")  # of which a name may have several values, such as files
    members = request.data.lists() if form else ((name, [value]) for name, value in request.data.items())
    for name, values in sorted(members):
        digest.update(dumps([name]))
        for value in values:
            digest.update(_digest_of_file(value) if hasattr(value, "read") else dumps([value]))
    return digest.digest()


def _digest_of_file(file):
    digest = hashlib.sha256(dumps([file.name]))
    for part in iter(lambda: file.read(_READ_AT_ONCE), b""):
        digest.update(part)
    file.seek(0)
    return digest.digest()


def _replay(first, fingerprint):
    if bytes(first.fingerprint) != fingerprint:
        raise KeyReused
    return HttpResponse(
        bytes(first.body), status=first.status, content_type="application/json", headers={"Idempotency-Replayed": "true"}
    )
