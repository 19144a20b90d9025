"""A house to break: an embedded PostgreSQL of its own, the tables in it, and a small cast.

Unlike the server of the tests, this one keeps what it promised: fsync is on, so an acknowledged COMMIT outlives `kill -9`.
"""

import os
import sys
from pathlib import Path

import django

from bench.environment import settle
from local.postgres import Server

# The limits are tried by tests of their own; here they would only be in the way.
LIMITS_OFF = dict.fromkeys(("LIMIT_SIGN_IN", "LIMIT_SIGN_UP", "LIMIT_RESET", "LIMIT_CODE", "LIMIT_GUESS", "LIMIT_API"), "off")


def open_house(folder, *, fast=False):
    """Starts the server whose files are in `folder`, and points Django at a migrated database there. Returns the server.

    `fast`: nobody will kill it, so it need not write through. The caller stops it.
    """
    folder = Path(folder).resolve()
    server = Server(folder / "postgres", sys.executable, fast=fast)
    server.start()
    settle()
    os.environ.update(LIMITS_OFF, DATABASE_URL=server.create_database("frontdesk"), FRONTDESK_DATA=str(folder))
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    return server
