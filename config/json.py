"""JSON in and out, by orjson: strict about what comes in, exact about what goes out."""

from decimal import Decimal

import orjson
from django.conf import settings
from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from config.errors import TooLarge

_NUL = b"\\u0000"
# Lists and objects in each other, at most: orjson reads 1,024 levels and writes 254, and Python's own stack ends between.
LEVELS = 64


def _default(value):
    if isinstance(value, Decimal | Promise):  # exact, and translated when it is written
        return str(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


def dumps(value):
    """UTF-8 JSON. Decimals become strings, so that no cent is lost; bytes are JSON already."""
    return value if type(value) is bytes else orjson.dumps(value, default=_default, option=orjson.OPT_UTC_Z)


def loads(raw):
    """A JSON object. Raises ParseError for malformed or too deep JSON, lone surrogates, NULs and anything but an object.

    orjson itself refuses NaN and lone surrogates.
    """
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise ParseError(_("Malformed JSON: %s.") % error) from None
    if not isinstance(value, dict):
        raise ParseError(_("The body must be a JSON object."))
    # Most bodies have fewer brackets than levels are allowed, and need no look.
    if raw.count(b"[") + raw.count(b"{") > LEVELS and _is_deeper(value, LEVELS):
        raise ParseError(_("The body is nested too deeply."))
    if _NUL in raw and _holds_nul(value):
        raise ParseError(_("Null characters are not allowed."))
    return value


def _is_deeper(value, levels):
    if not isinstance(value, dict | list):
        return False
    return levels == 0 or any(_is_deeper(inner, levels - 1) for inner in (value.values() if isinstance(value, dict) else value))


def _holds_nul(value):
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(_holds_nul(key) or _holds_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(map(_holds_nul, value))


class JSONParser(BaseParser):
    """Request bodies of up to DATA_UPLOAD_MAX_MEMORY_SIZE bytes."""

    media_type = "application/json"

    def parse(self, stream, media_type=None, parser_context=None):
        length = int(parser_context["request"].META.get("CONTENT_LENGTH") or 0)
        if length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge
        return loads(stream.read())


class JSONRenderer(BaseRenderer):
    """Answers. UTF-8, as JSON always is, so the content type names no charset."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data, accepted_media_type=None, renderer_context=None):
        return b"" if data is None else dumps(data)


class JSONResponse(HttpResponse):
    """An answer that is JSON already, as reads have it: nothing is left to render."""

    def __init__(self, content, status=200):
        super().__init__(content, content_type="application/json", status=status)

    @property
    def data(self):
        """The JSON, as DRF's responses have it under this name."""
        return self.content


class AlwaysJSON(BaseContentNegotiation):
    """The API speaks JSON whatever the Accept header says; browsers and curl send all kinds."""

    def select_parser(self, request, parsers):
        media_type = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == media_type), None)

    def select_renderer(self, request, renderers, format_suffix=None):
        return renderers[0], renderers[0].media_type
