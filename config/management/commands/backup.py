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
        if folder.resolve().is_relative_to(Path(settings.MEDIA_ROOT).resolve()):
            raise CommandError(f"{folder} is among the uploads ({settings.MEDIA_ROOT}), and would be copied into itself.")
        partial = folder.with_name(folder.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        try:
            partial.mkdir(parents=True, mode=0o700)
        except OSError as error:
            raise CommandError(f"{partial} could not be made: {error.strerror}.") from error
        # Before the database and after it: its rows, as of one moment, may name files that came since the first round, and
        # such as are deleted before the second.
        self._copy_files(partial / "media")
        dumps.run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--file", partial / "database.dump")
        self._copy_files(partial / "media")
        partial.rename(folder)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        self.stdout.write(f"{folder}: {size / 1e6:.1f} MB")

    @staticmethod
    def _copy_files(target):
        if Path(settings.MEDIA_ROOT).exists():
            shutil.copytree(settings.MEDIA_ROOT, target, copy_function=_copy, dirs_exist_ok=True)


def _copy(source, target):
    """Copies a file that is not there yet, or was still being written. One that is deleted meanwhile may go."""
    try:
        if not Path(target).exists() or Path(target).stat().st_size != Path(source).stat().st_size:
            shutil.copy2(source, target)
    except FileNotFoundError:
        return
    except OSError as error:
        raise CommandError(f"{source} could not be copied: {error.strerror}.") from error
