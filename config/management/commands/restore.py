"""manage.py restore FOLDER: what `backup` wrote, into a blank database, and proved by `verify`."""

import shutil
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from config import dumps


class Command(BaseCommand):
    """Restores all or nothing, and never over data: DATABASE_URL must name a database without tables."""

    help = "Make the database and the uploads of a backup again, in a blank database, and verify them."

    def add_arguments(self, parser):
        parser.add_argument("folder", type=Path)

    def handle(self, *, folder, **options):
        dump, media = folder / "database.dump", Path(settings.MEDIA_ROOT)
        if not dump.exists():
            raise CommandError(f"{folder} is no backup: there is no {dump.name} in it.")
        if tables := connection.introspection.table_names():
            raise CommandError(f"The database has {len(tables)} tables already. Create a blank one, and name it in DATABASE_URL.")
        if media.exists() and any(media.iterdir()):
            raise CommandError(f"{media} is not empty. Move it away, or set FRONTDESK_DATA to another folder.")
        dumps.run(
            "pg_restore", "--dbname", connection.settings_dict["NAME"], "--no-owner", "--no-privileges", "--exit-on-error",
            "--single-transaction", dump,
        )  # fmt: skip
        if (folder / "media").exists():
            shutil.copytree(folder / "media", media, dirs_exist_ok=True)
        self.stdout.write("Restored. Verifying:")
        call_command("verify", stdout=self.stdout, stderr=self.stderr)
