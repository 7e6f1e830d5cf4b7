"""Tests that no block is made for, each of one claim; what each compares with what stands in its docstring."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.analysis.study import blocks, events
from engine.analysis.study.court import Court
from engine.analysis.study.distributions import rate_against, rate_interval
from engine.analysis.study.nulls import (
    Judged,
    about,
    by_count,
    by_shifts,
    circular_sums,
    drawn,
    generator,
    middle,
    parts_of,
    shifts_of,
    two_sided,
)
from engine.analysis.study.outcome import Outcome
from engine.analysis.study.record import ALT, BTC, OBSERVED_SLACK, RUT, logs_of
from engine.core.calendar import DAYS_A_WEEK, Ordinals, days_of, ordinals_of
from engine.core.market import Floats

MONTH_MARGIN, MONTH_WIDTH, HALF_YEAR_MONTHS = 6, 12, 6
PHASES = (("GLD/SPY", "QQQ/SPY"), ("RUT/SPY", "SLV/GLD"), ("ALT/BTC", "COPPER/GLD"))
IN_ORDER = ((0, 1), (1, 2), (2, 0))
PHASE_DRAWS = 1_999
CROSS_WEEKS, PEAK_WEEKS = 26, range(16, 22)
TRAINED_FROM, GAP_WEEKS, LOSS_BLOCK = 169, 13, 26.0
UP = np.log(1.2)
YEAR, MONTHS, QUARTERS = 365, 12, 4
SINCE_NEW_YEAR, BILLS = (0.12, 0.18), 40_000
HALF_YEAR_DAYS = 182
ANALOG_WEEKS, ANALOG_APART, ANALOG_LEAST = 26, 52, 104


def money_and_alts(court: Court) -> Outcome:
    """Correlate the 12-month change of M2, by its month, with the typical alt's half year up to the month's end."""
    series = court.record.series("M2SL")
    logs = logs_of(series.values)
    changes = np.append(np.full(min(MONTHS, len(logs)), np.nan), logs[MONTHS:] - logs[:-MONTHS])
    after = (days_of(series.ordinals).astype("datetime64[M]") + np.timedelta64(1, "M")).astype("datetime64[D]")
    ends = np.minimum(ordinals_of(after) - 1, court.record.end)
    returns = court.record.prices.change(ALT, ends - 182, ends)
    found = blocks.shift(changes, returns, margin=MONTH_MARGIN, width=MONTH_WIDTH)
    # Half a year of returns is what does not overlap; the year of M2 persists longer, so it sets the width.
    return replace(found, n=int(found.detail.get("steps", 0)) // HALF_YEAR_MONTHS)


def correlation_returns(court: Court) -> Floats:
    """Give for each day the correlation of Bitcoin and index in the second 90 days after it less that in the first."""
    record = court.record
    sessions = record.bars[RUT].ordinals
    returns = [np.append(np.nan, np.diff(record.prices.at(name, sessions))) for name in (BTC, RUT)]
    found = np.full(len(record.days), np.nan)
    first = int(record.prices[BTC].first) + 395
    # Where the index's file ends early, the later sessions are not known to be all.
    last = min(record.end, record.prices[RUT].last + OBSERVED_SLACK) - 180
    inside = (record.days >= first) & (record.days <= last)
    for row in np.flatnonzero(inside).tolist():
        day = int(record.days[row])
        early, late = (
            blocks.correlation(*(each[begin:stop] for each in returns))
            for begin, stop in (_sessions(sessions, day + since) for since in (0, 90))
        )
        found[row] = late - early
    return found


def _sessions(sessions: Ordinals, day: int) -> tuple[int, int]:
    begin, stop = np.searchsorted(sessions, [day, day + 90], side="right")
    return int(begin), int(stop)


def phases_in_order(court: Court) -> Outcome:
    """Count how many changes of the leading phase go 1 to 2, 2 to 3, 3 to 1, against scores rolled apart."""
    pairs = [court.week(name, 26) for phase in PHASES for name in phase]
    rows, pairs = blocks.joined(*pairs)
    steps = int(rows.sum())
    if steps <= 2 * 26:
        return Outcome(n=0)
    z = [(each - each.mean()) / each.std() for each in pairs]
    scores = np.array([np.mean(z[2 * k : 2 * k + 2], axis=0) for k in range(3)])
    hits, changes = _changes_in_order(np.argmax(scores, axis=0))
    if not changes:
        return Outcome(n=0)
    null = []
    for second, third in generator("001-12a").integers(26, steps - 26, endpoint=True, size=(PHASE_DRAWS, 2)):
        rolled = np.array([scores[0], np.roll(scores[1], second), np.roll(scores[2], third)])
        ordered, count = _changes_in_order(np.argmax(rolled, axis=0))
        null.append(ordered / count if count else 0.0)
    share = hits / changes
    judged = by_count(share, np.array(null))
    return Outcome(n=changes, effect=share, judged=judged, interval=rate_interval(hits, changes), detail={"hits": hits})


def _changes_in_order(labels: NDArray[np.int64]) -> tuple[int, int]:
    at = np.flatnonzero(np.diff(labels))
    moves = np.column_stack([labels[at], labels[at + 1]])
    return int(sum(np.all(moves == move, axis=1).sum() for move in IN_ORDER)), len(at)


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


def horse_race(court: Court) -> Outcome:
    """Ask whether the index foretells the typical alt's quarter better than money does, out of sample."""
    record, fridays = court.record, court.record.fridays
    predictors = {
        "M2": known_money(court),
        "net liquidity": court.liquidity_change(13, known=True),
        **{name: court.week(name, 13) for name in (RUT, "SPY", "GLD")},
    }
    _, (target, *columns) = blocks.joined(court.ahead(ALT, 13), *predictors.values())
    steps = len(target)
    if steps <= TRAINED_FROM or not len(fridays) or not len(record.days):
        return Outcome(n=0)
    rows = range(TRAINED_FROM, steps)
    errors = {name: _forecast_errors(x, target, rows) for name, x in zip(predictors, columns, strict=True)}
    mean = np.array([target[i] - target[: i - GAP_WEEKS + 1].mean() for i in rows])
    gains = errors["M2"] ** 2 - errors[RUT] ** 2
    effect = float(np.mean(gains))
    rng = generator("002-1a")
    means = np.concatenate(
        [gains[drawn(rng, part, len(gains), LOSS_BLOCK)].mean(axis=1) for part in parts_of(court.draws)]
    )
    r2 = {name: 1 - float(np.sum(each**2) / np.sum(mean**2)) for name, each in errors.items()}
    return Outcome(
        n=len(gains) // GAP_WEEKS,
        effect=effect,
        judged=by_count(effect, means - effect),
        interval=middle(means),
        detail={"r2": r2, "weeks": len(gains)},
    )


