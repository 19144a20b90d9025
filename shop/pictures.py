"""Pictures of products: what is taken, and where it is kept."""

from uuid import uuid4

from django.conf import settings
from django.core.files.base import ContentFile
from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError

from shop.errors import PictureRefused

FOLDER = "products"
FORMATS = {"JPEG": "jpg", "PNG": "png", "GIF": "gif", "WEBP": "webp"}
# A small file may unpack to gigabytes in the browsers that show it.
MOST_PIXELS = 40_000_000


def path_of_picture(product, filename):
    """Where storage keeps a picture by this name."""
    return f"{FOLDER}/{filename}"


def checked_picture(upload):
    """An uploaded file as a picture to keep. Raises PictureRefused for anything else.

    Its name ends with what it really is; nobody can guess it, and it is never used again, so browsers may keep what they got.
    """
    if upload.size > settings.PRODUCT_PICTURE_BYTES:
        raise _refusal(_("The picture is larger than %d kB.") % (settings.PRODUCT_PICTURE_BYTES // 1024))
    try:
        picture = Image.open(upload, formats=list(FORMATS))
        if picture.width * picture.height > MOST_PIXELS:
            raise _refusal(_("The picture has too many pixels."))
        picture.verify()
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError):
        raise PictureRefused from None
    upload.seek(0)
    return ContentFile(upload.read(), name=f"{uuid4().hex}.{FORMATS[picture.format]}")


def _refusal(detail):
    return PictureRefused(detail, errors={PictureRefused.field: (PictureRefused.code, detail)})
