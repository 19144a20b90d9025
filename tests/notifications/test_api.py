"""/api/v1/notifications/ as document D and the contract have it."""

import pytest

from notifications.api.serializers import NotificationSerializer
from notifications.models import Notification, Preference, Type
from notifications.services import notify
from tests.refusals import broken

pytestmark = pytest.mark.django_db
LIST = "/api/v1/notifications/"


def tell(user, key="1", **changes):
    notify(**{"user": user, "type": "system", "title": f"News {key}", "message": "Words.", "key": key} | changes)
    return Notification.objects.get(user=user, key=key)


def test_a_notification_has_the_documents_shape(as_user, alice):
    told = tell(alice, link="/api/v1/meetings/5/")

    answer = as_user(alice).get(f"{LIST}{told.pk}/")

    assert answer.status_code == 200
    assert answer.json() == {
        "id": told.pk,
        "user": alice.pk,
        "meeting": None,
        "title": "News 1",
        "message": "Words.",
        "type": "system",
        "is_read": False,
        "created_at": f"{told.created_at:%Y-%m-%dT%H:%M:%S.%fZ}",
        "link": "http://testserver/api/v1/meetings/5/",
    }


@pytest.mark.parametrize("link", ["", "/api/v1/meetings/5/"])
def test_both_readings_of_the_serializer_are_equal(as_user, alice, rf, link):
    told = tell(alice, link=link)

    read = as_user(alice).get(f"{LIST}{told.pk}/").json()

    assert read == NotificationSerializer(Notification.objects.get(), context={"request": rf.get("/")}).data


def test_the_list_shows_ones_own_newest_first(as_user, alice, bob, tim):
    tell(alice, "1"), tell(alice, "2"), tell(bob, "3")

    assert [row["title"] for row in as_user(alice).get(LIST).json()] == ["News 2", "News 1"]
    assert as_user(tim).get(LIST).json() == []


def test_the_list_costs_the_same_for_any_number(as_user, alice, django_assert_num_queries):
    client = as_user(alice)
    for key in range(30):
        tell(alice, str(key))
        if key in (0, 29):
            with django_assert_num_queries(2):  # who asks; the page
                client.get(LIST)


def test_filters(as_user, alice):
    tell(alice, "1"), tell(alice, "2", type="reminder")
    client = as_user(alice)
    client.patch(f"{LIST}{Notification.objects.get(key='1').pk}/", {"is_read": True})

    titles = {
        query: [row["title"] for row in client.get(f"{LIST}?{query}").json()]
        for query in ("is_read=true", "is_read=false", "type=reminder", "type=system")
    }

    assert titles == {
        "is_read=true": ["News 1"],
        "is_read=false": ["News 2"],
        "type=reminder": ["News 2"],
        "type=system": ["News 1"],
    }
    assert client.get(f"{LIST}?type=nonsense").status_code == 400
    assert client.get(f"{LIST}?is_read=perhaps").status_code == 400


def test_only_the_mark_can_be_changed(as_user, alice, bob):
    told = tell(alice)

    answer = as_user(alice).patch(f"{LIST}{told.pk}/", {"is_read": True, "title": "Mine", "user": bob.pk, "type": "account"})

    assert answer.status_code == 200
    assert (answer.json()["is_read"], answer.json()["title"], answer.json()["user"]) == (True, "News 1", alice.pk)
    assert as_user(alice).patch(f"{LIST}{told.pk}/", {"is_read": False}).json()["is_read"] is False
    assert as_user(alice).patch(f"{LIST}{told.pk}/", {}).json()["errors"][0]["field"] == "is_read"


def test_what_is_somebody_elses_is_missing(as_user, alice, bob, tim):
    told = tell(alice)

    for user in (bob, tim):
        for path in (f"{LIST}{told.pk}/", f"{LIST}999999/", f"{LIST}9999999999999999999/"):
            seen, changed = as_user(user).get(path), as_user(user).patch(path, {"is_read": True})
            assert (seen.status_code, changed.status_code) == (404, 404)
            assert seen.json()["code"] == changed.json()["code"] == "not_found"
    assert not Notification.objects.get().is_read


