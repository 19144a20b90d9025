"""Allow-lists of query parameters: each filter names, parses and documents one parameter.

A view lists its filters; a parameter that is not among them is ignored, a value that its field refuses is a 400.
"""

from django.db.models import Q
from rest_framework import serializers

from config.sql import Param


class Filter:
    """`?name=value`, compared by a Django lookup: `Filter("tutor", IdField(), "tutor_id")`.

    The value travels as a parameter, so that all values share one prepared statement and its plan. `lookup` may also be a
    function `(queryset, param) -> queryset` for what no lookup says. `planned`: by the value it is everything or next to
    nothing that matches, and no one plan does for both, so it is planned for its value, each time.
    """

    def __init__(self, name, field, lookup, *, planned=False):
        self.name, self.field, self.lookup, self.planned = name, field, lookup, planned

    def parse(self, raw):
        return self.field.run_validation(raw)

    def structure(self, value):
        """What of the value changes the statement itself: nothing."""
        return

    def apply(self, queryset, value):
        param = Param(f"filter_{self.name}")
        return self.lookup(queryset, param) if callable(self.lookup) else queryset.filter(**{self.lookup: param})


class Choice(Filter):
    """`?name=` one of a few values, each with a condition of its own: `Choice("status", {"c": Q(status="c"), …})`.

    The condition is part of the statement, so that the planner can use a partial index made for it.
    """

    def __init__(self, name, conditions, *, help_text=""):
        super().__init__(name, serializers.ChoiceField(choices=list(conditions), help_text=help_text), None)
        self.conditions = conditions

    def structure(self, value):
        return value

    def apply(self, queryset, value):
        return queryset.filter(self.conditions[value])


class Flag(Choice):
    """`?name=true|false`, for a condition and its opposite."""

    def __init__(self, name, condition, *, help_text=""):
        super().__init__(name, {"true": condition, "false": ~condition}, help_text=help_text)

    def parse(self, raw):
        return super().parse({"1": "true", "0": "false"}.get(raw, raw.lower()))


def column_choices(name, column, values, *, help_text=""):
    """A Choice whose values are those of a column."""
    return Choice(name, {value: Q(**{column: value}) for value in values}, help_text=help_text)


def read_filters(filters, params):
    """The [(filter, value)] that a query names, in the order of the allow-list.

    Raises ValidationError naming each parameter whose value is refused. An empty value counts as absent, and so does a
    search for spaces alone.
    """
    found, refused = [], {}
    for one in filters:
        raw = params.get(one.name, "")
        if raw == "":
            continue
        try:
            value = one.parse(raw)
        except serializers.ValidationError as error:
            refused[one.name] = error.detail
        else:
            if value != "":
                found.append((one, value))
    if refused:
        raise serializers.ValidationError(refused)
    return found
