"""manage.py backup FOLDER: the whole database as of one moment, and the files that people uploaded."""

import shutil
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config import dumps


class Command(BaseCommand):
    """Writes beside FOLDER first: a folder with that name is a whole backup. May run beside the service."""

    help = "Write the database and the uploads into a new folder, from which `restore` makes them again."

    def add_arguments(self, parser):
        parser.add_argument("folder", type=Path)

    def handle(self, *, folder, **options):
        if folder.exists():
            raise CommandError(f"{folder} exists already. A backup is never written over another one.")
        partial = folder.with_name(folder.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True, mode=0o700)
        dumps.run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--file", partial / "database.dump")
        # After the database: a file is there before the row that names it, so none is missing.
        if Path(settings.MEDIA_ROOT).exists():
            shutil.copytree(settings.MEDIA_ROOT, partial / "media")
        partial.rename(folder)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        self.stdout.write(f"{folder}: {size / 1e6:.1f} MB")
