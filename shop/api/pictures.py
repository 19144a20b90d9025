"""Pictures in and out: the form that brings one, and the address that shows it."""

import mimetypes

from django.conf import settings
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404
from django.views.decorators.http import require_safe
from rest_framework.parsers import MultiPartParser

from config.errors import TooLarge
from shop.pictures import FOLDER

_FORM_BYTES = 64 * 1024  # around the picture itself


class PictureParser(MultiPartParser):
    """A form with one picture. A larger body is turned away before it is read."""

    def parse(self, stream, media_type=None, parser_context=None):
        length = int(parser_context["request"].META.get("CONTENT_LENGTH") or 0)
        if length > settings.PRODUCT_PICTURE_BYTES + _FORM_BYTES:
            raise TooLarge
        return super().parse(stream, media_type, parser_context)


@require_safe
def picture(request, name):
    """A product's picture, for anybody: pages show it without a token. Its name is never used for another one."""
    try:
        file = default_storage.open(f"{FOLDER}/{name}")
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(file, content_type=mimetypes.guess_type(name)[0])
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
