"""Tests of one claim each, of the calendar: months and quarters of the year, weeks after a golden cross."""

from dataclasses import replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from engine.analysis.study import blocks, events
from engine.analysis.study.court import Court
from engine.analysis.study.nulls import about, by_count, generator
from engine.analysis.study.outcome import Outcome
from engine.analysis.study.record import BTC
from engine.core.calendar import DAYS_A_WEEK, ordinals_of
from engine.core.market import Floats

CROSS_WEEKS = 26
PEAK_WEEKS = range(16, 22)
MONTHS = 12
QUARTERS = 4
HALF_YEAR_DAYS = 182


def peak_weeks(court: Court) -> Floats:
    """Give for each day the week, 0 to 26, at which Bitcoin was first at its highest; NaN where those go beyond END."""
    days = court.record.days
    weeks = np.array([court.record.prices.at(BTC, days + DAYS_A_WEEK * k) for k in range(CROSS_WEEKS + 1)])
    return np.where(np.isfinite(weeks).all(axis=0), np.argmax(weeks, axis=0).astype(np.float64), np.nan)


def peak_after_cross(court: Court) -> Outcome:
    """Compare how often Bitcoin peaks in weeks 16 to 21 after a golden cross with all days."""
    days, weeks = court.record.days, peak_weeks(court)
    hits = np.where(np.isnan(weeks), np.nan, np.isin(weeks, list(PEAK_WEEKS)).astype(np.float64))
    found = blocks.value(days, hits, events.crosses(court.record), width=HALF_YEAR_DAYS, sign=1)
    at = np.searchsorted(days, found.events)
    return replace(found, detail={**found.detail, "weeks": weeks[at].astype(int).tolist()})


def summer_months(court: Court) -> Outcome:
    """Compare Bitcoin's months May to August with the others of the year, against years that begin in any month."""
    years, returns = _whole_years(court)
    if not years:
        return Outcome(n=0)
    effect = _summer(returns)
    turns = generator("001-20a").integers(0, MONTHS, (court.draws, len(years)))
    at = (np.arange(MONTHS) - turns[:, :, np.newaxis]) % MONTHS
    null = _summer(np.take_along_axis(np.broadcast_to(returns, at.shape), at, axis=2))
    judged = by_count(float(effect), null)
    return Outcome(
        n=len(years), effect=float(effect), judged=judged, interval=about(float(effect), null), detail={"years": years}
    )


def _whole_years(court: Court) -> tuple[list[int], Floats]:
    line, end = court.record.prices[BTC], court.record.end
    first, last = date.fromordinal(line.first).year, date.fromordinal(end).year
    years, rows = [], []
    for year in range(first, last + 1):
        months = np.arange(f"{year}-01", f"{year + 1}-02", dtype="datetime64[M]").astype("datetime64[D]")
        ends = ordinals_of(months) - 1
        if ends[0] >= line.first and ends[-1] <= end:
            years.append(year)
            rows.append(np.diff(line.at(ends)))
    return years, np.array(rows)


def _summer(returns: Floats) -> Floats:
    summer = returns[..., 4:8].mean(axis=-1)
    rest = np.delete(returns, np.s_[4:8], axis=-1).mean(axis=-1)
    found: Floats = (summer - rest).mean(axis=-1)
    return found


def summer_fall(court: Court) -> Outcome:
    """Compare Bitcoin's deepest fall of June to August with those of the other quarters, against any quarter."""
    years, falls = _quarter_falls(court)
    if not years:
        return Outcome(n=0)
    effect = _odd_quarter(falls, np.ones((1, len(years)), dtype=np.int64))
    null = _odd_quarter(falls, generator("001-22a").integers(0, QUARTERS, (court.draws, len(years))))
    of = float(effect[0])
    return Outcome(
        n=len(years), effect=of, judged=by_count(of, null), interval=about(of, null), detail={"years": years}
    )


def _quarter_falls(court: Court) -> tuple[list[int], Floats]:
    bars, end = court.record.bars[BTC], court.record.end
    first = int(bars.ordinals[0])
    years, rows = [], []
    for year in range(date.fromordinal(first).year, date.fromordinal(end).year + 1):
        begins = [date(year + (month > MONTHS), (month - 1) % MONTHS + 1, 1).toordinal() for month in (3, 6, 9, 12, 15)]
        if begins[0] < first or begins[-1] - 1 > end:
            continue
        years.append(year)
        rows.append([_deepest(bars.close[slice(*np.searchsorted(bars.ordinals, begins[k : k + 2]))]) for k in range(4)])
    return years, np.array(rows)


def _deepest(closes: Floats) -> float:
    return float(np.min(closes / np.maximum.accumulate(closes))) - 1


def _odd_quarter(falls: Floats, chosen: NDArray[np.int64]) -> Floats:
    odd = np.take_along_axis(np.broadcast_to(falls, (*chosen.shape, QUARTERS)), chosen[:, :, np.newaxis], axis=2)[
        ..., 0
    ]
    rest = (falls.sum(axis=1) - odd) / (QUARTERS - 1)
    found: Floats = (odd - rest).mean(axis=1)
    return found
