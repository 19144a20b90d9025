"""gunicorn's settings. HOST, PORT, WEB_WORKERS and WEB_THREADS come from the environment."""

import gc
import os
import signal

from config import env

_host = env.text("HOST", "127.0.0.1")
bind = f"{f'[{_host}]' if ':' in _host else _host}:{env.integer('PORT', 8000, least=1, most=65535)}"
workers = env.integer("WEB_WORKERS", 2, least=1)
# Threads wait for PostgreSQL, not for each other: a few per process; more only compete for the interpreter.
threads = env.integer("WEB_THREADS", 4, least=1)
worker_class = "config.worker.Worker"
logger_class = "config.worker.Logger"
# Loaded once, before the workers are forked: they share its memory and start at once.
preload_app = True
# The C parser where it is installed.
http_parser = "auto"

timeout = 30
graceful_timeout = 30
# A load balancer keeps its connections this long; it must give up first.
keepalive = 75
limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 8190
# Heartbeats in memory: a slow disk must not look like a dead worker.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108 (gunicorn unlinks its file at once)
control_socket_disable = True
# The application writes a line for each request itself (config.middleware), with the request's id.
accesslog = None
loglevel = "warning"
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "config.logs.JSONFormatter"}},
    "filters": {"bare": {"()": "config.logs.Bare"}},
    "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"}},
    "root": {"handlers": ["stdout"], "level": "WARNING"},
    "loggers": {"gunicorn.error": {"handlers": ["stdout"], "filters": ["bare"], "level": "WARNING", "propagate": False}},
}
# Which proxies to believe about the client and https is a setting of the application (TRUSTED_PROXIES). gunicorn believes
# nobody: those it trusts may also say where the path begins (SCRIPT_NAME), and so pass one path off as another.
forwarded_allow_ips = ""


# The master asks a worker to stop once, and then waits for `graceful_timeout`. A signal that finds a worker without handlers
# of its own would be lost, so it has to wait until there are.
_STOP = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT}


def on_starting(server):
    os.register_at_fork(after_in_parent=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP))


def when_ready(server):
    """What was loaded lives as long as the process, so the collector need not look at it again, in no process.

    It writes into what it looks at. Done after the fork, that would make a copy of nearly everything for each worker.
    """
    gc.collect()
    gc.freeze()


def on_reload(server):
    """SIGHUP has loaded everything anew."""
    when_ready(server)


def pre_fork(server, worker):
    """No connection may be shared by processes."""
    from django.db import connections

    connections.close_all()
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP)


def post_fork(server, worker):
    """Requests leave next to nothing for the collector (config.viewsets): it comes seldom, and for some milliseconds."""
    gc.set_threshold(10_000, 20, 100)


def post_worker_init(worker):
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP)
