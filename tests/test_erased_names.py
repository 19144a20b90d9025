"""Closing an account takes its name out of what others were told, and out of what the admin's log calls things.

What was told of their own meetings goes (tests/test_erasure.py); that of other people's stays, of a "deleted user".
"""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Session, User
from accounts.services import change_account, close_account
from config.erasing import ERASED
from config.history import history_of
from notifications.models import Notification
from scheduling import services as scheduling
from scheduling.models import Meeting, TutorSettings
from tests.concurrency.racing import aside
from tests.concurrency.stores import outcome
from tests.conftest import make_user
from tests.personal import dump

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

NAMES = "zqfirst|zqlast|zqzora"


@pytest.fixture
def zora(make_admin):
    """A tutor and administrator who is to leave."""
    make_admin("zqzora")
    User.objects.filter(username="zqzora").update(first_name="Zqfirst", last_name="Zqlast")
    return User.objects.get(username="zqzora")


@pytest.fixture
def hour(db):
    """`hour(tim)`: a slot of tim's, each a day later than the one before."""
    days = iter(range(3, 30))

    def make(tutor):
        start = timezone.now() + timedelta(days=next(days))
        return scheduling.create_slot(by=tutor, start_time=start, end_time=start + timedelta(hours=1)).pk

    return make


@pytest.fixture
def booked(alice, hour):
    """`booked(tim)`: the id of a meeting of alice's, confirmed."""

    def make(tutor, *, by=alice, subject="Own words"):
        meeting = scheduling.book_meeting(by=by, time_slot_id=hour(tutor), subject=subject)
        scheduling.confirm_meeting(by=tutor, meeting_id=meeting.pk)
        return meeting.pk

    return make


@pytest.fixture
def change(as_user):
    """`change(alice, key, status="canceled")`: by the API, which says to the history whose doing it is."""

    def act(by, key, **changes):
        assert as_user(by).patch(f"/api/v1/meetings/{key}/", changes).status_code == 200

    return act


@pytest.fixture
def leave(tim, tmp_path):
    """`leave(zora)`: closes the account, of whose names nothing is left in the whole database."""

    def close(user):
        assert re.search(NAMES, dump(tmp_path), re.IGNORECASE)
        close_account(by=tim, user=User.objects.get(pk=user.pk))
        assert re.findall(NAMES, dump(tmp_path), re.IGNORECASE) == []

    return close


def told(user):
    """What somebody was told, in order."""
    return list(Notification.objects.filter(user=user).order_by("pk").values_list("message", flat=True))


def acts(user):
    """Who did what, by what somebody was told: ["tim confirmed"]."""
    return [found[0] for text in told(user) if (found := re.match(r".+? (confirmed|moved|canceled)(?= )", text))]


def test_a_tutor(alice, zora, booked, leave):
    booked(zora)
    assert acts(alice) == ["Zqfirst Zqlast confirmed"]

    leave(zora)

    assert acts(alice) == ["deleted user canceled"]
    assert "Own words" in told(alice)[0]  # hers, and the meeting is hers as well
    assert not Session.objects.filter(user=zora).exists()


def test_a_former_tutor(alice, tim, zora, hour, booked, change, leave):
    """Who need not have done anything: an administrator may confirm for them."""
    key = booked(zora)
    scheduling.remind(meeting_id=key, seconds=10**7)
    change(alice, key, time_slot=hour(tim))
    change(tim, key, status="confirmed")
    assert acts(alice) == ["Zqfirst Zqlast confirmed", "tim confirmed"]
    [reminder] = Notification.objects.filter(user=alice, type="reminder")
    assert reminder.message.startswith("Own words, Alice Liddell and Zqfirst Zqlast: ")

    leave(zora)

    assert acts(alice) == ["deleted user confirmed", "tim confirmed"]
    reminder.refresh_from_db()
    assert reminder.message.startswith("Own words, Alice Liddell and deleted user: ")
    assert len(told(tim)) == 1  # that it is his now


def test_an_administrator_who_moved_and_canceled_what_is_others(
    alice, tim, zora, hour, booked, change, leave, mailoutbox, run_jobs
):
    key = booked(tim)
    change(zora, key, time_slot=hour(tim))
    run_jobs()
    mailoutbox.clear()
    change(zora, key, status="canceled")

    leave(zora)

    assert acts(alice) == ["tim confirmed", "deleted user moved", "deleted user canceled"]
    assert acts(tim) == ["deleted user moved", "deleted user canceled"]
    # The mails that waited go out, and take the meeting out of the calendar.
    run_jobs()
    assert sorted(mail.to for mail in mailoutbox) == [["alice@example.com"], ["tim@example.com"]]
    assert all("deleted user canceled" in mail.body for mail in mailoutbox)
    assert [len(mail.attachments) for mail in sorted(mailoutbox, key=lambda mail: mail.to)] == [1, 0]


