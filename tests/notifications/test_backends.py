"""Where messages go: files, an SMS gateway, the console."""

import json
import threading
from datetime import timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from config.mail import SMSGateway
from notifications.delivery import deliver
from notifications.errors import NotDelivered
from notifications.models import Delivery

pytestmark = pytest.mark.django_db
PHONE = "+48123456789"


@pytest.fixture
def outbox(settings, tmp_path):
    settings.EMAIL_BACKEND = "notifications.backends.email.OutboxBackend"
    settings.SMS_GATEWAY = SMSGateway("outbox")
    settings.OUTBOX_DIR = tmp_path / "data" / "outbox"
    return settings.OUTBOX_DIR


def test_a_mail_becomes_a_file(queue, outbox):
    delivery = queue()
    delivery.created_at -= timedelta(hours=1)
    delivery.save()

    deliver(delivery.pk)

    [path] = outbox.iterdir()
    assert path.name.startswith(f"{delivery.created_at:%Y%m%dT%H%M%S}-")
    assert path.suffix == ".eml"
    written = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert written["Date"].datetime == delivery.created_at.replace(microsecond=0)
    assert (written["To"], written["Message-ID"]) == ("alice@example.com", delivery.message_id)
    assert written.get_body().get_content().strip() == "The code is 424242."


def test_a_mail_repeated_after_a_crash_is_in_the_outbox_once(queue, outbox):
    delivery = queue()
    deliver(delivery.pk)
    # As if the worker had died between the file and the commit.
    Delivery.objects.update(status="queued", sent_at=None)

    deliver(delivery.pk)

    assert len(list(outbox.iterdir())) == 1


def test_what_a_crash_left_half_written_is_replaced(queue, outbox):
    delivery = queue()
    deliver(delivery.pk)
    [path] = outbox.iterdir()
    path.rename(outbox / f".{path.name}.tmp")
    Delivery.objects.update(status="queued", sent_at=None)

    deliver(delivery.pk)

    assert list(outbox.iterdir()) == [path]


def test_an_outbox_that_cannot_be_written_is_a_failure(queue, outbox):
    outbox.parent.write_text("in the way")

    with pytest.raises(NotDelivered):
        deliver(queue().pk)


def test_an_sms_becomes_a_file(queue, outbox):
    delivery = queue(channel="sms", to=PHONE)

    deliver(delivery.pk)

    [path] = outbox.iterdir()
    assert path.suffix == ".json"
    assert json.loads(path.read_bytes()) == {"to": PHONE, "text": "The code is 424242.", "message_id": delivery.message_id}


def test_an_sms_on_the_console(queue, settings, capsys):
    settings.SMS_GATEWAY = SMSGateway("console")

    deliver(queue(channel="sms", to=PHONE).pk)

    assert capsys.readouterr().out == f"SMS to {PHONE}: The code is 424242.\n"


@pytest.fixture
def gateway(settings):
    """An SMS gateway on loopback; `answer` is the status that it gives, None for none at all."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.requests.append((self.path, dict(self.headers), json.loads(body)))
            if server.answer is None:
                server.released.wait(30)
                return
            self.send_response(server.answer)
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()

        def log_message(self, *args):
            """Tests are quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.requests, server.answer, server.released = [], 200, threading.Event()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}/sms?from=Studio"
    settings.SMS_GATEWAY = SMSGateway("http", url, "Bearer token")
    yield server
    server.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_sms_goes_to_the_gateway(queue, gateway):
    delivery = queue(channel="sms", to=PHONE)

    deliver(delivery.pk)

    [(path, headers, body)] = gateway.requests
    assert path == "/sms?from=Studio"
    assert body == {"to": PHONE, "text": "The code is 424242."}
    assert headers["Authorization"] == "Bearer token"
    assert headers["Idempotency-Key"] == delivery.message_id.strip("<>")
    delivery.refresh_from_db()
    assert delivery.status == "sent"


@pytest.mark.parametrize(("rest", "target"), [("", "/"), ("?from=Studio", "/?from=Studio")])
def test_a_gateway_may_have_no_path_and_no_password_and_answer_later(queue, gateway, settings, rest, target):
    settings.SMS_GATEWAY = SMSGateway("http", f"http://127.0.0.1:{gateway.server_address[1]}{rest}")
    gateway.answer = 202
    delivery = queue(channel="sms", to=PHONE)

    deliver(delivery.pk)

    [(path, headers, _)] = gateway.requests
    assert path == target
    assert "Authorization" not in headers
    delivery.refresh_from_db()
    assert delivery.status == "sent"


def test_what_goes_over_https_is_never_sent_in_the_clear(queue, gateway, settings):
    url = settings.SMS_GATEWAY.url.replace("http:", "https:")  # where nobody speaks TLS
    settings.SMS_GATEWAY, settings.SMS_TIMEOUT = settings.SMS_GATEWAY._replace(url=url), 0.3

    with pytest.raises(NotDelivered):
        deliver(queue(channel="sms", to=PHONE).pk)

    assert not gateway.requests


@pytest.mark.parametrize("status", [302, 400, 401, 503])
def test_a_gateway_that_refuses_is_asked_again(queue, gateway, status):
    gateway.answer = status
    delivery = queue(channel="sms", to=PHONE)

    with pytest.raises(NotDelivered):
        deliver(delivery.pk)

    delivery.refresh_from_db()
    assert (delivery.status, delivery.last_error) == ("queued", f"GatewayRefused {status}")
    assert len(gateway.requests) == 1


def test_a_gateway_that_hangs_is_left_after_the_timeout(queue, gateway, settings):
    gateway.answer, settings.SMS_TIMEOUT = None, 0.3

    with pytest.raises(NotDelivered, match="TimeoutError"):
        deliver(queue(channel="sms", to=PHONE).pk)
