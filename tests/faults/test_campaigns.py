"""Short runs of bench/faults: something breaks while clients write, and every acknowledged write is there, once."""

import subprocess
import sys

import pytest

from tests.live import ROOT

pytestmark = pytest.mark.slow

CAMPAIGNS = ["outage=2", "terminate=2", "full=1", "abrupt=2", "lossy=2"]
CLEAN = "nothing lost, nothing twice, `verify` clean"


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """{campaign: its part of the report}, from one PostgreSQL that only this test knows."""
    command = [sys.executable, "-m", "bench.faults", str(tmp_path_factory.mktemp("faults")), *CAMPAIGNS]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    parts = done.stdout.split("\n| ")
    assert len(parts) >= len(CAMPAIGNS), done.stdout + done.stderr
    return dict(zip((name.partition("=")[0] for name in CAMPAIGNS), parts[-len(CAMPAIGNS) :], strict=True))


@pytest.mark.parametrize("campaign", ["outage", "terminate", "full"])
def test_nothing_acknowledged_is_lost_and_nobody_is_cut_off(found, campaign):
    """PostgreSQL killed and stopped at once; the web server replaced; all of PostgreSQL's connections taken."""
    assert CLEAN in found[campaign]


def test_control_the_ledger_tells_who_was_cut_off(found):
    """The web server replaced as above, but by SIGKILL."""
    assert "answers were None" in found["abrupt"]


def test_control_the_ledger_tells_what_was_lost(found):
    """PostgreSQL stopped as above, but while it acknowledges before it writes."""
    assert "acknowledged as" in found["lossy"]
