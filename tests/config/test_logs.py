"""The log: one JSON line for each event, whatever anybody puts into it."""

import json
import logging

import pytest
from django.db import DatabaseError, connection, transaction

from config.logs import Bare, JSONFormatter


@pytest.fixture
def lines(caplog):
    """`lines()`: what the log says so far, as it is written."""
    return lambda: [JSONFormatter().format(record) for record in caplog.records]


def test_nobody_forges_a_line(lines):
    logging.getLogger("frontdesk").warning('bad\r\n{"level": "info"}', extra={"path": "/a\nb\u2028\u0085\x1b[31m"})

    (line,) = lines()
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line
    assert json.loads(line)["path"] == "/a\nb\u2028\u0085\x1b[31m"
    assert json.loads(line)["message"] == 'bad\r\n{"level": "info"}'


@pytest.mark.django_db
def test_a_request_is_one_line_with_who_what_when_and_without_secrets(as_user, alice, api, lines):
    client = as_user(alice)
    client.get("/auth/users/me/?token=a-secret-in-the-query", headers={"User-Agent": "a-secret\nin a header"})
    api.post("/auth/jwt/create/", {"username": "alice", "password": "a-secret-in-the-body"})

    good, bad = (json.loads(line) for line in lines() if '"request"' in line)

    assert good["time"].endswith("Z")
    assert (good["method"], good["path"], good["status"], good["user_id"]) == ("GET", "/auth/users/me/", 200, alice.pk)
    assert (bad["path"], bad["status"], bad["address"]) == ("/auth/jwt/create/", 401, "127.0.0.1")
    assert "a-secret" not in "".join(lines())


@pytest.mark.django_db
def test_a_token_in_a_path_is_not_in_the_log(api, lines):
    for method in (api.get, api.post):
        method("/api/v1/calendar/a-secret-in-the-path.ics")

    assert [json.loads(line)["path"] for line in lines() if '"request"' in line] == ["/api/v1/calendar/….ics"] * 2


@pytest.mark.django_db
def test_refusals_are_in_the_log(as_user, alice, bob, api, lines):
    api.get("/auth/users/me/")
    as_user(alice).get(f"/auth/users/{bob.pk}/")
    as_user(alice).get("/api/v1/users/")

    assert [json.loads(line)["status"] for line in lines() if '"request"' in line] == [401, 404, 403]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Invalid request from ip=::1: Invalid HTTP method: 'a?b=c d'", "Invalid request from ip=::1: Invalid HTTP method"),
        ("Invalid request from ip=1.2.3.4: Invalid chunk size: b'words'", "Invalid request from ip=1.2.3.4: Invalid chunk size"),
        ('Invalid request from ip=::1: Invalid HTTP Header: "it\'s words"', "Invalid request from ip=::1: Invalid HTTP Header"),
        ("Error handling request GET /a/?token=words", "Error handling request GET /a/"),
        ("Connection in use: ('127.0.0.1', 8000)", "Connection in use: ('127.0.0.1', 8000)"),
        ("Worker (pid:1) was sent SIGKILL! Perhaps out of memory?", "Worker (pid:1) was sent SIGKILL! Perhaps out of memory?"),
    ],
)
def test_gunicorn_repeats_nothing_of_a_request(said, kept):
    record = logging.makeLogRecord({"msg": "%s", "args": (said,)})

    assert Bare().filter(record)
    assert record.getMessage() == kept


SAID = "-".join(["somebody", "s", "words"])


def refuse(statement, value):
    """What PostgreSQL says to a statement with the value in it. Source lines stand in tracebacks, so it is not written here."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE words (word text, number int CHECK (number > 0)) ON COMMIT DROP")
        with pytest.raises(DatabaseError, match=SAID) as refused, transaction.atomic():
            cursor.execute(statement.replace("TOLD", value))
    return refused.value


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statement", "value"),
    [
        ("INSERT INTO words VALUES ('TOLD', 0)", f"{SAID}\nTraceback (m\nDETAIL:  {SAID}\n{SAID}"),
        ("SELECT 'TOLD' FROM nothing", SAID),
        ("DO $$ BEGIN EXECUTE $_$ SELECT 'TOLD', 1 / 0 $_$; END $$", SAID),
    ],
    ids=["a row", "a statement", "where"],
)
@pytest.mark.parametrize("grouped", [False, True], ids=["alone", "in a group"])
def test_what_postgresql_repeats_is_not_in_the_log(lines, statement, value, grouped):
    refused = refuse(statement, value)
    reason = str(refused).splitlines()[0]

    error = ExceptionGroup("several", [refused]) if grouped else refused
    logging.getLogger("frontdesk").error("refused: %s", refused, exc_info=error)

    (line,) = lines()
    assert SAID not in line
    told = json.loads(line)
    assert told["message"] == f"refused: {reason}"
    assert told["exception"].count(f": {reason}\n") + told["exception"].endswith(f": {reason}") >= 2  # psycopg's and Django's
    assert "test_logs.py" in told["exception"]
    assert "direct cause of the following exception" in told["exception"]
