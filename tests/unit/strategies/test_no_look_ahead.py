"""No strategy and no confirmation knows the future: proved day by day, and by mutants that are caught.

Some of the decision days are tried, and all on which targets change; with EVERY_DAY in the environment every one.
"""

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import strategies.signals.known
import strategies.signals.macd
from engine.core.calendar import Ordinals
from engine.core.columns import Column, column
from engine.core.errors import LookAheadError
from engine.core.market import BarSeries, Floats, History
from engine.core.rule import RuleParams, Setting, System
from engine.core.strategy import AnyStrategy, Observations
from engine.data.csv_files import read_csv_bars
from engine.settings.registry import params_of, strategy_factory, strategy_names
from strategies.signals.breakout import BreakoutParams
from strategies.signals.known import last_known
from tests.support.look_ahead import garbled, require_causal_rule, require_no_look_ahead
from tests.support.markets import CORE, INDEX, faulty_market, with_series

# What runs here is measured by other tests too; measuring takes as long again as the tests.
pytestmark = pytest.mark.no_cover

PRICES = Path(os.environ.get("PRICES_DIR") or Path(__file__).resolve().parents[4] / "shared" / "data" / "prices")
needs_prices = pytest.mark.skipif(not (PRICES / "RUT.csv").exists(), reason="the real prices are not at hand")

# Settings under which four years are enough to rotate and to come back; a strategy takes those that it has.
QUICK: Mapping[str, Any] = {
    "basket": {"ETH": 0.4},
    "basket_equal": ["SOL", "BNB", "XRP"],
    "macd": {"fast": 3, "slow": 8, "signal": 3, "warmup_weeks": 20, "valid_weeks": 6},
    "breakout": {"lookback_years": 2, "min_age_weeks": 4, "confirm_sessions": 2, "loss_sessions": 2},
    "hold_weeks": 6,
}
HAPPENS: Mapping[str, Mapping[str, int]] = {
    "rotation": {"entry": 4, "time_exit": 2, "support_lost": 2},
    "macd_timing": {"golden_cross": 10, "death_cross": 10},
}
"""What a run must hold, for its proof to be about more than days on which nothing happens."""
SEED = 3
SETTING = Setting(core=CORE, index=INDEX, basket={"ETH": 0.5, "SOL": 0.5})


@pytest.fixture(scope="module")
def market() -> History:
    return faulty_market(SEED, years=4)


def quick(name: str, **settings: Any) -> AnyStrategy:
    """Build a strategy with quick settings."""
    params = params_of(name)
    chosen = {key: value for key, value in {**QUICK, **settings}.items() if key in params.model_fields}
    return strategy_factory(name)(params.model_validate(chosen))


@pytest.mark.parametrize("name", strategy_names())
def test_no_decision_of_a_strategy_depends_on_what_comes_after_its_day(name: str, market: History) -> None:
    decided = require_no_look_ahead(quick(name), market, days_apart=2)

    reasons = Counter(day.reason for day in decided)
    assert len(decided) > 1000
    assert all(reasons[reason] >= times for reason, times in HAPPENS.get(name, {}).items()), reasons


@pytest.mark.parametrize("name", ["blue_sky", "weekly_support", "alts_down_only", "net_liquidity"])
def test_no_decision_by_a_confirmation_depends_on_what_comes_after_its_day(name: str, market: History) -> None:
    strategy = quick("rotation", confirmations=[name])
    series = with_series(market, strategy.universe.further_series)
    decided = require_no_look_ahead(strategy, series, days_back=0, days_apart=7)

    assert len(decided) > 1000


@needs_prices
@pytest.mark.parametrize("name", strategy_names())
def test_no_decision_on_the_real_prices_depends_on_what_comes_after_its_day(name: str) -> None:
    strategy = strategy_factory(name)(params_of(name).model_validate({}))
    universe = strategy.universe
    history = History(
        series={
            symbol: read_csv_bars(PRICES / f"{symbol}.csv", symbol, index=symbol in universe.indices)
            for symbol in (*universe.assets, *universe.indices)
        }
    )

    # Sessions before the first ceiling's window would cost time and prove nothing.
    history = History(series={symbol: _since(bars, date(2011, 1, 1)) for symbol, bars in history.series.items()})

    assert len(require_no_look_ahead(strategy, history, days_back=0, cut_too=False, days_apart=17)) > 2500


