"""docs/reliability.md names what is there."""

import re

from tests.live import ROOT

PAGE = (ROOT / "docs" / "reliability.md").read_text()


def test_every_test_that_the_page_names_exists():
    named = set(re.findall(r"`((?:\w+/)?test_\w+)`", PAGE))

    assert len(named) > 30
    assert [name for name in sorted(named) if not (ROOT / "tests" / f"{name}.py").exists()] == []


def test_every_bench_that_the_page_names_exists():
    named = set(re.findall(r"python -m bench\.(\w+)", PAGE))

    assert len(named) >= 4
    assert [name for name in sorted(named) if not list((ROOT / "bench").glob(f"{name}*"))] == []