def known_money(court: Court) -> Floats:
    """Give the 12-month change of the log of M2 as it was known on each Friday."""
    from engine.core.series_columns import last_n  # noqa: PLC0415 - wanted here alone

    rows = last_n(court.record.series("M2SL"), court.record.fridays, MONTHS + 1)
    return logs_of(rows[:, -1]) - logs_of(rows[:, 0])


def _forecast_errors(x: Floats, y: Floats, rows: Sequence[int] | range) -> Floats:
    errors = []
    for i in rows:
        seen, then = x[: i - GAP_WEEKS + 1], y[: i - GAP_WEEKS + 1]
        centred = seen - seen.mean()
        slope = float(np.dot(centred, then) / np.dot(centred, centred))
        errors.append(y[i] - (then.mean() + slope * (x[i] - seen.mean())))
    return np.array(errors)


def shared_liquidity(court: Court) -> Outcome:
    """Ask whether liquidity goes with both the typical alt and the index: the smaller of two correlations."""
    _, (driver, *ends) = blocks.joined(
        court.liquidity_change(13, known=False), court.week(ALT, 13), court.week(RUT, 13)
    )
    steps = len(driver)
    if steps < 3:  # noqa: PLR2004 - a correlation of two points is no figure
        return Outcome(n=0)
    found = [blocks.shifted_correlation(driver, y, margin=26, width=13) for y in ends]
    effects = [effect for effect, _ in found if effect is not None]
    judged = [each for _, each in found if each is not None]
    if len(judged) < len(found):
        return Outcome(n=steps // 13)
    up, low = max(each.p_up for each in judged), max(each.p_lo for each in judged)
    both = Judged(p_up=up, p_lo=low, p=two_sided(up, low), mde=max(each.mde or 0.0 for each in judged),
                  freedom=judged[0].freedom)  # fmt: skip
    return Outcome(n=steps // 13, effect=min(effects), judged=both, detail=dict(zip((ALT, RUT), effects, strict=True)))


def bitcoin_first(court: Court) -> Floats:
    """Give for each day 1 where Bitcoin is the first to be up a fifth in half a year, 0 where the alt is, else 0.5."""
    days, prices = court.record.days, court.record.prices
    first = {name: np.full(len(days), np.inf) for name in (BTC, ALT)}
    base = {name: prices.at(name, days) for name in first}
    for later in range(HALF_YEAR_DAYS, 0, -1):
        for name, when in first.items():
            when[prices.at(name, days + later) - base[name] >= UP] = later
    defined = np.all([np.isfinite(base[name] + prices.at(name, days + HALF_YEAR_DAYS)) for name in first], axis=0)
    order = np.where(first[BTC] < first[ALT], 1.0, np.where(first[BTC] > first[ALT], 0.0, 0.5))
    return np.where(defined, order, np.nan)


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
        return Outcome(n=0, detail={"open": _iso(tops.open)})
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
        detail={"base": base, "hits": hits, "open": _iso(tops.open)},
    )


def _days_of_both(court: Court) -> Ordinals:
    """Give the days since Bitcoin's first on which the index has a close; the others leave the sample."""
    record = court.record
    days = np.arange(record.prices[BTC].first, record.end + 1)
    found: Ordinals = days[np.isfinite(record.prices.at(RUT, days))]
    return found


def _iso(days: Sequence[int]) -> list[str]:
    return [day.isoformat() for day in events.dates(days)]


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


def _last_against(spans: Sequence[int], middle_of: object, days: tuple[int, ...]) -> Outcome:
    if len(spans) < 2:  # noqa: PLR2004 - nothing to compare the last with
        return Outcome(n=max(len(spans) - 1, 0), events=days, detail={"days": list(spans)})
    earlier = float(middle_of(spans[:-1]))  # type: ignore[operator] # numpy's mean or median
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


def alike_before(court: Court) -> Outcome:
    """Correlate what followed the most similar earlier half year of index and Bitcoin with what followed this one."""
    returns = np.column_stack([court.week(RUT), court.week(BTC)])
    outcome = court.ahead(ALT, ANALOG_WEEKS)
    weeks = len(outcome)
    if weeks <= ANALOG_WEEKS:
        return Outcome(n=0)
    windows = np.lib.stride_tricks.sliding_window_view(returns, ANALOG_WEEKS, axis=0).reshape(
        weeks - ANALOG_WEEKS + 1, -1
    )
    ends = np.arange(ANALOG_WEEKS - 1, weeks)
    usable = np.isfinite(windows).all(axis=1) & np.isfinite(outcome[ends])
    windows, ends = windows[usable], ends[usable]
    foretold, came = [], []
    for row, end in enumerate(ends.tolist()):
        earlier = int(np.searchsorted(ends, end - ANALOG_APART, side="right"))
        if earlier < ANALOG_LEAST:
            continue
        near = int(np.argmin(((windows[:earlier] - windows[row]) ** 2).sum(axis=1)))
        foretold.append(outcome[ends[near]])
        came.append(outcome[end])
    if not came:
        return Outcome(n=0)
    return blocks.shift(np.array(foretold), np.array(came), margin=52, width=26)


def against_inevitable(court: Court) -> Outcome:
    """Compare the share of new highs that a gain follows with 0.9, by the binomial."""
    found = court.hit(court.highs, ALT, 126)
    if not found.n:
        return found
    up, low = rate_against(int(found.detail["hits"]), found.n, 0.9)
    return replace(found, judged=Judged(p_up=up, p_lo=low, p=two_sided(up, low)))


def chain(court: Court) -> Outcome:
    """Ask of each link from bonds to coins which side moved first; the weakest link is what the chain holds by."""
    fridays = court.record.fridays
    line = court.record.prices[ALT]
    if not len(line):
        return Outcome(n=0)
    small = court.week(RUT) - court.week("SPY")
    steps = (
        ("HY_OAS>SPY", -court.observed_change("HY_OAS"), court.week("SPY")),
        ("SPY>RUT-SPY", court.week("SPY"), small),
        ("RUT-SPY>ALT", small, court.week(ALT)),
    )
    since = fridays >= line.first
    links = {name: blocks.net(x[since], y[since], court.chance(f"004-11a/{name}")) for name, x, y in steps}
    judged = [link.judged for link in links.values() if link.judged is not None]
    n = min(link.n for link in links.values())
    if len(judged) < len(steps):
        return Outcome(n=n)
    up, low = max(each.p_up for each in judged), max(each.p_lo for each in judged)
    effects = {name: link.effect for name, link in links.items() if link.effect is not None}
    return Outcome(
        n=n,
        effect=min(effects.values()),
        judged=Judged(p_up=up, p_lo=low, p=two_sided(up, low)),
        detail={"links": effects},
    )


def before_ether(court: Court) -> Outcome:
    """Compare what the typical alt does after new highs of the index and after those of ETH."""
    returns = court.returns(ALT, 126)
    defined = np.isfinite(returns)
    days, values = court.record.days[defined], returns[defined]
    sets = [events.thinned(each[np.isin(each, days)], 126) for each in (court.highs, events.ether_highs(court.record))]
    n = min(map(len, sets))
    if not n:
        return Outcome(n=0)
    at = [np.searchsorted(days, each) for each in sets]
    effect = float(values[at[0]].mean() - values[at[1]].mean())
    shifts = np.arange(len(days))
    means = [values[(each[:, np.newaxis] + shifts) % len(days)].mean(axis=0) for each in at]
    moves = generator("004-12a").integers(0, len(days), (court.draws, 2))
    null = means[0][moves[:, 0]] - means[1][moves[:, 1]]
    return Outcome(
        n=n, effect=effect, judged=by_count(effect, null), interval=about(effect, null),
        events=tuple(sets[0].tolist()), points=tuple(values[at[0]].tolist()), detail={"ether": _iso(sets[1].tolist())},
    )  # fmt: skip


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
    detail = {"days": lasted.tolist(), "dips": _iso([dip.day for dip in found]), "open": []}
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


def early_profit(court: Court) -> Floats:
    """Give the typical alt's next 91 days less the 91 after."""
    days, prices = court.record.days, court.record.prices
    middle_day = prices.at(ALT, days + 91)
    return 2 * middle_day - prices.at(ALT, days) - prices.at(ALT, days + 182)


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


def bills_bought(court: Court) -> Outcome:
    """Check that the bills held by the Federal Reserve grew by 40 billion in the four weeks up to the last value."""
    series = court.record.series("WSHOBL")
    if not len(series):
        return Outcome(n=1)
    before = int(np.searchsorted(series.ordinals, series.ordinals[-1] - 28, side="right")) - 1
    if before < 0:
        return Outcome(n=1)
    change = float(series.values[-1] - series.values[before])
    return Outcome(n=1, effect=change, events=(int(series.ordinals[-1]),), holds=change >= BILLS)
