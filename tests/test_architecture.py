"""The house as it is meant to be: which way imports point, how large rooms are, and that each has a name of its own."""

import ast
import re
import subprocess
import sys

import pytest

from tests.live import ROOT

APPS = ("accounts", "config", "notifications", "scheduling", "shop", "tickets")
FILES = [
    path for app in (*APPS, "local", "tests", "bench") for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts
]


def test_imports_point_one_way():
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", [p for p in FILES if "services" in str(p.relative_to(ROOT))], ids=str)
def test_services_know_nothing_of_http(path):
    imported = {
        name
        for node in ast.walk(ast.parse(path.read_text()))
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in getattr(node, "names", [])])
        if isinstance(node, ast.Import | ast.ImportFrom)
    }

    assert not {name for name in imported if re.match(r"(django\.http|django\.shortcuts|rest_framework)\b", name or "")}
    assert not re.search(r"\brequest\.(user|data|META|GET|POST)\b", path.read_text())


def test_no_file_is_longer_than_one_can_read():
    long = {str(path.relative_to(ROOT)): n for path in FILES if (n := path.read_text().count("\n")) > 300}

    assert long == {}


def test_every_room_has_a_name_of_its_own():
    assert not [path for path in FILES if path.stem in ("utils", "helpers", "common", "misc")]


def test_every_module_says_what_it_is_for():
    texts = {path: path.read_text() for path in FILES if path.name not in ("apps.py", "conftest.py")}
    silent = [path for path, text in texts.items() if text.strip() and not ast.get_docstring(ast.parse(text))]

    assert silent == []
