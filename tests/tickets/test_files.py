"""Files that come with messages: what is taken, where it is kept, who may read it, and that none is left behind."""

import errno
import os
import time

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.db import IntegrityError

from config.models import IdempotencyKey
from tests.refusals import broken
from tests.tickets.conftest import PDF, PNG, post, upload
from tickets import files, tasks
from tickets.errors import FileRefused, FileTooLarge, NotOwnOrder, TooManyFiles
from tickets.models import Answer, Attachment, Ticket

pytestmark = pytest.mark.django_db


def kept(media):
    """The files in storage."""
    folder = media / files.FOLDER
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_each_ticket_has_a_first_file(as_user, alice):
    for _ in range(2):
        assert post(as_user(alice), "/api/ticket", upload("shot.png", PNG)).status_code == 201

    assert list(Attachment.objects.values_list("position", flat=True)) == [1, 1]


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("shot.png", PNG, "image/png"),
        ("Shot.PNG", PNG, "image/png"),
        ("receipt.pdf", PDF, "application/pdf"),
        ("no ending", PDF, "application/pdf"),
        ("letter.docx", b"PK\x03\x04" + b"\x00" * 60, "application/zip"),
        ("note.txt", "zażółć".encode(), "text/plain"),
        ("old.csv", "zażółć".encode("cp1250"), "text/plain"),
        ("note.txt", b"BMW broke down on the way", "text/plain"),
        ("Bmi.CSV", b"BMI,weight\r\n21,60", "text/plain"),
        ("gif.md", b"GIF does not load", "text/plain"),
        ("no ending", b"MZ-12 is out of stock", "text/plain"),
    ],
)
def test_what_is_taken(name, content, kind):
    assert files.kind_of(upload(name, content, "text/html")) == kind


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("shot.png", b"<script>alert(1)</script>"),
        ("page.html", b"<script>alert(1)</script>"),
        ("drawing.svg", b"<svg onload='alert(1)'/>"),
        ("receipt.pdf", PNG),
        ("note.txt", b"MZ" + b"\x00" * 60),
        ("note.txt", b"\x7fELF" + b"\x00" * 60),
        ("note.txt", PNG),
        ("setup.exe", b"MZ-12 is out of stock"),
        ("picture.bmp", b"BMW broke down on the way"),
        ("note.txt", b"hello\x00"),
        ("setup.exe", b"MZ" + b"\x00" * 60),
        ("shot.png.exe", PNG),
    ],
)
def test_what_is_refused(ask, media, name, content):
    with pytest.raises(FileRefused):
        ask(files=[upload(), upload(name, content, "image/png")])
    assert not Ticket.objects.exists()
    assert kept(media) == []


def test_a_file_is_not_too_large(ask, settings):
    settings.TICKET_FILE_BYTES = 10
    with pytest.raises(FileTooLarge):
        ask(files=[upload(content=b"x" * 11)])
    assert ask(files=[upload(content=b"x" * 10)]).attachments.get().size == 10


def test_no_more_than_five(ask, media):
    with pytest.raises(TooManyFiles):
        ask(files=[upload()] * 6)
    assert kept(media) == []
    ticket = ask(files=[upload(f"{n}.txt") for n in range(5)])

    one_more = Attachment(ticket=ticket, position=6, file="attachments/x", name="x", content_type="text/plain", size=1)
    for position, constraint in ((6, "attachment_place_known"), (5, "attachment_place_unique")):
        one_more.position = position
        assert broken(lambda: one_more.save(force_insert=True)) == constraint


def test_an_attachment_belongs_to_its_answers_ticket(ask, say, sue):
    """Or a file could be shown with a ticket whose owner may not read the answer."""
    answer, other = say(sue, ask(), files=[upload()], internal=True), ask(files=[upload()])
    new = Attachment(ticket=other, answer=answer, position=2, file="attachments/x", name="x", content_type="text/plain", size=1)

    for write in (lambda: answer.attachments.update(ticket=other), lambda: other.attachments.update(answer=answer), new.save):
        assert broken(write) == "attachment_answer_is_tickets"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("a.txt", "a.txt"),
        ("../../etc/a.txt", "a.txt"),
        (".txt", "file.txt"),
        ("..PDF", "file.PDF"),
        (".profile", "profile"),
        ("C:\\users\\a.txt", "a.txt"),
        ("a\r\nb\x00.txt", "ab.txt"),
        ("\u202egnp.txt", "gnp.txt"),
        ("...", "file"),
        ("ż" * 300 + ".txt", "ż" * 196 + ".txt"),
    ],
)
def test_names_are_only_names(given, name):
    file = upload()
    file._name = given
    assert files.name_of(file) == name


