"""How every report writes a figure."""

import pytest

from engine.report.figures import signed_percent


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.0123, "+1.2%"), (-0.0123, "-1.2%"), (-0.00001, "+0.0%"), (14.5, "+1,450.0%"), (None, "–")],
)
def test_percent_carry_their_sign_and_nothing_has_none_that_is_minus(value: float | None, words: str) -> None:
    assert signed_percent(value) == words
