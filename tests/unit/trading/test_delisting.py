"""Coins that stop having bars while they are held: sold in the books of history, reported and left elsewhere."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.calendar import decision_instant, opening_instant
from engine.core.events import AssetDelisted, DayDecided, Event, OrderCancelled, OrderFilled, OrderPlanned
from engine.core.fills import Costs
from engine.core.ledger import Ledger
from engine.core.money import exact
from engine.core.order import Side
from engine.core.planner import Planner
from engine.core.strategy import Decision, DelistingRule, Holdings
from engine.journal.memory import MemoryJournal
from engine.trading.session import Session
from engine.trading.standing import Standing
from tests.support.fakes import DAY, FakeVenue, ScriptedState, ScriptedStrategy
from tests.support.markets import coin_bars, history_of

ASSETS = ("BTC", "ETH", "SOL")
PRICES = {"BTC": "100", "ETH": "10", "SOL": "1"}
LAST = 2
"""ETH has bars of the first days only, SOL and the core of all ten."""
HISTORY = history_of(
    *(coin_bars(asset, DAY, [float(price)] * (LAST if asset == "ETH" else 10)) for asset, price in PRICES.items())
)
RULE = DelistingRule(after_days=3, penalty=0.25)
COMMISSION = Decimal("0.01")


class Stubborn(ScriptedStrategy):
    """Goes on naming the targets that it set last, whatever was delisted."""

    last: Mapping[str, float] = {}

    def decide(self, state: ScriptedState, facts: date, holdings: Holdings) -> Decision[ScriptedState]:
        decision = super().decide(state, facts, holdings)
        self.last = decision.targets if decision.trade else self.last
        return replace(decision, targets=self.last)


class Run:
    """A session that is decided day after day, its market of ETH closed once it has no bars."""

    def __init__(
        self,
        *targets: Mapping[str, float] | None,
        held: Mapping[str, str],
        cash: str = "0",
        in_books: bool = True,
        rule: DelistingRule | None = RULE,
        sell_wait_days: int = 2,
    ) -> None:
        self.journal = MemoryJournal()
        self.history = HISTORY
        self.venue = FakeVenue(PRICES, self.journal)
        self.strategy = Stubborn(ASSETS, targets)
        self.strategy.universe = replace(self.strategy.universe, delisting=rule)
        self.session = Session(
            strategy=self.strategy,
            planner=Planner(
                account="bot",
                instruments=self.venue.instruments(),
                costs=Costs(commission=COMMISSION, slippage=Decimal(0)),
                trading_order=ASSETS,
            ),
            venue=self.venue,
            journal=self.journal,
            ledger=Ledger(
                quote="USDT",
                cash=Decimal(cash),
                positions={asset: Decimal(quantity) for asset, quantity in held.items()},
            ),
            sell_wait_days=sell_wait_days,
            sells_delisted=in_books,
        )

    def play(self, days: int) -> None:
        for number in range(days):
            day = DAY + timedelta(days=number)
            self.venue.closed = {"ETH"} if number >= LAST else set()
            if number:
                self.session.work_orders(opening_instant(day))
            self.session.decide(day, self.strategy, self.history)

    def events(self, *kinds: type) -> list[Event]:
        return [event for event in self.journal if isinstance(event, kinds)]

    def decided(self, number: int) -> DayDecided:
        decisions = [event for event in self.journal if isinstance(event, DayDecided)]
        return decisions[number]


def day(number: int) -> date:
    return DAY + timedelta(days=number)


def test_a_holding_without_bars_for_so_long_is_sold_in_the_books_before_equity_is_taken() -> None:
    run = Run(*[None] * 5, held={"BTC": "1", "ETH": "20.05"})

    run.play(5)

    # The last bar is of day 1, so day 4 is the first from which it lies three days back; no lot step rounds it down.
    (sold,) = run.events(OrderFilled)
    assert isinstance(sold, OrderFilled)
    fill = sold.fill
    assert (fill.at, fill.decision_day, fill.side, fill.reason) == (
        decision_instant(day(4)),
        day(4),
        Side.SELL,
        "delisted",
    )
    # 10 less a quarter; 20.05 * 7.5; a hundredth of it.
    assert (fill.quantity, fill.price, fill.notional, fill.fee) == (
        Decimal("20.05"),
        Decimal("7.500"),
        Decimal("150.375"),
        Decimal("1.50375"),
    )
    assert [type(event) for event in run.journal][-3:] == [AssetDelisted, OrderFilled, DayDecided]
    assert run.decided(3).equity == Decimal("300.5")
    assert run.decided(4).equity == Decimal(100) + Decimal("150.375") - Decimal("1.50375")
    assert "ETH" not in run.decided(4).closes
    assert run.session.ledger.positions == {"BTC": Decimal(1)}


def test_without_the_rule_it_is_held_on() -> None:
    run = Run(*[None] * 9, held={"ETH": "20"}, rule=None)

    run.play(9)

    assert not run.events(AssetDelisted, OrderFilled)
    assert run.session.ledger.quantity("ETH") == 20


def test_its_waiting_orders_are_dropped_and_the_cash_pays_for_buys_from_the_next_open_on() -> None:
    # On day 2 ETH is to become SOL: its sell meets no bar, and the buys wait for it.
    run = Run(None, None, {"SOL": 1.0}, None, None, None, held={"ETH": "20"}, sell_wait_days=400)

    run.play(5)
    waiting_at_the_close = [(order.asset, order.side) for order in run.session.waiting]
    run.session.work_orders(opening_instant(day(5)))

    cancelled = [event for event in run.events(OrderCancelled) if isinstance(event, OrderCancelled)]
    assert [(each.order.asset, each.order.side, each.day) for each in cancelled] == [("ETH", Side.SELL, day(4))]
    assert waiting_at_the_close == [("SOL", Side.BUY)]
    fills = [event.fill for event in run.journal if isinstance(event, OrderFilled)]
    assert [fill.asset for fill in fills] == ["ETH", "SOL"]


@pytest.mark.parametrize("comes_back", [True, False])
def test_its_target_is_0_until_a_change_of_targets_names_it_again_and_it_has_bars(comes_back: bool) -> None:
    targets = {"ETH": 0.5, "SOL": 0.25}
    later = {"BTC": 0.5, "ETH": 0.1}
    run = Run(targets, None, None, None, None, None, later, None, held={}, cash="1000")
    if comes_back:
        closes = [10.0] * LAST + [None] * 4 + [10.0] * 4
        run.history = history_of(*(HISTORY[asset] for asset in ("BTC", "SOL")), coin_bars("ETH", DAY, closes))

    run.play(8)

    assert [dict(run.decided(number).targets) for number in (0, 3, 4, 5)] == [
        targets,
        targets,
        {"SOL": 0.25},
        {"SOL": 0.25},
    ]
    after_the_change = () if comes_back else ("ETH",)
    assert [tuple(seen.delisted) for seen in run.strategy.holdings] == [()] * 4 + [("ETH",)] * 3 + [after_the_change]
    # What has bars again is the strategy's own again.
    assert dict(run.decided(6).targets) == (later if comes_back else {"BTC": 0.5})
    assert dict(run.decided(7).targets) == (later if comes_back else {"BTC": 0.5})


def test_where_nothing_is_booked_it_is_said_once_and_left() -> None:
    run = Run(*[None] * 8, held={"BTC": "1", "ETH": "20"}, in_books=False)

    run.play(8)

    assert run.events(AssetDelisted, OrderFilled) == [AssetDelisted(day=day(4), asset="ETH", last_bar=day(1))]
    assert run.session.ledger.quantity("ETH") == 20
    assert all(not seen.delisted for seen in run.strategy.holdings)


def test_a_restart_between_two_days_does_not_say_it_again() -> None:
    first = Run(*[None] * 8, held={"ETH": "20"}, in_books=False)
    first.play(6)

    folded = Standing(ledger=Ledger(quote="USDT", cash=Decimal(0)), state=ScriptedState()).after_all(first.journal)

    assert folded.delisted == first.session.standing.delisted
    assert not folded.untargeted


@given(
    quantity=st.decimals(min_value="0.000001", max_value="100000", places=6),
    penalty=st.sampled_from([0.0, 0.1, 0.5, 0.987654321]),
)
def test_no_digit_is_lost_in_the_books(quantity: Decimal, penalty: float) -> None:
    run = Run(*[None] * 5, held={"ETH": str(quantity)}, cash="7", rule=DelistingRule(after_days=3, penalty=penalty))

    run.play(5)

    with exact():
        worth = quantity * 10 * (1 - Decimal(str(penalty)))
        assert run.session.ledger.cash == 7 + worth - worth * COMMISSION
    assert run.session.ledger.positions == {}


@pytest.mark.parametrize("after_days", [1, 2, 5])
def test_the_day_is_counted_from_the_last_bar(after_days: int) -> None:
    run = Run(*[None] * 8, held={"ETH": "20"}, rule=DelistingRule(after_days=after_days, penalty=0.5))

    run.play(8)

    (said,) = run.events(AssetDelisted)
    assert said == AssetDelisted(day=day(1 + after_days), asset="ETH", last_bar=day(1), penalty=0.5)
    assert not run.events(OrderPlanned)
