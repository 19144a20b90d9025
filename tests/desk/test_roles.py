"""Roles: who is in which group, by whatever way, and what each role finds behind every page of the admin and the desk."""

from pathlib import Path

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import get_resolver

from accounts.models import Session, User
from accounts.services import change_account, close_account, create_account
from config.desk import boxes, charts, panels
from config.roles import RIGHTS
from notifications.models import Delivery, Notification
from scheduling.models import AvailabilityException, AvailabilityRule, CalendarFeed, Meeting, TutorSettings
from shop.models import CreditEntry, CreditLot, Order, Payment, PaymentEvent, StockEntry, Voucher
from shop.services import grant_credits
from tests.conftest import PASSWORD, make_user
from tests.desk.conftest import week_of
from tests.routes import compare
from tests.world import world
from tickets.models import CannedReply

pytestmark = pytest.mark.django_db

HERE = Path(__file__).parent
ROLES = ("anonymous", "alice", "sue", "tess", "tim")
WIDTH = max(map(len, ROLES)) + 1


def groups_of(user):
    return set(user.groups.values_list("name", flat=True))


@pytest.fixture
def tess(db):
    """A tutor who is no administrator: staff that was moved to the group Tutors."""
    user = make_user("tess", is_staff=True)
    user.groups.set([Group.objects.get(name="Tutors")])
    return user


# --- Membership


def test_the_cast_is_in_the_groups_of_its_roles(alice, sue, tim):
    assert [groups_of(user) for user in (alice, sue, tim)] == [set(), {"Support"}, {"Tutors", "Administrators"}]


def test_the_tick_box_gives_the_role_and_takes_it(as_user, tim, alice):
    change_account(by=tim, user=alice, is_staff=True)
    assert groups_of(alice) == {"Support"}
    assert as_user(tim).patch(f"/api/v1/users/{alice.pk}/", {"is_staff": False}).status_code == 200
    assert groups_of(alice) == set()


def test_the_type_gives_the_role_and_takes_it(tim, sue):
    change_account(by=tim, user=sue, user_type="admin")
    assert groups_of(sue) == {"Tutors", "Administrators"}
    change_account(by=tim, user=sue, user_type="student")
    assert groups_of(sue) == set()


def test_a_new_account_has_its_role_at_once(tim):
    user = create_account(by=tim, password=PASSWORD, username="new", email="new@example.com", is_staff=True)
    assert groups_of(user) == {"Support"}


def test_sql_gives_the_role_as_well(alice):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET is_staff = true WHERE id = %s", [alice.pk])
    assert groups_of(alice) == {"Support"}


def test_without_the_trigger_nobody_is_given_it(alice, without_trigger):
    with without_trigger(User, "give_role"):
        User.objects.filter(pk=alice.pk).update(is_staff=True)
    assert groups_of(alice) == set()


def test_other_groups_are_left_alone(alice):
    alice.groups.add(Group.objects.create(name="Choir"))
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    User.objects.filter(pk=alice.pk).update(is_staff=False)
    assert groups_of(alice) == {"Choir"}


def test_a_moved_tutor_stays_moved_until_the_tick_changes(tim, tess):
    change_account(by=tim, user=tess, first_name="Tess")
    assert groups_of(tess) == {"Tutors"}
    change_account(by=tim, user=tess, is_staff=False)
    assert groups_of(tess) == set()


def test_a_closed_account_has_no_role(sue):
    close_account(by=sue, user=sue, current_password=PASSWORD)
    assert groups_of(sue) == set()


# --- Rights


def rights_of(name):
    found = Permission.objects.filter(group__name=name).select_related("content_type")
    return {(one.content_type.app_label, one.codename) for one in found}


@pytest.mark.parametrize("name", ["Support", "Tutors"])
def test_a_group_has_the_rights_of_its_role_and_no_others(name):
    assert rights_of(name) == {(app, codename) for app, codenames in RIGHTS[name].items() for codename in codenames}


def test_migrating_mends_groups(sue):
    Group.objects.get(name="Support").permissions.set(Permission.objects.filter(codename="delete_user"))
    Group.objects.get(name="Tutors").delete()
    call_command("migrate", verbosity=0)
    test_a_group_has_the_rights_of_its_role_and_no_others("Support")
    test_a_group_has_the_rights_of_its_role_and_no_others("Tutors")


