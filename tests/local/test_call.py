"""What `make test` and its like started is gone when they are."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from tests.live import ROOT

pytestmark = pytest.mark.slow

# As pytest with a service: a grandchild in a session of its own, which its parent ends on Ctrl-C and on nothing else.
COMMAND = """
import pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
path = pathlib.Path(sys.argv[1])
path.with_suffix(".new").write_text(str(child.pid))
path.with_suffix(".new").rename(path)
try:
    time.sleep(600)
finally:
    time.sleep(0.5)  # longer than subprocess.call would wait
    child.terminate()
    child.wait()
"""
PARENT = """
import signal, sys
from local.processes import call
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
sys.exit(call([sys.executable, "-c", sys.argv[1], sys.argv[2]]))
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 128 + signal.SIGTERM), (signal.SIGINT, None)])
def test_nothing_outlives_a_call(tmp_path, number, code):
    pid_file = tmp_path / "pid"
    command = [sys.executable, "-c", PARENT, COMMAND, str(pid_file)]
    ours = subprocess.Popen(command, cwd=ROOT, start_new_session=True, stderr=subprocess.DEVNULL)
    grandchild = None
    try:
        while not pid_file.exists():
            assert ours.poll() is None
            time.sleep(0.05)
        grandchild = psutil.Process(int(pid_file.read_text()))
        if number == signal.SIGINT:  # as a terminal sends it: to all of the group
            os.killpg(ours.pid, number)
        else:
            ours.send_signal(number)
        ended = ours.wait(60)
    finally:
        if ours.poll() is None:
            os.killpg(ours.pid, signal.SIGKILL)
            ours.wait()
        alive = grandchild is not None and grandchild.is_running() and grandchild.status() != psutil.STATUS_ZOMBIE
        if alive:
            grandchild.kill()
    assert not alive
    assert code is None or ended == code


def test_the_exit_code_is_the_commands():
    done = subprocess.run([sys.executable, "-c", PARENT, "import sys; sys.exit(7)", ""], cwd=ROOT)

    assert done.returncode == 7
