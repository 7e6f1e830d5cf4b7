"""Student's t, the binomial, and the false discovery rate; the door to scipy, which the extra `study` brings.

Sources: Benjamini & Hochberg 1995; Benjamini & Yekutieli 2001; Clopper & Pearson 1934.
"""

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Any

from engine.core.errors import ConfigError


@cache
def _stats() -> Any:
    try:
        return import_module("scipy.stats")
    except ImportError as error:
        raise ConfigError("study: scipy is not installed; the extra brings it: pip install 'altfuse[study]'") from error


def require() -> None:
    """Check that what the study needs is installed.

    Raises:
        ConfigError: it is not; says what to install.
    """
    _stats()


def t_above(value: float, freedom: int) -> float:
    """Give the probability of a value as high or higher under Student's t."""
    return float(_stats().t.sf(value, freedom))


@cache
def t_point(level: float, freedom: int) -> float:
    """Give the point below which Student's t lies with that probability."""
    return float(_stats().t.ppf(level, freedom))


def rate_interval(hits: int, trials: int) -> tuple[float, float]:
    """Give the exact 95 % interval of a rate."""
    found = _stats().binomtest(hits, trials).proportion_ci(confidence_level=0.95, method="exact")
    return float(found.low), float(found.high)


def rate_against(hits: int, trials: int, rate: float) -> tuple[float, float]:
    """Give the probability of as many hits or more, and of as few or fewer, where the rate is `rate`."""
    test = _stats().binomtest
    up, low = (float(test(hits, trials, rate, alternative=side).pvalue) for side in ("greater", "less"))
    return up, low


def discovery_rates(p_values: Sequence[float]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Give Benjamini and Hochberg's q of each p, and Benjamini and Yekutieli's, which holds under any dependence."""
    if not p_values:
        return (), ()
    adjust = _stats().false_discovery_control
    q, q_by = (tuple(map(float, adjust(list(p_values), method=method))) for method in ("bh", "by"))
    return q, q_by
