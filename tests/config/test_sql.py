"""Statements that are compiled once: what is text in them stays as it is."""

import pytest
from django.db.models import F, Func, TextField, Value

from accounts.models import User
from config.sql import Param, Query, Statement

pytestmark = pytest.mark.django_db


def test_percent_signs_in_values_and_in_djangos_sql_stay(alice):
    sure = Func(F("username"), template="%(expressions)s || ' 100%%%%'", output_field=TextField())
    rows = User.objects.annotate(sure=sure).filter(pk=alice.pk).values_list("sure", Value("5% or %s"), Param("place"))

    assert Statement(*rows.query.sql_with_params()).run({"place": "%"}) == [("alice 100%", "5% or %s", "%")]


def test_percent_signs_in_sql_by_hand_stay():
    assert Query("SELECT '100%%(of)s', %(place)s").run({"place": "%"}) == [("100%(of)s", "%")]
