"""gunicorn's settings. HOST, PORT, WEB_WORKERS and WEB_THREADS come from the environment."""

import gc
import os

_host = os.environ.get("HOST", "127.0.0.1")
bind = f"{f'[{_host}]' if ':' in _host else _host}:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_WORKERS", "2"))
# Threads wait for PostgreSQL, not for each other: a few per process; more only compete for the interpreter.
threads = int(os.environ.get("WEB_THREADS", "4"))
worker_class = "gthread"
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
errorlog = "-"
loglevel = "warning"
# The proxies in front tell us about https; which of them to believe is a setting of ours (TRUSTED_PROXIES).
forwarded_allow_ips = "*"
secure_scheme_headers: dict[str, str] = {}


def pre_fork(server, worker):
    """No connection may be shared by processes."""
    from django.db import connections

    connections.close_all()


def post_fork(server, worker):
    """What was loaded before the fork lives as long as the process: the collector need not look at it again.

    That also keeps its pages shared, as the collector writes into what it visits.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