def test_files_come_and_go_by_http(as_user, alice, sue, media):
    client = as_user(alice)
    answer = post(client, "/api/ticket", upload("żółć.pdf", PDF), upload("a.txt", b"hello", "text/html"), subject="Form")

    assert answer.status_code == 201
    assert answer.json()["subject"] == "Form"
    first, second = answer.json()["attachments"]
    assert list(first) == ["id", "name", "content_type", "size", "url"]
    assert [(one["name"], one["content_type"], one["size"]) for one in (first, second)] == [
        ("żółć.pdf", "application/pdf", len(PDF)),
        ("a.txt", "text/plain", 5),
    ]
    for reader in (client, as_user(sue)):
        download = reader.get(first["url"])
        assert (download.status_code, b"".join(download.streaming_content)) == (200, PDF)
    assert download.headers["Content-Type"] == "application/pdf"
    assert download.headers["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert download.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in download.headers["Content-Security-Policy"]
    assert download.headers["Cache-Control"] == "no-store"
    # Their names in storage say nothing and lead nowhere.
    for name in kept(media):
        assert len(name) == 32
        assert client.get(f"/media/{files.FOLDER}/{name}").status_code == 404


def test_answers_bring_files_too(as_user, ask, alice, sue):
    path = f"/api/ticket/{ask().pk}/answer"
    support = as_user(sue)
    note = post(support, path, upload("note.txt"), internal="true").json()["id"]
    open_ = post(support, path, upload("shot.png", PNG)).json()["id"]

    assert Answer.objects.get(pk=note).internal
    ours = {one["id"]: one["attachments"] for one in support.get(path).json()}
    theirs = {one["id"]: one["attachments"] for one in as_user(alice).get(path).json()}
    assert [one["name"] for one in ours[note]] == ["note.txt"]
    assert theirs == {open_: ours[open_]}
    assert as_user(alice).get(f"/api/comment/{open_}").json()["attachments"] == ours[open_]


def test_who_may_read_a_file(as_user, api, ask, say, alice, bob, sue):
    ticket = ask(files=[upload()])
    answer, note = say(sue, ticket, files=[upload()]), say(sue, ticket, files=[upload()], internal=True)
    of_ticket, of_answer, of_note = (
        Attachment.objects.get(answer=one).pk if one else Attachment.objects.get(answer=None).pk for one in (None, answer, note)
    )

    def status(client, key):
        answer = client.get(f"/api/v1/attachments/{key}/")
        assert answer.status_code != 200 or b"".join(answer.streaming_content) == b"hello"
        return answer.status_code

    assert [status(as_user(alice), key) for key in (of_ticket, of_answer, of_note)] == [200, 200, 404]
    assert [status(as_user(bob), key) for key in (of_ticket, of_answer, of_note)] == [404] * 3
    assert [status(as_user(sue), key) for key in (of_ticket, of_answer, of_note)] == [200] * 3
    assert status(api, of_ticket) == 401
    assert as_user(bob).get(f"/api/v1/attachments/{of_ticket}/").json() == as_user(bob).get("/api/v1/attachments/0/").json()


def test_a_file_that_storage_lost_is_missing(as_user, ask, alice, caplog):
    attachment = ask(files=[upload()]).attachments.get()
    default_storage.delete(attachment.file.name)

    assert as_user(alice).get(f"/api/v1/attachments/{attachment.pk}/").status_code == 404
    assert f"attachment {attachment.pk} is not in storage" in caplog.text


def test_nothing_is_left_of_a_ticket_that_fails(ask, media):
    with pytest.raises(NotOwnOrder):
        ask(files=[upload()], order_id=10**12)

    assert kept(media) == []


@pytest.mark.django_db(transaction=True)
def test_nothing_is_left_where_the_outer_transaction_fails(as_user, alice, media, monkeypatch):
    """The key of a request commits after the service is done, and may fail."""

    def full(**fields):
        assert len(kept(media)) == 1
        raise IntegrityError("disk full")

    monkeypatch.setattr(IdempotencyKey.objects, "create", full)
    client = as_user(alice)
    client.raise_request_exception = False
    answer = client.post(
        "/api/ticket", {"message": "x", "files": [upload()]}, format="multipart", headers={"Idempotency-Key": "k1"}
    )

    assert answer.status_code == 500
    assert kept(media) == []
    assert not Ticket.objects.exists()


def test_a_full_disk_is_a_503_that_leaves_nothing(as_user, alice, media, monkeypatch, caplog):
    """What is left of the room must not be taken by halves of files."""

    def chunks(file):
        yield b"half"
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(InMemoryUploadedFile, "chunks", chunks)
    answer = post(as_user(alice), "/api/ticket", upload())

    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (503, "unavailable", "2")
    assert "a file could not be written: No space left on device" in caplog.text
    assert kept(media) == []
    assert not Ticket.objects.exists()


def test_control_without_the_guard_a_file_is_left(ask, media):
    files._written.set([])  # as if somebody outside kept the files, and never looked after them
    try:
        with pytest.raises(NotOwnOrder):
            ask(files=[upload()], order_id=10**12)
    finally:
        files._written.set(None)
    assert len(kept(media)) == 1


def test_files_count_for_idempotency(as_user, alice, media):
    client = as_user(alice)

    def send(first):
        body = {"message": "x", "files": [upload("a.txt", first), upload("b.txt", b"same")]}
        return client.post("/api/ticket", body, format="multipart", headers={"Idempotency-Key": "k1"})

    first = send(b"one")
    again = send(b"one")
    assert (first.status_code, again.status_code, again.headers["Idempotency-Replayed"]) == (201, 201, "true")
    assert again.json() == first.json()
    assert send(b"two").status_code == 422
    assert len(kept(media)) == 2


def test_orphans_are_removed_after_a_day(ask, media):
    attachment = ask(files=[upload()]).attachments.get()
    old, new = (default_storage.save(f"{files.FOLDER}/{name}", upload()) for name in ("old", "new"))
    yesterday = time.time() - 25 * 3600
    for name in (old, attachment.file.name):
        os.utime(default_storage.path(name), (yesterday, yesterday))
    tasks.remove_orphaned_files(0)
    tasks.remove_orphaned_files(0)

    assert kept(media) == sorted(name.rpartition("/")[2] for name in (new, attachment.file.name))


def test_orphans_of_a_folder_that_there_is_not(media):
    tasks.remove_orphaned_files(0)
