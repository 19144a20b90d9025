"""make run: from a fresh clone to a service that answers, in one command."""

import errno
import hashlib
import json
import os
import re
import socket
import subprocess
import time

from local import ROOT, Stop, environment, say, venv
from local.postgres import Server
from local.supervise import Supervisor

_CONNECT = """
import sys, django
from django.db import connection
try:
    django.setup()
    connection.ensure_connection()
except Exception as error:
    sys.exit(" ".join(str(error).split()))
"""
_PREPARE = """
import sys, django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
try:
    django.setup()
    call_command("migrate", interactive=False, verbosity=0, skip_checks=False)
    call_command("admininit")
except (CommandError, ImproperlyConfigured) as problem:
    sys.exit(str(problem))
"""
_PATIENCE = 10  # seconds for the server of DATABASE_URL to answer
_PORT_PATIENCE = 5  # seconds: the service that was killed a moment ago may be ending still
# What a server says that answers, but cannot serve yet.
_NOT_YET = re.compile("starting up|shutting down|in recovery|refused|timeout|timed out|No such file|resolve host|reset by peer")


def run():
    """Serves until Ctrl-C or SIGTERM. Returns the exit code."""
    began = time.monotonic()
    env = environment.for_run(dict(os.environ))
    listener = _listener(env)
    ours = "DATABASE_URL" not in env
    python = venv.ensure("run", "fast", *(["postgres"] if ours else []))
    server = Server(environment.data_dir(env) / "postgres", python) if ours else None
    supervisor = Supervisor(env, server)
    # From here on a signal ends what was started, whatever it is.
    with supervisor:
        if server:
            say("Starting PostgreSQL …")
            server.start()
            env["DATABASE_URL"] = server.create_database("frontdesk")
        else:
            _wait_for_database(python, env)
        say("Preparing the database …")
        # One process for both, as starting Django takes a second; away from the terminal, so that Ctrl-C is ours alone.
        if subprocess.call([python, "-c", _PREPARE], cwd=ROOT, env=env, start_new_session=True):
            raise Stop("The database could not be prepared; see above.")
        if server:
            _compare(server.folder)
        bind = f"fd://{listener.fileno()}"
        supervisor.add("web", [python, "-m", "gunicorn", "-c", "config/gunicorn.py", "-b", bind, "config.wsgi"], listener)
        supervisor.add("worker", [python, "manage.py", "procrastinate", "worker"])
        supervisor.wait_until_answers()
        say(f"""
Frontdesk answers at {env["SITE_URL"]} (after {time.monotonic() - began:.0f} s). Ctrl-C ends it.
  documentation   {env["SITE_URL"]}/api/docs/
  staff           {env["SITE_URL"]}/admin/
  mail and SMS    {environment.data_dir(env) / "outbox"} unless EMAIL_URL and SMS_URL say otherwise
""")
        return supervisor.watch()


def _listener(env):
    """A socket that has the port, so that nobody takes it meanwhile. gunicorn will listen on it: until then nobody gets in."""
    host, port = env["HOST"], env["PORT"]
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise Stop(f"PORT={port} is no port number. Use one from 1 to 65535.")
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    deadline = time.monotonic() + _PORT_PATIENCE
    while True:
        try:
            listener.bind((host, int(port)))
            return listener
        except OSError as error:
            if time.monotonic() > deadline or error.errno != errno.EADDRINUSE:
                reason = f"Port {port} of {host} cannot be used ({error.strerror})"
                raise Stop(f"{reason}. Choose another: make run PORT=8001") from None
            time.sleep(0.2)


def _compare(folder):
    """Says which migrations are no longer what the database in `folder` was made by.

    Until the first release they are edited in place, and Django, which knows them by name, takes them for applied.
    """
    notes = folder / "made-by.json"
    try:
        then = json.loads(notes.read_text())
    except (OSError, ValueError):  # a new database, or one of before there were notes
        then = {}
    files = (path for path in ROOT.glob("*/migrations/*") if path.is_file())
    now = {str(path.relative_to(ROOT)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    if now.keys() - then.keys():
        notes.write_text(json.dumps(now | then))
    if changed := sorted(name for name in now if name in then and now[name] != then[name]):
        say(f"This database was made by another {', another '.join(changed)}: what is new there is missing here.")
        say(f"Begin with a new one: remove {folder}, or name another folder: FRONTDESK_DATA=/tmp/new make run")


def _wait_for_database(python, env):
    deadline = time.monotonic() + _PATIENCE
    while (tried := subprocess.run([python, "-c", _CONNECT], env=env, stderr=subprocess.PIPE, text=True, cwd=ROOT)).returncode:
        reason = tried.stderr.strip()
        if time.monotonic() > deadline or not _NOT_YET.search(reason):
            raise Stop(f"The server of DATABASE_URL cannot be used: {reason}")
        say("Waiting for the server of DATABASE_URL …")
        time.sleep(1)
