"""Triggers fire, whatever a connection sets, and migrations can write them down."""

import pgtrigger
import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.writer import MigrationWriter

from accounts.models import User
from config.triggers import Trigger, TriggerSql
from tickets.models import StatusChange
from tickets.services import open_ticket, set_status


def ours():
    """(model, trigger) of all our models."""
    return [(model, trigger) for model, trigger in pgtrigger.registered() if model._meta.app_label != "contenttypes"]


def test_all_triggers_are_of_our_kind():
    assert len(ours()) > 50
    assert [f"{model.__name__}.{trigger.name}" for model, trigger in ours() if not isinstance(trigger, Trigger)] == []


@pytest.mark.django_db
def test_no_function_of_a_trigger_asks_whether_to_be_ignored():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE prosrc LIKE '%ignore%') FROM pg_proc WHERE proname ~ '^pgtrigger_'"
        )
        functions, asking = cursor.fetchone()

    assert functions >= len(ours())
    assert asking == 0


@pytest.mark.django_db
def test_a_setting_switches_no_guard_off(alice, sue):
    ticket = open_ticket(by=alice, message="Help")
    set_status(by=sue, ticket_id=ticket.pk, status="c")
    names = ",".join(trigger.get_pgid(model) for model, trigger in ours())
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pgtrigger.ignore', %s, true)", [f"{{{names}}}"])

    with pytest.raises(IntegrityError, match="history is not rewritten"), transaction.atomic():
        StatusChange.objects.all().delete()
    assert StatusChange.objects.count() == 1


@pytest.mark.django_db
def test_what_is_declared_is_what_is_installed():
    wrong = {
        trigger.get_pgid(model): trigger.get_installation_status(model)[0]
        for model, trigger in ours()
        if trigger.get_installation_status(model)[0] != "INSTALLED"
    }
    assert wrong == {}


@pytest.mark.django_db
def test_a_trigger_can_be_installed_again_whether_or_not_it_is_deferred():
    deferred = [(model, trigger) for model, trigger in ours() if trigger.timing]
    other = next((model, trigger) for model, trigger in ours() if not trigger.timing)

    for model, trigger in [*deferred, other]:
        trigger.install(model)
        assert trigger.get_installation_status(model) == ("INSTALLED", True)
    assert deferred


def test_migrations_write_it_down_and_read_it_again():
    model, trigger = next((model, trigger) for model, trigger in ours() if model is User)
    compiled = trigger.compile(model)

    source, imports = MigrationWriter.serialize(compiled)

    names = {"config": __import__("config.triggers"), "pgtrigger": __import__("pgtrigger.compiler")}
    again = eval(source, names)
    assert "import config.triggers" in imports
    assert isinstance(again.sql, TriggerSql)
    assert again == compiled
