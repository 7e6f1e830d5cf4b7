"""The check that every backtest makes of itself: it recomputes the changes of targets from what was known."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from engine.core.calendar import days_between, instants_after
from engine.core.errors import LookAheadError
from engine.core.events import DayDecided, Event, RunEnded
from engine.core.market import BarSeries, History
from engine.core.series import SeriesKind, ValueSeries
from engine.core.series_columns import last_values
from engine.core.strategy import Decision, Holdings, StrategyState, Universe
from engine.trading.causality import check_no_look_ahead
from tests.support.look_ahead import garbled
from tests.support.markets import MONDAY, coin_bars, history_of

DAY = [MONDAY + timedelta(days=n) for n in range(6)]
HISTORY = history_of(coin_bars("BTC", MONDAY, [10.0, 11.0, 12.0, 11.0, 10.0, 9.0]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    bars: BarSeries
    values: tuple[float, ...]

    @property
    def first_day(self) -> date:
        return self.bars.first_day

    def at(self, day: date) -> float:
        return self.values[self.bars.position_on(day) or 0]


class Closes:
    """Observes each day's close; a decision is never asked for."""

    universe = Universe(core="BTC", assets=("BTC",))

    def observe(self, history: History) -> Column:
        bars = history["BTC"]
        return Column(bars=bars, values=tuple(self.column(bars)))

    def column(self, bars: BarSeries) -> list[float]:
        return list(bars.close.tolist())

    def start(self) -> StrategyState:
        raise NotImplementedError

    def decide(self, state: object, facts: float, holdings: Holdings) -> Decision[StrategyState]:
        raise NotImplementedError


class ClosesOfTomorrow(Closes):
    def column(self, bars: BarSeries) -> list[float]:
        return list(np.append(bars.close[1:], bars.close[-1:]).tolist())


class ShareOfTheHighest(Closes):
    def column(self, bars: BarSeries) -> list[float]:
        return list((bars.close / bars.close.max()).tolist())


def decided(day: date, *, changed: bool) -> DayDecided:
    return DayDecided(
        day=day, state="CORE", next_state="CORE", reason="entry" if changed else "hold", evidence={}, targets={},
        changed=changed, equity=Decimal(1), cash=Decimal(1), core_close=Decimal(1), memory=None,
    )  # fmt: skip


def events(*changed: int) -> list[Event]:
    """Give a record of six days in which the targets change on some."""
    return [*(decided(day, changed=n in changed) for n, day in enumerate(DAY)), RunEnded(last_day=DAY[-1])]


def test_only_the_days_that_changed_targets_are_checked_and_counted() -> None:
    assert check_no_look_ahead(Closes(), HISTORY, Closes().observe(HISTORY), events(0, 2, 5)) == 3


def test_a_run_without_changes_has_nothing_to_check() -> None:
    assert check_no_look_ahead(Closes(), HISTORY, Closes().observe(HISTORY), events()) == 0


@pytest.mark.parametrize("day", [0, 1, 2, 3, 4])
def test_a_fact_made_of_the_next_bar_is_answered_with_the_day(day: int) -> None:
    leaking = ClosesOfTomorrow()

    with pytest.raises(LookAheadError, match=rf"^{DAY[day]}: the entry decision rests on bars that were not known"):
        check_no_look_ahead(leaking, HISTORY, leaking.observe(HISTORY), events(day))


def test_a_leak_shows_only_where_the_future_differs() -> None:
    # The highest close, 12, comes on the third day: facts from then on are the same without the rest.
    leaking = ShareOfTheHighest()

    assert check_no_look_ahead(leaking, HISTORY, leaking.observe(HISTORY), events(2, 3, 4, 5)) == 4
    with pytest.raises(LookAheadError, match=str(DAY[1])):
        check_no_look_ahead(leaking, HISTORY, leaking.observe(HISTORY), events(1, 3))


def test_observations_of_another_history_are_caught() -> None:
    revised = history_of(coin_bars("BTC", MONDAY, [10.0, 11.0, 12.5, 11.0, 10.0, 9.0]))

    with pytest.raises(LookAheadError, match=str(DAY[2])):
        check_no_look_ahead(Closes(), HISTORY, Closes().observe(revised), events(1, 2))


class LastRate(Closes):
    """Observes the last value of a series that is known on each day, or, as a mistake, the one dated on it."""

    def __init__(self, *, by_its_date: bool) -> None:
        self.by_its_date = by_its_date

    def observe(self, history: History) -> Column:
        bars, rate = history["BTC"], history.values_of("RATE")
        if self.by_its_date:
            positions = np.searchsorted(rate.ordinals, bars.ordinals, side="right") - 1
            return Column(bars=bars, values=tuple(rate.values[positions].tolist()))
        return Column(bars=bars, values=tuple(np.nan_to_num(last_values(rate, bars.ordinals)).tolist()))


WITH_RATE = replace(
    HISTORY,
    values={
        "RATE": ValueSeries(
            name="RATE",
            kind=SeriesKind.DAILY,
            ordinals=np.arange(MONDAY.toordinal(), MONDAY.toordinal() + 6),
            values=np.arange(1.0, 7.0),
            known_at=instants_after(days_between(DAY[1], DAY[1] + timedelta(days=5))),
        )
    },
)


def test_a_value_used_before_it_was_published_is_caught() -> None:
    honest, leaking = LastRate(by_its_date=False), LastRate(by_its_date=True)

    assert check_no_look_ahead(honest, WITH_RATE, honest.observe(WITH_RATE), events(1, 3)) == 2
    with pytest.raises(LookAheadError, match=str(DAY[3])):
        check_no_look_ahead(leaking, WITH_RATE, leaking.observe(WITH_RATE), events(3))


def test_the_garbled_future_of_a_series_is_all_that_was_not_published() -> None:
    before, after = WITH_RATE.values["RATE"], garbled(WITH_RATE, DAY[3]).values["RATE"]

    # The values of the first three days are known by the end of the fourth.
    assert after.values[:3].tolist() == before.values[:3].tolist()
    assert not np.isin(after.values[3:], before.values).any()
