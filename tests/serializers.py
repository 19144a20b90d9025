"""All serializers of the API, found by their modules: whoever adds one need not name it."""

import importlib

from rest_framework.serializers import BaseSerializer

MODULES = [f"{app}.api.serializers" for app in ("accounts", "notifications", "scheduling", "shop", "tickets")]
MODULES += ["accounts.api.exports", "config.openapi"]


def serializers():
    """Every serializer class that stands for a body, in the modules' order."""
    found = []
    for module in map(importlib.import_module, MODULES):
        for name, value in vars(module).items():
            is_one = isinstance(value, type) and issubclass(value, BaseSerializer) and value.__module__ == module.__name__
            if is_one and not name.startswith("_"):
                found.append(value)
    return found
