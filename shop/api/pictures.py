"""Pictures in and out: the form that brings one, and the address that shows it."""

import mimetypes

from django.conf import settings
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404
from django.views.decorators.http import require_safe

from config.forms import forms_of
from shop.pictures import FOLDER

_FORM_BYTES = 64 * 1024  # around the picture itself


PictureParser = forms_of("picture", lambda: settings.PRODUCT_PICTURE_BYTES + _FORM_BYTES)


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
