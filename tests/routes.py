"""All routes of the API, from Django's own resolver: what is mounted is tried, whoever mounted it."""

import re
from pathlib import Path
from typing import NamedTuple

from django.urls import get_resolver

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_PAGES = ("admin/", "livez", "readyz", "media/")  # pages and probes; the admin has tests of its own


class Route(NamedTuple):
    """A path with its parameters in braces, `/api/v1/tickets/{pk}/`, and the view behind it."""

    path: str
    view: object

    def filled(self, values):
        """The path with a value for each parameter, by the segment before it and its name: `tickets/pk`."""
        return re.sub(r"([^/]+)/\{(\w+)\}", lambda found: f"{found[1]}/{values[f'{found[1]}/{found[2]}']}", self.path)


def routes():
    """Every route but the pages', in the resolver's order, each path once."""
    found = {}
    for path, view in _walk(get_resolver().url_patterns, ""):
        if not path.startswith(_PAGES):
            found.setdefault("/" + path, view)
    return [Route(path, view) for path, view in found.items()]


def _walk(patterns, prefix):
    for pattern in patterns:
        path = prefix + _braces(str(pattern.pattern))
        if hasattr(pattern, "url_patterns"):
            yield from _walk(pattern.url_patterns, path)
        else:
            yield path, pattern.callback


def _braces(pattern):
    """Django's `<int:pk>` and `(?P<pk>\\d+)` as `{pk}`."""
    pattern = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", pattern.removeprefix("^").removesuffix("$"))
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", pattern).replace("\\.", ".")


def compare(request, path, found):
    """Holds a committed table equal to what was found. With `--write-tables` it is written anew, for `git diff` to be read."""
    path = Path(path)
    if request.config.getoption("--write-tables"):
        path.write_text("\n".join(found) + "\n")
    committed = path.read_text().splitlines() if path.exists() else []
    changes = [f"- {line}" for line in committed if line not in set(found)] + [
        f"+ {line}" for line in found if line not in set(committed)
    ]
    mending = f'make test ARGS="-n 0 {request.path.relative_to(request.config.rootpath)} --write-tables"'
    assert not changes, f"{path.name} says otherwise; if this is meant: {mending}\n" + "\n".join(changes)
