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
    """A name in storage that nobody can guess and that is never used again, so that browsers may keep what they got."""
    return f"{FOLDER}/{uuid4().hex}.{filename.rpartition('.')[2]}"


def checked_picture(upload):
    """An uploaded file as a picture to keep, named by what it really is. Raises PictureRefused for anything else."""
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
    return ContentFile(upload.read(), name=f"picture.{FORMATS[picture.format]}")


def _refusal(detail):
    return PictureRefused(detail, errors={PictureRefused.field: (PictureRefused.code, detail)})
