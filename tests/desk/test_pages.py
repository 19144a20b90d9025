"""The staff's pages: who gets in, and what they show."""

import re

import pytest
from django.db import connection

from config.desk import MOST
from notifications.mails import NOTIFICATION
from notifications.models import Delivery
from notifications.services import send

FOR_ALL = ["/admin/", "/admin/desk/tickets/"]
FOR_ADMINS = [
    "/admin/desk/jobs/",
    "/admin/desk/week/",
    "/admin/desk/orders/",
    "/admin/desk/orders/packing/",
    "/admin/desk/orders/export.csv",
]


@pytest.mark.parametrize("path", FOR_ALL + FOR_ADMINS)
def test_customers_are_sent_to_the_door(at_desk, alice, path):
    assert at_desk(alice).get(path).status_code == 302


@pytest.mark.parametrize(("paths", "status"), [(FOR_ALL, 200), (FOR_ADMINS, 403)])
def test_support_sees_tickets_and_nothing_else(at_desk, sue, order, meeting, ticket, paths, status):
    for path in paths:
        response = at_desk(sue).get(path)
        assert response.status_code == status, path
        assert b"Algebra" not in response.content
        assert status == 403 or b"Fire" in response.content


def test_the_newest_messages_that_did_not_get_through_are_named(at_desk, tim):
    for number in range(MOST + 2):
        send(channel="email", to=f"user{number}@example.com", kind=NOTIFICATION, context={}, key=str(number))
    Delivery.objects.exclude(key=f"message:{MOST + 1}").update(status="failed", last_error="550 no such box")

    page = at_desk(tim).get("/admin/").content.decode()

    assert "550 no such box" in page
    assert re.findall(r"user\d+@example.com", page) == [f"user{number}@example.com" for number in range(MOST, 0, -1)]


@pytest.mark.parametrize("language", ["en", "pl", "ru"])
@pytest.mark.parametrize("path", FOR_ALL + FOR_ADMINS)
def test_administrators_get_every_page_in_each_language(at_desk, tim, ticket, order, meeting, path, language):
    assert at_desk(tim).get(path, headers={"Accept-Language": language}).status_code == 200


def test_the_first_page_names_what_waits(at_desk, tim, ticket, order, meeting):
    page = at_desk(tim).get("/admin/").content.decode()

    for words in ("Fire", "Algebra", f"{order.pk}: 5.00", "Pen"):
        assert words in page


def test_a_failed_job_is_tried_again_once(at_desk, tim):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status) VALUES (%s, %s, %s) RETURNING id",
            ["default", "some.task", "failed"],
        )
        job = cursor.fetchone()[0]
    desk = at_desk(tim)

    assert b"some.task" in desk.get("/admin/").content
    first = desk.post("/admin/desk/jobs/", {"job": job}, follow=True)
    second = desk.post("/admin/desk/jobs/", {"job": job}, follow=True)

    levels = [[message.level_tag for message in response.context["messages"]] for response in (first, second)]
    assert levels == [["success"], ["error"]]
