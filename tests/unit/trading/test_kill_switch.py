"""The kill switch: all to cash when equity has fallen too far from its highest, and nothing trades until re-armed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.calendar import opening_instant
from engine.core.events import (
    AccountReset,
    DayDecided,
    Event,
    KillSwitchRearmed,
    OrderCancelled,
    OrderFilled,
    OrderPlanned,
)
from engine.core.fills import Costs
from engine.core.kill_switch import fall_of
from engine.core.ledger import Ledger
from engine.core.market import History
from engine.core.order import RESET_BUY_BACK, OrderReport, OrderStatus, Side
from engine.core.planner import Planner
from engine.core.strategy import Decision, Holdings
from engine.journal.memory import MemoryJournal
from engine.trading.recovery import standing_of
from engine.trading.session import Session
from engine.trading.standing import Standing
from tests.support.fakes import DAY, NOON, FakeVenue, ScriptedState, ScriptedStrategy, fill_of, order_of
from tests.support.markets import coin_bars, history_of

ASSETS = ("BTC", "ETH", "SOL")


class Run:
    """A session whose holding of ETH is worth what its closes say; it has 1000 at ETH's price of 10."""

    def __init__(
        self,
        eth: Sequence[float],
        *targets: Mapping[str, float] | None,
        limit: float | None = 0.3,
        held: Mapping[str, str] | None = None,
        cash: str = "0",
    ) -> None:
        self.journal = MemoryJournal()
        self.venue = FakeVenue({"BTC": "100", "ETH": "10", "SOL": "1"}, self.journal)
        self.strategy = ScriptedStrategy(ASSETS, [*targets, *[None] * len(eth)])
        self.history = _history(eth)
        self.limit = limit
        self.fresh = Standing(
            ledger=Ledger(
                quote="USDT",
                cash=Decimal(cash),
                positions={asset: Decimal(quantity) for asset, quantity in (held or {"ETH": "100"}).items()},
            ),
            state=self.strategy.start(),
        )
        self.session = self.new_session(self.fresh)

    def new_session(self, standing: Standing) -> Session:
        planner = Planner(
            account="bot",
            instruments=self.venue.instruments(),
            costs=Costs(commission=Decimal(0), slippage=Decimal(0)),
            trading_order=ASSETS,
        )
        return Session(
            strategy=self.strategy,
            planner=planner,
            venue=self.venue,
            journal=self.journal,
            ledger=standing.ledger,
            standing=standing,
            max_drawdown=self.limit,
        )

    def restart(self) -> None:
        """Begin anew from what is written."""
        self.session = self.new_session(standing_of(self.journal, self.fresh))

    def decide(self, number: int, *, missed: bool = False) -> DayDecided:
        self.session.decide(day(number), self.strategy, self.history, plan_orders=not missed)
        return self.decisions[-1]

    def work(self, number: int) -> None:
        self.session.work_orders(opening_instant(day(number + 1)))

    def play(self, days: int, *, each: Callable[[], None] = lambda: None) -> None:
        for number in range(days):
            self.decide(number)
            each()
            self.work(number)
            each()

    @property
    def decisions(self) -> list[DayDecided]:
        return [event for event in self.journal if isinstance(event, DayDecided)]

    @property
    def planned(self) -> list[tuple[str, Side, str]]:
        orders = [event.order for event in self.journal if isinstance(event, OrderPlanned)]
        return [(order.asset, order.side, order.reason) for order in orders]

    @property
    def killed(self) -> list[int]:
        return [number for number, each in enumerate(self.decisions) if each.killed]


def _history(eth: Sequence[float]) -> History:
    return history_of(
        coin_bars("BTC", DAY, [100.0] * len(eth)),
        coin_bars("ETH", DAY, list(eth)),
        coin_bars("SOL", DAY, [1.0] * len(eth)),
    )


def day(number: int) -> date:
    return DAY + timedelta(days=number)


