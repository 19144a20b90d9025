"""The history of one row, as people read it: field, from, to, who and when."""

from typing import NamedTuple

from django.contrib.admin.utils import display_for_field
from django.db.models import BooleanField, ForeignKey
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from config.history import DELETED, history_of

MOST = 100  # entries that are read, the newest
_MOST_WORDS = 500  # characters of a text
_NOTHING = "—"


class Change(NamedTuple):
    """One field, what it was and what it became, in words."""

    field: str
    before: str
    after: str


class Entry(NamedTuple):
    """One statement's changes of the row. `by` is an account, or None where no person is known."""

    at: object
    by: object
    deleted: bool
    changes: list[Change]


def entries_of(model, key):
    """What happened to the row with this key, newest first: one query, and one for each field that refers to others."""
    found = history_of(model).objects.filter(pgh_obj_id=key).select_related("pgh_by").order_by("-pgh_id")[:MOST]
    found = [(entry, _changed(model, entry)) for entry in found]
    names = _names(change for _entry, changes in found for change in changes)
    return [
        Entry(entry.pgh_created_at, entry.pgh_by, entry.pgh_label == DELETED, [_told(change, names) for change in changes])
        for entry, changes in found
        if changes  # those whose words were erased say nothing any more
    ]


def _changed(model, entry):
    """(field, before, after), in the order of the model's fields. What was deleted became nothing."""
    became = dict.fromkeys(field.column for field in model._meta.fields) if entry.pgh_label == DELETED else entry.pgh_became
    fields = (field for field in model._meta.fields if field.name in entry.history_fields and field.column in became)
    return [(field, getattr(entry, field.attname), _value(field, became[field.column])) for field in fields]


def _value(field, found):
    """Of JSON, the value that the field would have."""
    return found if found is None or isinstance(field, ForeignKey) else field.to_python(found)


def _names(changes):
    """What the rows that are referred to are called: {field: {key: name}}."""
    keys = {}
    for field, *values in changes:
        if isinstance(field, ForeignKey):
            keys.setdefault(field, set()).update(value for value in values if value is not None)
    return {field: field.related_model._base_manager.in_bulk(wanted) for field, wanted in keys.items()}


def _told(change, names):
    field, *values = change
    return Change(str(field.verbose_name), *(_text(field, value, names) for value in values))


def _text(field, value, names):
    if value is None or value == "":
        return _NOTHING
    if isinstance(field, ForeignKey):
        return str(names[field].get(value, f"#{value}"))  # which is gone
    if isinstance(field, BooleanField):
        return _("yes") if value else _("no")
    return Truncator(display_for_field(value, field, _NOTHING)).chars(_MOST_WORDS)
