"""The web killed before a COMMIT, inside it, and right after the answer: each kind of write, again and again."""

import http.client
import json
import os
import signal
from contextlib import suppress

from bench.faults.site import Line, fresh_start
from tests.live import Service


def commit(house, rounds=5):
    """For each kind of write and each of the three moments, so many kills; each write is then sent again under its key."""
    from tests.faults.gates import before, gate_at, kill_at_the_gate, within
    from tests.ledger import PLACES
    from tests.writers import person

    ledger, folder = fresh_start(house, "commit")
    me = person(f"{ledger.name}me", 0)
    slots = iter(me["slots"])
    paths = {
        "ticket": ("/api/v1/tickets/", lambda marker: {"message": marker}),
        "answer": (f"/api/v1/tickets/{me['ticket']}/answer/", lambda marker: {"message": marker}),
        "order": (
            "/api/v1/orders/",
            lambda marker: {"address": marker, "phone": "+48123666789", "items": [{"product_id": me["product"], "amount": 1}]},
        ),
        "meeting": ("/api/v1/meetings/", lambda marker: {"time_slot": next(slots), "subject": marker}),
    }
    kills = {"before": 0, "within": 0, "after": 0}
    with Service(folder, keep_port=True, worker=False, workers=1) as service:
        for kind, (path, body_of) in paths.items():
            table, column = PLACES[kind]
            for moment, trigger in (("before", before(table)), ("within", within(table)), ("after", None)):
                for _ in range(rounds):
                    marker = ledger.marker(kind)
                    request = (service.port, path, body_of(marker), me["token"], marker)
                    if trigger:
                        with gate_at(trigger):
                            kill_at_the_gate(service, lambda request=request: _post(*request))
                    else:
                        _post(*request)
                        for child in service.children():
                            os.kill(child.pid, signal.SIGKILL)
                    kills[moment] += 1
                    there = _count(table, column, marker)
                    if there != (moment != "before"):
                        ledger.refused(f"{kind} killed {moment}: there {there} times")
                    status, answer, replayed = _post(*request)
                    if status != 201 or bool(replayed) != (moment != "before"):
                        ledger.refused(f"{kind} killed {moment}: sent again {status}, replayed {replayed}")
                    else:
                        ledger.acknowledged(kind, marker, answer["id"])
    seen = ", ".join(f"{count} × {moment}" for moment, count in kills.items())
    return Line(
        f"Web killed at COMMIT ({', '.join(paths)})",
        f"{seen}: a killed write is there if and only if its COMMIT was begun; sent again under its key, there is one of it, and "
        f"its first answer comes again ({len(ledger.written)} writes)",
        ledger.faults(),
    )


def _post(port, path, body, token, key):
    """(status, answer, whether it was replayed), or three times None where the service died meanwhile."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}", "Idempotency-Key": key}
    with suppress(OSError, http.client.HTTPException):
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read()), answer.headers["Idempotency-Replayed"]
    return None, None, None


def _count(table, column, marker):
    from tests.faults.gates import sql

    return sql(f"SELECT count(*) FROM {table} WHERE {column} = %s", marker)[0][0]
