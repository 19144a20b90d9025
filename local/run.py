"""make run: from a fresh clone to a service that answers, in one command."""

import os
import socket
import subprocess
import time

from local import ROOT, Stop, environment, say, venv
from local.postgres import Server
from local.supervise import Supervisor

_REACH = "import os, sys, psycopg; psycopg.connect(os.environ['DATABASE_URL'], connect_timeout=3).close()"


def run():
    """Serves until Ctrl-C or SIGTERM. Returns the exit code."""
    began = time.monotonic()
    env = environment.for_run(dict(os.environ))
    _check_port(env)
    python = venv.ensure("run")
    server = None
    if "DATABASE_URL" not in env:
        say("Starting PostgreSQL …")
        server = Server(environment.data_dir(env) / "postgres", python)
    supervisor = Supervisor(env, server)
    # From here on a signal ends what was started, whatever it is.
    with supervisor:
        if server:
            server.start()
            env["DATABASE_URL"] = server.create_database("frontdesk")
        else:
            _check_reach(python, env)
        say("Preparing the database …")
        for command in (["migrate", "--noinput", "-v", "0"], ["admininit"]):
            if subprocess.call([python, "manage.py", *command], cwd=ROOT, env=env):
                raise Stop(f"manage.py {command[0]} failed; see above.")
        supervisor.add("web", [python, "-m", "gunicorn", "-c", "config/gunicorn.py", "config.wsgi"])
        supervisor.add("worker", [python, "manage.py", "procrastinate", "worker"])
        supervisor.wait_until_answers()
        say(f"""
Frontdesk answers at {env["SITE_URL"]} (after {time.monotonic() - began:.0f} s). Ctrl-C ends it.
  documentation   {env["SITE_URL"]}/api/docs/
  staff           {env["SITE_URL"]}/admin/
  mail and SMS    {environment.data_dir(env) / "outbox"} unless EMAIL_URL and SMS_URL say otherwise
""")
        return supervisor.watch()


def _check_port(env):
    host, port = env["HOST"], env["PORT"]
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise Stop(f"PORT={port} is no port number. Use one from 1 to 65535.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError as error:
            raise Stop(f"Port {port} of {host} cannot be used ({error.strerror}). Choose another: make run PORT=8001") from None


def _check_reach(python, env):
    done = subprocess.run([python, "-c", _REACH], env=env, capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no answer"
        raise Stop(f"The server of DATABASE_URL cannot be reached: {reason.rpartition('Error: ')[2]}")