def test_staff_from_before_the_groups_are_admitted(sue, tim):
    Group.objects.all().delete()
    call_command("migrate", verbosity=0)
    assert [groups_of(user) for user in (sue, tim)] == [{"Support"}, {"Tutors", "Administrators"}]


# --- Every page


def pages():
    """Every route of the admin and the desk, by path, with the pattern's parameters in braces."""
    found = {}
    for path, pattern in _walk(get_resolver().url_patterns, ""):
        if path.startswith("admin/"):
            found.setdefault("/" + path, pattern)
    return list(found)


def _walk(patterns, prefix):
    for pattern in patterns:
        route = str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from _walk(pattern.url_patterns, prefix + route)
        elif "(?P<url>" not in route and route != "<path:object_id>/":  # redirects, to the sign-in and to a row's page
            yield prefix + route, pattern


@pytest.fixture
def rows(alice, sue, tim, settings, tmp_path):
    """A row of each model in the admin, as `<app>/<model>`, and the parameters of the desk's pages."""
    settings.MEDIA_ROOT = tmp_path
    found = world(alice=alice, sue=sue, tim=tim)
    CannedReply.objects.create(title="Thanks", text="Thank you", language="en")
    Voucher.objects.create(code="TEN", kind="percent", value=10)
    TutorSettings.objects.create(tutor=tim, buffer_minutes=5)
    grant_credits(by=tim, user=alice, credits=3)
    Payment.objects.create(order_id=found["orders/pk"], provider="offline", amount="2.50", currency="EUR")
    PaymentEvent.objects.create(provider="stripe", event_id="e", kind="k", outcome="ignored")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_jobs (queue_name, task_name, status) VALUES ('q', 't', 'failed')")
    keys = {"ticket_id": found["tickets/pk"], "attachment_id": found["attachments/pk"], "user_id": alice.pk}
    keys |= {"order_id": found["orders/pk"], "product_id": found["products/pk"], "deed": "cancel"}
    for model in (
        *(Session, Delivery, Notification, AvailabilityRule, AvailabilityException, CalendarFeed, TutorSettings),
        *(CreditEntry, CreditLot, Payment, PaymentEvent, StockEntry, Voucher, CannedReply),
    ):
        assert model.objects.exists(), model
    return keys


def filled(path, keys):
    """The path with the key of a row in place of each parameter."""
    if "<path:object_id>" in path:
        label = path.removeprefix("/admin/").split("/")[:2]
        model = next(one for one in admin.site._registry if [one._meta.app_label, one._meta.model_name] == label)
        newest = model._default_manager.order_by("-pk").first()
        path = path.replace("<path:object_id>", str(keys["user_id"] if model is User else newest.pk))
    if path.endswith("<id>/password/"):
        path = path.replace("<id>", str(keys["user_id"]))
    for name, value in keys.items():
        path = path.replace(f"<int:{name}>", str(value)).replace(f"<str:{name}>", str(value))
    return path.replace("<path:content_type_id>", "1")


def shown(path):
    """The path as the table has it: which row it is does not matter."""
    return path.replace("<path:object_id>", "{row}").replace("<", "{").replace(">", "}")


@pytest.fixture
def browsers(alice, sue, tess, tim):
    """A browser for each role: nobody, a customer, support, a tutor who is no administrator, an administrator."""
    browsers = {name: Client() for name in ROLES}
    for user in (alice, sue, tess, tim):
        browsers[user.username].force_login(user, backend="accounts.backends.IdentifierBackend")
    return browsers


def ask(client, method, path):
    """The status of the answer: `door` is a redirect to the sign-in. What it did is undone."""
    with transaction.atomic():
        answer = client.get(path) if method == "GET" else client.post(path, {})
        if answer.streaming:
            answer.getvalue()
        transaction.set_rollback(True)
    if answer.status_code == 302 and "/login/" in answer["Location"]:
        return "door"
    return str(answer.status_code)


# Of no model: the door itself, translations for scripts, and what only finds what one may see anyway.
OWN = ("/admin/login/", "/admin/logout/", "/admin/r/", "/admin/jsi18n/", "/admin/autocomplete/", "/admin/search/")


