"""Which tables lead to people, what exports must tell and closing an account must erase, and all that is written in them."""

from django.apps import apps

from accounts.models import User
from config import dumps


def reachable():
    """The models from which foreign keys lead to an account, in any number of steps; the account's own first."""
    known = [User]
    while more := [model for model in apps.get_models(include_auto_created=True) if model not in known and _steps(model, known)]:
        known += more
    return known


def paths(model, *, deepest=3):
    """The lookups by which a model's rows lead to an account: `ticket__user`, `ticket__order__user` …"""
    if model is User:
        return ["pk"]
    found = [field.name for field in _steps(model, [User])]
    if deepest > 1:
        for field in _steps(model, [other for other in reachable() if other not in (User, model)]):
            found += [f"{field.name}__{path}" for path in paths(field.related_model, deepest=deepest - 1)]
    return found


def _steps(model, known):
    return [field for field in model._meta.concrete_fields if field.is_relation and field.related_model in known]


def dump(folder):
    """The whole database as text."""
    file = folder / "dump.sql"
    file.unlink(missing_ok=True)
    dumps.run("pg_dump", "--file", file)
    return file.read_text()
