"""Reads by PostgreSQL say what the serializers say; pages hold together."""

import base64
import json

import pytest
from rest_framework.test import APIRequestFactory

from accounts.api.serializers import UserSerializer
from accounts.models import User
from accounts.services import register_user

pytestmark = pytest.mark.django_db


def by_serializer(user):
    request = APIRequestFactory().get("/")
    return json.loads(json.dumps(UserSerializer(user, context={"request": request}).data))


def test_both_readings_of_an_account_are_equal(as_user, alice, tim):
    phone = register_user(phone="+71234567890", password="a long password")
    client = as_user(tim)

    for user in (alice, tim, phone):
        fast = client.get(f"/api/v1/users/{user.pk}/").json()
        assert fast == by_serializer(User.objects.get(pk=user.pk))
        assert list(fast) == list(by_serializer(User.objects.get(pk=user.pk)))


def test_pages_are_linked_until_the_end(as_user, sue):
    User.objects.bulk_create([User(username=f"u{i}", email=f"u{i}@example.com", username_chosen=True) for i in range(10)])
    client, path, seen = as_user(sue), "/auth/users?limit=4&x=y&x=z", []

    while path:
        answer = client.get(path)
        seen += [user["id"] for user in answer.json()]
        link = answer.headers.get("Link", "")
        path = link[link.index("/auth") : link.index(">")] if link else None
        assert path is None or "x=y&x=z" in path

    assert len(seen) == len(set(seen)) == 11
    assert seen == sorted(seen, reverse=True)


def test_a_page_that_is_just_full_has_no_next(as_user, sue):
    assert "Link" not in as_user(sue).get("/auth/users/?limit=1")


def test_a_page_is_as_long_as_it_is_asked_to_be(as_user, sue):
    User.objects.bulk_create([User(username=f"u{i}", email=f"u{i}@example.com", username_chosen=True) for i in range(210)])
    client = as_user(sue)

    lengths = {
        limit: len(client.get(f"/auth/users/?limit={limit}").json())
        for limit in ("", "10", "00000000011", "200", "201", "9" * 5000)
    }

    assert lengths == {"": 50, "10": 10, "00000000011": 11, "200": 200, "201": 200, "9" * 5000: 200}


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/api/v1/products/", ["Pen\x00", 1]),
        ("/api/v1/timeslots/", ["2026-11-21T10:00:00Z\x00", 1]),
        ("/auth/users/", ["1\x00"]),
    ],
)
def test_a_cursor_holds_no_nul(as_user, sue, path, place):
    """Whatever its columns are; PostgreSQL takes none."""
    cursor = base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")

    answer = as_user(sue).get(path, {"cursor": cursor})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "cursor")


def test_a_row_that_comes_meanwhile_does_not_move_the_pages(as_user, sue, alice, bob):
    client = as_user(sue)
    first = client.get("/auth/users/?limit=2")
    register_user(email="late@example.com", password="a long password")

    link = first["Link"]
    second = client.get(link[link.index("/auth") : link.index(">")])

    assert [user["id"] for user in first.json() + second.json()] == sorted([sue.pk, alice.pk, bob.pk], reverse=True)
