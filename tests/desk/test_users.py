"""One person's page at the desk: what it shows to whom, and what administrators change there."""

import re

import pytest

from accounts.models import Session, User
from accounts.services import start_session
from config.desk import MOST
from notifications.models import Notification
from shop.services import grant_credits
from tests.desk.conftest import said_levels
from tickets.services import answer_ticket


def page_of(user):
    return f"/admin/desk/users/{user.pk}/"


def rights(**changes):
    """The form of a student's rights as the browser sends it: what was shown, and what it is now."""
    return {"initial-user_type": "student", "initial-is_staff": "False", "user_type": "student", **changes}


def test_everything_of_a_person_on_one_page(at_desk, tim, alice, ticket, order, meeting):
    answer_ticket(by=tim, ticket_id=ticket.pk, message="Use water")
    grant_credits(by=tim, user=alice, credits=7, expires_at=None)
    start_session(user=alice, device="Firefox")

    page = at_desk(tim).get(page_of(alice)).content.decode()

    told = Notification.objects.filter(user=alice).latest("id").title
    for words in ("Fire", "Algebra", f"{order.pk}: 5.00", "7 left", "+7 grant", told, "Firefox", "alice@example.com"):
        assert words in page


def test_a_person_is_shown_with_the_newest_of_what_they_alone_were_told(at_desk, tim, alice, bob):
    words = [{"type": "system", "title": f"Word{number}", "message": "x", "key": str(number)} for number in range(MOST + 2)]
    Notification.objects.bulk_create(Notification(user=alice, **one) for one in words[:-1])
    Notification.objects.create(user=bob, **words[-1])

    page = at_desk(tim).get(page_of(alice)).content.decode()

    assert re.findall(r"Word\d+", page) == [f"Word{number}" for number in range(MOST, 0, -1)]


def test_tutors_meetings_are_those_that_they_give(at_desk, tim, meeting):
    assert "Algebra" in at_desk(tim).get(page_of(tim)).content.decode()


def test_nothing_of_somebody_else(at_desk, tim, bob, ticket, order, meeting):
    page = at_desk(tim).get(page_of(bob)).content.decode()

    for words in ("Fire", "Algebra", f"{order.pk}: 5.00"):
        assert words not in page


def test_support_sees_tickets_and_changes_nothing(at_desk, sue, alice, ticket, order, meeting):
    desk = at_desk(sue)

    page = desk.get(page_of(alice)).content.decode()
    assert "Fire" in page
    assert "Algebra" not in page
    assert "end_sessions" not in page
    assert desk.post(page_of(alice), rights(is_staff="on")).status_code == 403
    assert desk.post(page_of(alice), {"end_sessions": "1"}).status_code == 403
    assert desk.post(f"{page_of(alice)}close/").status_code == 403
    alice.refresh_from_db()
    assert (alice.is_staff, alice.closed_at) == (False, None)


def test_customers_see_no_page_not_even_their_own(at_desk, alice):
    assert at_desk(alice).get(page_of(alice)).status_code == 302


def test_somebody_becomes_support(at_desk, tim, alice):
    at_desk(tim).post(page_of(alice), rights(is_staff="on"))

    assert (User.objects.get(pk=alice.pk).is_staff, User.objects.get(pk=alice.pk).user_type) == (True, "student")


def test_somebody_becomes_a_vip_and_stays_support(at_desk, tim, sue):
    at_desk(tim).post(page_of(sue), rights(user_type="vip", is_staff="on", **{"initial-is_staff": "True"}))

    assert (User.objects.get(pk=sue.pk).user_type, User.objects.get(pk=sue.pk).is_staff) == ("vip", True)


def test_who_is_no_administrator_any_more_is_no_support_either(at_desk, tim, make_admin):
    second = make_admin("second")
    shown = {"initial-user_type": "admin", "initial-is_staff": "True", "is_staff": "on"}

    at_desk(tim).post(page_of(second), {**shown, "user_type": "student"})

    assert (User.objects.get(pk=second.pk).is_admin, User.objects.get(pk=second.pk).is_staff) == (False, False)


def test_only_what_was_changed_on_the_page_is_written(at_desk, tim, alice):
    User.objects.filter(pk=alice.pk).update(user_type="vip")

    at_desk(tim).post(page_of(alice), rights(is_staff="on"))

    assert (User.objects.get(pk=alice.pk).user_type, User.objects.get(pk=alice.pk).is_staff) == ("vip", True)


def test_a_type_that_there_is_not_is_refused_on_the_page(at_desk, tim, alice):
    assert at_desk(tim).post(page_of(alice), rights(user_type="king")).status_code == 200
    assert User.objects.get(pk=alice.pk).user_type == "student"


def test_the_last_administrator_stays(at_desk, tim):
    response = at_desk(tim).post(page_of(tim), {**rights(), "initial-user_type": "admin", "user_type": "student"}, follow=True)

    assert said_levels(response) == ["error"]
    assert User.objects.get(pk=tim.pk).is_admin


def test_sessions_end_everywhere(at_desk, tim, alice, bob):
    for user in (alice, alice, bob):
        start_session(user=user)

    response = at_desk(tim).post(page_of(alice), {"end_sessions": "1"}, follow=True)

    assert said_levels(response) == ["success"]
    assert list(Session.objects.filter(ended_at=None).values_list("user", flat=True)) == [bob.pk]


def test_an_account_is_closed_after_a_question_and_once(at_desk, tim, alice, ticket):
    desk, path = at_desk(tim), f"{page_of(alice)}close/"

    assert desk.get(path).status_code == 200
    assert User.objects.get(pk=alice.pk).closed_at is None
    closed = desk.post(path, follow=True)
    again = desk.post(path, follow=True)

    assert (said_levels(closed), said_levels(again)) == (["success"], ["error"])
    alice.refresh_from_db()
    assert (alice.username, alice.email, alice.is_active) == ("deleted user", None, False)
    assert b"Close the account" not in desk.get(page_of(alice)).content


def test_ones_own_account_is_not_closed_here(at_desk, tim):
    assert at_desk(tim).post(f"{page_of(tim)}close/").status_code == 403
    assert User.objects.get(pk=tim.pk).closed_at is None


@pytest.mark.parametrize("path", ["/admin/desk/users/999999/", "/admin/desk/users/999999/close/"])
def test_a_person_that_there_is_not(at_desk, tim, path):
    assert at_desk(tim).get(path).status_code == 404


def test_the_list_of_accounts_leads_there(at_desk, tim, alice):
    assert page_of(alice) in at_desk(tim).get("/admin/accounts/user/").content.decode()
