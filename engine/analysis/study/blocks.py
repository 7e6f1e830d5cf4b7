"""The tests that claims are made of: a statistic, the null that it is compared with, and what counts as n.

Each is a function of columns; what it is about is said by whoever declares the claim.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.analysis.study.distributions import rate_interval
from engine.analysis.study.events import dates, thinned
from engine.analysis.study.nulls import (
    Judged,
    about,
    by_count,
    by_shifts,
    circular_sums,
    counted,
    drawn,
    generator,
    middle,
    parts_of,
    shifts_of,
    two_sided,
)
from engine.analysis.study.outcome import Outcome
from engine.core.calendar import Ordinals
from engine.core.market import Floats

WEEK_BLOCK = 13.0
STATE_MARGIN, STATE_WIDTH, SPELL_WEEKS = 26, 13, 4
LEAD_WEEKS, NET_WEEKS = 26, 8
NEGLIGIBLE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """What a test draws with: its name, which seeds it, and how many draws."""

    test: str
    draws: int


def value(
    days: Ordinals, values: Floats, events: Ordinals, *, width: int, sign: int, apart: int | None = None
) -> Outcome:
    """Compare a daily value on the days of events with its mean over all days.

    Args:
        days, values: one value a day, NaN where it is not defined; those are no days of the sample.
        events: thinned here, so that windows do not overlap.
        width: days that one window spans, also the margin of the shifts.
        sign: of the claim, 1 or -1.
        apart: days between events that are kept; None: the width.
    """
    defined = np.isfinite(values)
    days, values = days[defined], values[defined]
    kept = thinned(events[np.isin(events, days)], width if apart is None else apart)
    at, steps = np.searchsorted(days, kept), len(days)
    points = values[at]
    if not len(kept):
        return Outcome(n=0)
    base = float(np.mean(values))
    effect = float(np.mean(points)) - base
    shifts = shifts_of(steps, width)
    moved = np.mean(values[(at[:, np.newaxis] + shifts) % steps], axis=0) - base if len(shifts) else np.array([])
    judged = by_shifts(effect, moved, steps=steps, width=width)
    without = np.delete(points, int(np.argmax(sign * points)))
    return Outcome(
        n=len(kept),
        effect=effect,
        judged=judged,
        interval=None if judged is None else judged.interval,
        events=tuple(kept.tolist()),
        points=tuple(points.tolist()),
        without_best=float(np.mean(without)) - base if len(without) else float("nan"),
        detail={"base": base, "days": steps},
    )


def hit(days: Ordinals, returns: Floats, events: Ordinals, *, width: int) -> Outcome:
    """Compare the share of events with a positive return with that of all days; the share is what is printed."""
    defined = np.isfinite(returns)
    positive = np.where(defined, (returns > 0).astype(np.float64), np.nan)
    found = value(days, positive, events, width=width, sign=1)
    if found.effect is None:
        return found
    hits = round(sum(found.points))
    share = hits / found.n
    at = np.isin(days, found.events)
    return replace(
        found,
        effect=share,
        interval=rate_interval(hits, found.n),
        points=tuple(returns[at].tolist()),
        without_best=None,
        detail={**found.detail, "hits": hits, "difference": found.effect},
    )


def correlation(x: Floats, y: Floats) -> float:
    """Give Pearson's correlation; NaN where either never moves."""
    x, y = x - np.mean(x), y - np.mean(y)
    scale = float(np.sqrt(np.dot(x, x) * np.dot(y, y)))
    return float(np.dot(x, y)) / scale if scale > 0 else float("nan")


def joined(*columns: Floats) -> tuple[NDArray[np.bool_], list[Floats]]:
    """Give the rows in which all columns are defined, and the columns there."""
    rows = np.all([np.isfinite(column) for column in columns], axis=0)
    return rows, [column[rows] for column in columns]


