"""Bodies of forms, with files."""

from rest_framework.parsers import MultiPartParser

from config.errors import TooLarge


def forms_of(most_bytes):
    """A parser of forms of up to `most_bytes()`, a function, as it depends on settings.

    A larger body is turned away before it is read; Django writes large files to disk.
    """

    class BoundedFormParser(MultiPartParser):
        def parse(self, stream, media_type=None, parser_context=None):
            if int(parser_context["request"].META.get("CONTENT_LENGTH") or 0) > most_bytes():
                raise TooLarge
            return super().parse(stream, media_type, parser_context)

    return BoundedFormParser
