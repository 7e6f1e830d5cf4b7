"""Coins whose orders ended undone: said, planned again day by day, and at rest once they are in position."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from engine.core.calendar import opening_instant
from engine.core.events import AccountReset, Event, OrderPlanned, OrderSkipped, PositionMissed, PositionReached
from engine.core.fills import Costs
from engine.core.instrument import Instrument
from engine.core.ledger import Ledger
from engine.core.missed import MissedPositions
from engine.core.order import RESET_BUY_BACK, Order, OrderReport, OrderStatus, Side
from engine.core.planner import Planner
from engine.core.retry_policy import MOST, AttemptEnd
from engine.core.strategy import Decision, Holdings
from engine.journal.memory import MemoryJournal
from engine.trading.recovery import standing_of
from engine.trading.session import Session
from engine.trading.standing import Standing
from tests.support.fakes import DAY, FakeVenue, ScriptedState, ScriptedStrategy, fill_of, instrument, order_of
from tests.support.markets import coin_bars, history_of

ASSETS = ("BTC", "ETH", "BNB")
PRICES = {"BTC": "100", "ETH": "10", "BNB": "50"}
HISTORY = history_of(*(coin_bars(asset, DAY, [float(price)] * 9) for asset, price in PRICES.items()))
REFUSED = OrderReport(status=OrderStatus.REJECTED, message="other: -2010 This account may not place orders.")
FILTER = OrderReport(status=OrderStatus.REJECTED, message="filter: -1013 Filter failure: MAX_POSITION")
TRIMMED = fill_of("ETH", Side.BUY, "30", "10", name="bot-20240101-ETH-b1-1")
FOR_NOW = OrderReport(status=OrderStatus.WAITING, again=Decimal(1), was_placed=False, message="market closed")


class StandingStrategy(ScriptedStrategy):
    """Holds with the targets of its last change, as every strategy does."""

    stands: Mapping[str, float] = {}

    def decide(self, state: ScriptedState, facts: date, holdings: Holdings) -> Decision[ScriptedState]:
        decision = super().decide(state, facts, holdings)
        if decision.trade:
            self.stands = decision.targets
        return replace(decision, targets=self.stands)


class Venue(FakeVenue):
    """Refuses on the days that it is told to; its rules may change; fees may be taken in BNB.

    Attributes:
        refusals: what is answered instead of a fill, as long as the day is one of `days` and the coin of `coins`.
    """

    def __init__(self, journal: MemoryJournal) -> None:
        super().__init__(PRICES, journal)
        self.rules: dict[str, Instrument] = {asset: instrument(asset) for asset in PRICES}
        self.refusal: OrderReport | None = None
        self.coins: Sequence[str] = ASSETS
        self.fee_in_bnb = Decimal(0)

    def instruments(self) -> Mapping[str, Instrument]:
        return dict(self.rules)

    def submit(self, order: Order, *, at: datetime, cash: Decimal, alongside: Sequence[Order] = ()) -> OrderReport:
        if self.refusal is not None and order.asset in self.coins:
            again = order.quantity if self.refusal.again else Decimal(0)
            self.submitted.append((order, cash, list(self.journal)[-1]))
            return replace(self.refusal, again=again)
        report = super().submit(order, at=at, cash=cash, alongside=alongside)
        fills = tuple(replace(fill, fee=self.fee_in_bnb, fee_asset="BNB") for fill in report.fills)
        return replace(report, fills=fills) if self.fee_in_bnb else report


class Run:
    """A session on an account of 1000, without costs."""

    def __init__(self, *targets: Mapping[str, float] | None, held: Mapping[str, str] | None = None) -> None:
        self.journal = MemoryJournal()
        self.venue = Venue(self.journal)
        self.strategy = StandingStrategy(ASSETS, [*targets, *[None] * 9])
        self.day = DAY - timedelta(days=1)
        positions = {asset: Decimal(quantity) for asset, quantity in (held or {}).items()}
        self.ledger = Ledger(quote="USDT", cash=Decimal(1000), positions=positions)
        self.session = self.started()

    def started(self) -> Session:
        fresh = Standing(ledger=self.ledger, state=self.strategy.start())
        return Session(
            strategy=self.strategy,
            planner=Planner(
                account="bot",
                instruments=self.venue.instruments(),
                costs=Costs(commission=Decimal(0), slippage=Decimal(0)),
                trading_order=ASSETS,
            ),
            venue=self.venue,
            journal=self.journal,
            ledger=self.ledger,
            standing=standing_of(self.journal, fresh),
        )

    def restart(self) -> None:
        self.session = self.started()

    def go_on(self, days: int = 1, *, work: int = 1) -> None:
        for _ in range(days):
            self.day += timedelta(days=1)
            self.session.decide(self.day, self.strategy, HISTORY)
            for _ in range(work):
                self.session.work_orders(opening_instant(self.day + timedelta(days=1)))

    @property
    def missed(self) -> list[tuple[str, Side, Decimal]]:
        return [(each.asset, each.side, each.quantity) for each in self.session.standing.missed.coins.values()]

    @property
    def held(self) -> Mapping[str, Decimal]:
        return self.session.ledger.positions

    def events(self, *kinds: type) -> list[Event]:
        return [event for event in self.journal if isinstance(event, kinds)]


@pytest.mark.parametrize("refusal", [REFUSED, FILTER])
def test_a_refusal_of_one_night_leaves_the_core_out_of_position_for_a_day(refusal: OrderReport) -> None:
    run = Run({"BTC": 0.5})
    run.venue.refusal = refusal

    run.go_on()
    in_the_night = run.missed
    run.venue.refusal = None
    run.go_on()

    assert in_the_night == [("BTC", Side.BUY, Decimal(5))]
    assert (run.missed, run.held) == ([], {"BTC": Decimal(5)})
    (missed,) = run.events(PositionMissed)
    assert isinstance(missed, PositionMissed)
    assert (missed.reason, missed.message) == ("change 1", refusal.message)
    # Of the day's orders, under names of their own and for the reason that they were first planned for.
    planned = [event.order for event in run.events(OrderPlanned) if isinstance(event, OrderPlanned)]
    assert [order.client_order_id for order in planned] == ["bot-20240101-BTC-b1-1", "bot-20240102-BTC-b1-1"]
    assert {order.reason for order in planned} == {"change 1"}


@pytest.mark.parametrize(("side", "held"), [(Side.BUY, None), (Side.SELL, {"ETH": "50"})], ids=["bought", "sold"])
@pytest.mark.parametrize("refusal", [REFUSED, FILTER, FOR_NOW], ids=["for good", "filter", "for now"])
def test_an_order_that_is_refused_for_ever_is_tried_a_bounded_number_of_times_a_day(
    side: Side, held: Mapping[str, str] | None, refusal: OrderReport
) -> None:
    run = Run({"ETH": 0.5} if side is Side.BUY else {}, held=held)
    run.venue.refusal = refusal

    run.go_on(3, work=150)

    attempts = MOST[AttemptEnd.REFUSED] if refusal.again else 1
    assert len(run.venue.submitted) == 3 * attempts
    assert run.missed == [("ETH", side, Decimal(50))]


def test_a_night_of_refusals_of_an_exit_keeps_no_coin_for_longer_than_a_day() -> None:
    run = Run({"BTC": 0.5}, held={"ETH": "50", "BNB": "4"})
    run.venue.refusal = REFUSED

    run.go_on()
    assert {asset for asset, _, _ in run.missed} == {"BTC", "ETH", "BNB"}
    run.venue.refusal = None
    run.go_on()

    # 1000 of cash, 50 at 10 and 4 at 50: half of 1700 is 8.5 BTC.
    assert (run.held, run.missed) == ({"BTC": Decimal("8.5")}, [])
    assert [event.asset for event in run.events(PositionReached) if isinstance(event, PositionReached)] == [
        "ETH",
        "BNB",
        "BTC",
    ]


def test_a_buy_waits_for_what_an_exit_is_still_to_bring_however_little_cash_there_is() -> None:
    # All is in ETH but for 1000 - 990 of cash; BTC is wanted for nine tenths of 1000 and 500.
    run = Run({"BTC": 0.9}, held={"ETH": "50"})
    run.session.standing = run.session.standing._replace(ledger=replace(run.ledger, cash=Decimal(10)))
    run.venue.refusal = REFUSED
    run.go_on()
    run.venue.coins = ["ETH"]
    # 10 of cash at 100, on the step of 0.1; the rest waits for the ETH.
    trimmed = fill_of("BTC", Side.BUY, "0.1", "100", name="bot-20240102-BTC-b1-1")
    run.venue.scripted["bot-20240102-BTC-b1-1"] = OrderReport(status=OrderStatus.FILLED, fills=(trimmed,))
    run.go_on()
    assert run.held == {"BTC": Decimal("0.1"), "ETH": Decimal(50)}
    assert {asset for asset, _, _ in run.missed} == {"BTC", "ETH"}

    run.venue.refusal = None
    run.go_on()

    # Nine tenths of 510 are 459: 4.5 BTC in all on the step, 0.1 of them there.
    assert (run.held, run.missed) == ({"BTC": Decimal("4.5")}, [])


def test_a_coin_that_a_reset_wiped_is_sold_for_the_exit_all_the_same() -> None:
    run = Run({"BTC": 0.5}, held={"ETH": "50"})
    run.venue.refusal = REFUSED
    run.go_on()
    run.venue.refusal = None
    back = replace(order_of("ETH", Side.BUY, "50", name="bot-20240101-ETH-r2p1-1"), reason=RESET_BUY_BACK)
    reset = AccountReset(
        at=opening_instant(DAY + timedelta(days=1)),
        epoch=2,
        forgotten="bot-20240101-BTC-b1-1",
        cash=run.session.ledger.cash,
        positions=run.session.ledger.positions,
        wiped={"ETH": Decimal(50)},
    )
    run.session.begin_epoch(reset, [back])

    bought = fill_of("ETH", Side.BUY, "50", "10", name=back.client_order_id, reason=RESET_BUY_BACK)
    run.venue.scripted[back.client_order_id] = OrderReport(status=OrderStatus.FILLED, fills=(bought,))

    run.go_on(work=2)

    assert (run.held, run.missed) == ({"BTC": Decimal("7.5")}, [])
    assert [order.client_order_id for order, _, _ in run.venue.submitted][-3:] == [
        "bot-20240101-ETH-r2p1-1",
        "bot-20240102-ETH-s1-1e2",
        "bot-20240102-BTC-b1-1e2",
    ]


def test_only_coins_that_are_out_of_position_are_planned_again() -> None:
    run = Run({"BTC": 0.3, "ETH": 0.3})
    run.venue.refusal, run.venue.coins = REFUSED, ["ETH"]
    run.go_on()
    run.venue.refusal = None

    run.go_on()

    again = [event.order for event in run.events(OrderPlanned) if isinstance(event, OrderPlanned)][2:]
    assert [(order.asset, order.quantity) for order in again] == [("ETH", Decimal(30))]


def test_a_new_change_of_targets_ends_it() -> None:
    run = Run({"ETH": 0.5}, {"BTC": 0.5})
    run.venue.refusal, run.venue.coins = REFUSED, ["ETH"]

    run.go_on(3)

    assert (run.missed, run.held) == ([], {"BTC": Decimal(5)})
    assert [order.asset for order, _, _ in run.venue.submitted] == ["ETH", "BTC"]


def test_a_restart_knows_what_is_out_of_position() -> None:
    run = Run({"ETH": 0.5})
    run.venue.refusal = REFUSED
    run.go_on()
    before = run.session.standing

    run.restart()

    assert run.session.standing == before
    assert run.session.standing.missed == MissedPositions().after_all(run.journal)
    run.venue.refusal = None
    run.go_on()
    assert run.held == {"ETH": Decimal(50)}


@pytest.mark.parametrize(
    "report",
    [
        OrderReport(status=OrderStatus.REJECTED, waived=True, message="cash 3.00 does not pay for an order"),
        OrderReport(status=OrderStatus.FILLED, fills=(TRIMMED,), message="FILLED"),
    ],
    ids=["not paid for", "trimmed"],
)
def test_a_trimmed_buy_is_not_out_of_position(report: OrderReport) -> None:
    run = Run({"ETH": 0.5})
    run.venue.scripted = {"bot-20240101-ETH-b1-1": report}

    run.go_on(2)

    assert run.missed == []
    assert len(run.venue.submitted) == 1


def test_less_than_the_minimum_undone_is_not_out_of_position() -> None:
    # 0.5 ETH at 10 is the minimum of 5, and no more than that.
    run = Run({"ETH": 0.5})
    run.venue.refusal = REFUSED
    run.venue.rules["ETH"] = instrument("ETH", least="500")
    run.session = run.started()

    run.go_on()

    assert (len(run.venue.submitted), run.missed) == (1, [])


def test_it_ends_without_an_order_once_what_is_lacking_is_too_little_for_one() -> None:
    run = Run({"ETH": 0.5})
    run.venue.refusal = REFUSED
    run.go_on()
    # The market's rules are read anew: an order of this account is below its minimum from now on.
    run.venue.rules["ETH"] = instrument("ETH", least="600")

    run.go_on()

    assert (run.missed, len(run.venue.submitted)) == ([], 1)


def test_it_is_planned_by_the_rules_of_the_day() -> None:
    run = Run({"ETH": 0.5})
    run.venue.refusal = FILTER
    run.go_on()
    run.venue.refusal = None
    run.venue.rules["ETH"] = instrument("ETH", most="20")

    run.go_on()

    assert [order.quantity for order, _, _ in run.venue.submitted[1:]] == [
        Decimal("16.6"),
        Decimal("16.7"),
        Decimal("16.7"),
    ]
    assert run.missed == []


def test_an_order_above_a_thousand_pieces_goes_on_the_next_decision_days() -> None:
    # 1250 pieces of 0.1 BTC are 125, of which 100 a day are sold.
    run = Run({}, held={"BTC": "125"})
    run.venue.rules["BTC"] = instrument("BTC", most="0.1")
    run.session = run.started()

    held = []
    for _ in range(3):
        run.go_on()
        held.append(run.held.get("BTC", Decimal(0)))

    assert held == [25, 0, 0]
    assert len(run.venue.submitted) == 1250
    assert len({order.client_order_id for order, _, _ in run.venue.submitted}) == 1250
    assert run.missed == []
    missed = run.events(PositionMissed)[0]
    assert isinstance(missed, PositionMissed)
    assert missed.message == "the market takes 0.1 at once, and 1000 orders are sent a day"


@pytest.mark.parametrize("owned", ["0", "0.3", "0.5", "1", "100"])
def test_fees_in_a_coin_of_the_basket_leave_the_exit_complete_and_the_ledger_not_below_zero(owned: str) -> None:
    # Each of the orders before takes 0.2 BNB; the account holds `owned` beside the ledger's 4.
    run = Run({}, held={"BTC": "5", "ETH": "50", "BNB": "4"})
    run.venue.fee_in_bnb = Decimal("0.2")
    account = Decimal(owned) + 4

    run.go_on()

    sold = {order.asset: order.quantity for order, _, _ in run.venue.submitted}
    assert sold == {"BTC": Decimal(5), "ETH": Decimal(50), "BNB": Decimal("3.6")}
    assert (run.held, run.missed, run.session.waiting) == ({}, [], ())
    # The account's own coins are there, but for the last fee, which nothing of ours could pay.
    assert account - Decimal("3.6") - 3 * Decimal("0.2") == Decimal(owned) - Decimal("0.2")
    assert run.session.ledger.outside == {"BNB": Decimal("-0.2")}


def test_a_sell_of_which_fees_left_less_than_a_lot_ends_without_being_sent() -> None:
    run = Run({}, held={"BTC": "5", "BNB": "0.2"})
    run.venue.fee_in_bnb = Decimal("0.15")

    run.go_on(2)

    assert [order.asset for order, _, _ in run.venue.submitted] == ["BTC"]
    assert (run.held, run.session.waiting) == ({"BNB": Decimal("0.05")}, ())
    assert run.missed == []


def test_what_was_left_is_named_once_an_attempt_too_many() -> None:
    run = Run({"ETH": 0.5})
    run.venue.refusal = FOR_NOW

    run.go_on(work=101)

    (left,) = run.events(OrderSkipped)
    assert isinstance(left, OrderSkipped)
    assert left.message == "left after 100 refusals: market closed"
