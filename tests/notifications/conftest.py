import pytest
from django.db import connection

from notifications import messages
from notifications.models import Delivery
from notifications.services import send
from tests.conftest import make_user
from tests.notifications.smtp import SMTPServer


@pytest.fixture
def pat(db):
    """Somebody with an e-mail and a phone, who reads Polish."""
    return make_user("pat", phone="+48123456789", language="pl")


@pytest.fixture
def kind(monkeypatch):
    """`kind(name, renderer)` registers a renderer for one test."""

    def register(name, renderer):
        monkeypatch.setitem(messages._RENDERERS, name, renderer)
        return name

    return register


@pytest.fixture
def queue(db, kind):
    """`queue()`: a delivery that waits in the outbox, holding a secret that only its renderer knows."""
    kind("test.code", lambda delivery: messages.Message(subject="Your code", text="The code is 424242."))

    def make(*, channel="email", to="alice@example.com", key="1", kind="test.code", user=None):
        send(channel=channel, to=to, kind=kind, context={}, key=key, user=user)
        return Delivery.objects.get(key=f"message:{key}")

    return make


def state(delivery):
    """Where a delivery stands, after how many tries, and what was wrong with the last one."""
    delivery.refresh_from_db()
    return delivery.status, delivery.attempts, delivery.last_error


@pytest.fixture
def smtp(settings):
    """A real SMTP server, and the settings that lead to it."""
    server = SMTPServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 5
    yield server
    server.stop()


@pytest.fixture
def jobs(db):
    """`jobs()`: the ids of the deliveries that have a job in the queue, with its priority."""
    # Django empties its own tables between tests; the queue's are not among them.
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")

    def read():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT (args->>'delivery_id')::bigint, priority FROM procrastinate_jobs "
                "WHERE task_name = 'notifications.deliver' AND status = 'todo' ORDER BY id"
            )
            return cursor.fetchall()

    return read
