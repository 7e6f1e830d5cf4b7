"""Tests of one claim each, of money: M2, net liquidity, and the bills that the Federal Reserve buys."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.analysis.study import blocks
from engine.analysis.study.court import Court
from engine.analysis.study.nulls import Judged, by_count, drawn, generator, middle, parts_of, two_sided
from engine.analysis.study.outcome import Outcome
from engine.analysis.study.record import ALT, RUT, logs_of
from engine.core.calendar import days_of, ordinals_of
from engine.core.market import Floats

MONTH_MARGIN = 6
MONTH_WIDTH = 12
HALF_YEAR_MONTHS = 6
TRAINED_FROM = 169
GAP_WEEKS = 13
LOSS_BLOCK = 26.0
MONTHS = 12
BILLS = 40_000


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
