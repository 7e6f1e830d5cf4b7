"""Values of signals in words, the same on panel and page."""

import pytest

from engine.report.evidence import value_words


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "not defined"), (True, "yes"), (False, "no"), (3, "3"), (1234.567, "1,234.57"), ("RUT", "RUT")],
)
def test_values_are_written_for_people(value: object, words: str) -> None:
    assert value_words(value) == words
