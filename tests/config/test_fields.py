"""Fields of requests."""

from datetime import UTC, date, datetime, time

import pytest
from rest_framework.exceptions import ValidationError

from config.fields import DecimalField, IdField, InstantField, IntegerField
from scheduling.api.fields import DayField, WallTimeField


@pytest.mark.parametrize("value", [1, "1", "12", 2**63 - 1])
def test_an_id(value):
    assert IdField().run_validation(value) == int(value)


@pytest.mark.parametrize("value", ["１", "١", "1_0", "1.5", "", "x", 0, "-1", 2**63, "9" * 30, True, None])
def test_what_is_no_id(value):
    with pytest.raises(ValidationError):
        IdField().run_validation(value)


@pytest.mark.parametrize("field", [IntegerField(), DecimalField(max_digits=10, decimal_places=2)])
def test_a_number_is_read_in_plain_digits(field):
    for value in (10, "10", " 10 ", "10.0"):
        assert field.run_validation(value) == 10
    for value in ("1_0", "１０", "١٠", "", "x", None):
        with pytest.raises(ValidationError):
            field.run_validation(value)


_ARABIC = {ord("0") + value: ord("٠") + value for value in range(10)}


@pytest.mark.parametrize(
    ("field", "value", "meant"),
    [
        (InstantField(), "2026-11-21T10:00:00Z", datetime(2026, 11, 21, 10, tzinfo=UTC)),
        (InstantField(), "2026-11-21 11:00:00.000000+01:00", datetime(2026, 11, 21, 10, tzinfo=UTC)),
        (InstantField(), "20261121T100000Z", datetime(2026, 11, 21, 10, tzinfo=UTC)),
        (DayField(), "2026-11-21", date(2026, 11, 21)),
        (WallTimeField(), "10:00", time(10)),
    ],
)
def test_a_time_is_read_in_plain_signs(field, value, meant):
    assert field.run_validation(value) == meant
    wrong = {value.translate(_ARABIC), f"{value}\n", f"{value[:-1]}２", "", "x", 10, None}
    for other in wrong | ({value[:10] + sign + value[11:] for sign in "x\n٠"} if isinstance(field, InstantField) else set()):
        with pytest.raises(ValidationError) as refused:
            field.run_validation(other)
        assert other is None or "format. Use one of these formats instead: " in refused.value.detail[0]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/api/v1/users/{}/", "/auth/users/{}/", "/auth/sessions/{}/", "/api/v1/products/{}/", "/api/tickets/{}/"]
)
@pytest.mark.parametrize("digit", ["１", "١"])
def test_other_scripts_digits_are_no_ids_in_paths(as_user, tim, path, digit):
    other = str(tim.pk).translate({ord("0") + n: ord(digit) - 1 + n for n in range(10)})

    assert as_user(tim).delete(path.format(other)).status_code == 404
