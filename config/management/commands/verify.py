"""manage.py verify: every rule of every app, over the whole database."""

import time

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from config.invariants import MOST_SHOWN, rules


class Command(BaseCommand):
    """Reads whole tables, as of one moment, and writes nothing; exit code 1 if anything is wrong."""

    help = "Check every invariant over the whole database. Reads only; may run beside the service."

    def handle(self, **options):
        known, broken, began = list(rules()), 0, time.monotonic()
        with transaction.atomic():
            self._prepare()
            for number, rule in enumerate(known, 1):
                broken += self._try(rule, f"[{number:>{len(str(len(known)))}}/{len(known)}]")
        seconds = time.monotonic() - began
        if broken:
            raise CommandError(f"{broken} of {len(known)} rules are broken ({seconds:.1f} s).")
        self.stdout.write(self.style.SUCCESS(f"All {len(known)} rules hold ({seconds:.1f} s)."))

    @staticmethod
    def _prepare():
        """One snapshot for all rules, and no time limit, as whole tables are read."""
        with connection.cursor() as cursor:
            if not connection.savepoint_ids:  # or somebody's transaction, which has read already, is around
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SET LOCAL statement_timeout = 0")

    def _try(self, rule, place):
        began = time.monotonic()
        found = rule.violations()
        word = self.style.ERROR("BROKEN") if found else self.style.SUCCESS("ok")
        self.stdout.write(f"{place} {rule.app}: {rule.words}: {word} ({(time.monotonic() - began) * 1000:.0f} ms)")
        self.stdout.flush()
        for key, detail in found:
            self.stdout.write(f"    {key}: {detail}")
        if len(found) == MOST_SHOWN:
            self.stdout.write("    … and perhaps more")
        return bool(found)
