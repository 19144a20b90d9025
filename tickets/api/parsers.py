"""Messages that come with files."""

from django.conf import settings
from rest_framework.parsers import MultiPartParser

from config.errors import TooLarge
from config.json import JSONParser
from tickets.files import MOST_FILES


class FilesParser(MultiPartParser):
    """A form with up to five files. A larger body is turned away before it is read; Django writes large files to disk."""

    def parse(self, stream, media_type=None, parser_context=None):
        length = int(parser_context["request"].META.get("CONTENT_LENGTH") or 0)
        if length > MOST_FILES * settings.TICKET_FILE_BYTES + settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge
        return super().parse(stream, media_type, parser_context)


MESSAGE_PARSERS = [JSONParser, FilesParser]
