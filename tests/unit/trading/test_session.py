"""One decision day after another, on a scripted strategy and a venue that does as it is told."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

import pytest

from engine.core.calendar import opening_instant
from engine.core.events import (
    DayDecided,
    Event,
    OrderCancelled,
    OrderFilled,
    OrderPlanned,
    OrderRejected,
    OrderSent,
    OrderSkipped,
    OrderUnresolved,
    OrderWaits,
    RunEnded,
    RunStarted,
)
from engine.core.fills import Costs
from engine.core.ledger import Ledger
from engine.core.order import OrderReport, OrderStatus, Side
from engine.core.planner import Planner
from engine.journal.memory import MemoryJournal
from engine.trading.session import Session
from tests.support.fakes import DAY, FakeVenue, ScriptedState, ScriptedStrategy, fill_of
from tests.support.markets import coin_bars, history_of

ASSETS = ("BTC", "ETH", "SOL")
PRICES = {"BTC": "100", "ETH": "10", "SOL": "1"}
# Every coin closes where it fills, day after day.
HISTORY = history_of(*(coin_bars(asset, DAY, [float(price)] * 9) for asset, price in PRICES.items()))


class Run:
    """A session on an account of 1000, without costs, and what it is driven by."""

    def __init__(
        self, *targets: Mapping[str, float] | None, held: Mapping[str, str] | None = None, cash: str = "1000"
    ) -> None:
        self.journal = MemoryJournal()
        self.venue = FakeVenue(PRICES, self.journal)
        self.strategy = ScriptedStrategy(ASSETS, targets)
        self.day = DAY - timedelta(days=1)
        self.session = Session(
            strategy=self.strategy,
            planner=Planner(
                account="bot",
                instruments=self.venue.instruments(),
                costs=Costs(commission=Decimal(0), slippage=Decimal(0)),
                trading_order=ASSETS,
            ),
            venue=self.venue,
            journal=self.journal,
            ledger=Ledger(
                quote="USDT",
                cash=Decimal(cash),
                positions={asset: Decimal(quantity) for asset, quantity in (held or {}).items()},
            ),
        )

    def decide(self) -> None:
        self.day += timedelta(days=1)
        self.session.decide(self.day, self.strategy, HISTORY)

    def work(self) -> None:
        self.session.work_orders(opening_instant(self.day + timedelta(days=1)))

    @property
    def waiting(self) -> list[tuple[str, Side]]:
        return [(order.asset, order.side) for order in self.session.waiting]

    @property
    def submitted(self) -> list[str]:
        return [order.client_order_id for order, _, _ in self.venue.submitted]

    def events(self, *kinds: type) -> list[Event]:
        return [event for event in self.journal if isinstance(event, kinds)]

    def kinds(self) -> list[type]:
        return [type(event) for event in self.journal]


def ids(*orders: str) -> list[str]:
    return [f"bot-20240101-{order}-1" for order in orders]


def test_a_day_goes_from_decision_to_fill_and_every_step_is_written() -> None:
    run = Run({"BTC": 0.5})

    run.decide()
    run.work()

    assert run.kinds() == [DayDecided, OrderPlanned, OrderSent, OrderFilled]
    assert (run.session.ledger.cash, run.session.ledger.positions) == (Decimal(500), {"BTC": Decimal(5)})
    assert run.waiting == []


def test_a_decision_is_written_with_what_was_held_before_its_orders() -> None:
    run = Run({"ETH": 0.5}, held={"ETH": "10"})

    run.decide()

    (decision,) = run.events(DayDecided)
    assert decision == DayDecided(
        day=DAY,
        state="DAY0",
        next_state="DAY1",
        reason="change 1",
        evidence={},
        targets={"ETH": 0.5},
        changed=True,
        equity=Decimal("1100"),
        cash=Decimal(1000),
        core_close=Decimal("100.0"),
        memory=ScriptedState(1),
        closes={"BTC": Decimal("100.0"), "ETH": Decimal("10.0")},
        planned=True,
    )
    assert run.session.state == ScriptedState(1)


def test_a_day_that_holds_is_written_and_plans_nothing() -> None:
    run = Run(None)

    run.decide()
    run.work()

    assert run.kinds() == [DayDecided]


def test_a_decision_that_plans_is_not_written_while_plans_are_held_and_one_that_plans_nothing_is() -> None:
    run = Run(None, {"BTC": 0.5})

    written = [
        run.session.decide(DAY + timedelta(days=day), run.strategy, HISTORY, hold_plans=held)
        for day, held in ((0, True), (1, True), (1, False))
    ]

    assert written == [True, False, True]
    decided = [event.day for event in run.journal if isinstance(event, DayDecided)]
    assert decided == [DAY, DAY + timedelta(days=1)]
    assert run.waiting == [("BTC", Side.BUY)]


def test_the_strategy_sees_weights_at_the_closes_and_whether_orders_wait() -> None:
    run = Run(None, {"BTC": 0.5}, None, held={"ETH": "100"})

    for _ in range(3):
        run.decide()

    # 1000 of cash and 100 ETH at 10.
    assert [holdings.weights() for holdings in run.strategy.holdings] == [{"ETH": 0.5}] * 3
    assert [holdings.orders_waiting for holdings in run.strategy.holdings] == [False, False, True]


def test_an_order_is_written_as_sent_before_the_venue_gets_it() -> None:
    run = Run({"ETH": 0.2}, held={"BTC": "5"})

    run.decide()
    run.work()

    # A sell and a buy; the last event before each submission is its own.
    assert len(run.venue.submitted) == 2
    for order, _, last in run.venue.submitted:
        assert last == OrderSent(at=opening_instant(DAY + timedelta(days=1)), order=order)


def test_buys_follow_the_sells_and_may_spend_what_they_brought() -> None:
    run = Run({"ETH": 1.0}, held={"BTC": "5"})

    run.decide()
    run.work()

    assert run.submitted == ids("BTC-s1", "ETH-b1")
    assert [cash for _, cash, _ in run.venue.submitted] == [1000, 1500]


def test_buys_wait_until_every_sell_has_filled() -> None:
    run = Run({"ETH": 0.5}, held={"BTC": "5", "SOL": "50"})
    run.venue.closed = {"SOL"}

    run.decide()
    run.work()
    after_one_sell = run.waiting
    run.venue.closed = set()
    run.work()

    assert after_one_sell == [("SOL", Side.SELL), ("ETH", Side.BUY)]
    assert run.submitted == ids("BTC-s1", "SOL-s1", "ETH-b1")
    assert run.waiting == []


def test_buys_wait_two_days_for_a_sell_that_cannot_be_executed_and_no_longer() -> None:
    run = Run({"ETH": 0.5}, None, None, held={"BTC": "5", "SOL": "50"})
    run.venue.closed = {"SOL"}

    bought = []
    for _ in range(3):
        run.decide()
        run.work()
        bought.append("ETH" in run.session.ledger.positions)

    # First tried at the open of day 2; from that of day 4 on it is stuck.
    assert bought == [False, False, True]
    assert run.waiting == [("SOL", Side.SELL)]


def test_a_coin_that_is_stuck_is_not_waited_for_again_and_holds_no_drift_back() -> None:
    run = Run({"ETH": 0.5}, None, None, {"BTC": 0.3}, None, held={"SOL": "50"})
    run.venue.closed = {"SOL"}
    for _ in range(3):
        run.decide()
        run.work()

    run.decide()
    run.work()
    run.decide()

    # Its sell was cancelled and planned anew on day 4; ETH was sold and BTC bought at the next open all the same.
    assert run.session.ledger.positions == {"SOL": Decimal(50), "BTC": Decimal("3.1")}
    assert run.waiting == [("SOL", Side.SELL)]
    assert [each.orders_waiting for each in run.strategy.holdings] == [False, True, True, False, False]
    assert [list(each.stuck) for each in run.strategy.holdings] == [[], [], ["SOL"], ["SOL"], ["SOL"]]


def test_what_the_cash_does_not_pay_for_waits_for_the_stuck_sell() -> None:
    # 100 of cash; 50 SOL at 1 cannot be sold, and 90 % of 150 are 13.5 ETH, of which the cash pays 10.
    run = Run({"ETH": 0.9}, None, None, None, held={"SOL": "50"}, cash="100")
    run.venue.closed = {"SOL"}
    part = fill_of("ETH", Side.BUY, "10", "10", name=ids("ETH-b1")[0])
    run.venue.scripted[ids("ETH-b1")[0]] = OrderReport(status=OrderStatus.FILLED, fills=(part,), unpaid=Decimal("3.5"))
    for _ in range(4):
        run.decide()
        run.work()
    tried = list(run.submitted)

    run.venue.closed = set()
    run.work()

    assert tried == ids("ETH-b1")
    assert run.submitted == [*ids("ETH-b1"), *ids("SOL-s1"), "bot-20240101-ETH-b1-2"]
    assert run.session.ledger.positions == {"ETH": Decimal("13.5")}
    assert run.waiting == []


def test_a_buy_that_the_cash_does_not_pay_for_at_all_is_not_refused_while_a_sell_is_stuck() -> None:
    run = Run({"ETH": 0.9}, None, None, None, held={"SOL": "50"}, cash="1")
    run.venue.closed = {"SOL"}
    run.venue.scripted[ids("ETH-b1")[0]] = OrderReport(
        status=OrderStatus.REJECTED, unpaid=Decimal("4.5"), message="cash 1.00 does not pay for an order"
    )

    for _ in range(4):
        run.decide()
        run.work()

    assert run.submitted == ids("ETH-b1")
    assert run.events(OrderRejected) == []
    assert run.waiting == [("SOL", Side.SELL), ("ETH", Side.BUY)]


def test_a_refused_sell_does_not_hold_the_buys_up() -> None:
    run = Run({"ETH": 0.5}, held={"BTC": "5"})
    run.venue.scripted[ids("BTC-s1")[0]] = OrderReport(status=OrderStatus.REJECTED, message="closed for good")

    run.decide()
    run.work()

    (refused,) = run.events(OrderRejected)
    assert isinstance(refused, OrderRejected)
    assert (refused.order.asset, refused.message) == ("BTC", "closed for good")
    assert run.submitted == ids("BTC-s1", "ETH-b1")
    assert run.session.ledger.positions["BTC"] == 5


def test_an_order_waits_for_its_market_and_others_do_not_wait_for_it() -> None:
    run = Run({"ETH": 0.5, "SOL": 0.2})
    run.venue.closed = {"ETH"}

    run.decide()
    run.work()
    still_waiting = run.waiting
    run.venue.closed = set()
    run.work()

    assert still_waiting == [("ETH", Side.BUY)]
    assert run.submitted == ids("SOL-b1", "ETH-b1")


def test_a_long_wait_is_written_once() -> None:
    run = Run({"ETH": 0.5})
    run.venue.closed = {"ETH"}

    run.decide()
    for _ in range(5):
        run.work()

    (waits,) = run.events(OrderWaits)
    assert isinstance(waits, OrderWaits)
    assert waits.message == "halted"
    assert run.events(OrderSent) == []


def test_a_venue_may_tell_an_order_to_wait() -> None:
    run = Run({"ETH": 0.5})
    run.venue.scripted[ids("ETH-b1")[0]] = OrderReport(status=OrderStatus.WAITING, message="halted")

    run.decide()
    run.work()
    waiting = run.waiting
    run.work()

    assert waiting == [("ETH", Side.BUY)]
    assert run.submitted == ids("ETH-b1") * 2
    assert run.session.ledger.positions == {"ETH": Decimal(50)}


def test_a_new_change_cancels_the_orders_that_still_wait() -> None:
    run = Run({"ETH": 0.5, "SOL": 0.2}, {"SOL": 0.2})
    run.venue.closed = {"ETH"}

    run.decide()
    run.work()
    run.decide()
    run.venue.closed = set()
    run.work()

    (cancelled,) = run.events(OrderCancelled)
    assert isinstance(cancelled, OrderCancelled)
    assert (cancelled.day, cancelled.order.client_order_id) == (DAY + timedelta(days=1), ids("ETH-b1")[0])
    assert run.submitted == ids("SOL-b1")
    assert run.waiting == []


def test_a_wait_is_written_again_for_the_orders_of_a_new_change() -> None:
    run = Run({"ETH": 0.5}, {"ETH": 0.4})
    run.venue.closed = {"ETH"}

    for _ in range(2):
        run.decide()
        run.work()

    assert len(run.events(OrderWaits)) == 2


def test_a_day_that_holds_leaves_waiting_orders_waiting() -> None:
    run = Run({"ETH": 0.5}, None)
    run.venue.closed = {"ETH"}

    run.decide()
    run.work()
    run.decide()

    assert run.waiting == [("ETH", Side.BUY)]
    assert run.events(OrderCancelled) == []


def test_what_is_not_traded_is_written_with_the_reason() -> None:
    run = Run({"ETH": 0.004})

    run.decide()

    (skipped,) = run.events(OrderSkipped)
    assert isinstance(skipped, OrderSkipped)
    assert (skipped.day, skipped.asset, skipped.side, skipped.quantity) == (DAY, "ETH", Side.BUY, Decimal("0.4"))
    assert skipped.message == "notional 4.0000 is below the minimum of 5"


@pytest.mark.parametrize(("quantity", "attempts", "expired"), [("2.5", 2, 0), ("2.4", 2, 1)])
def test_an_attempt_that_made_progress_does_not_count_towards_the_last(
    quantity: str, attempts: int, expired: int
) -> None:
    run = Run({"ETH": 0.5})
    part = fill_of("ETH", Side.BUY, quantity, "10", name=ids("ETH-b1")[0])
    expires = OrderReport(status=OrderStatus.FILLED, fills=(part,), again=Decimal(40), message="EXPIRED")
    run.venue.scripted[ids("ETH-b1")[0]] = expires
    run.decide()

    run.work()

    # 50 were ordered; a twentieth of them counts as progress.
    (follower,) = run.session.waiting
    assert (follower.attempt, follower.expired) == (attempts, expired)


def test_what_was_sent_and_refused_for_now_is_sent_again_under_another_name() -> None:
    run = Run({"ETH": 0.5})
    refused = OrderReport(
        status=OrderStatus.WAITING, again=Decimal("7.0"), was_placed=False, message="too many requests"
    )
    run.venue.scripted[ids("ETH-b1")[0]] = refused
    run.decide()

    run.work()
    (follower,) = run.session.waiting
    run.work()

    assert (follower.attempt, follower.expired, follower.quantity) == (2, 0, Decimal("7.0"))
    sent = [event.order.client_order_id for event in run.journal if isinstance(event, OrderSent)]
    assert len(set(sent)) == len(sent) == 2


def test_every_fill_of_an_order_is_booked_one_by_one() -> None:
    run = Run({"ETH": 0.5})
    parts = (fill_of("ETH", Side.BUY, "20", "10"), fill_of("ETH", Side.BUY, "30", "11", fee="0.1", fee_asset="ETH"))
    run.venue.scripted[ids("ETH-b1")[0]] = OrderReport(status=OrderStatus.FILLED, fills=parts)

    run.decide()
    run.work()

    assert run.events(OrderFilled) == [OrderFilled(fill=part) for part in parts]
    assert (run.session.ledger.cash, run.session.ledger.quantity("ETH")) == (Decimal(470), Decimal("49.9"))


def test_an_unresolved_order_is_written_and_stays_among_those_that_wait() -> None:
    run = Run({"ETH": 0.5})
    run.venue.scripted[ids("ETH-b1")[0]] = OrderReport(status=OrderStatus.UNRESOLVED, message="timed out")

    run.decide()
    run.work()

    (unresolved,) = run.events(OrderUnresolved)
    assert isinstance(unresolved, OrderUnresolved)
    assert unresolved.message == "timed out"
    assert run.waiting == [("ETH", Side.BUY)]


def test_an_unresolved_order_is_never_sent_again() -> None:
    run = Run({"ETH": 0.5})
    run.venue.scripted[ids("ETH-b1")[0]] = OrderReport(status=OrderStatus.UNRESOLVED, message="timed out")

    run.decide()
    run.work()
    run.work()

    assert run.submitted == ids("ETH-b1")


def test_the_fate_of_an_unresolved_order_is_asked_until_it_is_known() -> None:
    run = Run({"ETH": 0.5})
    run.venue.scripted[ids("ETH-b1")[0]] = OrderReport(status=OrderStatus.UNRESOLVED, message="timed out")
    fill = fill_of("ETH", Side.BUY, "50", "10", name=ids("ETH-b1")[0])
    run.venue.fates = [
        OrderReport(status=OrderStatus.UNRESOLVED, message="not visible yet"),
        OrderReport(status=OrderStatus.FILLED, fills=(fill,)),
    ]

    run.decide()
    for _ in range(4):
        run.work()

    assert run.venue.asked == ids("ETH-b1") * 2
    assert (run.waiting, run.session.ledger.quantity("ETH")) == ([], Decimal(50))
    assert len(run.events(OrderUnresolved)) == 1


def test_no_day_is_decided_while_an_order_is_unresolved() -> None:
    run = Run({"ETH": 0.5})
    run.venue.scripted[ids("ETH-b1")[0]] = OrderReport(status=OrderStatus.UNRESOLVED, message="timed out")
    run.decide()
    run.work()

    with pytest.raises(ValueError, match="is unresolved; it is settled before a day is decided"):
        run.decide()


def test_a_report_that_will_be_asked_again_carries_no_fills() -> None:
    with pytest.raises(ValueError, match="cannot carry fills"):
        OrderReport(status=OrderStatus.WAITING, fills=(fill_of("ETH", Side.BUY, "1", "10"),))


def test_nothing_else_is_sent_while_an_order_is_unresolved() -> None:
    run = Run({}, held={"BTC": "5", "ETH": "50"})
    run.venue.scripted[ids("BTC-s1")[0]] = OrderReport(status=OrderStatus.UNRESOLVED, message="timed out")

    run.decide()
    run.work()

    assert run.submitted == ids("BTC-s1")


def test_a_run_is_written_from_its_first_day_to_the_orders_it_leaves() -> None:
    run = Run({"ETH": 0.5})

    run.session.begin(DAY, notes=("moved",))
    run.decide()
    run.session.end(DAY)

    started, *_, ended = run.journal
    assert started == RunStarted(first_day=DAY, cash=Decimal(1000), quote="USDT", core="BTC", notes=("moved",))
    assert ended == RunEnded(last_day=DAY, waiting=run.session.waiting)
    assert len(run.session.waiting) == 1


def test_a_target_without_any_close_is_refused() -> None:
    run = Run({"ETH": 0.5})
    unlisted = history_of(HISTORY["BTC"], coin_bars("ETH", DAY + timedelta(days=1), [10.0]))

    with pytest.raises(ValueError, match="ETH is held or targeted on 2024-01-01 and has no close up to then"):
        run.session.decide(DAY, run.strategy, unlisted)


def test_a_held_asset_without_a_bar_is_marked_at_its_last_close() -> None:
    run = Run(None, held={"ETH": "10"})
    delisted = history_of(HISTORY["BTC"], coin_bars("ETH", DAY - timedelta(days=5), [7.0, 8.0]))

    run.session.decide(DAY, run.strategy, delisted)

    (decision,) = run.events(DayDecided)
    assert isinstance(decision, DayDecided)
    assert decision.equity == Decimal("1080")


def test_an_order_that_the_venue_tells_to_wait_is_never_left_as_sent_in_the_journal() -> None:
    run = Run({"ETH": 0.5})

    run.decide()
    for _ in range(2):
        run.venue.scripted[ids("ETH-b1")[0]] = OrderReport(status=OrderStatus.WAITING, message="too many requests")
        run.work()

    # A restart takes an order whose last event is OrderSent for one of unknown outcome.
    assert run.kinds()[-4:] == [OrderSent, OrderWaits, OrderSent, OrderWaits]


def test_a_holding_without_a_price_of_its_day_has_the_day_of_its_price_on_record() -> None:
    run = Run({"ETH": 0.5}, held={"ETH": "50", "SOL": "0.001"})
    run.day = DAY + timedelta(days=19)

    run.decide()

    (decision,) = run.events(DayDecided)
    assert isinstance(decision, DayDecided)
    # Of SOL there are crumbs, of BTC nothing: neither is named.
    assert decision.marked_on == {"ETH": DAY + timedelta(days=8)}
