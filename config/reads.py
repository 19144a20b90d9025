"""Reads without model instances: a serializer's shape, written as JSON by PostgreSQL itself.

A serializer is declared once, as DRF has it; the OpenAPI document comes from it. Here its fields become the columns of
one SELECT whose rows PostgreSQL turns into JSON text (`row_to_json`), so that Python only joins strings. The statement is
compiled once for each kind of caller and set of filters (config.sql). Tests hold both readings of a serializer equal.

A field of our own says what it is in SQL by a method `expression()`, beside its `to_representation`.
"""

from django.conf import settings
from django.db.models import BigIntegerField, F, Func, Subquery, TextField
from django.db.models.functions import Cast
from django.http import Http404
from rest_framework import serializers

from config.filters import read_filters
from config.json import JSONResponse
from config.pagination import Order, next_link, read_limit
from config.sql import Param, Returning, Statement, named

# Known only when a request runs; querysets and expressions refer to them by place.
CALLER = Param("caller", BigIntegerField())
SITE = Param("site", TextField())  # scheme and host of the request, for absolute URLs


class Caller:
    """Stands in for the user while a statement is compiled: the real roles, but the id a place to be filled."""

    is_authenticated = True

    def __init__(self, user):
        self.pk = self.id = CALLER
        self.is_staff, self.is_superuser, self.user_type = user.is_staff, user.is_superuser, user.user_type

    @staticmethod
    def kind(user):
        """Users of one kind see rows by the same rules, so they share their statements."""
        return user.is_staff, user.is_superuser, user.user_type


class UTCText(Func):
    """A timestamp as InstantField writes it."""

    template = """to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    output_field = TextField()


class JSONRows(Subquery):
    """The rows of a correlated queryset as a JSON array in a serializer's shape; `[]` where there are none."""

    output_field = TextField()

    def __init__(self, queryset, serializer):
        rows, names = _shaped(queryset, serializer)
        self.template = f"(SELECT coalesce(json_agg(row_to_json(r)), '[]'::json) FROM (%(subquery)s) AS r({names}))"  # noqa: S608 (our own names)
        super().__init__(rows)


def column(field):
    """The expression that reads a serializer's field. TypeError for a kind of field that is not known here."""
    if hasattr(field, "expression"):
        return field.expression()
    source = "__".join(field.source_attrs)
    match field:
        case serializers.DateTimeField():
            return UTCText(F(source))
        case serializers.DecimalField():
            return Cast(source, TextField())
        case serializers.PrimaryKeyRelatedField():
            return F(f"{source}_id")
        case (
            serializers.IntegerField()
            | serializers.CharField()
            | serializers.BooleanField()
            | serializers.ChoiceField()
            | serializers.JSONField()
        ):
            return F(source)
    raise TypeError(f"{type(field).__name__} {field.field_name!r} does not say its expression()")


def _shaped(queryset, serializer):
    """The queryset reduced to a serializer's columns, and their quoted names."""
    fields = [field for field in serializer.fields.values() if not field.write_only]
    columns = {f"_{number}": column(field) for number, field in enumerate(fields)}
    return queryset.annotate(**columns).values_list(*columns), ", ".join(f'"{field.field_name}"' for field in fields)


def json_statement(queryset, serializer, *, most=None, planned=False):
    """A Statement whose rows are one JSON text each, at most so many; `planned` as Statement has it."""
    return Statement(*_json_sql(queryset, serializer, most), planned=planned)


def _json_sql(queryset, serializer, most=None):
    rows, names = _shaped(queryset, serializer)
    sql, params = rows.query.sql_with_params()
    if most:
        sql = f"{sql} LIMIT {most}"
    # PostgreSQL keeps a subquery's order under a plain outer SELECT.
    return f"SELECT row_to_json(r)::text FROM ({sql}) AS r({names})", params  # noqa: S608 (our own names)


