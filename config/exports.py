"""A copy of everything that the service knows of one person, for that person (`GET /auth/users/me/export/`).

Each app has a module `personal`: `SECTIONS` are what its people get, a list of rows each, and `WITHHELD` says of every other
table with a path to an account why they do not. A test holds both against the models: a new table or column fails it until
somebody has decided.
"""

from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple

import orjson
from django.apps import apps
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from config.fields import InstantField


class Section(NamedTuple):
    """One member of the document: a list of rows, or (`single`) one object.

    `rows(user)`: the model's rows that are about somebody. `columns`: what is told of each; a path with `__` is told under its
    first part. `withheld`: the other columns, with the reason.
    """

    name: str
    rows: Callable[..., QuerySet]
    columns: tuple[str, ...]
    withheld: dict[str, str] = {}
    single: bool = False

    def of(self, user):
        """What is told of somebody, oldest first."""
        names = [column.partition("__")[0] for column in self.columns]
        rows = self.rows(user).order_by("pk").values_list(*self.columns)
        found = [dict(zip(names, row, strict=True)) for row in rows.iterator()]
        return found[0] if self.single else found


def sections():
    """All sections of all apps."""
    return [section for module in _modules() for section in module.SECTIONS]


def withheld():
    """Tables that are in no section, each (`app.Model`) with the reason."""
    return {table: reason for module in _modules() for table, reason in module.WITHHELD.items()}


def _modules():
    for app in apps.get_app_configs():
        if find_spec(f"{app.name}.personal"):
            yield import_module(f"{app.name}.personal")


def document_about(user):
    """Everything about somebody, as the bytes of one JSON object."""
    about = {"service": settings.SITE_URL, "exported_at": timezone.now()}
    about |= {section.name: section.of(user) for section in sections()}
    return orjson.dumps(about, default=_plain, option=orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_INDENT_2)


def _plain(value):
    # Times as the API has them; amounts of money as text, so that no cent is lost.
    return InstantField().to_representation(value) if isinstance(value, datetime) else str(value)
