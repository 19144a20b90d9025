"""docs/security.md names what keeps each requirement; here are those keepers that have no better place."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.test import Client

from tests.conftest import PASSWORD
from tests.live import ROOT

PAGE = ROOT / "docs" / "security.md"
OURS = ("accounts", "config", "notifications", "scheduling", "shop", "tickets")
_ROW = re.compile(r"\| v5\.0\.0-([\d.]+) \| (\d) \| (.+?) \| (.+) \|")
_CODE = re.compile(r"`([^`]+)`")
_ANCHOR = re.compile(r"\]\(#([a-z-]+)\)")


def rows():
    """(number, level, gist, what keeps it) of each requirement on the page."""
    return [found.groups() for line in PAGE.read_text().splitlines() if (found := _ROW.fullmatch(line))]


# --- The page


def test_the_page_has_every_requirement_of_levels_1_and_2_once():
    wanted = [tuple(line.split()) for line in (ROOT / "tests" / "asvs.txt").read_text().splitlines()]

    assert len(wanted) == 253
    assert [(number, level) for number, level, *_rest in rows()] == wanted


def test_the_numbers_at_its_top_are_right():
    kept = [keeper for *_rest, keeper in rows()]
    none, gaps = sum(one.startswith("Not applicable") for one in kept), sum("Gap" in one for one in kept)

    top = " ".join(PAGE.read_text().split("\n## ")[0].split())
    assert f"All {len(kept)} requirements" in top
    assert f"{none} are not applicable" in top
    assert f"{gaps} have a gap" in top
    assert f"{len(kept) - none - gaps} are kept whole" in top


@pytest.mark.parametrize("number", [number for number, *_rest in rows()])
def test_what_keeps_a_requirement_is_there(number):
    keeper = next(keeper for other, _level, _gist, keeper in rows() if other == number)

    named = _CODE.findall(keeper)
    assert [name for name in named if not is_there(name)] == []
    assert [anchor for anchor in _ANCHOR.findall(keeper) if anchor not in anchors()] == []
    reasons = re.match(r"(Not applicable: |Gap: |Gap, on purpose: )\S+ \S+ \S+", keeper)
    assert reasons or named or _ANCHOR.search(keeper), "a test, a setting, a document, or why not"


def test_control_what_is_not_there_is_noticed():
    for name in ("tests/nowhere.py", "tests/test_security.py::test_of_dreams", "NO_SUCH_SETTING", "docs/nothing.md"):
        assert not is_there(name)


def test_what_the_rest_of_the_page_names_is_there():
    text = "\n".join(line for line in PAGE.read_text().splitlines() if not _ROW.fullmatch(line))

    named = [name for name in _CODE.findall(text) if re.match(r"\w+/|[A-Z_]+$", name)]
    assert len(named) >= 10
    assert [name for name in named if not is_there(name)] == []


def anchors():
    return {line[3:].lower().replace(" ", "-") for line in PAGE.read_text().splitlines() if line.startswith("## ")}


def is_there(name):
    """Whether a test, a setting or a file of this name exists. Other words in code font are none of these."""
    path, _colons, test = name.partition("::")
    if re.fullmatch(r"[A-Z][A-Z_]+", name):
        return hasattr(configured, name)
    if "/" in path or path.endswith((".py", ".md", ".txt", ".toml", ".dockerignore", ".env.example")):
        file = ROOT / path
        return file.exists() and (not test or re.search(rf"^ *def {test}\(", file.read_text(), re.MULTILINE) is not None)
    return True


# --- What our code does not do


def modules():
    """(path, syntax tree) of each file of the service."""
    for app in OURS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def imported(tree):
    """The modules that a file imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importers(*wanted):
    """The files that import one of these modules."""
    return {path for path, tree in modules() if set(imported(tree)) & set(wanted)}


def calls(*wanted):
    """Where something of these names is called: `eval`, `hashlib.md5`."""
    return {
        f"{path}:{node.lineno}"
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in wanted
    }


