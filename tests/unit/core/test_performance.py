"""Figures of an equity curve, against numbers worked out by hand and formulas written again from the interface."""

import math
import statistics
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.performance import max_drawdown_of, measure, performance_of, turnover_of, without_few_days

CURVES = st.lists(st.floats(1, 1e6), min_size=2, max_size=60)


def test_figures_of_a_short_curve_by_hand() -> None:
    # Returns 0.1, -0.1, 0.1; mean 1/30; squares of the distances (1/15)^2, (2/15)^2, (1/15)^2: 6/225, over n - 1 = 2.
    measured = measure(np.array([100.0, 110.0, 99.0, 108.9]), days=3)

    mean, deviation = 1 / 30, math.sqrt(6 / 225 / 2)
    assert measured.total_return == pytest.approx(0.089)
    assert measured.cagr == pytest.approx(1.089 ** (365 / 3) - 1)
    assert measured.volatility == pytest.approx(deviation * math.sqrt(365))
    assert measured.sharpe == pytest.approx(mean / deviation * math.sqrt(365))
    # One negative return of three: the root of 0.01 / 3.
    assert measured.sortino == pytest.approx(mean / math.sqrt(0.01 / 3) * math.sqrt(365))
    assert measured.max_drawdown == pytest.approx(-0.1)
    assert measured.calmar == pytest.approx((1.089 ** (365 / 3) - 1) / 0.1)


def test_growth_is_annualised_over_calendar_days_and_not_over_points() -> None:
    # Two years, of which three days were decided.
    measured = measure(np.array([100.0, 130.0, 144.0]), days=730)

    assert measured.cagr == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("curve", "deepest"),
    [
        ([100, 120, 90, 130, 110], -0.25),  # 90 / 120
        ([100, 120, 90, 130, 91], -0.3),  # 91 / 130
        ([100, 50, 25], -0.75),
        ([100, 100, 101], 0.0),
        ([7], 0.0),
    ],
)
def test_the_deepest_fall_is_measured_from_the_running_peak(curve: list[float], deepest: float) -> None:
    assert max_drawdown_of(np.array(curve, dtype=np.float64)) == pytest.approx(deepest)


def test_a_curve_that_never_falls_has_no_sortino_and_no_calmar() -> None:
    measured = measure(np.array([100.0, 110.0, 115.0]), days=2)

    assert (measured.max_drawdown, measured.sortino, measured.calmar) == (0.0, None, None)
    assert measured.sharpe is not None


def test_a_flat_curve_has_a_volatility_of_zero_and_no_ratios() -> None:
    measured = measure(np.full(5, 100.0), days=4)

    assert (measured.total_return, measured.cagr, measured.volatility, measured.max_drawdown) == (0.0, 0.0, 0.0, 0.0)
    assert (measured.sharpe, measured.sortino, measured.calmar) == (None, None, None)


def test_one_day_has_a_return_of_zero_and_nothing_else() -> None:
    measured = measure(np.array([100.0]), days=0)

    assert (measured.total_return, measured.max_drawdown) == (0.0, 0.0)
    assert (measured.cagr, measured.volatility, measured.sharpe, measured.sortino, measured.calmar) == (None,) * 5


def test_two_days_have_one_return_and_so_no_deviation() -> None:
    measured = measure(np.array([100.0, 90.0]), days=1)

    assert (measured.volatility, measured.sharpe) == (None, None)
    assert measured.sortino == pytest.approx(-0.1 / 0.1 * math.sqrt(365))


def test_growth_that_cannot_be_annualised_is_none() -> None:
    # Seven times in a day is 7 ** 365 in a year, more than a float can hold.
    assert measure(np.array([1.0, 7.0]), days=1).cagr is None


@given(CURVES)
def test_ratios_agree_with_the_standard_librarys_statistics(curve: list[float]) -> None:
    measured = measure(np.array(curve), days=100 * len(curve))

    returns = [later / earlier - 1 for earlier, later in pairwise(curve)]
    falls = [min(later / max(curve[: n + 1]) - 1, 0) for n, later in enumerate(curve)]
    downside = math.sqrt(statistics.fmean(min(r, 0) ** 2 for r in returns))
    assert measured.max_drawdown == pytest.approx(min(falls), abs=1e-12)
    assert measured.total_return == pytest.approx(curve[-1] / curve[0] - 1)
    if downside > 1e-9:
        wanted = statistics.fmean(returns) / downside * math.sqrt(365)
        assert measured.sortino == pytest.approx(wanted, rel=1e-6, abs=1e-6)
    if len(returns) > 1 and statistics.stdev(returns) > 1e-9:
        assert measured.volatility == pytest.approx(statistics.stdev(returns) * math.sqrt(365), rel=1e-6)
        wanted = statistics.fmean(returns) / statistics.stdev(returns) * math.sqrt(365)
        assert measured.sharpe == pytest.approx(wanted, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("decision_days", "absent"),
    [
        (29, {"cagr", "calmar", "volatility", "sharpe", "sortino"}),
        (30, {"cagr", "calmar"}),
        (179, {"cagr", "calmar"}),
        (180, set()),
    ],
)
def test_figures_of_a_year_are_withheld_below_the_days_that_they_need(decision_days: int, absent: set[str]) -> None:
    curve = np.array([100.0 + (n % 3) for n in range(decision_days)])

    measured = performance_of(curve, days=decision_days - 1)

    figures = ("total_return", "cagr", "volatility", "max_drawdown", "sharpe", "sortino", "calmar")
    assert {name for name in figures if getattr(measured, name) is None} == absent
    assert {
        name for name, value in without_few_days(dict.fromkeys(figures, 1.0), decision_days).items() if value is None
    } == absent


def test_days_that_count_are_decision_days_and_not_those_of_the_calendar() -> None:
    # Two years, of which two days were decided.
    assert performance_of(np.array([100.0, 144.0]), days=730).cagr is None


def test_turnover_is_traded_notional_over_average_equity_and_years() -> None:
    # 600 traded on an average of 150 within two years: twice a year.
    assert turnover_of(traded_notional=600.0, equity=np.array([100.0, 200.0]), days=730) == pytest.approx(2.0)
    assert turnover_of(traded_notional=600.0, equity=np.array([100.0]), days=0) is None
