"""How sure one can be: the statistic against the same one after the driver's clock was moved, or its weeks were drawn.

No result rests on an i.i.d. formula: each series keeps its own memory, its clusters and its overlaps.

Sources: Lotwick & Silverman 1982 (circular shift); Politis & Romano 1994 (stationary bootstrap); Clopper & Pearson 1934
(interval of a rate).
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.study import distributions
from engine.core.market import Floats

SEED = 20260101
TIE = 1e-12
"""Statistics that differ by less are the same, and count against the claim."""
LEVEL, POWER = 0.975, 0.8
DRAWN_TOGETHER = 1_000
"""So many draws are in memory at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a null says of a statistic; None where that null does not say it.

    Attributes:
        p_up, p_lo: the probability of a statistic as high or higher, as low or lower, under the null.
        p: two-sided, but for a lead, which is one-sided.
        interval: of the statistic.
        mde: the effect that this sample would find four times in five.
        freedom: degrees of freedom; p_rank: the rank among all shifts, printed beside p and deciding nothing.
    """

    p_up: float
    p_lo: float
    p: float
    interval: tuple[float, float] | None = None
    mde: float | None = None
    freedom: int | None = None
    p_rank: float | None = None
    shifts: int | None = None


def two_sided(p_up: float, p_lo: float) -> float:
    """Give the two-sided p of two one-sided ones."""
    return min(1.0, 2 * min(p_up, p_lo))


def counted(statistic: float, null: Floats) -> tuple[float, float]:
    """Give p_up and p_lo by counting: (1 + #) / (1 + draws)."""
    draws = len(null)
    up = (1 + int(np.count_nonzero(null >= statistic - TIE))) / (1 + draws)
    low = (1 + int(np.count_nonzero(null <= statistic + TIE))) / (1 + draws)
    return up, low


def by_count(statistic: float, null: Floats, interval: tuple[float, float] | None = None) -> Judged:
    """Judge a statistic by counting the null's points on either side of it."""
    up, low = counted(statistic, null)
    return Judged(p_up=up, p_lo=low, p=two_sided(up, low), interval=interval)


def by_shifts(statistic: float, moved: Floats, *, steps: int, width: int) -> Judged | None:
    """Judge a statistic by those of every circular shift; None where they say nothing.

    Neighbouring shifts are near copies of each other, so a rank among them is no p-value: the distance in deviations
    is compared with Student's t, its degrees of freedom being the windows that fit beside each other.

    Args:
        moved: the statistic after each shift of m .. N - m steps; shifts without one are left out.
        steps: N, of the sample; width: steps that one window spans.
    """
    moved = moved[np.isfinite(moved)]
    if len(moved) < 2 or not np.isfinite(statistic):  # noqa: PLR2004 - a deviation wants two
        return None
    mean, deviation = float(np.mean(moved)), float(np.std(moved))
    if deviation <= TIE * max(1.0, abs(mean)):
        return None
    freedom = max(1, steps // width - 1)
    z = (statistic - mean) / deviation
    up, low = distributions.t_above(z, freedom), distributions.t_above(-z, freedom)
    reach = distributions.t_point(LEVEL, freedom)
    rank = two_sided(*counted(statistic, moved))
    return Judged(
        p_up=up,
        p_lo=low,
        p=two_sided(up, low),
        interval=(statistic - mean - reach * deviation, statistic - mean + reach * deviation),
        mde=(reach + distributions.t_point(POWER, freedom)) * deviation,
        freedom=freedom,
        p_rank=rank,
        shifts=len(moved),
    )


def shifts_of(steps: int, margin: int) -> NDArray[np.int64]:
    """Give every shift that keeps the margin: m .. N - m."""
    return np.arange(margin, steps - margin + 1)


def circular_sums(moved: Floats, kept: Floats) -> Floats:
    """Give sum over t of moved[t] * kept[(t + s) mod n] for each s in 0 .. n - 1, by the FFT."""
    spectrum = np.conj(np.fft.rfft(moved)) * np.fft.rfft(kept)
    sums: Floats = np.fft.irfft(spectrum, n=len(moved))
    return sums


def generator(test: str) -> np.random.Generator:
    """Give the chance of one test: adding a test changes that of no other."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([SEED, zlib.crc32(test.encode())])))


def parts_of(draws: int) -> Iterator[int]:
    """Give how many draws are made together, part after part."""
    while draws > 0:
        yield min(draws, DRAWN_TOGETHER)
        draws -= DRAWN_TOGETHER


def drawn(rng: np.random.Generator, draws: int, n: int, block: float) -> NDArray[np.int64]:
    """Draw the positions of resampled weeks: blocks of random length, `block` weeks in the mean, round the sample.

    Returns:
        Shape (draws, n).
    """
    start = rng.integers(0, n, (draws, n))
    begins = rng.random((draws, n)) < 1 / block
    begins[:, 0] = True
    week = np.arange(n)
    begun = np.maximum.accumulate(np.where(begins, week, 0), axis=1)
    positions: NDArray[np.int64] = (np.take_along_axis(start, begun, axis=1) + week - begun) % n
    return positions


def middle(points: Floats) -> tuple[float, float]:
    """Give the 2.5 and 97.5 % points."""
    low, high = np.quantile(points, (1 - LEVEL, LEVEL))
    return float(low), float(high)


def about(statistic: float, null: Floats) -> tuple[float, float]:
    """Give the interval of a statistic by the null's points about its mean."""
    low, high = middle(null)
    mean = float(np.mean(null))
    return statistic - (high - mean), statistic - (low - mean)
