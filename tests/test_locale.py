"""The catalogs: what is compiled is what is written, and no placeholder is lost on the way."""

import re

import polib
import pytest
from django.utils import translation
from django.utils.translation import gettext

from tests.live import ROOT

LANGUAGES = ("pl", "ru")
_PLACE = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}")


def catalog(language, kind):
    path = ROOT / "config" / "locale" / language / "LC_MESSAGES" / f"django.{kind}"
    entries = (polib.pofile if kind == "po" else polib.mofile)(str(path))
    return {
        entry.msgid: list(entry.msgstr_plural.values()) or [entry.msgstr]
        for entry in entries
        if entry.msgstr or entry.msgstr_plural.get(0)
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_compiled_is_what_is_written(language):
    assert catalog(language, "mo") == catalog(language, "po")


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_survive(language):
    for original, texts in catalog(language, "po").items():
        for translated in texts:
            assert sorted(_PLACE.findall(translated)) == sorted(_PLACE.findall(original)), original


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_error_is_translated(language):
    """Whatever the API can refuse, it refuses in the client's language."""
    from config.errors import FrontdeskError

    def kinds(cls):
        for kind in cls.__subclasses__():
            yield kind
            yield from kinds(kind)

    lacking = set()
    with translation.override(language):
        for kind in kinds(FrontdeskError):
            original = kind.detail._args[0] if hasattr(kind.detail, "_args") else None
            if original and kind.__module__.split(".")[0] in (
                "accounts",
                "config",
                "notifications",
                "scheduling",
                "shop",
                "tickets",
            ):
                lacking |= {original} if gettext(original) == original else set()
    assert lacking == set()
