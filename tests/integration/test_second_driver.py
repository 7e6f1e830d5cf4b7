"""The seam: two drivers of history drive one session, and their records are equal to the last digit.

The historical driver plays through backtrader; the plain one is a loop over days. Compared are all events, as text,
so that `1.0` and `1.00` differ.
"""

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.core.events import (
    DayDecided,
    Event,
    OrderCancelled,
    OrderFilled,
    OrderPlanned,
    OrderRejected,
    OrderSkipped,
    OrderWaits,
    RunEnded,
)
from engine.core.fills import Costs
from engine.core.instrument import Instrument
from engine.core.market import History
from engine.core.order import Side
from engine.core.strategy import Decision, Holdings, Universe
from engine.data.csv_files import read_csv_bars
from engine.settings.reading import build_config
from engine.settings.registry import params_of, strategy_factory
from tests.support.driven import Account, both_records, plain_events, rotation, whole_span
from tests.support.markets import COINS, CORE, MONDAY, coin_bars, faulty_market, history_of

# What runs here is measured by other tests too; measuring takes as long again as the tests.
pytestmark = pytest.mark.no_cover

PRICES = Path(os.environ.get("PRICES_DIR") or Path(__file__).resolve().parents[3] / "shared" / "data" / "prices")
needs_prices = pytest.mark.skipif(not (PRICES / "RUT.csv").exists(), reason="the real prices are not at hand")