def kinds(run: Run, *wanted: type) -> list[Event]:
    return [event for event in run.journal if isinstance(event, wanted)]


@pytest.mark.parametrize(
    ("closes", "acts_on"),
    [
        ([10.0, 7.01, 7.0, 7.0], 2),
        # The highest is of the run, not of the day before; the day's own counts.
        ([10.0, 12.0, 9.0, 8.4, 20.0], 3),
        ([10.0, 9.0, 8.0, 7.5], None),
        # Below the threshold by less than ten decimals show.
        ([10.0, 7.000000000001], 1),
    ],
)
def test_it_acts_on_the_day_on_which_equity_is_so_far_under_its_highest(
    closes: Sequence[float], acts_on: int | None
) -> None:
    run = Run(closes)

    for number in range(len(closes)):
        run.decide(number)

    assert run.killed == ([] if acts_on is None else list(range(acts_on, len(closes))))


def test_without_a_limit_it_never_acts() -> None:
    run = Run([10.0, 0.01, 0.01], limit=None)

    run.play(3)

    assert not run.killed
    assert not run.planned


def test_all_is_sold_the_state_is_cash_and_no_later_decision_trades() -> None:
    run = Run([10.0, 6.0, 6.0, 30.0, 30.0], None, {"SOL": 0.5}, {"BTC": 1.0}, {"ETH": 1.0})

    run.play(5)

    acted = run.decisions[1]
    assert (acted.state, acted.next_state, acted.reason, acted.changed) == ("DAY1", "CASH", "kill_switch", True)
    assert dict(acted.targets) == {}
    # What the strategy decided for itself that day, and on every later one, is not done.
    assert run.planned == [("ETH", Side.SELL, "kill_switch")]
    later = run.decisions[2:]
    assert {(each.state, each.next_state, each.reason, each.changed) for each in later} == {
        ("CASH", "CASH", "hold", False)
    }
    assert [each.evidence["kill_switch"] for each in run.decisions[1:]] == [{"since": day(1)}] * 4
    assert "kill_switch" not in run.decisions[0].evidence
    assert run.session.ledger.positions == {}


def test_what_waits_to_be_bought_is_dropped_and_what_waits_to_be_sold_goes_on() -> None:
    run = Run([10.0, 10.0, 6.0, 6.0, 6.0], None, {"SOL": 1.0}, held={"BTC": "1", "ETH": "90"})
    run.venue.closed = {"ETH", "SOL"}
    run.play(3)

    run.venue.closed = {"SOL"}
    run.decide(3)
    run.work(3)

    cancelled = [event.order for event in run.journal if isinstance(event, OrderCancelled)]
    assert ("SOL", Side.BUY) in [(order.asset, order.side) for order in cancelled]
    fills = [event.fill for event in run.journal if isinstance(event, OrderFilled)]
    assert [(fill.asset, fill.side, fill.reason) for fill in fills[1:]] == [("ETH", Side.SELL, "entry")]
    assert all(fill.side is Side.SELL for fill in fills)
    assert run.session.waiting == ()


def test_a_missed_day_counts_and_the_next_one_that_plans_sells() -> None:
    # Day 1 is the highest, day 2 the fall; both were over when the bot came back.
    run = Run([10.0, 20.0, 13.0, 19.0, 19.0], {"SOL": 0.5}, limit=0.3)
    run.venue.closed = {"SOL", "ETH"}
    run.decide(0)
    run.work(0)
    waiting = len(run.session.waiting)

    run.decide(1, missed=True)
    run.decide(2, missed=True)
    run.work(2)
    sold_while_missed = len(run.venue.submitted)
    run.venue.closed = set()
    run.decide(3)
    run.work(3)

    assert waiting
    assert sold_while_missed == 0
    assert run.killed == [2, 3]
    assert [order.side for order, _, _ in run.venue.submitted] == [Side.SELL]
    assert run.session.ledger.positions == {}


