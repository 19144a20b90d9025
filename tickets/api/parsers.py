"""Messages that come with files."""

from django.conf import settings

from config.forms import forms_of
from config.json import JSONParser
from tickets.files import MOST_FILES

FilesParser = forms_of("files", lambda: MOST_FILES * settings.TICKET_FILE_BYTES + settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
MESSAGE_PARSERS = [JSONParser, FilesParser]