SEEDS = range(12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The memory of a scripted or restless strategy: how often its targets changed, and to what."""

    count: int = 0
    targets: tuple[tuple[str, float], ...] = ()

    @property
    def name(self) -> str:
        return "CORE"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFacts:
    day: date
    tradable: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysWithBars:
    history: History
    assets: tuple[str, ...]

    @property
    def first_day(self) -> date:
        return self.history[self.assets[0]].first_day

    def at(self, day: date) -> DayFacts:
        there = (asset for asset in self.assets if self.history[asset].position_on(day) is not None)
        return DayFacts(day=day, tradable=tuple(there))


class Scripted:
    """Sets the targets that a script names for a day."""

    def __init__(self, script: Mapping[date, Mapping[str, float]], *, assets: tuple[str, ...]) -> None:
        self.universe = Universe(core=assets[0], assets=assets)
        self._script = script

    def observe(self, history: History) -> DaysWithBars:
        return DaysWithBars(history=history, assets=self.universe.assets)

    def start(self) -> Changes:
        return Changes()

    def decide(self, state: Changes, facts: DayFacts, holdings: Holdings) -> Decision[Changes]:
        wanted = self._wanted(facts)
        targets = dict(state.targets) if wanted is None else dict(wanted)
        changed = wanted is not None
        return Decision(
            state=Changes(count=state.count + changed, targets=tuple(targets.items())),
            reason="entry" if changed else "hold",
            targets=targets,
            trade=changed,
            evidence={},
        )

    def _wanted(self, facts: DayFacts) -> Mapping[str, float] | None:
        return self._script.get(facts.day)


class Restless(Scripted):
    """Changes its mind every few days, more often than orders settle: to some of the coins, or to cash."""

    def __init__(self, seed: int) -> None:
        super().__init__({}, assets=(CORE, *COINS))
        self._seed = seed

    def _wanted(self, facts: DayFacts) -> Mapping[str, float] | None:
        chance = np.random.default_rng((self._seed, facts.day.toordinal()))
        if chance.random() < 0.8:
            return None
        chosen = [asset for asset in facts.tradable if chance.random() < 0.6]
        weights = chance.dirichlet(np.ones(len(chosen) + 1)).tolist() if chosen else []
        return dict(zip(chosen, weights, strict=False))


def of_type(events: Iterable[Event], kind: type[Any]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def fills_of(events: Iterable[Event], asset: str) -> list[tuple[date, Side, Decimal]]:
    return [
        (event.fill.at.date(), event.fill.side, event.fill.quantity)
        for event in of_type(events, OrderFilled)
        if event.fill.asset == asset
    ]


def instrument(asset: str, **rules: Decimal) -> Instrument:
    return Instrument(symbol=f"{asset}/USDT", **{"lot_step": Decimal("0.01"), "minimum_notional": Decimal(5), **rules})


def account_for(seed: int) -> Account:
    costs = [("0.001", "0.0005"), ("0", "0"), ("0.004", "0.01")][seed % 3]
    return Account(
        cash=[Decimal(100_000), Decimal("300.5"), Decimal(60), Decimal("1234567.89")][seed % 4],
        costs=Costs(commission=Decimal(costs[0]), slippage=Decimal(costs[1])),
    )


def split_account(history: History, assets: Sequence[str]) -> Account:
    """Give an account whose whole cash is several market orders of any asset, at the median close."""
    cash = Decimal(100_000)
    largest = {a: cash / Decimal(round(float(np.median(history[a].close)), 4)) / 5 for a in assets}
    return Account(
        cash=cash,
        instruments={a: instrument(a, maximum_quantity=round(large, 2) + 1) for a, large in largest.items()},
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_a_rotation_leaves_the_same_record_under_both_drivers(seed: int) -> None:
    strategy = rotation(rebalance_drift=[None, 0.05, 0.02][seed % 3], exit_to="cash" if seed % 4 == 0 else "core")

    both_records(strategy, faulty_market(seed), account_for(seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_restless_strategy_leaves_the_same_record_under_both_drivers(seed: int) -> None:
    history = faulty_market(seed, years=1)

    both_records(Restless(seed), history, _any_account(seed, history))


def test_the_generated_runs_hold_everything_that_can_happen_to_an_order() -> None:
    kinds: Counter[str] = Counter()
    for seed in SEEDS:
        strategies = (rotation(rebalance_drift=0.05, exit_to="cash"), Restless(seed))
        for strategy in strategies:
            history = faulty_market(seed, years=2)
            events = plain_events(strategy, history, whole_span(strategy, history), _any_account(seed, history))
            kinds.update(_happenings(events, history))

    assert {kind for kind, times in kinds.items() if times >= 3} == {
        "bought trimmed", "cancelled", "filled after waiting", "on a gap of 20 %", "pending at the end", "rebalance",
        "rejected", "skipped", "split", "support_lost or time_exit", "waits for ever", "without a core bar",
    }, kinds  # fmt: skip


def _any_account(seed: int, history: History) -> Account:
    return account_for(seed) if seed % 3 else split_account(history, (CORE, *COINS))


NAMED = {OrderCancelled: "cancelled", OrderSkipped: "skipped", OrderRejected: "rejected"}


def _happenings(events: list[Event], history: History) -> Iterable[str]:
    waited = {event.order.client_order_id for event in of_type(events, OrderWaits)}
    decided = {event.day for event in of_type(events, DayDecided)}
    ordered = {event.order.client_order_id: event.order.quantity for event in of_type(events, OrderPlanned)}
    for event in events:
        if type(event) in NAMED:
            yield NAMED[type(event)]
        if isinstance(event, DayDecided) and event.reason in {"support_lost", "time_exit", "rebalance"}:
            yield "rebalance" if event.reason == "rebalance" else "support_lost or time_exit"
        if isinstance(event, RunEnded):
            yield from ("pending at the end" for _ in event.waiting)
            yield from ("waits for ever" for order in event.waiting if order.client_order_id in waited)
    for fill in (event.fill for event in of_type(events, OrderFilled)):
        told = {
            "bought trimmed": fill.quantity < ordered[fill.client_order_id],
            "filled after waiting": fill.client_order_id in waited,
            "without a core bar": fill.at.date() not in decided,
            "on a gap of 20 %": abs(float(fill.price) / (history[fill.asset].close_at(fill.decision_day) or 0) - 1)
            > 0.2,
            "split": fill.client_order_id.endswith("2-1"),
        }
        yield from (what for what, happened in told.items() if happened)


NO_COSTS = Costs(commission=Decimal(0), slippage=Decimal(0))
DAY = [MONDAY + timedelta(days=n) for n in range(60)]


def test_a_delisted_coin_that_is_held_is_ordered_away_and_holds_back_the_buys_for_two_days() -> None:
    history = history_of(coin_bars("BTC", MONDAY, [100.0] * 12), coin_bars("ETH", MONDAY, [10.0] * 4))
    strategy = Scripted({DAY[1]: {"ETH": 0.5}, DAY[6]: {"BTC": 0.5}}, assets=("BTC", "ETH"))

    events = both_records(strategy, history, Account(cash=Decimal(1000), costs=NO_COSTS))

    # 1000 * 0.5 / 10 = 50 coins; from the fifth day on there is no bar to sell them at. The sale is first tried in vain
    # on the eighth day, so the buy of 1000 * 0.5 / 100 = 5 goes out on the tenth; the sale waits for ever.
    assert fills_of(events, "ETH") == [(DAY[2], Side.BUY, Decimal(50))]
    assert fills_of(events, "BTC") == [(DAY[9], Side.BUY, Decimal(5))]
    assert [(wait.at.date(), wait.order.asset) for wait in of_type(events, OrderWaits)] == [(DAY[7], "ETH")]
    assert [order.asset for order in events[-1].waiting] == ["ETH"]  # type: ignore[union-attr] # the last is RunEnded


def test_an_order_waits_over_a_hole_of_its_coin_and_a_missing_day_of_the_core() -> None:
    core = [100.0, 100.0, None, 100.0, 100.0, 100.0]
    coin = [10.0, 10.0, 10.0, 10.0, None, 10.0]
    history = history_of(coin_bars("BTC", MONDAY, core), coin_bars("ETH", MONDAY, coin))
    strategy = Scripted({DAY[1]: {"ETH": 0.5}, DAY[3]: {}}, assets=("BTC", "ETH"))

    events = both_records(strategy, history, Account(cash=Decimal(1000), costs=NO_COSTS))

    # Bought on the third day, which has no bar of the core and takes no decision; sold after the coin's own hole.
    assert fills_of(events, "ETH") == [(DAY[2], Side.BUY, Decimal(50)), (DAY[5], Side.SELL, Decimal(50))]
    assert [event.day for event in of_type(events, DayDecided)] == [DAY[0], DAY[1], DAY[3], DAY[4], DAY[5]]


def test_a_late_listing_is_bought_with_what_is_there_on_its_second_day() -> None:
    history = history_of(coin_bars("BTC", MONDAY, [100.0] * 8), coin_bars("ETH", DAY[4], [10.0] * 4))
    strategy = Scripted({DAY[0]: {"BTC": 1.0}, DAY[4]: {"ETH": 1.0}}, assets=("BTC", "ETH"))

    events = both_records(strategy, history, Account(cash=Decimal(1000), costs=NO_COSTS))

    assert fills_of(events, "BTC") == [(DAY[1], Side.BUY, Decimal(10)), (DAY[5], Side.SELL, Decimal(10))]
    assert fills_of(events, "ETH") == [(DAY[5], Side.BUY, Decimal(100))]


@pytest.mark.parametrize(("gap", "bought"), [(1.3, Decimal("7.69230")), (0.7, Decimal(10))])
def test_a_gap_at_the_open_trims_a_buy_that_the_cash_does_not_pay_for(gap: float, bought: Decimal) -> None:
    closes = [100.0] * 5
    history = history_of(coin_bars("BTC", MONDAY, closes, opens=[100.0, 100.0 * gap, 100.0, 100.0, 100.0]))
    strategy = Scripted({DAY[0]: {"BTC": 1.0}}, assets=("BTC",))

    events = both_records(strategy, history, Account(cash=Decimal(1000), costs=NO_COSTS))

    # 1000 / 130 = 7.692307…, cut to steps of 0.00001; at 70 the order of 10 coins stays what it was.
    assert fills_of(events, "BTC") == [(DAY[1], Side.BUY, bought)]


def test_an_order_above_the_largest_market_quantity_is_filled_in_even_parts() -> None:
    history = history_of(coin_bars("BTC", MONDAY, [100.0] * 4))
    account = Account(
        cash=Decimal(1000), costs=NO_COSTS, instruments={"BTC": instrument("BTC", maximum_quantity=Decimal(4))}
    )

    events = both_records(Scripted({DAY[0]: {"BTC": 1.0}}, assets=("BTC",)), history, account)

    # 10 coins are 3 orders: 10 / 3 = 3.33, then 6.67 / 2 = 3.33, then the rest.
    assert [quantity for _, _, quantity in fills_of(events, "BTC")] == [
        Decimal("3.33"),
        Decimal("3.33"),
        Decimal("3.34"),
    ]


def test_cash_too_small_for_any_order_is_skipped_and_said() -> None:
    history = history_of(coin_bars("BTC", MONDAY, [100.0] * 4))

    events = both_records(Scripted({DAY[0]: {"BTC": 1.0}}, assets=("BTC",)), history, Account(cash=Decimal("4.9")))

    assert [event.message for event in of_type(events, OrderSkipped)] == [
        "notional 4.8920 is below the minimum of 5"  # 4.9 / (100 * 1.0015) = 0.04892 coins
    ]
    assert of_type(events, OrderFilled) == []


def test_quantities_that_floats_cannot_add_up_leave_nothing_behind() -> None:
    # 0.1 + 0.7 is 0.7999999999999999 in floats: the sale of 0.8 would leave a short position of 1e-16, which the next
    # buy would have to close first.
    history = history_of(coin_bars("BTC", MONDAY, [1.0] * 12))
    rules = instrument("BTC", lot_step=Decimal("0.1"), minimum_notional=Decimal(0))
    script = {DAY[0]: {"BTC": 0.05}, DAY[2]: {"BTC": 0.4}, DAY[4]: {}, DAY[6]: {"BTC": 0.6}}

    events = both_records(
        Scripted(script, assets=("BTC",)),
        history,
        Account(cash=Decimal(2), costs=NO_COSTS, instruments={"BTC": rules}),
    )

    assert [(side, quantity) for _, side, quantity in fills_of(events, "BTC")] == [
        (Side.BUY, Decimal("0.1")), (Side.BUY, Decimal("0.7")), (Side.SELL, Decimal("0.8")), (Side.BUY, Decimal("1.2")),
    ]  # fmt: skip


def test_a_small_order_of_an_account_that_grew_large_is_not_refused_for_float_noise() -> None:
    closes = [float(3**n) * 1.01 for n in range(13)]
    history = history_of(coin_bars("BTC", MONDAY, [*closes, *closes[-1:] * 5], opens=[*closes, *closes[-1:] * 5]))
    script = {DAY[0]: {"BTC": 1.0}, DAY[12]: {}, DAY[13]: {"BTC": 1.0}, DAY[14]: {"BTC": 1.0 - 3e-9}}

    events = both_records(Scripted(script, assets=("BTC",)), history, Account(cash=Decimal("123456.789")))

    # About 6e10 were held; a sale of some hundred follows at cash of a few.
    assert [side for _, side, _ in fills_of(events, "BTC")] == [Side.BUY, Side.SELL, Side.BUY, Side.SELL]
    assert of_type(events, OrderFilled)[-1].fill.notional < 1000


def test_a_cancelled_order_no_longer_makes_mornings() -> None:
    # The purchase of ETH is cancelled on the third day; that ETH then has a bar on the fourth, and nothing else has,
    # is nobody's concern: the purchase of SOL is found waiting on the fifth.
    history = history_of(
        coin_bars("BTC", MONDAY, [100.0, 100.0, 100.0, None, 100.0, 100.0]),
        coin_bars("ETH", MONDAY, [10.0, 10.0, None, 10.0, 10.0, 10.0]),
        coin_bars("SOL", MONDAY, [10.0, 10.0, 10.0, None, None, 10.0]),
    )
    script = {DAY[1]: {"ETH": 0.5}, DAY[2]: {"SOL": 0.5}}

    events = both_records(Scripted(script, assets=("BTC", "ETH", "SOL")), history)

    assert [wait.at.date() for wait in of_type(events, OrderWaits)] == [DAY[2], DAY[4]]


def test_a_bar_of_what_is_only_held_makes_no_morning() -> None:
    # SOL is bought on the third day. On the fourth only ETH, which is held, has a bar: nobody looks.
    history = history_of(
        coin_bars("BTC", MONDAY, [100.0, 100.0, 100.0, None, 100.0]),
        coin_bars("ETH", MONDAY, [10.0] * 5),
        coin_bars("SOL", MONDAY, [10.0, 10.0, 10.0, None, None]),
    )
    script = {DAY[0]: {"ETH": 0.5}, DAY[2]: {"ETH": 0.5, "SOL": 0.4}}

    account = Account(cash=Decimal(1000), costs=NO_COSTS)
    events = both_records(Scripted(script, assets=("BTC", "ETH", "SOL")), history, account)

    assert [wait.at.date() for wait in of_type(events, OrderWaits)] == [DAY[4]]


@needs_prices
@pytest.mark.parametrize("settings", [{}, {"rebalance_drift": 0.05}, {"exit_to": "cash", "hold_weeks": 9}])
def test_the_real_prices_leave_the_same_record_under_both_drivers(settings: Mapping[str, Any]) -> None:
    config = build_config({"strategy": dict(settings)}, params_of)
    strategy = strategy_factory("rotation")(config.strategy)
    universe = strategy.universe
    history = History(
        series={
            symbol: read_csv_bars(PRICES / f"{symbol}.csv", symbol, index=symbol in universe.indices)
            for symbol in (*universe.assets, *universe.indices)
        }
    )

    events = both_records(strategy, history)

    assert len(of_type(events, OrderFilled)) > 20
