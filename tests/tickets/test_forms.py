"""Forms that bring messages with files: how much they may hold, and which are none."""

import pytest
from django.test import RequestFactory

from tests.tickets.conftest import post, upload
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


def test_too_much_is_turned_away_unread(as_user, alice, settings):
    settings.TICKET_FILE_BYTES = 1000
    client = as_user(alice)

    assert post(client, "/api/ticket", upload(content=b"x" * 1001)).status_code == 413
    huge = {"CONTENT_LENGTH": 5 * 1000 + settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1}
    answer = client.post("/api/ticket", b"--x\r\n", content_type="multipart/form-data; boundary=x", **huge)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    answer = client.post("/api/ticket", {"message": "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)}, format="multipart")
    assert answer.status_code == 413
    assert not Ticket.objects.exists()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"nothing", "multipart/form-data; boundary=x"),
        (b"nothing", "multipart/form-data"),
        (b'--x\r\nContent-Disposition: form-data; name="message"\r\n\r\na\x00b\r\n--x--\r\n', "multipart/form-data; boundary=x"),
        (b'--x\r\nContent-Disposition: form-data; name="files"\r\n\r\nno file\r\n--x--\r\n', "multipart/form-data; boundary=x"),
        (b'{"message": "Hi", "files": ["a"]}', "application/json"),
    ],
)
def test_malformed_forms(as_user, alice, body, kind):
    assert as_user(alice).post("/api/ticket", body, content_type=kind).status_code == 400


@pytest.mark.parametrize(
    "parts",
    [{f"field{number}": "x" for number in range(1001)}, {f"file{number}": upload() for number in range(101)}],
    ids=["fields", "files"],
)
def test_too_many_parts_are_told(as_user, alice, parts):
    answer = as_user(alice).post("/api/ticket", {"message": "Hello"} | parts, format="multipart")

    assert (answer.status_code, answer.json()["detail"]) == (400, "The form has too many parts.")
    assert not Ticket.objects.exists()


@pytest.mark.parametrize("path", ["/api/ticket", "/api/ticket/{}/answer"])
def test_a_file_under_another_name_is_not_just_lost(as_user, alice, ask, media, path):
    """`attachments` is what answers call them."""
    there, said = ask(), {"message": "Here it is", "files": [upload()]}

    answer = as_user(alice).post(path.format(there.pk), said | {"attachments": [upload()]}, format="multipart")

    assert (answer.status_code, answer.json()["errors"]) == (
        400,
        [{"field": "attachments", "code": "file_misnamed", "detail": "Files are taken under the name files."}],
    )
    assert list(Ticket.objects.all()) == [there]
    assert not there.answers.exists()


def test_a_malformed_form_is_told_in_the_language_of_the_request(as_user, alice):
    answer = as_user(alice).post("/api/ticket", b"x", content_type="multipart/form-data", HTTP_ACCEPT_LANGUAGE="pl")

    assert answer.json()["detail"].startswith("Niepoprawny formularz: ")


def test_forms_are_for_messages_alone(as_user, ask, sue):
    path = f"/api/ticket/{ask().pk}"
    client = as_user(sue)

    assert client.post(f"{path}/set_status", {"status": "c"}, format="multipart").status_code == 415
    assert client.patch(path, {"subject": "x"}, format="multipart").status_code == 415


def test_large_files_go_to_disk(as_user, alice, media):
    """What Django's parser does with more than 2.5 MB; memory stays flat."""
    answer = post(as_user(alice), "/api/ticket", upload("big.txt", b"x" * 3 * 1024 * 1024))

    assert answer.json()["attachments"][0]["size"] == 3 * 1024 * 1024
    request = RequestFactory().post("/", {"f": upload(content=b"x" * 3 * 1024 * 1024)})
    with request.FILES["f"] as file:
        assert hasattr(file, "temporary_file_path")
