"""What rows were before: each UPDATE and DELETE, written down by triggers of the database (django-pghistory).

    @keep_history("name", "price")
    class Product(models.Model): ...

makes the table ProductHistory, `Product.history` from a row. An entry holds what the fields were before the change, by
whom (`frontdesk.actor`, config.actors) and when; what they became stands in the next entry, or in the row itself. INSERTs
need none, so writes that only insert pay nothing.

What a trigger changes as a consequence of something else, such as a slot that is taken by a meeting, is not written down
again: that something tells.
"""

import pghistory
import pgtrigger
from django.db import models
from django.db.models import Func, Value
from django.db.models.functions import Cast, NullIf

UPDATED, DELETED = "update", "delete"
MOST = 100  # entries that a page shows


def keep_history(*fields, owner=None):
    """Decorates a model whose rows shall have a history of these fields. Secrets, and what follows from others, are no such.

    `owner` names the field with the account that the rows' personal data are of, by which they are found to be erased.
    """

    def decorate(model):
        options = model._meta
        columns = [options.get_field(name).column for name in fields]
        indexes = [models.Index(fields=["pgh_obj", "-pgh_id"], name=f"{options.model_name}_history")]
        if owner:
            indexes.append(models.Index(fields=[owner], name=f"{options.model_name}_history_owner"))
        return pghistory.track(
            pghistory.RowEvent(
                UPDATED,
                trigger_name="note_update",
                # Statements that touch none of these columns, such as one that takes from the stock, do not even look here.
                operation=pgtrigger.UpdateOf(*columns),
                row=pghistory.Old,
                condition=_ChangedByStatement(*fields),
            ),
            pghistory.DeleteEvent(DELETED, trigger_name="note_delete"),
            fields=list(fields),
            model_name=f"{options.object_name}History",
            obj_field=pghistory.ObjForeignKey(related_name="history", db_index=False),
            context_field=None,
            attrs={"pgh_id": models.BigAutoField(primary_key=True), "pgh_by": _actor_field(), "__str__": _name},
            meta={"indexes": indexes, "ordering": ("-pgh_id",), "default_permissions": ()},
        )(model)

    return decorate


class _ChangedByStatement(pgtrigger.AnyChange):
    """A change of the fields, by a statement that is not a trigger's own."""

    def resolve(self, model):
        return f"({super().resolve(model)} AND pg_trigger_depth() = 0)"


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
    history_of(rows.model)._default_manager.filter(pgh_obj__in=rows.order_by().values("pk")).update(**values)