def test_a_missed_day_that_acts_lets_no_buy_through_that_waited() -> None:
    run = Run([10.0, 20.0, 13.0], {"ETH": 0.5, "SOL": 0.5}, held={"ETH": "50"}, cash="500", limit=0.2)
    run.venue.closed = {"SOL"}
    run.decide(0)
    run.work(0)
    run.decide(1, missed=True)
    run.decide(2, missed=True)

    run.venue.closed = set()
    run.work(2)

    assert run.killed == [2]
    assert not [order for order, _, _ in run.venue.submitted if order.side is Side.BUY]


def test_an_order_of_unknown_outcome_is_settled_first_and_what_it_brought_is_sold() -> None:
    run = Run([10.0, 10.0, 6.0, 6.0], None, {"ETH": 0.9, "SOL": 0.09}, held={"ETH": "90"}, cash="100")
    name = f"bot-{day(1):%Y%m%d}-SOL-b1-1"
    run.venue.scripted[name] = OrderReport(status=OrderStatus.UNRESOLVED, message="no answer")
    run.decide(0)
    run.decide(1)
    run.work(1)

    with pytest.raises(ValueError, match="unresolved"):
        run.decide(2)
    whole = fill_of("SOL", Side.BUY, "90", "1", name=name)
    run.venue.fates = [OrderReport(status=OrderStatus.FILLED, fills=(whole,))]
    run.session.settle(NOON)
    run.decide(2)
    run.work(2)

    assert run.killed == [2]
    assert [each for each in run.planned if each[2] == "kill_switch"] == [
        ("ETH", Side.SELL, "kill_switch"),
        ("SOL", Side.SELL, "kill_switch"),
    ]
    assert run.session.ledger.positions == {}


def test_what_comes_to_light_late_is_sold_too() -> None:
    run = Run([10.0, 6.0, 6.0, 6.0])
    run.play(2)
    assert run.session.ledger.positions == {}

    run.session.take_up([fill_of("SOL", Side.BUY, "90", "1", name="bot-20231231-SOL-b1-1")])
    run.decide(2)
    run.work(2)

    assert run.planned[-1] == ("SOL", Side.SELL, "kill_switch")
    assert run.session.ledger.positions == {}


def test_a_sell_that_was_refused_is_planned_again_on_the_next_days() -> None:
    run = Run([10.0, 6.0, 6.0, 6.0])
    name = f"bot-{day(1):%Y%m%d}-ETH-s1-1"
    run.venue.scripted[name] = OrderReport(status=OrderStatus.REJECTED, message="no")

    run.play(3)

    assert run.planned == [("ETH", Side.SELL, "kill_switch")] * 2
    assert run.session.ledger.positions == {}


def test_a_restart_at_any_moment_stands_where_the_session_stood() -> None:
    whole = Run([10.0, 12.0, 6.0, 6.0, 13.0])
    cut = Run([10.0, 12.0, 6.0, 6.0, 13.0])

    whole.play(5)
    cut.play(5, each=cut.restart)

    assert list(cut.journal) == list(whole.journal)
    assert cut.session.standing == whole.session.standing
    assert whole.session.standing.killed_on == day(2)
    assert whole.session.standing.highest == Decimal("1200.0")


def test_re_armed_the_next_decision_is_a_first_one_and_the_highest_starts_anew() -> None:
    run = Run([10.0, 20.0, 10.0, 10.0, 7.2, 6.9], {"ETH": 1.0}, limit=0.3)
    run.play(3)

    run.session.rearm(datetime.combine(day(3), NOON.timetz()))
    rearmed = run.session.standing
    first = run.decide(3)
    run.work(3)

    assert (rearmed.killed_on, rearmed.highest, rearmed.rearmed) == (None, None, True)
    assert len(kinds(run, KillSwitchRearmed)) == 1
    # The scripted strategy sets its first targets again; of its own name it is not in cash.
    assert (first.state, first.next_state, first.reason, first.killed) == ("CASH", "DAY1", "change 1", False)
    assert run.session.ledger.positions == {"ETH": Decimal(100)}
    assert run.session.standing.highest == Decimal(1000)
    # 0.28 under the new highest, and 0.64 under the old one; then 0.31.
    assert [run.decide(number).killed for number in (4, 5)] == [False, True]