def assoc(x: Floats, y: Floats, chance: Chance, *, given: Sequence[Floats] = (), against: float = 0.0) -> Outcome:
    """Correlate two weekly series, or what is left of them after others are taken out.

    Args:
        x: the driver, which alone is resampled under the null of no relation.
        given: series that are taken out of both, by least squares, once.
        against: the correlation that the null says; other than 0 the resampled pairs are compared with it.
    """
    _, (x, y, *controls) = joined(x, y, *given)
    n = len(x)
    if n < 3:  # noqa: PLR2004 - a correlation of two points is no figure
        return Outcome(n=n)
    if controls:
        design = np.column_stack([np.ones(n), *controls])
        x, y = (each - design @ np.linalg.lstsq(design, each, rcond=None)[0] for each in (x, y))
    effect = correlation(x, y)
    if not np.isfinite(effect):
        return Outcome(n=n)
    x, y = x - np.mean(x), y - np.mean(y)
    rng, null, pairs = generator(chance.test), [], []
    for part in parts_of(chance.draws):
        null.append(_correlations(x[drawn(rng, part, n, WEEK_BLOCK)], y))
        rows = drawn(rng, part, n, WEEK_BLOCK)
        pairs.append(_correlations(x[rows], y[rows]))
    of_pairs = np.concatenate(pairs)
    if against:
        low, up = counted(against, of_pairs)
        judged = Judged(p_up=up, p_lo=low, p=two_sided(up, low))
    else:
        judged = by_count(effect, np.concatenate(null))
    interval = middle(of_pairs)
    small = max(map(abs, interval)) <= NEGLIGIBLE
    return Outcome(
        n=n, effect=effect, judged=judged, interval=interval, detail={"negligible": small, "against": against}
    )


def _correlations(x: Floats, y: Floats) -> Floats:
    """Give the correlation of each row of `x` with `y`, or with its own row of `y`; 0 where one never moves."""
    x = x - x.mean(axis=1, keepdims=True)
    y = y - y.mean(axis=-1, keepdims=True)
    over = (x * y).sum(axis=1)
    under = np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=-1))
    found: Floats = np.divide(over, under, out=np.zeros(len(over)), where=under > 0)
    return found


def shift(x: Floats, y: Floats, *, margin: int, width: int) -> Outcome:
    """Correlate series that persist or overlap, against every circular shift of the first."""
    _, (x, y) = joined(x, y)
    steps = len(x)
    if steps < 3:  # noqa: PLR2004 - as above
        return Outcome(n=0)
    effect, judged = shifted_correlation(x, y, margin=margin, width=width)
    return Outcome(
        n=steps // width,
        effect=effect,
        judged=judged,
        interval=None if judged is None else judged.interval,
        detail={"steps": steps},
    )


def shifted_correlation(x: Floats, y: Floats, *, margin: int, width: int) -> tuple[float | None, Judged | None]:
    """Correlate two columns without a hole, and judge that by the shifts."""
    effect = correlation(x, y)
    if not np.isfinite(effect):
        return None, None
    x, y = x - np.mean(x), y - np.mean(y)
    sums = circular_sums(x, y) / np.sqrt(np.dot(x, x) * np.dot(y, y))
    return effect, by_shifts(effect, sums[shifts_of(len(x), margin)], steps=len(x), width=width)


def state(in_state: Floats, y: Floats, *, sign: int, fridays: Ordinals) -> Outcome:
    """Compare the weeks whose previous Friday was in a state with the other weeks; n counts spells, not weeks.

    Args:
        in_state: of each week's previous Friday: 1, 0, or NaN where it is not defined.
        y: of each week; sign: of the claim.
    """
    rows, (in_state, y) = joined(in_state, y)
    inside = in_state > 0
    fridays, steps, count = fridays[rows], len(y), int(inside.sum())
    runs = runs_of(inside)
    spells = [run for run in runs if len(run) >= SPELL_WEEKS]
    spans = [[day.isoformat() for day in dates(fridays[[run[0], run[-1]]])] for run in spells]
    detail = {"weeks": steps, "weeks_in_state": count, "spells": spans}
    if not 0 < count < steps:
        return Outcome(n=len(spells), detail=detail)
    effect = _difference(inside, y)
    sums = circular_sums(in_state, y)[shifts_of(steps, STATE_MARGIN)]
    moved = sums / count - (float(np.sum(y)) - sums) / (steps - count)
    judged = by_shifts(effect, moved, steps=steps, width=STATE_WIDTH)
    left = [_without(inside, y, run) for run in runs]
    defined = [each for each in left if np.isfinite(each)]
    return Outcome(
        n=len(spells),
        effect=effect,
        judged=judged,
        interval=None if judged is None else judged.interval,
        without_best=min(defined, key=lambda each: sign * each) if len(defined) == len(left) else float("nan"),
        points=tuple(float(np.mean(y[run])) for run in spells),
        detail=detail,
    )