def test_unread_are_counted_and_marked(as_user, alice, bob):
    tell(alice, "1"), tell(alice, "2"), tell(bob)
    client = as_user(alice)

    assert client.get(f"{LIST}unread_count/").json() == {"unread_count": 2}
    assert client.post(f"{LIST}read_all/").json() == {"marked": 2}
    assert client.post(f"{LIST}read_all/").json() == {"marked": 0}
    assert client.get(f"{LIST}unread_count/").json() == {"unread_count": 0}
    assert as_user(bob).get(f"{LIST}unread_count/").json() == {"unread_count": 1}


def test_notifications_are_neither_created_nor_deleted(as_user, alice):
    told = tell(alice)
    client = as_user(alice)

    for method, path in (("post", LIST), ("delete", LIST), ("delete", f"{LIST}{told.pk}/"), ("put", f"{LIST}{told.pk}/")):
        answer = getattr(client, method)(path, {})
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


def test_strangers_are_asked_to_sign_in(api):
    for path in (LIST, f"{LIST}1/", f"{LIST}unread_count/", f"{LIST}preferences/"):
        assert api.get(path).status_code == 401


def test_what_one_does_not_want_in_the_app_is_not_listed(as_user, alice):
    Preference.objects.create(user=alice, type="system", channel="in_app", enabled=False)
    told = tell(alice)
    client = as_user(alice)

    assert client.get(LIST).json() == []
    assert client.get(f"{LIST}{told.pk}/").status_code == 404
    assert client.get(f"{LIST}unread_count/").json() == {"unread_count": 0}


def test_what_is_not_listed_is_not_marked(as_user, alice):
    Preference.objects.create(user=alice, type="system", channel="in_app", enabled=False)
    told = tell(alice)
    client = as_user(alice)

    assert client.patch(f"{LIST}{told.pk}/", {"is_read": True}).status_code == 404
    assert client.post(f"{LIST}read_all/").json() == {"marked": 0}
    assert not Notification.objects.get().is_read


def test_preferences_start_with_everything_but_sms(as_user, alice):
    answer = as_user(alice).get(f"{LIST}preferences/").json()

    assert answer == {kind: {"in_app": True, "email": True, "sms": False} for kind in Type.values}


def test_preferences_are_chosen_one_by_one(as_user, alice, bob):
    client = as_user(alice)
    client.put(f"{LIST}preferences/", {"reminder": {"sms": True, "email": False}})

    answer = client.put(f"{LIST}preferences/", {"reminder": {"email": True}, "order_placed": {"in_app": False}})

    assert answer.status_code == 200
    assert answer.json()["reminder"] == {"in_app": True, "email": True, "sms": True}
    assert answer.json()["order_placed"] == {"in_app": False, "email": True, "sms": False}
    assert client.get(f"{LIST}preferences/").json() == answer.json()
    assert as_user(bob).get(f"{LIST}preferences/").json()["reminder"]["sms"] is False


def test_preferences_are_taken_as_they_are_given(as_user, alice):
    client = as_user(alice)
    shown = client.get(f"{LIST}preferences/").json()

    answer = client.put(f"{LIST}preferences/", shown)

    assert (answer.status_code, answer.json()) == (200, shown)


def test_security_mail_is_not_optional(as_user, alice):
    wanted = {"account": {"email": False, "in_app": False, "sms": True}, "reminder": {"email": False}}

    answer = as_user(alice).put(f"{LIST}preferences/", wanted)

    assert answer.status_code == 400
    assert {(error["field"], error["code"]) for error in answer.json()["errors"]} == {
        ("account.email", "preference_required"),
        ("account.in_app", "preference_required"),
    }
    assert not Preference.objects.exists()
    unwanted = Preference(user=alice, type="account", channel="email", enabled=False)
    assert broken(unwanted.save) == "preference_security_required"


@pytest.mark.parametrize(
    "body", [{"reminder": True}, {"reminder": {"sms": "perhaps"}}, {"reminder": {"sms": None}}, {"reminder": []}]
)
def test_preferences_that_make_no_sense(as_user, alice, body):
    assert as_user(alice).put(f"{LIST}preferences/", body).status_code == 400
