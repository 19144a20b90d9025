"""Keys as others write them."""

import pytest

from config.keys import key_of


@pytest.mark.parametrize("text", ["1", "007", "9" * 18])
def test_a_key(text):
    assert key_of(text) == int(text)


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5", " 1", "1_0", "²", "１", "9" * 19])
def test_what_is_no_key(text):
    assert key_of(text) is None