def test_our_code_runs_nothing_that_it_is_given():
    # PostgreSQL's own programs, for backups: a list of arguments, none of a client's, and no shell.
    assert importers("subprocess", "os.system", "os.popen", "pty") == {"config/dumps.py"}
    assert "shell=" not in (ROOT / "config" / "dumps.py").read_text()
    assert calls("eval", "exec", "compile", "__import__", "os.system", "mark_safe", "Template", "engines.from_string") == set()
    assert importers("pickle", "marshal", "shelve", "dill", "yaml", "code") == set()
    # The C library's accept and close, of sockets of our own.
    assert importers("ctypes") == {"config/worker.py"}
    assert importers("xml", "xml.etree", "xml.etree.ElementTree", "xml.dom", "xml.sax", "lxml") == set()
    assert calls("hashlib.md5", "hashlib.sha1", "hashlib.new") == set()


def test_control_the_search_finds_what_there_is():
    assert "accounts/codes.py" in importers("hmac")
    assert any(place.startswith("accounts/codes.py:") for place in calls("hmac.compare_digest"))


def test_what_must_not_be_guessed_is_random():
    # Pauses between tries, which anybody may guess.
    assert importers("random") == {"config/tasks.py", "config/retries.py"}
    assert {"accounts/models/codes.py", "accounts/tokens.py", "scheduling/services/calendars.py"} <= importers("secrets")


def test_the_service_calls_only_where_settings_say():
    """Nothing that a client sends is an address that we go to. http.client follows no redirects."""
    callers = importers(
        "http.client", "urllib.request", "requests", "httpx", "smtplib.SMTP", "smtplib.SMTP_SSL", "socket", "urllib3"
    )

    ours = {"notifications/backends/sms.py", "shop/payments/stripe.py"}
    assert {path for path in callers if not path.startswith(("config/gunicorn", "config/worker", "config/connections"))} == ours
    for path in ours:
        assert re.search(r"urlsplit\(settings\.\w+", (ROOT / path).read_text()), path


# --- What nobody gets by HTTP


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/auth/users/me/", "/auth/users/", "/api/v1/orders/", "/admin/login/", "/livez", "/api/schema/"]
)
def test_trace_is_refused(path):
    answer = Client().generic("TRACE", path, headers={"X-Secret": "echo"})

    assert answer.status_code in (401, 405)
    assert b"echo" not in answer.content


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/static/", "/static/desk/", "/media/", "/media/products/", "/media/attachments/"])
def test_folders_are_not_listed(path, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    for folder in ("products", "attachments"):
        Path(tmp_path, folder).mkdir()

    assert Client().get(path).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/livez", "/auth/users/me/", "/api/schema/", "/admin/login/", "/static/desk/desk.css", "/nowhere"]
)
def test_over_https_every_answer_says_so_for_a_year(path, settings):
    settings.SECURE_HSTS_SECONDS = 31536000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True

    answer = Client().get(path, secure=True)
    answer.close()

    if path != "/livez":  # asked by machines beside us
        assert answer["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.django_db
def test_pages_of_others_get_no_leave(settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://shop.example.com"]

    def leave(origin):
        answer = Client().options("/auth/users/me/", headers={"Origin": origin, "Access-Control-Request-Method": "GET"})
        return answer.get("Access-Control-Allow-Origin")

    assert leave("https://shop.example.com") == "https://shop.example.com"
    assert [leave(origin) for origin in ("https://evil.example.com", "https://shop.example.com.evil.example.com", "null")] == [
        None
    ] * 3


@pytest.mark.django_db
@pytest.mark.parametrize(
    "target", ["https://evil.example.com/", "//evil.example.com/", "/\\evil.example.com", "javascript:alert(1)"]
)
def test_nobody_is_sent_elsewhere(target, tim):
    answer = Client().post(f"/admin/login/?next={target}", {"username": "tim", "password": PASSWORD, "next": target})

    assert answer.status_code == 302
    assert answer["Location"] == "/admin/"
