"""The staff's desk: pages in the admin for the day's work. Apps put theirs into it from their `desk` modules.

An app's `desk.py` registers pages, boxes and charts when the routes are loaded (config.desk.urls). Nothing here knows the apps.
Each of them `needs` a permission: whose role (config.roles) has it not is neither shown it nor let in.
"""

from contextlib import contextmanager
from functools import wraps
from typing import NamedTuple

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join

from config.desk.once import OnceForm, Repeated, once
from config.errors import FrontdeskError, named_constraints

__all__ = ["DAYS", "MOST", "OnceForm", "Row", "beside", "box", "chart", "once", "page", "panel", "render", "telling"]

MOST = 10  # rows of a box
DAYS = 30  # of a chart


class Row(NamedTuple):
    """A line of a box: what, where it leads, and a word about it (a time or a name)."""

    text: str
    link: str
    note: object = ""


def beside(*words):
    """A note of several words, names among them: none turns round those beside it, in whichever direction it is written."""
    return format_html_join(" · ", "<bdi>{}</bdi>", ((word,) for word in words))


class Box(NamedTuple):
    """Something that wants attention. `rows()` makes its Rows in one query, at most MOST of them."""

    place: int
    title: str
    link: str
    rows: object
    needs: str
    filters: str

    @property
    def address(self):
        """Of the page with all of them."""
        return reverse(self.link) + self.filters


class Chart(NamedTuple):
    """`days(start, end)` gives (date, number) of the days between two instants in one query; days without any may be absent."""

    place: int
    title: str
    days: object
    needs: str


class Panel(NamedTuple):
    """What one person has of something. `rows(user)` makes its Rows in a fixed number of queries, at most MOST of them.

    `changelist` is the admin's page with all of them, `lookup` its filter by person.
    """

    place: int
    title: str
    changelist: str
    lookup: str
    rows: object
    needs: str


pages: list[URLPattern] = []
boxes: list[Box] = []
charts: list[Chart] = []
panels: list[Panel] = []


def page(route, name, *, needs, changes=None):
    """Decorates a view: mounts it under /admin/desk/ as `desk:name`, behind the admin's own door.

    `changes` is the permission that a POST needs besides.
    """

    def mount(view):
        @wraps(view)
        def guarded(request, *args, **kwargs):
            wanted = [needs, changes] if changes and request.method == "POST" else [needs]
            if not request.user.has_perms(wanted):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        pages.append(path(route, admin.site.admin_view(guarded), name=name))
        return view

    return mount


def box(place, title, link, *, needs, filters=""):
    """Decorates a function that gives the Rows of a box. `link` names the page with all of them, `filters` is its query."""

    def add(rows):
        boxes.append(Box(place, title, link, rows, needs, filters))
        return rows

    return add


def chart(place, title, *, needs):
    """Decorates a function that gives the days of a chart."""

    def add(days):
        charts.append(Chart(place, title, days, needs))
        return days

    return add


def panel(place, title, changelist, lookup="user__id__exact", *, needs):
    """Decorates a function that gives the Rows of one person, for that person's page."""

    def add(rows):
        panels.append(Panel(place, title, changelist, lookup, rows, needs))
        return rows

    return add


def render(request, template, title, **context):
    """A page in the admin's frame."""
    links = [(one.title, one.address) for one in allowed(request, boxes)]
    return TemplateResponse(
        request, template, {**admin.site.each_context(request), "title": title, "desk_links": links, **context}
    )


def allowed(request, ones):
    """Those of boxes, charts or panels that whoever asks may see, in their places."""
    return sorted((one for one in ones if request.user.has_perm(one.needs)), key=lambda one: one.place)


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
