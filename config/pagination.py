"""Pages by keyset: a page starts after the last row of the one before, so that its cost does not grow with the table."""

import base64
from urllib.parse import urlencode

import orjson
from django.conf import settings
from django.db.models import BooleanField, F, Func
from django.utils.translation import gettext as _
from rest_framework import serializers

from config.sql import Param


class _Beyond(Func):
    """Row comparison, (a, b) > (x, y), which an index on (a, b) answers."""

    output_field = BooleanField()

    def __init__(self, columns, params, *, operator):
        super().__init__(*columns, *params)
        self.half, self.operator = len(columns), operator

    def as_sql(self, compiler, connection, **context):
        parts = [compiler.compile(expression) for expression in self.source_expressions]
        columns = ", ".join(sql for sql, _ in parts[: self.half])
        places = ", ".join(sql for sql, _ in parts[self.half :])
        return f"(({columns}) {self.operator} ({places}))", [param for _, params in parts for param in params]


class Order:
    """A total order by columns that the serializer shows, in one direction: `Order("-id")`.

    `fields` parse the cursor's values of columns that are no integers: `Order("start_time", "id", start_time=InstantField())`.
    """

    def __init__(self, *names, **fields):
        descending = names[0].startswith("-")
        if any(name.startswith("-") != descending for name in names):
            raise ValueError("a keyset runs in one direction")
        self.names, self.operator = names, "<" if descending else ">"
        key = serializers.IntegerField(min_value=0, max_value=2**63 - 1)
        self.columns = {name.lstrip("-"): fields.get(name.lstrip("-"), key) for name in names}

    def apply(self, queryset, *, after):
        """The queryset in this order; with `after`, only what lies beyond the places `after_<column>`."""
        if after:
            field = queryset.model._meta.get_field
            places = [Param(f"after_{name}", field(name)) for name in self.columns]
            queryset = queryset.filter(_Beyond([F(name) for name in self.columns], places, operator=self.operator))
            # First of all conditions: where another bounds the same column (slots that have not begun), PostgreSQL starts from
            # the one that it reads first, and would pass every row up to the cursor.
            conditions = queryset.query.where.children
            conditions.insert(0, conditions.pop())
        return queryset.order_by(*self.names)

    def cursor(self, row):
        """The cursor of a row, which is given as JSON text."""
        values = orjson.loads(row)
        return base64.urlsafe_b64encode(orjson.dumps([values[name] for name in self.columns])).decode().rstrip("=")

    def read(self, cursor):
        """The places that a cursor fills. ValidationError for a cursor that this order did not write."""
        try:
            values = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
            if not isinstance(values, list) or any(isinstance(value, dict | list) for value in values):
                raise ValueError("not a list of values")
            pairs = zip(self.columns.items(), values, strict=True)
            return {f"after_{name}": field.run_validation(value) for (name, field), value in pairs}
        except (ValueError, serializers.ValidationError):
            raise serializers.ValidationError({"cursor": [_("This cursor is not valid.")]}) from None


def read_limit(params):
    """How many rows a page shall have. More than MAX_PAGE_SIZE is capped; anything but a positive number is a 400."""
    raw = params.get("limit", "")
    if raw == "":
        return settings.PAGE_SIZE
    if not (raw.isascii() and raw.isdigit()) or not raw.strip("0"):
        raise serializers.ValidationError({"limit": [_("A whole number of at least 1 is needed.")]})
    return min(int(raw.lstrip("0")[:9]), settings.MAX_PAGE_SIZE)


def next_link(request, cursor):
    """The Link header of the next page (RFC 8288); the request's other parameters are kept."""
    query = urlencode({**dict(request.GET.lists()), "cursor": cursor}, doseq=True)
    return f'<{request.site}{request.path}?{query}>; rel="next"'
