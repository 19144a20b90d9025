"""Every path answers in both spellings, and every path that one of the five documents names is there."""

import re

import pytest
from django.urls import Resolver404, resolve

from tests.routes import routes

# What the customer's documents (A to E) show requests for, as they spell it.
DOCUMENTED = """
A POST /auth/users/
A POST /auth/jwt/create
A POST /auth/jwt/refresh
A POST /auth/jwt/verify
B POST /api/auth/users/
B POST /api/auth/jwt/create/
B POST /api/auth/jwt/refresh/
B POST /api/auth/logout/
C POST /api/sign_in
C POST /api/login_view
C POST /api/refresh_token
C GET /api/get_all_products
C GET /api/get_order
C POST /api/post_order
D POST /api/v1/token/
D POST /api/v1/token/refresh/
D GET POST /api/v1/users/
D GET PUT PATCH DELETE /api/v1/users/1/
D GET POST /api/v1/timeslots/
D GET PUT PATCH DELETE /api/v1/timeslots/1/
D GET POST /api/v1/meetings/
D GET PUT PATCH DELETE /api/v1/meetings/1/
D GET /api/v1/notifications/
D GET PATCH /api/v1/notifications/1/
E POST /auth/users/
E POST /auth/jwt/create/
E GET POST /api/ticket
E GET /api/ticket/66
E POST /api/ticket/66/answer
E POST /api/ticket/66/set_status
E GET /api/comment/29
"""
REQUESTS = [(method, line.split()[-1]) for line in DOCUMENTED.split("\n") for method in line.split()[1:-1]]


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_what_the_documents_name_is_routed(method, path):
    view = resolve(path.rstrip("/") + "/").func  # config.middleware adds the slash

    methods = getattr(view, "actions", None) or dir(view.view_class)
    assert method.lower() in methods


@pytest.mark.django_db
@pytest.mark.parametrize("path", [route.path for route in routes() if route.path != "/api/docs/"])
def test_a_path_answers_alike_with_and_without_its_slash(api, path):
    """To a GET by nobody: 200, 401 or 405 as it may be, but never a redirect, which loses a POST's body."""
    path = path.replace("{token}", "0" * 43).replace("{provider}", "stripe")
    path = re.sub(r"\{\w+\}", "1", path)

    bare, slashed = api.get(path.rstrip("/")), api.get(path.rstrip("/") + "/")

    assert (bare.status_code, bare.content) == (slashed.status_code, slashed.content)
    assert not 300 <= bare.status_code < 400


def test_every_route_is_spelled_with_a_slash():
    """So that config.middleware finds it, whichever way a client writes it."""
    assert [route.path for route in routes() if not route.path.endswith("/")] == []


def test_what_is_not_there_is_a_problem_in_both_spellings(client):
    for path in ("/api/v1/nothing", "/api/v1/nothing/", "/auth/nothing"):
        with pytest.raises(Resolver404):
            resolve(path.rstrip("/") + "/")
        answer = client.get(path)
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
