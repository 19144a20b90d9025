"""Statements with named places, compiled from querysets once and run many times.

Django spends more time on writing a statement than PostgreSQL on answering it. A queryset built with `Param("name")`
where a value would stand is compiled once; each run only fills the places.
"""

import contextlib
import functools
import re
from typing import NamedTuple

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Expression, TextField
from django.db.models.sql import InsertQuery
from psycopg.sql import quote

from config.postgresql.prepared import Prepared, later, run
from config.turns import turns

_PLACE = re.compile(r"(?<!%)%\((\w+)\)s")


class Param(Expression):
    """A place for a value, by name."""

    def __init__(self, name, output_field=None):
        super().__init__(output_field=output_field or TextField())
        self.name = name

    def as_sql(self, compiler, connection):
        return "%s", [self]

    @property
    def identity(self):
        return type(self), self.name


class Statement:
    """SQL with its parameters, some of which are places still to be filled; the others become part of it.

    Its one plan is for all values of the places, but it knows the others: a partial index on what is not canceled is of use
    only to a statement that says so. With `planned` it is not prepared but planned for its values each time.
    """

    __slots__ = ("places", "planned", "prepared")

    def __init__(self, sql, params, *, planned=False):
        self.planned = planned
        self.places = [param.name for param in params if type(param) is Param]
        self.prepared = Prepared(_filled(sql, params, lambda place: "%s"), len(self.places))

    def run(self, places):
        """All rows, as tuples. `places` maps the places' names to their values; KeyError where one is missing."""
        values = [places[name] for name in self.places]
        if not self.planned:
            return run(self.prepared, values)
        with connection.cursor() as cursor:
            cursor.execute(self.prepared.sql, values)
            return cursor.fetchall()


def _filled(sql, params, name):
    """SQL of Django's compiler with its values written into it, but for the places, which are called `name(place)`."""
    texts = (name(param.name) if type(param) is Param else quote(param).replace("%", "%%") for param in params)
    return sql.replace("%%", "%%%%") % tuple(texts)


def named(sql, params, **known):
    """SQL of Django's compiler as a Query has it, with places such as `%(user)s`, but for those that are `known` as SQL."""
    return _filled(sql, params, lambda place: known.get(place, f"%({place})s"))


class Query:
    """SQL written by hand, with places such as `%(user)s`; one may stand in it several times."""

    __slots__ = ("names", "prepared")

    def __init__(self, sql):
        found = _PLACE.findall(sql)
        self.names = list(dict.fromkeys(found))
        self.prepared = Prepared(_PLACE.sub("%s", sql), len(self.names), [self.names.index(name) for name in found])

    def run(self, places):
        """All rows, as tuples. `places` may hold more than the query names; KeyError where one is missing."""
        return run(self.prepared, [places[name] for name in self.names])

    def later(self, places):
        """Runs with the next statement of the transaction or with its COMMIT, which raise its errors. Its rows are lost."""
        later(self.prepared, [places[name] for name in self.names])


class Returning(NamedTuple):
    """What a statement that writes a row is to return of it besides: SQL for one value, and the values of its places.

    The row's key is `written.id` in it. `config.reads.Detail.returning` makes one.
    """

    sql: str
    places: dict


class Writing:
    """A Query whose rows are called `written` in its SELECT, where `{returned}` stands for a Returning, or for NULL.

    PostgreSQL shows a statement nothing of what it writes itself. So the part that writes has the name of its table (`WITH
    shop_order AS (INSERT … RETURNING *)`): what reads the table in a Returning reads the rows just written, and no others.
    """

    def __init__(self, sql):
        self.sql = sql
        self._queries = {}

    def run(self, places, returning=None):
        """All rows, as tuples. `places` may hold more than the query names; KeyError where one is missing."""
        sql, more = returning or ("NULL", {})
        if sql not in self._queries:
            self._queries[sql] = Query(self.sql.replace("{returned}", sql))
        return self._queries[sql].run({**places, **more})


class Insertion:
    """`INSERT` of one row of a model with these fields, the others as the database has them by default; compiled once."""

    def __init__(self, model, *names):
        self.model, self.names = model, names

    def run(self, returning=None, **values):
        """The row as an instance of which only its key and these fields are known; others are read when they are touched.

        Its `returned` is what the Returning makes of it. Outside a transaction it is one of its own, of which the database
        does not hear whose it is (config.actors).
        """
        # Alone it is committed at once, and PostgreSQL waits for its disk.
        with contextlib.nullcontext() if connection.in_atomic_block else turns.aside():
            ((key, returned),) = self._writing.run(values, returning)
        row = self.model.from_db(DEFAULT_DB_ALIAS, ["id", *values], [key, *values.values()])
        row.returned = returned
        return row

    @functools.cached_property
    def _writing(self):
        fields = [next(field for field in self.model._meta.concrete_fields if field.attname == name) for name in self.names]
        query = InsertQuery(self.model)
        query.insert_values(fields, [self.model(**{field.attname: Param(field.attname, field) for field in fields})])
        ((sql, params),) = query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
        table = connection.ops.quote_name(self.model._meta.db_table)
        insert = named(sql, params)
        return Writing(f"WITH {table} AS ({insert} RETURNING *) SELECT written.id, {{returned}} FROM {table} AS written")  # noqa: S608 (our own names)
