"""The requirement files are in step, and it is noticed when they are not."""

import pytest

from local import locks


@pytest.fixture
def requirements(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "ROOT", tmp_path)
    monkeypatch.setattr(locks, "FILES", [tmp_path / "some.txt"])
    (tmp_path / "some.in").write_text("# a remark\n-c other.txt\nDjango~=5.2\ndrf_spectacular[sidecar]\n")
    text = "django==5.2.19 \\\n    --hash=sha256:1\n    # via\n    #   -r some.in\n    #   djoser\n"
    text += "drf-spectacular==0.30.0 \\\n    --hash=sha256:2\n    # via -r some.in\nsqlparse==0.5 \\\n    # via django\n"
    (tmp_path / "some.txt").write_text(text)
    return tmp_path


def test_ours_are_in_step():
    assert locks.differences() == []


def test_a_name_more_or_less_is_told(requirements):
    assert locks.differences() == []

    (requirements / "some.in").write_text("Django~=5.2\nwhitenoise\n")

    assert locks.differences() == [
        "whitenoise is in some.in and not in some.txt: make lock",
        "drf-spectacular is in some.txt for some.in, which does not name it: make lock",
    ]
