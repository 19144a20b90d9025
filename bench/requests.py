"""What do the hot requests cost? W1 to W7 of the peers' harness (bench/peers.toml) and the other lists, one after the other.

    PGHOST=/path/of/socket python -m bench.requests --load 1   # N times the data, in a database of its own; then measures
    PGHOST=/path/of/socket python -m bench.requests            # measures what is loaded

Serves the application as in production, sessions and logs included, with one gunicorn worker; eight clients (wrk) keep it busy.
Prints requests a second, p50 and p99 in ms, CPU µs a request of the application and of PostgreSQL, and errors; in the end the
memory of the processes (PSS). Beside others, by a harness that is no part of
this repository: peers/run.sh W1,W3 P3,P4,ours --extra bench/peers.toml.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import psutil

from bench.environment import HERE, environment

SECONDS, CLIENTS, ROUNDS, PORT = 4, 8, 3, 8471
ORDER = {"address": "12 Main Street, Springfield", "phone": "+15550000012"}
LINES = [{"product_id": product, "amount": amount} for product, amount in ((11, 1), (22, 2), (33, 3))]
REQUESTS = {
    "W1 own tickets": ("/api/v1/tickets/?limit=20", None),
    "W2 a ticket": ("/api/v1/tickets/{ticket}/", None),
    "W3 products": ("/api/v1/products/", None),
    "W4 a tutor's free slots": ("/api/v1/timeslots/?tutor=20", None),
    "W5 order of 3 lines": ("/api/v1/orders/", ORDER | {"items": LINES}),
    "W6 open a ticket": ("/api/v1/tickets/", {"message": "My order has not arrived yet, please look into it."}),
    "own meetings": ("/api/v1/meetings/", None),
    "own orders": ("/api/v1/orders/", None),
    "own notifications": ("/api/v1/notifications/", None),
    "oneself": ("/auth/users/me/", None),
    "probe": ("/livez", None),
}
# Each client is a customer of its own, in turn.
USERS = [4, 8, 12, 16, 24, 28, 32, 36]


class Server:
    """One gunicorn worker; `arguments` are added to its command line."""

    def __init__(self, env, *arguments):
        command = [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py", *arguments, "config.wsgi"]
        self.base, self.env = f"http://127.0.0.1:{PORT}", env
        self.log = Path(tempfile.mkstemp(prefix="frontdesk-bench-")[1])
        with self.log.open("wb") as log:
            settings = env | {"PORT": str(PORT), "WEB_WORKERS": "1"}
            self.process = subprocess.Popen(command, cwd=HERE.parent, env=settings, stdout=log, stderr=log)

    def __enter__(self):
        deadline = time.monotonic() + 30
        while True:
            try:
                urllib.request.urlopen(f"{self.base}/readyz", timeout=5).close()
            except OSError:
                if time.monotonic() > deadline:
                    self.__exit__()
                    raise
                time.sleep(0.1)
            else:
                return self

    def __exit__(self, *exception):
        self.process.terminate()
        self.process.wait()
        self.log.unlink()

    def token(self, user):
        body = json.dumps({"username": f"user{user}", "password": "password"}).encode()
        request = urllib.request.Request(f"{self.base}/auth/jwt/create/", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)["access"]

    def processes(self):
        master = psutil.Process(self.process.pid)
        return [master, *master.children(recursive=True)]


def backends(database):
    """PostgreSQL's processes that serve this database's clients."""
    titles = ((one, " ".join(one.info["cmdline"] or ())) for one in psutil.process_iter(["cmdline"]))
    return [one for one, title in titles if f" {database} " in title and "autovacuum" not in title]


def cpu(processes):
    """Seconds on a processor, of those of them that are still there, by process."""
    spent = {}
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            spent[process] = sum(process.cpu_times()[:2])
    return spent


def since(before):
    """Seconds on a processor since `before`, which is cpu() of then."""
    return sum(seconds - before[process] for process, seconds in cpu(before).items())


def script(path, body, tokens):
    """What wrk runs: the request under each of the tokens in turn."""
    method = f'"POST", path, headers, {json.dumps(json.dumps(body))}' if body else '"GET", path, headers'
    return f"""
local tokens, n, path = {{{", ".join(f'"{token}"' for token in tokens)}}}, 0, "{path}"
request = function()
  n = n + 1
  local headers = {{["Authorization"] = "Bearer " .. tokens[n % #tokens + 1], ["Content-Type"] = "application/json"}}
  return wrk.format({method})
end
"""


def measure(server, path, body, tokens, seconds=SECONDS):
    """(requests a second, p50 ms, p99 ms, app µs, PostgreSQL µs, errors)."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script(path, body, tokens))
        file.flush()
        command = ["wrk", "-t1", f"-c{CLIENTS}", "-d1s", "--latency", "-s", file.name, server.base]
        subprocess.run(command, capture_output=True, check=True)  # to warm up
        command[3] = f"-d{seconds}s"
        before = cpu(server.processes()), cpu(backends(server.env["BENCH_DB"]))
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        spent = [since(one) for one in before]
    count = int(re.search(r"(\d+) requests in", said)[1])
    p50, p99 = (_ms(re.search(rf"{share}%\s+([\d.]+)(us|ms|s)", said)) for share in (50, 99))
    errors = sum(map(int, re.findall(r"(?:Non-2xx or 3xx responses: |connect |read |write |timeout )(\d+)", said)))
    return count / seconds, p50, p99, spent[0] / count * 1e6, spent[1] / count * 1e6, errors


def _ms(found):
    return float(found[1]) * {"us": 0.001, "ms": 1, "s": 1000}[found[2]]


def main():
    if not shutil.which("wrk"):
        sys.exit("wrk is missing: apt install wrk")
    env = environment()
    if "--load" in sys.argv:
        subprocess.run(["bash", f"{HERE}/load.sh", sys.argv[sys.argv.index("--load") + 1]], check=True)
    with Server(env) as server:
        tokens = [server.token(user) for user in USERS]
        header = urllib.request.Request(
            f"{server.base}/api/v1/tickets/?limit=1", headers={"Authorization": f"Bearer {tokens[0]}"}
        )
        with urllib.request.urlopen(header, timeout=10) as answer:
            ticket = json.load(answer)[0]["id"]
        print(f"{'':26}{'RPS':>7}{'p50 ms':>9}{'p99 ms':>9}{'app us':>9}{'pg us':>9}{'errors':>8}")
        found = {name: [] for name in REQUESTS}
        for _ in range(ROUNDS):  # interleaved: whatever else the machine does meets all alike
            for name, (path, body) in REQUESTS.items():
                mine = tokens[:1] if "{ticket}" in path else tokens
                found[name].append(measure(server, path.replace("{ticket}", str(ticket)), body, mine))
        for name, rounds in found.items():
            median = [sorted(values)[len(values) // 2] for values in zip(*rounds, strict=True)]
            print(f"{name:26}{median[0]:7.0f}{median[1]:9.2f}{median[2]:9.2f}{median[3]:9.0f}{median[4]:9.0f}{median[5]:8}")
        pss = sum(process.memory_full_info().pss for process in server.processes())
        print(f"memory of master and worker: {pss / 2**20:.0f} MiB (PSS)")


if __name__ == "__main__":
    main()
