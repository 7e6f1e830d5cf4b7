"""Tests of one claim each, of the order in which markets move, and of what followed what was alike."""

import numpy as np
from numpy.typing import NDArray

from engine.analysis.study import blocks, events
from engine.analysis.study.court import Court
from engine.analysis.study.distributions import rate_interval
from engine.analysis.study.nulls import Judged, about, by_count, generator, two_sided
from engine.analysis.study.outcome import Outcome
from engine.analysis.study.record import ALT, BTC, OBSERVED_SLACK, RUT
from engine.core.calendar import Ordinals
from engine.core.market import Floats

PHASES = (("GLD/SPY", "QQQ/SPY"), ("RUT/SPY", "SLV/GLD"), ("ALT/BTC", "COPPER/GLD"))
IN_ORDER = ((0, 1), (1, 2), (2, 0))
PHASE_DRAWS = 1_999
UP = np.log(1.2)
HALF_YEAR_DAYS = 182
ANALOG_WEEKS = 26
ANALOG_APART = 52
ANALOG_LEAST = 104


def correlation_returns(court: Court) -> Floats:
    """Give for each day the correlation of Bitcoin and index in the second 90 days after it less that in the first."""
    record = court.record
    sessions = record.bars[RUT].ordinals
    returns = [np.append(np.nan, np.diff(record.prices.at(name, sessions))) for name in (BTC, RUT)]
    found = np.full(len(record.days), np.nan)
    # Where the index's file begins late or ends early, the sessions beyond it are not known to be all.
    first = max(int(record.prices[BTC].first) + 395, record.prices[RUT].first)
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
        events=tuple(sets[0].tolist()), points=tuple(values[at[0]].tolist()), detail={"ether": events.iso(sets[1])},
    )  # fmt: skip


def early_profit(court: Court) -> Floats:
    """Give the typical alt's next 91 days less the 91 after."""
    days, prices = court.record.days, court.record.prices
    middle_day = prices.at(ALT, days + 91)
    return 2 * middle_day - prices.at(ALT, days) - prices.at(ALT, days + 182)
