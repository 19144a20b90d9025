"""Messages and who writes them.

A renderer is a function registered under a name. The job that sends a delivery calls it, in the recipient's language
and with times in the studio's zone, and it reads afresh whatever it tells of:

    @message("accounts.reset")
    def password_reset(delivery):
        ...
        return Message(subject=_("…"), text=…)     # or None: it no longer applies, and nothing is sent

Each app keeps its renderers in its module `mails`, which is imported when Django starts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.template.loader import render_to_string

from config.signs import JOINERS

_RENDERERS: dict[str, Callable] = {}


class Attachment(NamedTuple):
    """A file in a mail."""

    filename: str
    content: bytes
    mimetype: str


@dataclass(frozen=True)
class Message:
    """What is sent. An SMS is `text` alone; a mail has a subject, and may have HTML, headers and attachments.

    Raises ValueError for a header or a file's name that holds a line break; a subject's are turned into spaces, because
    people's own words stand there.
    """

    subject: str
    text: str
    html: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    attachments: Sequence[Attachment] = ()

    def __post_init__(self):
        object.__setattr__(self, "subject", one_line(self.subject))
        for part in (*self.headers, *self.headers.values(), *(name for name, _, _ in self.attachments)):
            if not part.isprintable():
                raise ValueError("a header must be one line of printable characters")


def one_line(text):
    """The text on one line: line breaks and other control characters become spaces, runs of space one."""
    return " ".join("".join(char if char.isprintable() or char in JOINERS else " " for char in str(text)).split())


def letter(*, subject, paragraphs, link="", attachments=()):
    """A Message of plain paragraphs and a link (an absolute URL), as text and as HTML, in which everything is escaped."""
    parts = [str(paragraph) for paragraph in paragraphs]
    html = render_to_string("notifications/letter.html", {"subject": one_line(subject), "paragraphs": parts, "link": link})
    text = "\n\n".join([*parts, link] if link else parts)
    return Message(subject=subject, text=text, html=html, attachments=attachments)


def message(kind):
    """Registers the renderer of a kind of message, named `app.what`."""

    def register(renderer):
        known = _RENDERERS.setdefault(kind, renderer)
        if known is not renderer:
            raise ValueError(f"{kind!r} is rendered by {known.__module__}.{known.__qualname__} already")
        return renderer

    return register


def renderer_of(kind):
    """The renderer registered under this name. Raises LookupError."""
    if kind not in _RENDERERS:
        raise LookupError(f"no renderer for messages of kind {kind!r}")
    return _RENDERERS[kind]
