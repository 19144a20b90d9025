"""Schemathesis against a running service: bodies, queries and paths that follow the OpenAPI document, and such that do not."""

import re
import subprocess
import sys
import tempfile
from typing import NamedTuple

# What no answer may do: fail on our side, or differ from what the document says about it.
CHECKS = ",".join(
    (
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    )
)
PHASES = "examples,coverage,fuzzing,stateful"
# Ends the session that the tokens of this run belong to.
_SUICIDE = r"/auth/(sessions|logout)/$"


class Fuzzed(NamedTuple):
    """How many requests were made, and the report."""

    requests: int
    failed: bool
    report: str


def fuzz(url, token=None, *, seconds, examples=15, seed=None, phases=PHASES):
    """Sends requests to all operations for about so many seconds, as whoever the token belongs to."""
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{url}/api/schema/", "--url", url, "--checks", CHECKS,
        "--exclude-path-regex", _SUICIDE, "--phases", phases, "--max-time", str(seconds),
        "--max-examples", str(examples), "--continue-on-failure", "--no-shrink", "--generation-database", "none",
        "--warnings", "off", "--no-color",
    ]  # fmt: skip
    command += ["--header", f"Authorization: Bearer {token}"] if token else []
    command += ["--seed", str(seed)] if seed is not None else []
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 120, cwd=tempfile.gettempdir())
    count = re.search(r"(\d+) generated", done.stdout)
    return Fuzzed(int(count[1]) if count else 0, bool(done.returncode), done.stdout + done.stderr)