def runs_of(inside: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Give the positions of each unbroken run."""
    at = np.flatnonzero(inside)
    return np.split(at, np.flatnonzero(np.diff(at) > 1) + 1) if at.size else []


def _difference(inside: NDArray[np.bool_], y: Floats) -> float:
    return float(np.mean(y[inside]) - np.mean(y[~inside])) if inside.any() and not inside.all() else float("nan")


def _without(inside: NDArray[np.bool_], y: Floats, run: NDArray[np.int64]) -> float:
    return _difference(np.delete(inside, run), np.delete(y, run))


def lagged(x: Floats, y: Floats) -> Floats:
    """Give c(k), the correlation of x[t] with y[(t + k) mod n], for each k in 0 .. n - 1; rows of `x` each for itself.

    Returns:
        Shape of `x`.
    """
    x = x - x.mean(axis=-1, keepdims=True)
    y = y - y.mean()
    spectrum = np.conj(np.fft.rfft(x, axis=-1)) * np.fft.rfft(y)
    sums = np.fft.irfft(spectrum, n=x.shape[-1], axis=-1)
    under = np.sqrt((x * x).sum(axis=-1, keepdims=True) * np.dot(y, y))
    found: Floats = np.divide(sums, under, out=np.zeros_like(sums), where=under > 0)
    return found


def _resampled(x: Floats, y: Floats, chance: Chance, of: Callable[[Floats], Floats]) -> Floats:
    rng = generator(chance.test)
    return np.concatenate([of(lagged(x[drawn(rng, part, len(x), WEEK_BLOCK)], y)) for part in parts_of(chance.draws)])


def _highest(c: Floats) -> Floats:
    found: Floats = c[..., 1 : LEAD_WEEKS + 1].max(axis=-1)
    return found


def lead(x: Floats, y: Floats, chance: Chance) -> Outcome:
    """Look for the lag, 1 to 26 weeks, at which a driver agrees most with what follows; one-sided."""
    _, (x, y) = joined(x, y)
    if len(x) <= 2 * LEAD_WEEKS:
        return Outcome(n=len(x))
    c = lagged(x, y)
    effect = float(_highest(c))
    judged = by_count(effect, _resampled(x, y, chance, _highest))
    lags = {str(k): float(c[k]) for k in range(1, LEAD_WEEKS + 1)}
    best = int(np.argmax(c[1 : LEAD_WEEKS + 1])) + 1
    return Outcome(
        n=len(x), effect=effect, judged=replace(judged, p=judged.p_up), detail={"best_lag": best, "lags": lags}
    )


def _net(c: Floats) -> Floats:
    found: Floats = c[..., 1 : NET_WEEKS + 1].sum(axis=-1) - c[..., -NET_WEEKS:].sum(axis=-1)
    return found


def net(x: Floats, y: Floats, chance: Chance) -> Outcome:
    """Ask which of two series moved first: the lags of eight weeks one way less those the other way."""
    _, (x, y) = joined(x, y)
    if len(x) <= 2 * NET_WEEKS:
        return Outcome(n=len(x))
    effect = float(_net(lagged(x, y)))
    null = _resampled(x, y, chance, _net)
    interval = about(effect, null)
    return Outcome(n=len(x), effect=effect, judged=by_count(effect, null), interval=interval)
