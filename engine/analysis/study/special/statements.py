"""Tests of one claim each, of what was stated in figures: a level, a share, what the strategy's rotations gain."""

from dataclasses import replace
from datetime import date

import numpy as np

from engine.analysis.study.court import Court
from engine.analysis.study.distributions import rate_against
from engine.analysis.study.nulls import Judged, two_sided
from engine.analysis.study.outcome import Outcome
from engine.analysis.study.record import ALT, RUT

SINCE_NEW_YEAR = (0.12, 0.18)


def against_inevitable(court: Court) -> Outcome:
    """Compare the share of new highs that a gain follows with 0.9, by the binomial."""
    found = court.hit(court.highs, ALT, 126)
    if not found.n:
        return found
    up, low = rate_against(int(found.detail["hits"]), found.n, 0.9)
    return replace(found, judged=Judged(p_up=up, p_lo=low, p=two_sided(up, low)))


def delay_sensitivity(court: Court) -> Outcome:
    """Give how far the total excess of the rotations varies when they are entered up to twelve weeks late."""
    curve = court.strategy.get("delay", ())[:13]
    if not curve:
        return Outcome(n=0)
    totals = [each["total_excess"] for each in curve]
    return Outcome(n=int(curve[0]["n"]), effect=max(totals) - min(totals), detail={"totals": totals})


def without_confirmation(court: Court) -> Outcome:
    """Compare the mean excess of rotations by the index alone with that of rotations by both signals."""
    ablation = court.strategy.get("ablation")
    if not ablation:
        return Outcome(n=0)
    alone, both = ablation["r2k"], ablation["both"]
    n = min(alone["n"], both["n"])
    effect = alone["mean_excess"] - both["mean_excess"] if n else None
    return Outcome(n=n, effect=effect)


def first_close_above(court: Court, level: float) -> tuple[int, float] | None:
    """Give the first session with a close above a level, as ordinal, and the index's year to date on it."""
    bars = court.record.bars[RUT]
    above = np.flatnonzero(bars.close > level)
    if not above.size:
        return None
    at = int(above[0])
    year = date.fromordinal(int(bars.ordinals[at])).year
    before = int(np.searchsorted(bars.ordinals, date(year, 1, 1).toordinal())) - 1
    if before < 0:
        return None
    return int(bars.ordinals[at]), float(bars.close[at] / bars.close[before]) - 1


def broke_2600(court: Court) -> Outcome:
    """Check that the first close above 2,600 is of January 2026, with 12 to 18 % since the year's start."""
    found = first_close_above(court, 2600)
    if found is None:
        return Outcome(n=1)
    day, gain = found
    on = date.fromordinal(day)
    holds = (on.year, on.month) == (2026, 1) and SINCE_NEW_YEAR[0] <= gain <= SINCE_NEW_YEAR[1]
    return Outcome(n=1, effect=gain, events=(day,), holds=holds)
