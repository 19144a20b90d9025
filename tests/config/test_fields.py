"""Fields of requests."""

from datetime import UTC, date, datetime, time
from time import process_time

import pytest
from rest_framework.exceptions import ValidationError

from config.fields import DecimalField, IdField, InstantField, IntegerField, WordsField
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
    if "-" in value and ":" in value:
        wrong |= {value[:10] + sign + value[11:] for sign in "x\n٠-Z+,W1"}
    for other in wrong:
        with pytest.raises(ValidationError) as refused:
            field.run_validation(other)
        assert other is None or "format. Use one of these formats instead: " in refused.value.detail[0]


_NO_TIMES = ["2026112211000Z", "1" * 40 + "Z", "1" * 3000, "2026-11-21Z", "10:00Z", "T10:00Z", "2026-11-21T10:00z"]


@pytest.mark.parametrize("value", _NO_TIMES)
def test_what_looks_like_a_time_to_a_lenient_reader_alone_is_none(value):
    with pytest.raises(ValidationError) as refused:
        InstantField().run_validation(value)

    assert refused.value.detail[0].code == "invalid"


@pytest.mark.parametrize("value", ["\u200b", " \u3164 ", "\ufe0f", "\u2800", "\U000e0100", " "])
def test_words_that_nobody_sees_are_blank(value):
    with pytest.raises(ValidationError) as refused:
        WordsField().run_validation(value)

    assert refused.value.detail[0].code == "blank"
    assert WordsField(allow_blank=True).run_validation(value) == ""
    assert WordsField().run_validation(f"{value}\u2764\ufe0f").endswith("\u2764\ufe0f")


@pytest.mark.parametrize("value", ["2026-11-21T10:00:00 02:00", "2026-11-21T10:00 0200", "2026-11-21 10:00:00.5 02"])
def test_a_plus_that_a_url_made_a_space_is_told(value):
    with pytest.raises(ValidationError) as refused:
        InstantField().run_validation(value)

    assert refused.value.detail[0].code == "lost_plus"
    assert InstantField().run_validation(value.replace(" 02", " +02")).hour == 8


@pytest.mark.parametrize("part", [":", "0", "0 ", "0T0", "0T0:", "00:00 00"])
def test_much_that_is_no_time_is_refused_at_once(part):
    began = process_time()
    with pytest.raises(ValidationError):
        InstantField().run_validation(part * 50_000)

    assert process_time() - began < 1


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "words"), [("en", "as %2B in a URL"), ("pl", "jako %2B"), ("ru", "как %2B")])
def test_a_plus_in_a_query_is_told(as_user, alice, language, words):
    query = "start_after=2026-11-21T10:00:00+02:00"
    told = as_user(alice).get(f"/api/v1/timeslots/?{query}", headers={"Accept-Language": language})

    assert told.status_code == 400
    assert words in told.json()["errors"][0]["detail"]
    assert as_user(alice).get(f"/api/v1/timeslots/?{query.replace('+', '%2B')}").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/api/v1/users/{}/", "/auth/users/{}/", "/auth/sessions/{}/", "/api/v1/products/{}/", "/api/tickets/{}/"]
)
@pytest.mark.parametrize("digit", ["１", "١"])
def test_other_scripts_digits_are_no_ids_in_paths(as_user, tim, path, digit):
    other = str(tim.pk).translate({ord("0") + n: ord(digit) - 1 + n for n in range(10)})

    assert as_user(tim).delete(path.format(other)).status_code == 404
