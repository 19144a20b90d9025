"""Do answers take longer while the mail server refuses or hangs? Three services at once, asked in turn.

    python -m bench.mail_server_away FOLDER [tries]

In FOLDER it keeps an embedded PostgreSQL, and what the services write.
"""

import json
import statistics
import sys
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from bench.house import open_house

MODES = ("accept", "refuse", "hang")


def ask(url, path, body):
    """Milliseconds until the answer to a POST is there."""
    request = urllib.request.Request(url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    began = time.perf_counter()
    with urllib.request.urlopen(request, timeout=10) as answer:
        answer.read()
    return (time.perf_counter() - began) * 1000


def main(folder, tries=200):
    server = open_house(folder)
    try:
        measure(folder, int(tries))
    finally:
        server.stop()


def measure(folder, tries):
    from tests.live import Service
    from tests.notifications.smtp import SMTPServer

    times = {mode: [] for mode in MODES}
    with ExitStack() as stack:
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
    main(*sys.argv[1:])
