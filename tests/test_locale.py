"""The catalogs: what is compiled is what is written, and no placeholder is lost on the way."""

import ast
import re

import polib
import pytest
from django.utils import translation
from django.utils.translation import gettext

from tests.live import ROOT

LANGUAGES = ("pl", "ru")
_PLACE = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}")
_CALLS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
_TAG = re.compile(r"""{%\s*trans(?:late)?\s+(["'])(.*?)\1""")


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


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogs_are_complete(language):
    entries = polib.pofile(str(ROOT / "config" / "locale" / language / "LC_MESSAGES" / "django.po"))
    assert not entries.metadata_is_fuzzy
    unfinished = entries.untranslated_entries() + entries.fuzzy_entries() + entries.obsolete_entries()
    assert [entry.msgid for entry in unfinished] == []


def constants():
    """The constant strings that Python files and templates give to gettext."""
    found = set()
    for app in ("accounts", "config", "notifications", "scheduling", "shop", "tickets"):
        for path in (ROOT / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute) and node.args:
                    name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                    first = node.args[0]
                    if name in _CALLS and isinstance(first, ast.Constant) and isinstance(first.value, str):
                        found.add(first.value)
        for path in (ROOT / app).rglob("templates/**/*.*"):
            found |= {text for _, text in _TAG.findall(path.read_text())}
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_string_is_in_the_catalog(language):
    lacking = constants() - set(catalog(language, "po"))
    with translation.override(language):
        assert {text for text in lacking if gettext(text) == text} == set()
