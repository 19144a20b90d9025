"""Do answers take longer while the mail server refuses or hangs? Three services at once, asked in turn.

    DATABASE_URL=… python -m bench.mail_server_away [tries]

Needs a migrated database and the development requirements.
"""

import json
import os
import statistics
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from tests.live import Service  # noqa: E402 (Django first)
from tests.notifications.smtp import SMTPServer  # noqa: E402

MODES = ("accept", "refuse", "hang")


def ask(url, path, body):
    """Milliseconds until the answer to a POST is there."""
    request = urllib.request.Request(url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    began = time.perf_counter()
    with urllib.request.urlopen(request, timeout=10) as answer:
        answer.read()
    return (time.perf_counter() - began) * 1000


def main(tries=200):
    times = {mode: [] for mode in MODES}
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        services = {}
        for mode in MODES:
            smtp = SMTPServer()
            smtp.mode = mode
            stack.callback(smtp.stop)
            variables = {"EMAIL_URL": f"smtp://127.0.0.1:{smtp.port}?tls=off", "LIMIT_RESET": "off", "LIMIT_SIGN_UP": "off"}
            services[mode] = stack.enter_context(Service(Path(folder) / mode, workers=1, **variables))
        name = f"mail-{time.time_ns()}@example.com"
        ask(services["accept"].url, "/auth/users/", {"email": name, "password": "a long password"})
        for number in range(tries + 10):
            for mode in MODES:
                spent = ask(services[mode].url, "/auth/users/reset_password/", {"email": name})
                if number >= 10:
                    times[mode].append(spent)
    up = statistics.median(times["accept"])
    for mode in MODES:
        median = statistics.median(times[mode])
        print(f"{mode}: median {median:.2f} ms, {median / up:.3f} of that with the server up")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
