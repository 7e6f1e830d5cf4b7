"""A study in five sentences: counts are words of one reading."""

from typing import Any

import pytest

from engine.analysis.study.summary import sentences

CLAIM = {"effect": 0.1, "verdict": "not supported", "n": 300, "p": 0.5, "min_n": 10}


@pytest.mark.parametrize(("lag", "said"), [(1, "at 1 week."), (2, "at 2 weeks.")])
def test_a_lag_is_counted_in_weeks(lag: int, said: str) -> None:
    results = [{**CLAIM, "id": "001-8a", "detail": {"best_lag": lag}}, {**CLAIM, "id": "002-5a"}]
    study: dict[str, Any] = {"rows": {}, "end": "2026-01-01", "results": results, "strategy": None}

    assert any(each.endswith(said) for each in sentences(study))
