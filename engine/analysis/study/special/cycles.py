"""Tests of one claim each, of Bitcoin's tops, rallies and dips."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.analysis.study import events
from engine.analysis.study.court import Court
from engine.analysis.study.distributions import rate_interval
from engine.analysis.study.nulls import by_shifts, circular_sums, shifts_of
from engine.analysis.study.outcome import Outcome
from engine.analysis.study.record import BTC, OBSERVED_SLACK, RUT
from engine.core.calendar import Ordinals
from engine.core.market import Floats

YEAR = 365
HALF_YEAR_DAYS = 182


def tops_near_highs(court: Court) -> Outcome:
    """Count the bear market tops with a record of the index in the 30 days up to them: the claim says never."""
    record = court.record
    tops = events.tops(record.bars[BTC], record.end)
    made = record.bars[RUT].ordinals[events.records_of(record.bars[RUT])]
    # Over a weekend no record is made; past that an index that ends early says nothing.
    last = min(record.end, record.prices[RUT].last + OBSERVED_SLACK)
    days = np.arange(max(record.prices[BTC].first, record.prices[RUT].first), last + 1)
    count = np.searchsorted(made, days, side="right") - np.searchsorted(made, days - 30, side="right")
    near = (count > 0).astype(np.float64)
    closed = np.array(tops.closed, dtype=np.int64)
    closed = closed[np.isin(closed, days)]
    if not len(closed):
        return Outcome(n=0, detail={"open": events.iso(tops.open)})
    at = np.searchsorted(days, closed)
    hits, base = int(near[at].sum()), float(near.mean())
    share = hits / len(at)
    shifts = shifts_of(len(days), YEAR)
    moved = near[(at[:, np.newaxis] + shifts) % len(days)].mean(axis=0) - base if len(shifts) else np.array([])
    return Outcome(
        n=len(at),
        effect=share,
        judged=by_shifts(share - base, moved, steps=len(days), width=YEAR),
        interval=rate_interval(hits, len(at)),
        events=tuple(closed.tolist()),
        points=tuple(near[at].tolist()),
        counterexample=hits > 0,
        detail={"base": base, "hits": hits, "open": events.iso(tops.open)},
    )


def halved_after_weakness(court: Court) -> Outcome:
    """Compare how often Bitcoin is halved within a year of days with a weak index, and of those near its high."""
    record = court.record
    line = record.prices[BTC]
    days = _days_of_both(court)
    days = days[days <= record.end - YEAR]
    if not len(days):
        return Outcome(n=0)
    logs = line.at(np.arange(line.first, record.end + 1))
    lowest = np.min(np.lib.stride_tricks.sliding_window_view(logs[1:], YEAR), axis=1)
    at = days - line.first
    halved = (lowest[at] <= logs[at] + np.log(0.5) + 1e-15).astype(np.float64)
    share = events.of_high(record, RUT, days)
    weak, strong = (side.astype(np.float64) for side in (share <= events.BELOW_HIGH, share >= events.NEAR_HIGH))
    before = np.arange(int(record.days[0]), int(days[-1]) + 1)
    weak_days = before[events.of_high(record, RUT, before) <= events.BELOW_HIGH]
    starts = events.entries(weak_days, 30)
    starts = starts[np.isin(starts, days)]
    if not weak.any() or not strong.any():
        return Outcome(n=len(starts))
    effect = float(halved[weak > 0].mean() - halved[strong > 0].mean())
    sums = [circular_sums(side, halved) / side.sum() for side in (weak, strong)]
    moved = (sums[0] - sums[1])[shifts_of(len(days), YEAR)]
    judged = by_shifts(effect, moved, steps=len(days), width=YEAR)
    return Outcome(
        n=len(starts), effect=effect, judged=judged, interval=None if judged is None else judged.interval,
        events=tuple(starts.tolist()), detail={"days": len(days)},
    )  # fmt: skip


def longer_cycle(court: Court) -> Outcome:
    """Compare the days from low to top of the last cycle with the mean of those before."""
    bars = court.record.bars[BTC]
    found = events.tops(bars, court.record.end)
    highest = int(bars.ordinals[int(np.argmax(bars.close))])
    ends = sorted({*found.closed, *(found.open or (highest,))})
    spans = []
    for before, top in pairwise(ends):
        begin, stop = np.searchsorted(bars.ordinals, [before, top])
        low = int(bars.ordinals[begin + int(np.argmin(bars.close[begin : stop + 1]))])
        spans.append(top - low)
    return _last_against(spans, np.mean, tuple(ends[1:]))


def longest_rally(court: Court) -> Outcome:
    """Compare the days of the last rally with the median of those before."""
    found = events.rallies(court.record.bars[BTC])
    return _last_against([rally.top - rally.start for rally in found], np.median, tuple(rally.top for rally in found))


def _last_against(
    spans: Sequence[int], middle_of: Callable[[Sequence[int]], np.floating], days: tuple[int, ...]
) -> Outcome:
    if len(spans) < 2:  # noqa: PLR2004 - nothing to compare the last with
        return Outcome(n=max(len(spans) - 1, 0), events=days, detail={"days": list(spans)})
    earlier = float(middle_of(spans[:-1]))
    return Outcome(n=len(spans) - 1, effect=spans[-1] - earlier, events=days, detail={"days": list(spans)})


def days_to_rally(court: Court) -> Floats:
    """Give for each day how far the nearest start of a rally of Bitcoin is, in days."""
    record = court.record
    starts = np.array([rally.start for rally in events.rallies(record.bars[BTC])])
    inside = (record.days >= record.prices[BTC].first) & (record.days <= record.end - HALF_YEAR_DAYS)
    if not starts.size:
        return np.full(len(record.days), np.nan)
    nearest = np.min(np.abs(record.days[:, np.newaxis] - starts), axis=1).astype(np.float64)
    return np.where(inside, nearest, np.nan)


def recovery_near_highs(court: Court) -> Outcome:
    """Compare how long Bitcoin's dips last where the index is near its high, with the others."""
    record = court.record
    days = _days_of_both(court)
    found = [dip for dip in events.dips(record.bars[BTC]) if dip.day in days]
    near = events.of_high(record, RUT, days) >= events.NEAR_HIGH
    at = np.searchsorted(days, [dip.day for dip in found])
    lasted = np.array([dip.days for dip in found], dtype=np.float64)
    inside = near[at] if len(at) else np.array([], dtype=np.bool_)
    n = int(min(inside.sum(), (~inside).sum()))
    events_in = tuple(dip.day for dip, is_in in zip(found, inside.tolist(), strict=True) if is_in)
    detail = {"days": lasted.tolist(), "dips": events.iso([dip.day for dip in found]), "open": []}
    if not n:
        return Outcome(n=0, events=events_in, detail=detail)
    effect = _median_difference(lasted, inside)
    moved = np.array(
        [_median_difference(lasted, near[(at - s) % len(days)]) for s in shifts_of(len(days), YEAR).tolist()]
    )
    judged = by_shifts(effect, moved, steps=len(days), width=YEAR)
    return Outcome(
        n=n, effect=effect, judged=judged, interval=None if judged is None else judged.interval, events=events_in,
        points=tuple(lasted[inside].tolist()), detail=detail,
    )  # fmt: skip


def _median_difference(lasted: Floats, inside: NDArray[np.bool_]) -> float:
    if inside.all() or not inside.any():
        return float("nan")
    return float(np.median(lasted[inside]) - np.median(lasted[~inside]))


def _days_of_both(court: Court) -> Ordinals:
    """Give the days since Bitcoin's first on which the index has a close; the others leave the sample."""
    record = court.record
    days = np.arange(record.prices[BTC].first, record.end + 1)
    found: Ordinals = days[np.isfinite(record.prices.at(RUT, days))]
    return found
