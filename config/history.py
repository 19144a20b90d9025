"""What rows were before: each UPDATE and DELETE, written down by triggers of the database (django-pghistory).

    @keep_history("name", "price")
    class Product(models.Model): ...

makes the table ProductHistory, `Product.history` from a row. An entry holds what the fields were before the change, which of
them became what (`pgh_became`, by column), by whom (`frontdesk.actor`, config.actors) and when. INSERTs need none, so writes
that only insert pay nothing.

What a trigger changes as a consequence of something else, such as a slot that is taken by a meeting, is not written down
again: that something tells.
"""

import json
from decimal import Decimal

import pghistory
import pghistory.trigger
import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Func, Value
from django.db.models.functions import Cast, NullIf

from config.triggers import Trigger

UPDATED, DELETED = "update", "delete"


class Exact(json.JSONDecoder):
    """Numbers as they were written: money is no float."""

    def __init__(self, **options):
        super().__init__(parse_float=Decimal, **options)


def keep_history(*fields, owner=None, people=()):
    """Decorates a model whose rows shall have a history of these fields. Secrets, and what follows from others, are no such.

    `owner` names the field with the account that the rows' personal data are of, by which they are found to be erased.
    `people` names what else leads to accounts, `pgh_by` included, where the rows that these had to do with are looked for.
    """

    def decorate(model):
        options = model._meta
        columns = [options.get_field(name).column for name in fields]
        indexes = [models.Index(fields=["pgh_obj", "-pgh_id"], name=f"{options.model_name}_history")]
        if owner:
            indexes.append(models.Index(fields=[owner], name=f"{options.model_name}_history_owner"))
        named = {name: f"{options.model_name}_history_{name.removeprefix('pgh_')}" for name in people}
        indexes += [models.Index(fields=[field], name=name) for field, name in named.items()]
        return pghistory.track(
            # Statements that touch none of these columns, such as one that takes from the stock, do not even look here.
            _Update(
                UPDATED,
                trigger_name="note_update",
                operation=pgtrigger.UpdateOf(*columns),
                row="OLD",
                condition=_Changed(*fields),
            ),
            _Event(DELETED, trigger_name="note_delete", operation=pgtrigger.Delete, row="OLD"),
            fields=list(fields),
            model_name=f"{options.object_name}History",
            obj_field=pghistory.ObjForeignKey(related_name="history", db_index=False),
            context_field=None,
            attrs={
                "pgh_id": models.BigAutoField(primary_key=True),
                "pgh_by": _actor_field(),
                "pgh_became": models.JSONField(null=True, decoder=Exact),
                "history_fields": fields,
                "__str__": _name,
            },
            meta={"indexes": indexes, "ordering": ("-pgh_id",), "default_permissions": ()},
        )(model)

    return decorate


class _Changed(pgtrigger.AnyChange):
    """A change of the fields, by a statement that is not a trigger's own."""

    def resolve(self, model):
        return f"({super().resolve(model)} AND pg_trigger_depth() = 0)"


class _EventTrigger(Trigger, pghistory.trigger.Event):
    pass


class _Event(pghistory.RowEvent):
    """pghistory's, with a trigger of ours."""

    trigger = _EventTrigger

    def add_event_trigger(self, event_model):
        trigger = self.trigger(
            event_model=event_model,
            label=self.label,
            name=self.trigger_name,
            row=self.row,
            operation=self.operation,
            condition=self.condition,
        )
        pgtrigger.register(trigger)(event_model.pgh_tracked_model)


class _UpdateTrigger(_EventTrigger):
    """That also says what the changed fields became."""

    def get_func(self, model):
        columns = [self.event_model._meta.get_field(name).column for name in self.event_model.history_fields]
        names = ", ".join(f'"{column}"' for column in columns)
        values = ", ".join(f'OLD."{column}"' for column in columns)
        old, new = (", ".join(f"'{column}', {row}.\"{column}\"" for column in columns) for row in ("OLD", "NEW"))
        return pgtrigger.Func(f"""
            INSERT INTO {self.event_model._meta.db_table} ({names}, pgh_created_at, pgh_label, pgh_obj_id, pgh_became)
            SELECT {values}, now(), '{self.label}', OLD.id, (
                SELECT jsonb_object_agg(n.key, n.value)
                FROM jsonb_each(jsonb_build_object({new})) n JOIN jsonb_each(jsonb_build_object({old})) o USING (key)
                WHERE n.value <> o.value
            );
            RETURN NULL;
        """)  # noqa: S608 (names of our own)


class _Update(_Event):
    trigger = _UpdateTrigger


def _actor_field():
    # Filled in by the column's own default, so that pghistory's triggers need not know of it.
    setting = Func(Value("frontdesk.actor"), Value(True), function="current_setting", output_field=models.TextField())
    return models.ForeignKey(
        "accounts.User",
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        db_default=Cast(NullIf(setting, Value("")), models.BigIntegerField()),
    )


def _name(self):
    return f"{self.pgh_label} of {self.pgh_obj_id}"


# Why no history is part of what people get of themselves (config.exports).
WITHHELD = "Earlier states of what is told here, and who of the staff changed it; erased with the account."


def history_of(model):
    """The table with the history of a model's rows, or None where none is kept."""
    relation = next((one for one in model._meta.related_objects if one.name == "history"), None)
    return relation and relation.related_model


def erase_history(rows, **values):
    """Puts `values` in place of what the history of these rows holds in the fields of that name.

    For personal data that go with an account: to be called after the rows themselves were emptied, which writes history.
    """
    entries = history_of(rows.model)._default_manager.filter(pgh_obj__in=rows.order_by().values("pk"))
    columns = [rows.model._meta.get_field(name).column for name in values]
    entries.update(**values, pgh_became=Without("pgh_became", Value(columns, ArrayField(models.TextField()))))


class Without(Func):
    """JSON without some of its keys."""

    template = "%(expressions)s"
    arg_joiner = " - "
    output_field = models.JSONField()
