"""A backup is worth what can be restored from it: all of it, into a blank database, by the commands that the README names."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.conf import settings as configured
from django.core.management import CommandError, call_command
from django.db import connection

from config import dumps
from tests.live import ROOT, database_url
from tests.world import world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def manage(*arguments, **variables):
    env = {**os.environ, "SECRET_KEY": configured.SECRET_KEY, "JWT_KEY": configured.JWT_KEY, "HTTPS": "off", **variables}
    return subprocess.run([sys.executable, "manage.py", *map(str, arguments)], cwd=ROOT, env=env, capture_output=True, text=True)


@pytest.fixture
def blank():
    """The URL of a database without tables, on the same server."""
    name = f"{connection.settings_dict['NAME']}_restored"
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}"')
    yield urlunsplit(urlsplit(database_url())._replace(path=f"/{name}"))
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def contents(url):
    """Every table with its number of rows and a digest of them."""
    with psycopg.connect(url.replace("postgres://", "postgresql://")) as database:
        tables = [row[0] for row in database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")]
        digest = "SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {} t"
        return {table: database.execute(digest.format(table)).fetchone() for table in tables}


def test_what_was_backed_up_is_restored_and_verified(alice, sue, tim, settings, tmp_path, blank):
    source = {"DATABASE_URL": database_url(), "FRONTDESK_DATA": str(tmp_path / "data")}
    target = {"DATABASE_URL": blank, "FRONTDESK_DATA": str(tmp_path / "restored")}
    settings.MEDIA_ROOT = tmp_path / "data" / "media"
    world(alice=alice, sue=sue, tim=tim)

    backup = manage("backup", tmp_path / "monday", **source)
    assert backup.returncode == 0, backup.stderr
    restored = manage("restore", tmp_path / "monday", **target)

    assert restored.returncode == 0, restored.stderr
    assert "rules hold" in restored.stdout
    assert contents(blank) == contents(database_url())
    files = sorted(path.relative_to(settings.MEDIA_ROOT) for path in settings.MEDIA_ROOT.rglob("*") if path.is_file())
    assert files
    assert all(
        (tmp_path / "restored" / "media" / file).read_bytes() == (settings.MEDIA_ROOT / file).read_bytes() for file in files
    )
    assert manage("migrate", "--check", **target).returncode == 0  # it can be served at once

    # Neither of them writes over what is there.
    assert "exists already" in manage("backup", tmp_path / "monday", **source).stderr
    assert "tables already" in manage("restore", tmp_path / "monday", **target).stderr


def test_a_folder_that_is_no_backup_is_refused(blank, tmp_path):
    refused = manage("restore", tmp_path, DATABASE_URL=blank)

    assert refused.returncode == 1
    assert "is no backup" in refused.stderr


def test_a_folder_that_cannot_be_made_is_named_in_one_line(tmp_path):
    (tmp_path / "file").touch()

    refused = manage("backup", tmp_path / "file" / "monday", DATABASE_URL=database_url())

    assert refused.returncode == 1
    assert refused.stderr == f"CommandError: {tmp_path}/file/monday.partial could not be made: Not a directory.\n"


@pytest.mark.parametrize("folder", ["media/monday", "media/week/monday", "link/monday", "data/../media/monday", "media"])
def test_a_folder_among_the_uploads_is_refused(settings, tmp_path, folder):
    """It would be copied into itself, and that copy into itself, until it can go no deeper."""
    settings.MEDIA_ROOT = tmp_path / "media"
    (tmp_path / "data").mkdir()
    if folder != "media":
        settings.MEDIA_ROOT.mkdir()
        (tmp_path / "link").symlink_to(settings.MEDIA_ROOT)
    before = sorted(tmp_path.rglob("*"))

    with pytest.raises(CommandError, match="is among the uploads"):
        call_command("backup", tmp_path / folder)

    assert sorted(tmp_path.rglob("*")) == before


def test_files_that_come_and_go_meanwhile_are_in_the_backup_whose_rows_name_them(settings, tmp_path, monkeypatch):
    """A product's picture is replaced, or an account closed, right before and right after the moment that the dump is of."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MEDIA_ROOT.mkdir()
    (settings.MEDIA_ROOT / "old").write_text("old")
    (settings.MEDIA_ROOT / "half").write_text("ha")

    def dump(*arguments):
        (settings.MEDIA_ROOT / "new").write_text("new")
        (settings.MEDIA_ROOT / "half").write_text("half")
        (settings.MEDIA_ROOT / "old").unlink()

    monkeypatch.setattr(dumps, "run", dump)

    call_command("backup", tmp_path / "monday")

    assert {path.name: path.read_text() for path in (tmp_path / "monday" / "media").iterdir()} == {
        "old": "old",
        "new": "new",
        "half": "half",
    }


def test_a_file_that_is_deleted_while_it_is_copied_is_nobodys(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MEDIA_ROOT.mkdir()
    (settings.MEDIA_ROOT / "file").touch()
    copy = shutil.copy2

    def late(source, target):
        Path(source).unlink()
        return copy(source, target)

    monkeypatch.setattr(shutil, "copy2", late)
    monkeypatch.setattr(dumps, "run", lambda *arguments: None)

    call_command("backup", tmp_path / "monday")

    assert not any((tmp_path / "monday" / "media").iterdir())
