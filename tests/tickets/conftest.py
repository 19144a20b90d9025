import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tickets import services

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 32
PDF = b"%PDF-1.7\n" + b"\x00" * 32


def upload(name="note.txt", content=b"hello", content_type="application/octet-stream"):
    """A file as a form brings it."""
    return SimpleUploadedFile(name, content, content_type)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    """The folder of this test's files."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture
def ask(alice):
    """`ask("Help!")`: a ticket of alice's."""

    def make(message="My printer is on fire", *, by=alice, **fields):
        return services.open_ticket(by=by, message=message, **fields)

    return make


@pytest.fixture
def say():
    """`say(sue, ticket, "Gladly")`: an answer."""

    def make(by, ticket, message="Gladly", **fields):
        return services.answer_ticket(by=by, ticket_id=ticket.pk, message=message, **fields)

    return make


@pytest.fixture
def thread(ask, say, alice, sue):
    """A ticket with a file, a word of each side, a note, and a history."""
    ticket = ask(subject="Fire", files=[upload("a.txt"), upload("b.txt")])
    ticket.said = say(alice, ticket), say(sue, ticket, files=[upload("c.txt")])
    ticket.note = say(sue, ticket, "A suspicious customer", internal=True, files=[upload("secret.txt")])
    services.change_ticket(by=sue, ticket_id=ticket.pk, assignee_id=sue.pk)
    for status in ("c", "f"):
        services.set_status(by=sue, ticket_id=ticket.pk, status=status)
    return ticket


def post(client, path, *uploads, **fields):
    return client.post(path, {"message": "See there", **fields, "files": list(uploads)}, format="multipart")