def test_every_page_answers_each_role_as_the_table_says(request, browsers, rows):
    lines = [f"{'':5} {'':62}" + "".join(f"{role:>{WIDTH}}" for role in ROLES)]
    for path in pages():
        if path.startswith(OWN):
            continue
        for method in ("GET", "POST"):
            statuses = [ask(browsers[role], method, filled(path, rows)) for role in ROLES]
            lines.append(f"{method:5} {shown(path):62}" + "".join(f"{status:>{WIDTH}}" for status in statuses))
    compare(request, HERE / "pages.txt", lines)


@pytest.mark.parametrize(("role", "inside", "outside"), [
    ("sue", ["/admin/desk/tickets/", "/admin/tickets/ticket/", "/admin/accounts/user/"],
     ["/admin/shop/", "/admin/scheduling/", "/admin/notifications/", "/admin/accounts/session/", "/admin/procrastinate/",
      "/admin/desk/week/", "/admin/desk/orders/", "/admin/desk/jobs/"]),
    ("tess", ["/admin/desk/week/", "/admin/scheduling/timeslot/"],
     ["/admin/shop/", "/admin/tickets/", "/admin/accounts/", "/admin/notifications/", "/admin/procrastinate/",
      "/admin/scheduling/calendarfeed/", "/admin/desk/tickets/", "/admin/desk/orders/", "/admin/desk/jobs/",
      "/admin/desk/users/"]),
    ("tim", ["/admin/shop/order/", "/admin/desk/jobs/", "/admin/desk/week/", "/admin/tickets/ticket/"], []),
])  # fmt: skip
def test_the_first_page_and_the_sidebar_show_what_the_role_may_open(browsers, rows, role, inside, outside):
    page = browsers[role].get("/admin/").content.decode()
    assert [path for path in inside if f'href="{path}' not in page] == []
    assert [path for path in outside if path in page] == []


def test_what_boxes_charts_and_panels_need_is_a_right_that_there_is():
    there_is = {f"{one.content_type.app_label}.{one.codename}" for one in Permission.objects.select_related("content_type")}
    assert {one.needs for one in (*boxes, *charts, *panels)} <= there_is


def test_support_signs_nobody_out_and_closes_nothing(browsers, alice, rows):
    for action in ("end_sessions", "close_accounts"):
        browsers["sue"].post("/admin/accounts/user/", {"action": action, "_selected_action": [alice.pk]})
    alice.refresh_from_db()
    assert alice.closed_at is None
    assert Session.objects.filter(user=alice, ended_at=None).exists()


@pytest.mark.parametrize("ticked", ["x", "9" * 30, "1_0"])
def test_an_action_on_what_is_no_row_is_no_crash(browsers, rows, ticked):
    tried = {"action": "complete", "_selected_action": [Order.objects.get().pk, ticked]}

    assert browsers["tim"].post("/admin/shop/order/", tried).status_code == 400
    assert Order.objects.get().status == "new"


def test_support_sees_nothing_of_a_password(browsers, alice):
    page = browsers["sue"].get(f"/admin/accounts/user/{alice.pk}/change/").content.decode()
    assert "alice@example.com" in page
    assert "argon2" not in page
    assert "password" not in page.lower().replace("password_change", "").replace("change password", "")


@pytest.mark.parametrize("action", ["confirm", "cancel"])
def test_a_tutor_who_is_no_administrator_changes_no_meeting(browsers, rows, action):
    meeting = Meeting.objects.get()
    browsers["tess"].post("/admin/scheduling/meeting/", {"action": action, "_selected_action": [meeting.pk]})
    meeting.refresh_from_db()
    assert meeting.status == "pending"


def test_the_week_offers_a_tutor_who_is_no_administrator_nothing_to_change(browsers, rows):
    path = f"{week_of(Meeting.objects.get())}&tutor="
    pages = {role: browsers[role].get(path).content for role in ("tess", "tim")}
    assert {role: (b"Algebra" in page, b'name="deed"' in page or b'name="publish"' in page) for role, page in pages.items()} == {
        "tess": (True, False),
        "tim": (True, True),
    }


@pytest.mark.parametrize(("role", "status"), [("sue", 200), ("tess", 403)])
def test_choosers_find_what_the_role_may_see(browsers, role, status):
    query = "app_label=tickets&model_name=ticket&field_name=assignee"
    assert browsers[role].get(f"/admin/autocomplete/?term=a&{query}").status_code == status
