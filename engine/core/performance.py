"""Figures of a daily equity curve: fractions, 365 days a year, no risk-free rate."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine.core.market import Floats

DAYS_A_YEAR = 365
LEAST_DAYS = {"cagr": 180, "calmar": 180, "volatility": 30, "sharpe": 30, "sortino": 30}
"""Decision days from which on a figure says something: below, a year made of a few days is an arbitrary number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """Ratios of one equity curve; None where the curve is too short (`LEAST_DAYS`) or too flat to have them.

    Attributes:
        total_return: last equity / first - 1.
        cagr: compound annual growth rate.
        volatility: annualised standard deviation of daily returns (sample, n - 1).
        max_drawdown: deepest fall from the running peak, negative or 0.
        sharpe: mean / sample deviation of daily returns, annualised (Sharpe, The Sharpe Ratio, 1994; rate 0).
        sortino: mean / root mean square of negative returns over all days, annualised (Sortino and Price, 1994).
        calmar: cagr / -max_drawdown (Young, 1991, over the whole span).
    """

    total_return: float
    cagr: float | None
    volatility: float | None
    max_drawdown: float
    sharpe: float | None
    sortino: float | None
    calmar: float | None


def withheld(decision_days: int) -> tuple[str, ...]:
    """Name the figures that so few decision days are not given."""
    return tuple(name for name, least in LEAST_DAYS.items() if decision_days < least)


def without_few_days(figures: Mapping[str, Any], decision_days: int) -> dict[str, Any]:
    """Give figures by name, those that are withheld as None: records of old hold them all the same."""
    return {**figures, **{name: None for name in withheld(decision_days) if name in figures}}


def performance_of(equity: Floats, *, days: int) -> Performance:
    """Measure an equity curve, without the figures that it has too few decision days for.

    Args:
        equity: shape (decision days,), quote currency, marked at the day's close, all positive.
        days: calendar days from the first to the last of them.
    """
    absent: dict[str, Any] = dict.fromkeys(withheld(len(equity)))
    return replace(measure(equity, days=days), **absent)


def measure(equity: Floats, *, days: int) -> Performance:
    """Work out every figure, however few days there are: the formulas alone; what is shown goes by `performance_of`.

    Args:
        equity: shape (decision days,), quote currency, marked at the day's close, all positive.
        days: calendar days from the first to the last of them.
    """
    total_return = float(equity[-1] / equity[0] - 1)
    cagr = _annualised(total_return, days)
    returns = np.diff(equity) / equity[:-1]
    max_drawdown = max_drawdown_of(equity)
    annual = math.sqrt(DAYS_A_YEAR)
    deviation = float(np.std(returns, ddof=1)) if len(returns) > 1 else 0.0
    downside = math.sqrt(float(np.mean(np.minimum(returns, 0.0) ** 2))) if len(returns) else 0.0
    mean = float(np.mean(returns)) if len(returns) else 0.0
    return Performance(
        total_return=total_return,
        cagr=cagr,
        volatility=deviation * annual if len(returns) > 1 else None,
        max_drawdown=max_drawdown,
        sharpe=mean / deviation * annual if deviation > 0 else None,
        sortino=mean / downside * annual if downside > 0 else None,
        calmar=cagr / -max_drawdown if cagr is not None and max_drawdown < 0 else None,
    )


def _annualised(total_return: float, days: int) -> float | None:
    try:
        return float((1 + total_return) ** (DAYS_A_YEAR / days)) - 1
    except (ZeroDivisionError, OverflowError):
        # No days, or a growth over so few that a year of it is no number.
        return None


def max_drawdown_of(equity: Floats) -> float:
    """Give the deepest fall from the running peak, as a fraction, negative or 0."""
    return float(np.min(equity / np.maximum.accumulate(equity) - 1))


def turnover_of(*, traded_notional: float, equity: Floats, days: int) -> float | None:
    """Give traded notional / average equity / years; None for a span of no days."""
    return traded_notional / float(np.mean(equity)) / (days / DAYS_A_YEAR) if days > 0 else None
