"""Statistics of rows of values, one row a decision day; a row that is NaN, or cannot be divided, is NaN.

Distances from the mean and deviations are in series_columns.py, beside the rows themselves.
"""

import numpy as np

from engine.core.market import Floats
from engine.core.series_columns import sample_deviations


def growths(rows: Floats) -> Floats:
    """Give the last value of each row over its first, less 1; NaN where the first is 0."""
    return over(rows[:, -1], rows[:, 0]) - 1


def log_returns(values: Floats) -> Floats:
    """Give the logarithm of each value over the one before, along the last axis.

    Args:
        values: positive.
    """
    returns: Floats = np.log(values[..., 1:] / values[..., :-1])
    return returns


def zscores(rows: Floats) -> Floats:
    """Give how many sample deviations the last value of each row is above the row's mean; NaN where there is none."""
    with _beyond_floats():
        return over(rows[:, -1] - np.mean(rows, axis=1), sample_deviations(rows))


def percentiles(rows: Floats) -> Floats:
    """Give the share of each row's values that are at most the last one, itself included."""
    shares: Floats = np.mean(rows <= rows[:, -1:], axis=1)
    return np.where(np.isnan(rows[:, -1]), np.nan, shares)


def correlations(first: Floats, second: Floats) -> Floats:
    """Give Pearson's correlation of each row with its other row; NaN where one of them has no deviation."""
    with _beyond_floats():
        one, other = (rows - np.mean(rows, axis=1, keepdims=True) for rows in (first, second))
        both = np.sqrt(np.sum(one * one, axis=1) * np.sum(other * other, axis=1))
        flat = (sample_deviations(first) == 0) | (sample_deviations(second) == 0)
        return over(np.sum(one * other, axis=1), np.where(flat, 0.0, both))


def over(values: Floats, divisors: Floats) -> Floats:
    """Divide; NaN where the divisor is 0."""
    return values / np.where(divisors == 0, np.nan, divisors)


def _beyond_floats() -> np.errstate:
    """Squares of very large numbers are no numbers: what is made of them is NaN, and not known."""
    return np.errstate(over="ignore", invalid="ignore")
