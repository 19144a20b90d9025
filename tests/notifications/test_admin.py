"""The staff's view of the outbox."""

import pytest
from django.test import Client
from django.urls import reverse

from notifications.models import Delivery, Notification
from notifications.services import notify

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(tim, settings):
    settings.SECURE_SSL_REDIRECT = False
    client = Client()
    client.force_login(tim)
    return client


def test_a_given_up_message_is_visible_and_can_be_sent_again(staff, queue, jobs):
    failed, waiting = queue(key="failed", to="<script>@example.com"), queue(key="waiting")
    Delivery.objects.filter(pk=failed.pk).update(status="failed", attempts=24, last_error="TimeoutError")
    url = reverse("admin:notifications_delivery_changelist")

    page = staff.get(url, {"status__exact": "failed"}).content.decode()
    assert "TimeoutError" in page
    assert "<script>@" not in page

    staff.post(url, {"action": "send_again", "_selected_action": [failed.pk, waiting.pk]})
    failed.refresh_from_db()
    assert (failed.status, failed.attempts) == ("queued", 0)
    assert len(jobs()) == 3


def test_what_people_were_told_can_be_read_and_not_changed(staff, alice):
    notify(user=alice, type="system", title="<script>alert(1)</script>", message="<b>bold</b>", key="1")
    told = Notification.objects.get()

    listed = staff.get(reverse("admin:notifications_notification_changelist"))
    shown = staff.get(reverse("admin:notifications_notification_change", args=[told.pk]))

    for page in (listed, shown):
        assert page.status_code == 200
        assert "<script>alert(1)" not in page.content.decode()
    assert staff.post(reverse("admin:notifications_notification_delete", args=[told.pk])).status_code == 403
    assert staff.get(reverse("admin:notifications_notification_add")).status_code == 403