class Outranked(ScriptedStrategy):
    """Remembers something when all was sold."""

    def left_for_cash(self, state: ScriptedState, day: date) -> ScriptedState:
        return ScriptedState(99)

    def decide(self, state: ScriptedState, facts: date, holdings: Holdings) -> Decision[Any]:
        if state.days == 99:
            return Decision(state=state, reason="start", targets={"BTC": 1.0}, trade=True, evidence={})
        return super().decide(state, facts, holdings)


def test_a_strategy_may_remember_something_across_it() -> None:
    run = Run([10.0, 6.0, 6.0])
    run.strategy = Outranked(ASSETS, [None] * 3)
    run.session = run.new_session(run.fresh)

    run.play(3)

    assert [each.memory for each in run.decisions] == [ScriptedState(1), ScriptedState(99), ScriptedState(99)]
    assert run.planned == [("ETH", Side.SELL, "kill_switch")]


@given(
    st.lists(st.floats(min_value=0.5, max_value=50, allow_nan=False), min_size=2, max_size=12),
    st.sampled_from([0.05, 0.3, 0.9]),
)
def test_it_acts_as_a_slow_count_says(closes: list[float], limit: float) -> None:
    run = Run(closes, limit=limit)

    for number in range(len(closes)):
        run.decide(number)

    # Nothing is executed, so the equity is a hundred times the close all along.
    worth = [Decimal(str(close)) * 100 for close in closes]
    acts = next(
        (n for n in range(len(worth)) if round(1 - float(worth[n] / max(worth[: n + 1])), 10) >= limit), len(worth)
    )
    assert run.killed == list(range(acts, len(worth)))


def test_the_fall_is_counted_from_the_days_own_equity_where_that_is_the_highest() -> None:
    assert fall_of(Decimal(120), Decimal(100)) == 0
    assert fall_of(Decimal(75), Decimal(100)) == 0.25
    assert fall_of(Decimal(75), None) == 0
    assert fall_of(Decimal(0), Decimal(0)) == 0


def wiped(run: Run) -> None:
    """Have the exchange reset; its market is halted, so what buys the 100 ETH back waits."""
    back = replace(order_of("ETH", Side.BUY, "100", name="bot-20240101-ETH-r2p1-1"), reason=RESET_BUY_BACK)
    held = run.session.ledger.positions
    run.session.begin_epoch(
        AccountReset(at=NOON, epoch=2, forgotten="x", cash=Decimal(0), positions=held, wiped=held), [back]
    )
    run.venue.closed = {"ETH"}


@pytest.mark.parametrize("missed", [False, True])
def test_what_was_to_buy_back_after_a_reset_is_bought_no_more(missed: bool) -> None:
    run = Run([10.0, 6.0, 6.0, 6.0])
    run.decide(0)
    wiped(run)
    run.work(0)

    run.decide(1, missed=missed)
    run.venue.closed = set()
    run.work(1)
    run.decide(2)
    run.work(2)

    assert run.killed == [1, 2]
    assert run.venue.submitted == []
    dropped = [event for event in run.journal if isinstance(event, OrderCancelled)]
    assert [(event.order.reason, event.message) for event in dropped] == [
        (RESET_BUY_BACK, "nothing is bought while the kill switch holds")
    ]
    # It is held by the ledger, and not there to be sold.
    assert [(order.asset, order.side) for order in run.session.waiting] == [("ETH", Side.SELL)]
    assert run.session.standing.not_restored == {"ETH": Decimal(100)}
    assert standing_of(run.journal, run.fresh) == run.session.standing
