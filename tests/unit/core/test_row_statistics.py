"""Statistics of rows, worked out by hand; what cannot be divided is NaN."""

from math import isnan, log

import numpy as np
import pytest

from engine.core.row_statistics import correlations, growths, log_returns, over, percentiles, zscores

NAN = float("nan")


def rows(*given: list[float]) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    return np.array(given, dtype=np.float64)


def test_growth_is_from_the_first_value_to_the_last() -> None:
    grown = growths(rows([2, 9, 3], [0, 1, 2], [NAN, 1, 2])).tolist()

    assert grown[0] == 0.5
    assert [isnan(value) for value in grown] == [False, True, True]


def test_log_returns_are_along_the_rows() -> None:
    assert log_returns(rows([1, 2, 1])).tolist() == [[log(2), log(0.5)]]
    assert log_returns(np.array([1.0, 2.0])).tolist() == [log(2)]


def test_a_score_is_the_distance_from_the_mean_in_sample_deviations() -> None:
    # 3 is 1 above the mean 2, and the deviation of 1, 2, 3 is 1.
    scores = zscores(rows([1, 2, 3], [0.1, 0.1, 0.1]))

    assert scores[0] == pytest.approx(1)
    assert isnan(scores[1])


def test_a_percentile_counts_the_last_value_and_those_equal_to_it() -> None:
    assert percentiles(rows([1, 2, 3, 2], [9, 9, 9, 1], [1, 1, 1, 9])).tolist() == [0.75, 0.25, 1.0]
    assert isnan(percentiles(rows([NAN, NAN]))[0])


def test_correlation_is_pearsons_and_needs_both_deviations() -> None:
    # Deviations -1, 0, 1 and -1, 1, 0: the sum of products is 1, of squares 2 and 2.
    found = correlations(rows([1, 2, 3], [1, 2, 3], [1, 1, 1]), rows([2, 4, 3], [3, 2, 1], [1, 2, 3]))

    assert found[:2].tolist() == pytest.approx([0.5, -1])
    assert isnan(found[2])


def test_numbers_beyond_floats_are_not_known() -> None:
    huge = rows([1e200, 1e300, 1e308])

    assert isnan(zscores(huge)[0]) or abs(zscores(huge)[0]) == 0
    assert isnan(correlations(huge, huge)[0])


def test_a_division_by_0_is_not_known() -> None:
    assert [isnan(value) for value in over(np.array([1.0, 0.0, 1.0]), np.array([0.0, 0.0, 2.0]))] == [True, True, False]
