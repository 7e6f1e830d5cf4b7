"""The strategy's rotations, and others to compare them with: by one signal, late, by the index's moved states.

Further confirmations and exits of a configuration take no part: it is the two signals and the timer that are judged.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.analysis.study.excess import FIRST_SHIFT, Flags, Span
from engine.core.calendar import DAYS_A_WEEK, Ordinals, days_of, instants_after
from engine.core.market import BarSeries, Floats, History
from strategies.signals.breakout import NEVER, BreakoutParams
from strategies.signals.days import DailyBreakouts, DailyMacd

PLACEBO_SHIFTS = 199
MOST_WEEKS_LATE = 26


@dataclass(frozen=True, kw_only=True, eq=False)
class Driver:
    """What is asked of an index, by decision day.

    Attributes:
        in_force: a breakout is; confirmed: ordinal of its session, 0 outside one.
        lost: support was lost, and this is the first day on which that is known.
    """

    in_force: Flags
    confirmed: Ordinals
    lost: Flags

    def moved(self, steps: int) -> "Driver":
        """Give it with its states moved round the days."""
        return Driver(
            in_force=np.roll(self.in_force, steps),
            confirmed=np.roll(self.confirmed, steps),
            lost=np.roll(self.lost, steps),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Signals:
    """What the strategy knows on each decision day.

    Attributes:
        days: ordinals.
        driver: of the index.
        crossed: a golden cross is in force as far as time and the lines go; cross: the ordinal of its Sunday.
        tradable: some coin of the basket can be traded.
        hold_days: after which a rotation ends.
    """

    days: Ordinals
    driver: Driver
    crossed: Flags
    cross: Ordinals
    tradable: Flags
    hold_days: int

    def with_driver(self, driver: Driver) -> "Signals":
        """Give them with another index."""
        return replace(self, driver=driver)


Enters = Callable[[Signals, int, int], bool]
"""Whether a day (by position) enters, given the ordinal of the last exit day; 0 before any."""


def _both(signals: Signals, at: int, last_exit: int) -> bool:
    return bool(signals.driver.in_force[at]) and _macd(signals, at, last_exit)


def _r2k(signals: Signals, at: int, last_exit: int) -> bool:
    return bool(signals.driver.in_force[at]) and int(signals.driver.confirmed[at]) > last_exit


def _macd(signals: Signals, at: int, last_exit: int) -> bool:
    return bool(signals.crossed[at]) and int(signals.cross[at]) > last_exit


def _either(signals: Signals, at: int, last_exit: int) -> bool:
    return _r2k(signals, at, last_exit) or _macd(signals, at, last_exit)


RULES: Mapping[str, Enters] = {"both": _both, "r2k": _r2k, "macd": _macd, "either": _either}


def rotations(signals: Signals, enters: Enters) -> tuple[Span, ...]:
    """Play the strategy's states through the days; the first day cannot enter."""
    found: list[Span] = []
    days, lost, last = signals.days, signals.driver.lost, len(signals.days) - 1
    entry: int | None = None
    last_exit = NEVER
    possible = signals.tradable & (signals.driver.in_force | signals.crossed)
    for at in range(1, last + 1):
        if entry is None:
            if possible[at] and enters(signals, at, last_exit):
                entry = at
        elif lost[at] or days[at] >= days[entry] + signals.hold_days:
            found.append(Span(entry=entry, exit=at))
            entry, last_exit = None, int(days[at])
    if entry is not None:
        found.append(Span(entry=entry, exit=last, open=True))
    return tuple(found)


def driver_of(history: History, days: Ordinals, *, core: str, index: str, params: BreakoutParams) -> Driver:
    """Observe an index as the strategy does, on the decision days."""
    daily = DailyBreakouts(params, core=core, index=index)(history)
    rows = np.isin(daily.core.ordinals, days)
    positions = daily.positions[rows]
    known = positions >= 0
    losses = np.where(known, daily.columns.loss_session[positions], NEVER)
    confirmed = np.where(daily.in_force[rows], daily.columns.breakout_session[positions], NEVER)
    lost = np.append(False, np.diff(losses) != 0)
    return Driver(in_force=daily.in_force[rows], confirmed=confirmed, lost=lost)


def macd_columns(daily: DailyMacd, days: Ordinals) -> tuple[Flags, Ordinals]:
    """Give whether the golden cross is in force but for rotations, and its Sunday, on the decision days."""
    rows = np.isin(daily.core.ordinals, days)
    return daily.in_time[rows], daily.weekly.cross[daily.positions[rows]]


def delayed(spans: Sequence[Span], weeks: int, days: int) -> tuple[Span, ...]:
    """Give rotations entered and left so many weeks late, but for those that would not begin before the last day."""
    late = (
        Span(entry=span.entry + DAYS_A_WEEK * weeks, exit=min(span.exit + DAYS_A_WEEK * weeks, days - 1))
        for span in spans
    )
    return tuple(span for span in late if span.entry < days - 1)


def placebo_steps(days: int) -> tuple[int, ...]:
    """Give by how many days the index's own state is moved."""
    return tuple(FIRST_SHIFT + round(j * (days - 2 * FIRST_SHIFT) / 200) for j in range(1, PLACEBO_SHIFTS + 1))


def index_of(name: str, ordinals: Ordinals, closes: Floats) -> BarSeries:
    """Give closes as bars of an index, known on their dates."""
    days = days_of(ordinals)
    return BarSeries(
        symbol=name,
        days=days,
        open=closes,
        high=closes,
        low=closes,
        close=closes,
        volume=np.full(len(closes), np.nan),
        # A session of New York closes before its UTC day does.
        known_at=instants_after(days),
    )