# Rows that are asked for, one more than a page has, to know whether there is another. They stand in the statement itself:
# where it does not know how many are wanted, PostgreSQL may read a whole table backward to find somebody's three.
_FETCHED = sorted({11, 21, settings.PAGE_SIZE + 1, settings.MAX_PAGE_SIZE + 1})


class _Read:
    """`rows(caller)` gives the queryset of what a caller may see; `serializer_class` its shape."""

    def __init__(self, rows, serializer_class):
        self.rows, self.serializer_class = rows, serializer_class
        self._compiled = {}

    def _once(self, key, build):
        # Two threads may both compile; the results are equal, and one stays.
        if key not in self._compiled:
            self._compiled[key] = build()
        return self._compiled[key]

    def _run(self, statement, request, places):
        return [text for (text,) in statement.run(places | _places_of(request))]


def _places_of(request):
    return {"caller": request.user.pk, "site": request.site}


class Listing(_Read):
    """One list of the API: a bare JSON array, a page at a time, with the next page in the Link header.

    `ordering` must be total and use columns that the serializer shows; `filters` is the allow-list of query parameters.
    """

    def __init__(self, rows, serializer_class, *, ordering=Order("-id"), filters=()):  # noqa: B008 (an Order never changes)
        super().__init__(rows, serializer_class)
        self.ordering, self.filters = ordering, filters

    def respond(self, request, **places):
        """The page that the request's query asks for. `places`: further values that the queryset names."""
        found = read_filters(self.filters, request.GET)
        limit = read_limit(request.GET)
        cursor = request.GET.get("cursor", "")
        fetched = next(size for size in _FETCHED if size > limit)
        key = Caller.kind(request.user), fetched, bool(cursor), *((one.name, one.structure(value)) for one, value in found)
        if cursor:
            places |= self.ordering.read(cursor)
        places |= {f"filter_{one.name}": value for one, value in found}
        statement = self._once(key, lambda: self._compile(Caller(request.user), found, bool(cursor), fetched))
        texts = self._run(statement, request, places)
        response = JSONResponse(b"[" + ",".join(texts[:limit]).encode() + b"]")
        if len(texts) > limit:
            response.headers["Link"] = next_link(request, self.ordering.cursor(texts[limit - 1]))
        return response

    def _compile(self, caller, found, after, most):
        queryset = self.rows(caller)
        for one, value in found:
            queryset = one.apply(queryset, value)
        planned = any(one.planned for one, _value in found)
        return json_statement(self.ordering.apply(queryset, after=after), self.serializer_class(), most=most, planned=planned)


class Detail(_Read):
    """One object of the API, by its primary key."""

    def respond(self, request, pk, *, status=200):
        """The object as a response. Http404 where the caller sees none with this key."""
        statement = self._once(Caller.kind(request.user), lambda: json_statement(*self._row(request)))
        texts = self._run(statement, request, {"pk": int(pk)})
        if not texts:
            raise Http404
        return JSONResponse(texts[0].encode(), status=status)

    def returning(self, request):
        """The object as its caller sees it, for the service that is about to write it (config.sql.Writing)."""
        sql = self._once(("returning", *Caller.kind(request.user)), lambda: self._compile_returning(request))
        return Returning(sql, {f"returning_{name}": value for name, value in _places_of(request).items()})

    def created(self, request, row):
        """201 with a row just written: with what was returned of it, if it was, and otherwise as it is read now."""
        if row.returned is None:
            return self.respond(request, row.pk, status=201)
        return JSONResponse(row.returned.encode(), status=201)

    def _row(self, request):
        return self.rows(Caller(request.user)).filter(pk=Param("pk", BigIntegerField())), self.serializer_class()

    def _compile_returning(self, request):
        # Names of their own, since the service's statement has places too.
        known = {"pk": "written.id", "caller": "%(returning_caller)s", "site": "%(returning_site)s"}
        return f"({named(*_json_sql(*self._row(request)), **known)})"
