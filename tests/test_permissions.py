"""Who gets what: every route × method × person equals permissions.txt, and every member of the answers members.txt.

A new route fails until it is in the tables. They are written by a run and read by people:

    make test ARGS="-n 0 tests/test_permissions.py --write-tables" && git diff tests/*.txt

Every row tried is alice's own (for people's working hours and slots: tim's); bob is somebody else. Bodies are empty, so
400 means "allowed, but say what". Methods that no one may use on a path (405) are left out of the table.
"""

from pathlib import Path

import pytest
from django.db import transaction

from tests.routes import METHODS, compare, routes
from tests.world import world

pytestmark = pytest.mark.django_db

HERE = Path(__file__).parent
ROLES = ("anonymous", "alice", "bob", "sue", "tim", "ada")
WIDTH = max(map(len, ROLES)) + 1


@pytest.fixture
def people(alice, bob, sue, tim, make_admin, api, as_user):
    """A client for each role: nobody, a customer, another one, support, a tutor (and so an administrator), an administrator."""
    known = {"alice": alice, "bob": bob, "sue": sue, "tim": tim, "ada": make_admin("ada")}
    return {"anonymous": api, **{name: as_user(user) for name, user in known.items()}}


@pytest.fixture
def values(people, alice, sue, tim, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return world(alice=alice, sue=sue, tim=tim)


def doors():
    """All routes but the OpenAPI document's, which is everybody's."""
    return [route for route in routes() if route.path not in ("/api/schema/", "/api/docs/")]


def ask(client, method, path):
    """The answer to a request with an empty body. What it did is undone."""
    with transaction.atomic():
        answer = getattr(client, method.lower())(path, *([] if method in ("GET", "HEAD") else [{}]))
        if answer.streaming:
            answer.getvalue()  # read to the end, the file is closed
        transaction.set_rollback(True)
    return answer


def test_every_route_answers_each_role_as_the_table_says(request, people, values):
    lines = [f"{'':6} {'':47} " + "".join(f"{role:>{WIDTH}}" for role in ROLES)]
    for route in doors():
        path = route.filled(values)
        for method in METHODS:
            statuses = [ask(people[role], method, path).status_code for role in ROLES]
            if not (405 in statuses and set(statuses) <= {401, 403, 405}):
                lines.append(f"{method:6} {route.path:47} " + "".join(f"{status:>{WIDTH}}" for status in statuses))
    compare(request, HERE / "permissions.txt", lines)


def test_every_answer_has_the_members_that_the_table_allows(request, people, values):
    lines = []
    for route in doors():
        path, shown = route.filled(values), {}
        for role in ROLES:
            answer = ask(people[role], "GET", path)
            if answer.status_code == 200 and "json" in answer["Content-Type"] and (members := members_of(answer.json())):
                shown.setdefault(" ".join(members), []).append(role)
        lines += [f"{route.path} {'+'.join(roles)}: {members}" for members, roles in shown.items()]
    compare(request, HERE / "members.txt", lines)


def members_of(value, path=""):
    """Every member of a JSON value by its path, `results.user.id`, in order, each once."""
    found = {}
    if isinstance(value, dict):
        for name, inner in value.items():
            here = f"{path}.{name}" if path else name
            found.update(dict.fromkeys(members_of(inner, here) or [here]))
    elif isinstance(value, list):
        for inner in value:
            found.update(dict.fromkeys(members_of(inner, path)))
    return list(found)


def test_a_head_is_a_get_without_its_body(people, values):
    for route in doors():
        path = route.filled(values)
        got, head = (ask(people["tim"], method, path) for method in ("GET", "HEAD"))

        assert (route.path, head.status_code) == (route.path, got.status_code)
        assert got.status_code != 200 or head.get("Content-Length") == got.get("Content-Length")


def test_a_strangers_row_is_answered_like_a_missing_one(people, values):
    """404 tells bob nothing: neither the status nor the body differs from that of a row that never was."""
    missing = dict.fromkeys(values, 2**62)
    told = []
    for route in doors():
        if "{pk}" not in route.path and "{order}" not in route.path and "{id}" not in route.path:
            continue
        for method in METHODS:
            his = ask(people["bob"], method, route.filled(values))
            if his.status_code == 404 and his.content != ask(people["bob"], method, route.filled(missing)).content:
                told.append(f"{method} {route.path}")
    assert told == []