def _since(bars: BarSeries, day: date) -> BarSeries:
    begin = int(np.searchsorted(bars.ordinals, day.toordinal()))
    columns = ("days", "open", "high", "low", "close", "volume", "known_at")
    return replace(bars, **{name: getattr(bars, name)[begin:] for name in columns})


# Mutants of code: each takes the true function and gives one that looks ahead.
Weeks = Callable[[Ordinals, BarSeries], NDArray[np.int64]]
WEEKS: Mapping[str, Callable[[Weeks], Weeks]] = {
    "the week shifted by one": lambda true: lambda sundays, days: np.minimum(true(sundays, days) + 1, len(sundays) - 1),
    "weeks stamped on Monday": lambda true: lambda sundays, days: true(sundays - 6, days),
    "the unfinished week used, a day early": lambda true: lambda sundays, days: true(sundays - 1, days),
}


@pytest.mark.parametrize("mutant", list(WEEKS))
@pytest.mark.parametrize("name", ["rotation", "macd_timing"])
def test_a_week_known_too_early_is_caught(
    mutant: str, name: str, market: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutated = WEEKS[mutant](strategies.signals.known.last_complete_weeks)
    monkeypatch.setattr("strategies.signals.days.last_complete_weeks", mutated)

    with pytest.raises(LookAheadError, match="facts of"):
        require_no_look_ahead(quick(name), market)


def test_an_index_session_counted_one_too_early_is_caught(market: History, monkeypatch: pytest.MonkeyPatch) -> None:
    true = strategies.signals.known.last_known_bars
    monkeypatch.setattr(
        "strategies.signals.days.last_known_bars", lambda bars, days: np.minimum(true(bars, days) + 1, len(bars) - 1)
    )

    with pytest.raises(LookAheadError, match="facts of"):
        require_no_look_ahead(quick("rotation"), market)


def test_index_sessions_that_claim_to_be_known_before_their_close_are_caught(market: History) -> None:
    # Data, not code: each session says that it was known when the one before it closed.
    index = market[INDEX]
    early = replace(index, known_at=np.append(index.known_at[:1], index.known_at[:-1]))

    with pytest.raises(LookAheadError, match="facts of"):
        require_no_look_ahead(quick("rotation"), History(series={**market.series, INDEX: early}))


@pytest.mark.parametrize("name", ["rotation", "macd_timing"])
def test_a_merge_on_the_open_time_is_caught(name: str, market: History) -> None:
    # At D's end, 24:00, the bar of D + 1 has opened: a join on open times takes its close for known.
    with pytest.raises(LookAheadError, match="facts of"):
        require_no_look_ahead(MergedOnOpen(quick(name)), market)


class MergedOnOpen:
    """A strategy that takes, for the end of each day, every coin's last bar by its open."""

    def __init__(self, strategy: AnyStrategy) -> None:
        self._strategy = strategy
        self.universe = strategy.universe
        self.start = strategy.start
        self.decide = strategy.decide

    def observe(self, history: History) -> Observations[Any]:
        return self._strategy.observe(
            History(
                series={
                    symbol: bars if symbol == INDEX else _joined_on_open(bars)
                    for symbol, bars in history.series.items()
                }
            )
        )


def _joined_on_open(bars: BarSeries) -> BarSeries:
    rows = np.searchsorted(bars.ordinals, bars.ordinals + 1, side="right") - 1
    return replace(bars, **{name: getattr(bars, name)[rows] for name in ("open", "high", "low", "close", "volume")})


def test_a_centred_window_in_the_ceiling_is_caught(market: History, monkeypatch: pytest.MonkeyPatch) -> None:
    def centred(bars: BarSeries, params: BreakoutParams, *, first: int) -> Floats:
        highest = pd.Series(bars.close).rolling(253, center=True, min_periods=127).max()
        return highest.to_numpy(dtype=np.float64)[first:]

    monkeypatch.setattr("strategies.signals.breakout.ceilings", centred)

    with pytest.raises(LookAheadError, match="facts of"):
        require_no_look_ahead(quick("rotation"), market)


@pytest.mark.parametrize("name", ["rotation", "macd_timing"])
def test_a_centred_average_in_the_macd_is_caught(name: str, market: History, monkeypatch: pytest.MonkeyPatch) -> None:
    true = strategies.signals.macd.exponential_average

    def centred(values: Sequence[float], span: int) -> Floats:
        return true(pd.Series(values).rolling(3, center=True, min_periods=1).mean().tolist(), span)

    monkeypatch.setattr("strategies.signals.macd.exponential_average", centred)

    with pytest.raises(LookAheadError, match="facts of"):
        require_no_look_ahead(quick(name), market)


def test_closes_scaled_by_the_whole_history_are_caught(market: History, monkeypatch: pytest.MonkeyPatch) -> None:
    true = strategies.signals.macd.weekly_closes

    def scaled(bars: BarSeries) -> tuple[Ordinals, Floats]:
        sundays, closes = true(bars)
        return sundays, closes / closes.mean()

    monkeypatch.setattr("strategies.signals.macd.weekly_closes", scaled)

    with pytest.raises(LookAheadError, match="facts of"):
        require_no_look_ahead(quick("macd_timing"), market)


def test_a_coin_that_must_have_a_bar_tomorrow_is_caught(market: History, monkeypatch: pytest.MonkeyPatch) -> None:
    def tradable_tomorrow(history: History, assets: Any, days: BarSeries, **rules: int) -> NDArray[np.bool_]:
        return np.array([np.isin(days.ordinals + 1, history[asset].ordinals) for asset in assets]).T

    monkeypatch.setattr("strategies.rules.basket_tradable.tradable_matrix", tradable_tomorrow)

    with pytest.raises(LookAheadError, match="facts of"):
        require_no_look_ahead(quick("rotation"), market)


def test_a_confirmation_that_knows_the_highest_close_of_all_is_caught(market: History) -> None:
    class HighestOfAll(System[RuleParams]):
        def observe(self, history: History) -> Column:
            core, index = history[self.setting.core], history[self.setting.index]
            closes = last_known(index.close, strategies.signals.known.last_known_bars(index, core))
            return column(core, holds=closes >= 0.5 * float(index.close.max()))

    days = [date.fromordinal(ordinal) for ordinal in market[CORE].ordinals[400:].tolist()]

    with pytest.raises(LookAheadError, match="the rule on"):
        require_causal_rule(HighestOfAll(RuleParams(), SETTING), market, days)


def test_a_warm_up_that_depends_on_the_length_of_the_history_is_caught(
    market: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    def middle(history: BarSeries) -> date:
        return date.fromordinal(int(history.ordinals[len(history) // 2]))

    monkeypatch.setattr(BarSeries, "first_day", property(middle))

    with pytest.raises(LookAheadError, match="warm-up"):
        require_no_look_ahead(quick("hold"), market)


def test_an_account_marked_at_tomorrow_s_close_is_caught(market: History, monkeypatch: pytest.MonkeyPatch) -> None:
    # The engine's own leak, in no strategy: equity and orders are sized at the next bar's close.
    true = BarSeries.position_at

    def close_tomorrow(bars: BarSeries, day: date) -> float | None:
        position = true(bars, day)
        return None if position is None else float(bars.close[min(position + 1, len(bars) - 1)])

    monkeypatch.setattr(BarSeries, "close_at", close_tomorrow)

    with pytest.raises(LookAheadError, match="an event"):
        require_no_look_ahead(quick("hold"), market)


def test_garbage_leaves_the_known_bars_alone_and_nothing_else(market: History) -> None:
    day = date(2017, 3, 1)

    after = garbled(market, day)

    for symbol, bars in market.series.items():
        known = int(np.searchsorted(bars.ordinals, day.toordinal(), side="right"))
        for name in ("days", "open", "high", "low", "close", "volume", "known_at"):
            np.testing.assert_array_equal(getattr(after[symbol], name)[:known], getattr(bars, name)[:known])
        assert not np.isin(after[symbol].close[known:], bars.close).any()
        assert symbol == "XRP" or len(after[symbol]) > known + 200