@pytest.mark.parametrize("act", ["cancel", "move"])
def test_an_administrator_who_acts_while_the_account_is_closed(alice, tim, zora, hour, booked, act):
    """Waits for it, as who takes part in the meeting does, and then is nobody whom others could hear of."""
    key, free = booked(tim), hour(tim)
    acts_on = {
        "cancel": lambda: scheduling.cancel_meeting(by=zora, meeting_id=key),
        "move": lambda: scheduling.move_meeting(by=zora, meeting_id=key, time_slot_id=free),
    }

    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=zora.pk)
        acting = aside(acts_on[act])
        close_account(by=tim, user=user)

    assert outcome(acting()) == "not_found"
    assert acts(alice) == ["tim confirmed"]


def test_whoever_was_called_otherwise_at_the_time(alice, tim, zora, booked, change, leave):
    """All names are known from the account's history; the username stands where no other name is."""
    change(zora, booked(tim), status="canceled")
    zora = change_account(by=tim, user=zora, first_name="", last_name="")
    change(zora, booked(tim), status="canceled")
    zora = change_account(by=tim, user=zora, first_name="Zqfirst")
    change(zora, booked(tim), status="canceled")
    canceled = ["Zqfirst Zqlast canceled", "zqzora canceled", "Zqfirst canceled"]
    assert [act for act in acts(alice) if act != "tim confirmed"] == canceled

    leave(zora)

    assert [act for act in acts(alice) if act != "tim confirmed"] == ["deleted user canceled"] * 3


def test_everybody_reads_of_it_in_their_language(tim, zora, booked, change, leave):
    pola = make_user("pola", language="pl")
    change(zora, booked(tim, by=pola), status="canceled")

    leave(zora)

    assert told(pola)[-1].startswith("usunięte konto: ")
    assert told(tim)[-1].startswith("deleted user canceled ")


def test_a_name_within_a_word_is_none(alice, tim, make_admin, booked, change):
    """Signs that mean something to a search are as good in a name as any."""
    short = make_admin("al")
    change(short, booked(tim, subject="algebra, final, al"), status="canceled")
    signs = make_admin("signs")
    change_account(by=tim, user=signs, first_name="(A.+", last_name="$1]")
    signs.refresh_from_db()
    change(signs, booked(tim, subject="A++ $1"), status="canceled")
    assert acts(alice)[1::2] == ["al canceled", "(A.+ $1] canceled"]

    close_account(by=tim, user=short)
    close_account(by=tim, user=signs)

    assert acts(alice) == ["tim confirmed", "deleted user canceled"] * 2
    assert told(alice)[1].endswith(": algebra, final, deleted user.")
    assert told(alice)[3].endswith(": A++ $1.")


def test_the_log_does_not_call_a_tutors_settings_by_the_name(tim, zora, leave):
    scheduling.set_buffer(by=zora, buffer_minutes=5)
    row = TutorSettings.objects.filter(pk=zora.pk)
    LogEntry.objects.log_actions(tim.pk, row, CHANGE, "Changed", single_object=True)
    assert LogEntry.objects.get().object_repr == "zqzora"

    leave(zora)

    assert LogEntry.objects.get().object_repr == ERASED


def test_what_somebody_had_to_do_with_is_not_looked_for_among_all(alice, tim, zora, booked):
    """However long the history of all meetings is."""
    booked(tim)
    history = history_of(Meeting)._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {history} (tutor_id, time_slot_id, subject, status, start_time, end_time, credits, pgh_created_at,"
            " pgh_label, pgh_obj_id, pgh_by_id) SELECT %s, 1, '', 'pending', now(), now(), 0, now(), 'update', n, %s"
            " FROM generate_series(1, 20000) n",
            [tim.pk, tim.pk],
        )
        cursor.execute(f"ANALYZE {history}")
    with CaptureQueriesContext(connection) as queries:
        close_account(by=tim, user=zora)
    [search] = [query["sql"] for query in queries if history in query["sql"] and " ~ " in query["sql"]]

    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {search}")
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "meeting_history_tutor" in plan
    assert "meeting_history_by" in plan
    assert "notification_of_meeting" in plan
