"""Bodies of forms, with files."""

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import MultiPartParser

from config.errors import Invalid, TooLarge


class FileMisnamed(Invalid):
    """A file came under a name that nobody takes it by. Unlike other members that are not known, it must not just be lost."""

    code = "file_misnamed"

    def __init__(self, names, *, member):
        detail = _("Files are taken under the name %s.") % member
        super().__init__(errors=dict.fromkeys(sorted(names), (self.code, detail)))


def forms_of(member, most_bytes):
    """A parser of forms whose files are all of one member, of up to `most_bytes()`, a function, as it depends on settings.

    A larger body is turned away before it is read; Django writes large files to disk.
    """

    class BoundedFormParser(MultiPartParser):
        def parse(self, stream, media_type=None, parser_context=None):
            if int(parser_context["request"].META.get("CONTENT_LENGTH") or 0) > most_bytes():
                raise TooLarge
            try:
                parsed = super().parse(stream, media_type, parser_context)
            except ParseError as error:  # whose words are English
                raise ParseError(_("Malformed form: %s.") % error.__context__) from None
            if others := parsed.files.keys() - {member}:
                raise FileMisnamed(others, member=member)
            return parsed

    return BoundedFormParser
