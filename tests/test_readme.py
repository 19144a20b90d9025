"""The README's tour, run as a newcomer would: its commands in a shell, against the real service."""

import re
import subprocess
import sys

import pytest

from tests.live import ROOT, Service

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

README = (ROOT / "README.md").read_text()


def tour():
    """[(command, expected output)] of the console blocks, in order."""
    steps = []
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            steps.append((command, expected.strip()))
    return steps


def pattern(expected):
    """What the README shows, where … stands for anything that differs from run to run."""
    return re.compile(".*?".join(re.escape(part) for part in expected.split("…")), re.DOTALL)


def test_the_tour(tmp_path):
    steps = tour()
    assert len(steps) > 5
    with Service(tmp_path / "data", ADMIN_PASSWORD="the office opens at nine") as service:
        subprocess.run([sys.executable, "manage.py", "admininit"], cwd=ROOT, env=service.env, check=True)
        mark = "--- end of step ---"
        script = "".join(f"{command}\necho; echo '{mark}'\n" for command, _ in steps)
        done = subprocess.run(
            ["bash"],
            input=script.replace("http://127.0.0.1:8000", service.url),
            cwd=tmp_path,
            env=service.env,
            capture_output=True,
            text=True,
            timeout=60,
        )
    outputs = [output.strip().replace(service.url, "http://127.0.0.1:8000") for output in done.stdout.split(mark)[:-1]]
    assert len(outputs) == len(steps), f"the tour ended early:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    for (command, expected), output in zip(steps, outputs, strict=True):
        assert pattern(expected).fullmatch(output), f"$ {command}\nsays\n{output}\nand not\n{expected}\n{done.stderr}"
