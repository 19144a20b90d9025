"""EMAIL_URL and SMS_URL: what they mean, and how a wrong one stops the start."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection

from config.mail import EmailServer, SMSGateway, email_server, sms_gateway

SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("outbox:", EmailServer("notifications.backends.email.OutboxBackend")),
        ("console:", EmailServer("django.core.mail.backends.console.EmailBackend")),
        ("smtp://ann:p%40ss@mx.example", EmailServer(SMTP, "mx.example", 587, "ann", "p@ss", use_tls=True)),
        ("smtp://ann:pass@mx.example:2525", EmailServer(SMTP, "mx.example", 2525, "ann", "pass", use_tls=True)),
        ("smtps://ann:pass@mx.example", EmailServer(SMTP, "mx.example", 465, "ann", "pass", use_ssl=True)),
        ("smtp://relay:25?tls=off", EmailServer(SMTP, "relay", 25)),
        ("smtp://ann:pass@127.0.0.1:25?tls=off", EmailServer(SMTP, "127.0.0.1", 25, "ann", "pass")),
        ("postmark://key@", EmailServer("anymail.backends.postmark.EmailBackend", anymail={"POSTMARK_SERVER_TOKEN": "key"})),
        ("brevo://key@mx.example", EmailServer("anymail.backends.brevo.EmailBackend", anymail={"BREVO_API_KEY": "key"})),
        ("mailgun://key@", EmailServer("anymail.backends.mailgun.EmailBackend", anymail={"MAILGUN_API_KEY": "key"})),
        (
            "mailgun://key@mg.example",
            EmailServer(
                "anymail.backends.mailgun.EmailBackend",
                anymail={"MAILGUN_API_KEY": "key", "MAILGUN_SENDER_DOMAIN": "mg.example"},
            ),
        ),
    ],
)
def test_email_url(url, expected):
    assert email_server(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "smtp://",
        "smtp://ann@mx.example",
        "smtp://:secret@mx.example",
        "smtp://ann:secret@mx.example:port",
        "smtp://ann:secret@mx.example?tls=maybe",
        "smtp://relay:25?tls=maybe",
        "smtp://ann:secret@mx.example:25?tls=off",
        "smtp://[::1",
        "postmark://",
        "http://mx.example",
    ],
)
def test_a_wrong_email_url_stops_the_start_without_repeating_it(url):
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL") as refused:
        email_server(url)

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("name", ["brevo", "mailgun", "mailersend", "postmark", "resend", "sparkpost"])
def test_every_provider_has_a_backend_that_takes_its_key(name, settings):
    server = email_server(f"{name}://key@mx.example")
    settings.ANYMAIL = server.anymail

    assert "key" in vars(get_connection(server.backend)).values()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("outbox:", SMSGateway("outbox")),
        ("console:", SMSGateway("console")),
        ("https://token@sms.example/send?a=1", SMSGateway("http", "https://sms.example/send?a=1", "Bearer token")),
        ("https://ann:pass@sms.example:8443/", SMSGateway("http", "https://sms.example:8443/", "Basic YW5uOnBhc3M=")),
        ("https://sms.example", SMSGateway("http", "https://sms.example")),
        ("http://127.0.0.1:9000/", SMSGateway("http", "http://127.0.0.1:9000/")),
        ("http://[::1]:9000/", SMSGateway("http", "http://[::1]:9000/")),
    ],
)
def test_sms_url(url, expected):
    assert sms_gateway(url) == expected


@pytest.mark.parametrize(
    "url", ["nonsense", "http://token@sms.example/", "https://", "ftp://secret@sms.example/", "ftp://[::1]/"]
)
def test_a_wrong_sms_url_stops_the_start_without_repeating_it(url):
    with pytest.raises(ImproperlyConfigured, match="SMS_URL") as refused:
        sms_gateway(url)

    assert "secret" not in str(refused.value)
