"""The staff's desk: pages in the admin for the day's work. Apps put theirs into it from their `desk` modules.

An app's `desk.py` registers pages, boxes and charts when the routes are loaded (config.desk.urls). Nothing here knows the apps.
Everything is for staff; what is marked for administrators is neither shown nor open to support.
"""

from contextlib import contextmanager
from functools import wraps
from typing import NamedTuple

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from config.desk.once import OnceForm, Repeated, once
from config.errors import FrontdeskError, named_constraints

__all__ = ["DAYS", "MOST", "OnceForm", "Row", "box", "chart", "once", "page", "panel", "render", "telling"]

MOST = 10  # rows of a box
DAYS = 30  # of a chart


class Row(NamedTuple):
    """A line of a box: what, where it leads, and a word about it (a time or a name)."""

    text: str
    link: str
    note: object = ""


class Box(NamedTuple):
    """Something that wants attention. `rows()` makes its Rows in one query, at most MOST of them."""

    place: int
    title: str
    link: str
    rows: object
    admins_only: bool


class Chart(NamedTuple):
    """`days()` gives (date, number) of the last DAYS days in one query; days without any may be absent."""

    place: int
    title: str
    days: object
    admins_only: bool


class Panel(NamedTuple):
    """What one person has of something. `rows(user)` makes its Rows in a fixed number of queries, at most MOST of them.

    `changelist` is the admin's page with all of them, `lookup` its filter by person.
    """

    place: int
    title: str
    changelist: str
    lookup: str
    rows: object
    admins_only: bool


pages: list[URLPattern] = []
boxes: list[Box] = []
charts: list[Chart] = []
panels: list[Panel] = []


def page(route, name, *, admins_only=False):
    """Decorates a view: mounts it under /admin/desk/ as `desk:name`, behind the admin's own door."""

    def mount(view):
        @wraps(view)
        def guarded(request, *args, **kwargs):
            if admins_only and not request.user.is_superuser:
                raise PermissionDenied
            return view(request, *args, **kwargs)

        pages.append(path(route, admin.site.admin_view(guarded), name=name))
        return view

    return mount


def box(place, title, link, *, admins_only=False):
    """Decorates a function that gives the Rows of a box. `link` names the page with all of them."""

    def add(rows):
        boxes.append(Box(place, title, link, rows, admins_only))
        return rows

    return add


def chart(place, title, *, admins_only=False):
    """Decorates a function that gives the days of a chart."""

    def add(days):
        charts.append(Chart(place, title, days, admins_only))
        return days

    return add


def panel(place, title, changelist, lookup="user__id__exact", *, admins_only=False):
    """Decorates a function that gives the Rows of one person, for that person's page."""

    def add(rows):
        panels.append(Panel(place, title, changelist, lookup, rows, admins_only))
        return rows

    return add


def render(request, template, title, **context):
    """A page in the admin's frame."""
    links = [(one.title, reverse(one.link)) for one in allowed(request, boxes)]
    return TemplateResponse(
        request, template, {**admin.site.each_context(request), "title": title, "desk_links": links, **context}
    )


def allowed(request, ones):
    """Those of boxes, charts or panels that whoever asks may see, in their places."""
    return sorted((one for one in ones if request.user.is_superuser or not one.admins_only), key=lambda one: one.place)


@contextmanager
def telling(request, done):
    """Calls services: says `done` afterwards, or what they refused."""
    try:
        with named_constraints():
            yield
    except Repeated as again:
        messages.info(request, str(again.detail))
    except FrontdeskError as error:
        messages.error(request, str(error.detail))
    else:
        messages.success(request, done)
