"""What is typed after an option is checked before anything else happens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.commands.loading import LONGEST_LABEL, given_label
from engine.core.errors import ConfigError


@pytest.mark.parametrize("text", ["", "   ", "two\nlines", "\x1b[2J", "a\tb", "x" * 65, "\udcff", "\u202eleft"])
def test_a_label_that_is_no_short_line_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^--label .* is not allowed; one line of 1 to 64 characters"):
        given_label(text)


@given(st.text())
def test_a_label_that_is_taken_is_one_line_that_can_be_shown(text: str) -> None:
    try:
        label = given_label(text)
    except ConfigError:
        return
    assert label == text.strip()
    assert 1 <= len(label) <= LONGEST_LABEL
    assert label.isprintable()


def test_no_label_is_an_empty_one() -> None:
    assert given_label(None) == ""
