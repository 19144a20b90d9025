"""Attached files: what is taken, and where it is kept.

A file is written before the row that names it, in a transaction that may yet fail; `keeping_files` takes it away again
then. A process that is killed in between leaves a file without a row, which a nightly job removes (tickets.tasks).
"""

import functools
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple
from uuid import uuid4

import filetype
from django.conf import settings
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from tickets.errors import FileRefused, FileTooLarge, TooManyFiles

# Never below what a web server shows to the world: shop.api.pictures serves its own folder alone.
FOLDER = "attachments"
MOST_FILES = 5
TEXT = "text/plain"
_OFFICE = "application/vnd.openxmlformats-officedocument."
_ZIPPED = {"docx", "xlsx", "pptx", "odt", "ods", "odp"}
# What a file's bytes may be, and how its name may end then. Office documents are ZIP archives, and some look like no more.
KINDS = {
    "image/png": {"png"},
    "image/apng": {"png", "apng"},
    "image/jpeg": {"jpg", "jpeg"},
    "image/gif": {"gif"},
    "image/webp": {"webp"},
    "image/heic": {"heic", "heif"},
    "application/pdf": {"pdf"},
    "application/zip": {"zip", *_ZIPPED},
    f"{_OFFICE}wordprocessingml.document": {"docx"},
    f"{_OFFICE}spreadsheetml.sheet": {"xlsx"},
    f"{_OFFICE}presentationml.presentation": {"pptx"},
    "application/vnd.oasis.opendocument.text": {"odt"},
    "application/vnd.oasis.opendocument.spreadsheet": {"ods"},
    "application/vnd.oasis.opendocument.presentation": {"odp"},
    "application/msword": {"doc"},
    "application/vnd.ms-excel": {"xls"},
    "video/mp4": {"mp4", "m4v"},
    "video/quicktime": {"mov"},
    TEXT: {"txt", "log", "md", "csv", "tsv", "json", "ini", "conf", "yaml", "yml"},
}
_ENDINGS = set().union(*KINDS.values())
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1b")) + b"\x7f"
_READ_AT_ONCE = 64 * 1024

_written: ContextVar[list | None] = ContextVar("files of a transaction that may yet fail", default=None)


class Stored(NamedTuple):
    """A file in storage, as its row will have it."""

    file: str
    name: str
    content_type: str
    size: int


@contextmanager
def keeping_files():
    """Files stored inside stay only if the block ends well. Put it around the outermost transaction."""
    if _written.get() is not None:
        yield
        return
    names = []
    token = _written.set(names)
    try:
        yield
    except BaseException:
        for name in names:
            default_storage.delete(name)
        raise
    finally:
        _written.reset(token)


def undone_if_it_fails(view):
    """`keeping_files` around a door whose own transaction (config.idempotency) may fail after the service is done."""

    @functools.wraps(view)
    def wrapper(*args, **kwargs):
        with keeping_files():
            return view(*args, **kwargs)

    return wrapper


def store_files(uploads):
    """Looks at uploaded files and writes them to storage, inside `keeping_files`. Returns a list of Stored.

    Raises TooManyFiles, FileTooLarge and FileRefused, before anything is written.
    """
    if len(uploads) > MOST_FILES:
        raise TooManyFiles
    found = [(upload, name_of(upload), kind_of(upload)) for upload in uploads]
    return [Stored(_write(upload), name, kind, upload.size) for upload, name, kind in found]


def _write(upload):
    # A name that nobody can guess and that says nothing of the file.
    name = f"{FOLDER}/{uuid4().hex}"
    _written.get().append(name)  # before it is there: a full disk leaves the half of it
    return default_storage.save(name, upload)


def name_of(upload):
    """What its sender calls a file: the last part of the path, without control characters, at most 200 characters.

    It gets no hidden file; `.txt`, which is an ending alone, becomes `file.txt`.
    """
    words = upload.name.replace("\\", "/").rpartition("/")[2]
    name = "".join(char for char in words if char.isprintable()).strip(" .") or "file"
    if name.lower() in _ENDINGS:
        name = f"file.{name}"
    stem, dot, ending = name.rpartition(".")
    return name if len(name) <= 200 else f"{stem[: 199 - len(ending)]}{dot}{ending}"[-200:]


def kind_of(upload):
    """The media type that a file's bytes show. Raises FileTooLarge and FileRefused; what its sender says does not count."""
    if upload.size > settings.TICKET_FILE_BYTES:
        raise FileTooLarge(_("A file has at most %d kB.") % (settings.TICKET_FILE_BYTES // 1024))
    _stem, dot, ending = name_of(upload).rpartition(".")
    upload.seek(0)
    guess = filetype.guess(upload.read(8192))
    kind = guess and guess.mime
    # Some kinds are known by two or three letters, with which words begin, too: "BMW", "GIF", "MZ-12".
    if (kind not in KINDS or (dot and ending.lower() in KINDS[TEXT])) and _is_text(upload):
        kind = TEXT
    upload.seek(0)
    if kind not in KINDS or (dot and ending.lower() not in KINDS[kind]):
        detail = _("%(name)s is not of a kind that is taken, or its name does not fit what is in it.") % {"name": name_of(upload)}
        raise FileRefused(detail, errors={FileRefused.field: (FileRefused.code, detail)})
    return kind


def _is_text(upload):
    # Any text of a known encoding: UTF-8 or an older one, which has no control characters either.
    upload.seek(0)
    return all(len(part) == len(part.translate(None, _CONTROLS)) for part in iter(lambda: upload.read(_READ_AT_ONCE), b""))
