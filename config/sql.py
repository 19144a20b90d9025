"""Statements with named places, compiled from querysets once and run many times.

Django spends more time on writing a statement than PostgreSQL on answering it. A queryset built with `Param("name")`
where a value would stand is compiled once; each run only fills the places.
"""

from django.db.models import Expression, TextField

from config.postgresql.prepared import Prepared, run


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
    """SQL with its parameters, some of which are places still to be filled."""

    __slots__ = ("params", "places", "prepared")

    def __init__(self, sql, params):
        self.params = tuple(params)
        self.places = {param.name for param in self.params if type(param) is Param}
        self.prepared = Prepared(sql, len(self.params))

    def run(self, places):
        """All rows, as tuples. `places` maps the places' names to their values; KeyError where one is missing."""
        return run(self.prepared, [places[p.name] if type(p) is Param else p for p in self.params])
