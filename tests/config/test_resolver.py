"""Routes that were found before lead where Django's own search leads."""

import re

import pytest
from django.urls import Resolver404, path, re_path
from django.urls.resolvers import RoutePattern, URLResolver

from config import keys, urls
from config.resolver import RememberingResolver
from tests.routes import routes


def view(request, **kwargs):
    """Never called."""


def told(match):
    return match.func, match.args, match.kwargs, match.url_name, match.route, match.namespaces, match.app_names


def test_every_route_leads_where_it_did_the_first_and_the_second_time():
    plain, remembering = URLResolver(RoutePattern(""), urls._routes), RememberingResolver(urls._routes)
    pages = ["/admin/", "/admin/accounts/user/", "/admin/accounts/user/{pk}/change/"]
    for address in [*pages, *(route.path for route in routes())]:
        address = address.lstrip("/").replace("{token}", "0" * 43).replace("{provider}", "stripe")
        for number in ("7", "8"):
            asked = re.sub(r"\{\w+\}", number, address)
            assert told(remembering.resolve(asked)) == told(plain.resolve(asked)), asked
    assert remembering._known


@pytest.fixture
def resolver():
    return RememberingResolver(
        [
            re_path(f"^tickets/(?P<pk>{keys.PATTERN})/$", view),
            re_path(r"^tickets/(?P<ticket_id>[0-9]+)/files/(?P<pk>[0-9]+)/$", view),
            path("feeds/<str:token>/", view),
            re_path("^archive/([0-9]+)/$", view),
            path("v1/2fa/", view),
            path("reports/", view, {"formats": ["csv"]}),
        ]
    )


def test_numbers_go_to_their_arguments_whichever_came_first(resolver):
    for ticket, file in (("5", "5"), ("7", "9"), ("9", "7"), ("3", "3")):
        assert resolver.resolve(f"tickets/{ticket}/files/{file}/").kwargs == {"ticket_id": ticket, "pk": file}


def test_arguments_without_names_and_the_routes_own_arrive_too(resolver):
    for year in ("2025", "2026"):
        assert resolver.resolve(f"archive/{year}/").args == (year,)
        assert resolver.resolve("reports/").kwargs == {"formats": ["csv"]}


def test_words_are_not_remembered(resolver):
    """Anybody can make up as many as they like."""
    for token in ("abc", "7", "def"):
        assert resolver.resolve(f"feeds/{token}/").kwargs == {"token": token}

    assert set(resolver._known) <= {"feeds/0/"}


def test_what_leads_nowhere_still_does_not(resolver):
    resolver.resolve("tickets/7/")
    resolver.resolve("v1/2fa/")
    for address in ("tickets/" + "7" * 19 + "/", "tickets/7", "tickets/x/", "tickets//", "v2/2fa/", "v1/3fa/"):
        with pytest.raises(Resolver404):
            resolver.resolve(address)
