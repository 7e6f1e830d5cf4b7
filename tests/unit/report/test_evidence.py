"""Values of signals in words, the same on panel and page."""

import pytest

from engine.report.evidence import distance_words, gap_words, value_words


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "not defined"), (True, "yes"), (False, "no"), (3, "3"), (1234.567, "1,234.57"), ("RUT", "RUT")],
)
def test_values_are_written_for_people(value: object, words: str) -> None:
    assert value_words(value) == words


@pytest.mark.parametrize(
    ("close", "level", "words"),
    [
        (2040.0, 2000.0, "2.00% above it"),
        (1920, 2000.0, "4.00% below it"),
        # A close on the level is not above it.
        (2000.0, 2000.0, "exactly at it"),
        (2000.0, None, ""),
        (None, 2000.0, ""),
        (True, 2000.0, ""),
        (2000.0, 0, ""),
        ("high", "low", ""),
    ],
)
def test_distance_is_a_fraction_of_the_level(close: object, level: object, words: str) -> None:
    assert distance_words(close, level) == words


def test_gap_says_on_which_side_of_its_line_the_macd_is() -> None:
    assert gap_words(90.0, 100.0) == "10.00 below its signal line"
    assert gap_words(1100.5, 100.0) == "1,000.50 above its signal line"
    # On the line it has not risen through it.
    assert gap_words(100.0, 100.0) == "0.00 below its signal line"
    assert gap_words(None, 100.0) == gap_words(100.0, None) == ""
