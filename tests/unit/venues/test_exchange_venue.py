"""The order protocol on a client that answers as it is told."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from engine.core.errors import VenueError
from engine.core.events import OrderFilled, OrderPlanned, OrderSent, OrderWaits
from engine.core.fills import Costs
from engine.core.instrument import Instrument
from engine.core.ledger import Ledger
from engine.core.order import RESET_BUY_BACK, Order, OrderReport, OrderStatus, Side
from engine.core.planner import Planner
from engine.journal.memory import MemoryJournal
from engine.trading.session import Session
from engine.trading.standing import Standing
from engine.venues.answers import (
    Accepted,
    Balance,
    MarketRules,
    OrderProgress,
    OrderState,
    Outcome,
    Quote,
    RefusalKind,
    Refused,
    Trade,
    Unknown,
)
from engine.venues.exchange_venue import ExchangeVenue
from engine.venues.witnesses import BookedTrade
from tests.support.fakes import NOON, ScriptedState, ScriptedStrategy, order_of

STARTED = NOON - timedelta(hours=1)
BID, ASK = Decimal(99), Decimal(100)
RULES = MarketRules(
    instrument=Instrument(symbol="ETH/USDT", lot_step=Decimal("0.01"), minimum_notional=Decimal(5)),
    status="TRADING",
    takes_market_orders=True,
    minimum_quantity=Decimal("0.02"),
)
BUY = order_of("ETH", Side.BUY, "10", name="bot-20240101-ETH-b1-1")
NO_COSTS = Costs(commission=Decimal(0), slippage=Decimal(0))
LEDGER = Ledger(quote="USDT", cash=Decimal(10_000))
SELL = order_of("ETH", Side.SELL, "10", name="bot-20240101-ETH-s1-1")


class FakeClient:
    """An exchange with one market, whose answers are set.

    Attributes:
        outcomes: to orders, in turn; found: to questions for an order, in turn, the last one for ever.
        sent: quantities and ids of the orders; asked: how often an order was asked for.
        names: client order ids of orders, by the exchange's.
    """

    def __init__(self) -> None:
        self.rules: dict[str, MarketRules] = {"ETH": RULES}
        self.quotes: list[Quote | None] = [Quote(bid=BID, bid_quantity=BID, ask=ASK, ask_quantity=ASK)]
        self.outcomes: list[Outcome] = []
        self.found: list[OrderState | None] = [None]
        self.trades: tuple[Trade, ...] = ()
        self.recent: tuple[Trade, ...] = ()
        self.since: datetime | None = None
        self.sent: list[tuple[str, str]] = []
        self.asked = 0
        self.rules_asked = 0
        self.names: dict[str, str] = {}
        self.holds = self.quote = Decimal(0)

    def balances(self) -> Mapping[str, Balance]:
        return {
            "ETH": Balance(free=self.holds, locked=Decimal(1)),
            "USDT": Balance(free=self.quote - 1, locked=Decimal(1)),
        }

    def instruments(self, assets: Sequence[str], quote: str) -> Mapping[str, MarketRules]:
        self.rules_asked += 1
        return dict(self.rules)

    def best_quotes(self, symbols: Sequence[str]) -> Mapping[str, Quote]:
        quote = self.quotes[0] if len(self.quotes) == 1 else self.quotes.pop(0)
        return {} if quote is None else {"ETH/USDT": quote}

    def place_market(self, *, symbol: str, side: Side, quantity: Decimal, client_order_id: str) -> Outcome:
        self.sent.append((str(quantity), client_order_id))
        return self.outcomes.pop(0)

    def find_order(self, symbol: str, client_order_id: str) -> OrderState | None:
        self.asked += 1
        return self.found[0] if len(self.found) == 1 else self.found.pop(0)

    def client_id_of(self, symbol: str, order_id: str) -> str | None:
        return self.names.get(order_id)

    def trades_of(self, symbol: str, order_id: str) -> tuple[Trade, ...]:
        return self.trades

    def recent_trades(self, symbol: str, since: datetime) -> tuple[Trade, ...]:
        self.since = since
        return self.recent


class Bench:
    """A venue on a fake client, and how long it slept."""

    def __init__(
        self, *, booked: Sequence[BookedTrade] = (), market: Quote | None = None, ending: bool = False
    ) -> None:
        self.client = FakeClient()
        self.slept: list[float] = []
        self.market = market
        self.booked = set(booked)
        self.ending = ending
        self.venue = self.opened(self.slept.append)

    def opened(self, sleep: Callable[[float], None]) -> ExchangeVenue:
        market = self.market
        return ExchangeVenue(
            client=self.client,
            instruments={"ETH": RULES.instrument},
            quote="USDT",
            commission=Decimal("0.001"),
            listed=("ETH",),
            booked_trades=self.booked,
            market=lambda symbols: {} if market is None else dict.fromkeys(symbols, market),
            started_at=STARTED,
            settle_seconds=30,
            sleep=sleep,
            ending=lambda: self.ending,
        )

    def submit(self, order: Order, *outcomes: Outcome, cash: str = "100000") -> OrderReport:
        self.client.outcomes = list(outcomes)
        return self.venue.submit(order, at=NOON, cash=Decimal(cash))

    def resolve(self, order: Order) -> OrderReport:
        return self.venue.resolve(order, at=NOON)


def trade(
    quantity: str,
    price: str = "100",
    *,
    number: int = 1,
    order_id: str = "7",
    fee: str = "0",
    fee_asset: str = "USDT",
    side: Side = Side.BUY,
) -> Trade:
    return Trade(
        trade_id=str(number),
        order_id=order_id,
        symbol="ETH/USDT",
        side=side,
        quantity=Decimal(quantity),
        price=Decimal(price),
        fee=Decimal(fee),
        fee_asset=fee_asset,
        at=NOON,
    )


def state(
    executed: str,
    *trades: Trade,
    quantity: str = "10",
    progress: OrderProgress = OrderProgress.FILLED,
    status: str = "FILLED",
    lists_trades: bool = True,
) -> OrderState:
    return OrderState(
        order_id="7",
        client_order_id=BUY.client_order_id,
        symbol="ETH/USDT",
        side=Side.BUY,
        status=status,
        progress=progress,
        quantity=Decimal(quantity),
        executed_quantity=Decimal(executed),
        at=NOON,
        trades=trades if lists_trades else None,
    )


def refused(kind: RefusalKind) -> Refused:
    return Refused(kind=kind, code=-1, message="no")


def test_an_order_that_is_filled_at_once_is_reported_trade_by_trade() -> None:
    report = Bench().submit(BUY, Accepted(order=state("10", trade("4", "100"), trade("6", "101", number=2))))

    assert (report.status, report.again) == (OrderStatus.FILLED, Decimal(0))
    assert [(str(fill.quantity), str(fill.notional), fill.trade_id) for fill in report.fills] == [
        ("4", "400", "1"),
        ("6", "606", "2"),
    ]
    assert {fill.client_order_id for fill in report.fills} == {BUY.client_order_id}


def test_a_buy_is_cut_to_what_the_cash_pays_for_at_the_ask_with_a_margin() -> None:
    bench = Bench()

    bench.submit(BUY, Unknown(message=""), cash="500")

    # 500 / (100 * (1 + 0.001 + 0.002)) = 4.985…
    assert bench.client.sent == [("4.98", BUY.client_order_id)]


def test_a_sell_is_not_cut_to_the_cash() -> None:
    bench = Bench()
    bench.client.holds = Decimal(10)

    bench.submit(SELL, Unknown(message=""), cash="0")

    assert bench.client.sent == [("10.00", SELL.client_order_id)]


@pytest.mark.parametrize(("quantity", "cash"), [("0.01", "1000"), ("0.04", "1000"), ("10", "4"), ("10", "0")])
def test_less_than_the_exchange_accepts_is_not_sent(quantity: str, cash: str) -> None:
    bench = Bench()

    report = bench.submit(BUY.with_quantity(Decimal(quantity)), cash=cash)

    assert (report.status, report.again) == (OrderStatus.REJECTED, Decimal(0))
    assert bench.client.sent == []


def test_an_order_is_not_sent_into_a_book_with_an_empty_side() -> None:
    bench = Bench()
    bench.client.quotes = [None]

    assert bench.submit(BUY).status is OrderStatus.WAITING
    assert bench.client.sent == []


def test_quantities_follow_the_lot_step_of_today() -> None:
    bench = Bench()
    bench.client.holds = Decimal(10)
    bench.client.rules["ETH"] = replace(RULES, instrument=replace(RULES.instrument, lot_step=Decimal(3)))
    bench.venue.why_closed("ETH", NOON)

    bench.submit(SELL, Unknown(message=""))

    assert bench.client.sent[0][0] == "9"


def test_what_exceeds_the_largest_quantity_of_today_is_tried_again() -> None:
    bench = Bench()
    bench.client.holds = Decimal(10)
    bench.client.rules["ETH"] = replace(RULES, instrument=replace(RULES.instrument, maximum_quantity=Decimal("4.00")))
    bench.venue.why_closed("ETH", NOON)

    report = bench.submit(SELL, Accepted(order=state("4", trade("4", side=Side.SELL), quantity="4")))

    assert bench.client.sent[0][0] == "4.00"
    assert (report.status, report.again) == (OrderStatus.FILLED, Decimal(6))


def test_what_a_partly_filled_order_left_when_it_expired_is_tried_again() -> None:
    expired = state("4", trade("4"), progress=OrderProgress.ENDED, status="EXPIRED")

    report = Bench().submit(BUY, Accepted(order=expired))

    assert (report.status, report.again, report.message) == (OrderStatus.FILLED, Decimal(6), "EXPIRED")
    assert [fill.quantity for fill in report.fills] == [4]


def test_what_was_cut_off_for_lack_of_cash_is_not_tried_again() -> None:
    expired = state("3", trade("3"), quantity="4.98", progress=OrderProgress.ENDED, status="EXPIRED")

    report = Bench().submit(BUY, Accepted(order=expired), cash="500")

    assert report.again == Decimal("1.98")


def test_an_order_that_expired_whole_is_tried_again() -> None:
    expired = state("0", progress=OrderProgress.ENDED, status="EXPIRED")

    report = Bench().submit(BUY, Accepted(order=expired))

    assert (report.status, report.fills, report.again) == (OrderStatus.REJECTED, (), Decimal(10))


@pytest.mark.parametrize("executed", ["9.99", "9.96"])
def test_dust_is_not_chased(executed: str) -> None:
    # 0.01 is below the least quantity of 0.02; 0.04 at 100 is below the least notional of 5.
    expired = state(executed, trade(executed), progress=OrderProgress.ENDED, status="EXPIRED")

    report = Bench().submit(BUY, Accepted(order=expired))

    assert (report.status, report.again) == (OrderStatus.FILLED, Decimal(0))


def test_less_than_the_least_quantity_is_dust_whatever_it_is_worth() -> None:
    bench = Bench()
    bench.client.rules["ETH"] = replace(RULES, minimum_quantity=Decimal("0.5"))
    expired = state("9.8", trade("9.8"), progress=OrderProgress.ENDED, status="EXPIRED")

    report = bench.submit(BUY, Accepted(order=expired))

    assert (report.status, report.again) == (OrderStatus.FILLED, Decimal(0))


def test_what_was_executed_is_booked_though_the_book_is_empty_afterwards() -> None:
    bench = Bench()
    bench.client.quotes = [Quote(bid=BID, bid_quantity=BID, ask=ASK, ask_quantity=ASK), None]
    expired = state("4", trade("4"), progress=OrderProgress.ENDED, status="EXPIRED")

    report = bench.submit(BUY, Accepted(order=expired))

    assert (report.status, len(report.fills), report.again) == (OrderStatus.FILLED, 1, Decimal(6))


def test_an_open_order_is_unresolved_whatever_it_has_executed() -> None:
    opened = state("4", trade("4"), progress=OrderProgress.OPEN, status="PARTIALLY_FILLED")

    assert Bench().submit(BUY, Accepted(order=opened)).status is OrderStatus.UNRESOLVED
    bench = Bench()
    bench.client.found = [opened]
    assert bench.resolve(BUY).status is OrderStatus.UNRESOLVED


def test_an_order_whose_trades_are_not_all_listed_yet_is_unresolved_until_they_are() -> None:
    bench = Bench()
    bench.client.found = [state("10", lists_trades=False)]
    bench.client.trades = (trade("4"),)
    early = bench.resolve(BUY)
    bench.client.trades = (trade("4"), trade("6", number=2))
    late = bench.resolve(BUY)

    assert (early.status, early.message) == (OrderStatus.UNRESOLVED, "4 of 10 listed")
    assert (late.status, len(late.fills)) == (OrderStatus.FILLED, 2)


def test_an_unknown_outcome_is_unresolved_and_it_is_asked_for_later() -> None:
    bench = Bench()

    report = bench.submit(BUY, Unknown(message="timed out"))

    assert (report.status, report.message) == (OrderStatus.UNRESOLVED, "timed out")
    # Once, before it was sent.
    assert bench.client.asked == 1


def test_an_order_is_found_by_its_client_id_and_never_sent_again() -> None:
    bench = Bench()
    bench.client.found = [None, None, state("10", trade("10"))]

    report = bench.resolve(BUY)

    assert report.status is OrderStatus.FILLED
    assert (bench.client.asked, bench.slept, bench.client.sent) == (3, [1.0, 2.0], [])


def test_an_order_is_absent_only_after_the_settling_time_and_no_trade_against_it() -> None:
    bench = Bench()

    report = bench.resolve(BUY)

    assert (report.status, report.again) == (OrderStatus.REJECTED, Decimal(10))
    # 30 seconds at least, never more than ten apart.
    assert (bench.client.asked, bench.slept) == (7, [1.0, 2.0, 4.0, 8.0, 10.0, 10.0])
    # The decision instant of 2024-01-01.
    assert str(bench.client.since) == "2024-01-02 00:00:00+00:00"


def test_trades_that_nobody_here_sent_speak_against_an_absent_order() -> None:
    bench = Bench(booked=[("ETH/USDT", "1", NOON)])
    bench.client.recent = (trade("10", order_id="5"), trade("10", number=2, order_id="7"))

    report = bench.resolve(BUY)

    assert report.status is OrderStatus.UNRESOLVED
    assert "trades of 7" in report.message


def test_trades_of_booked_orders_and_of_the_other_side_do_not_speak_against_it() -> None:
    bench = Bench(booked=[("ETH/USDT", "1", NOON)])
    bench.client.recent = (trade("10", order_id="5"), trade("10", number=2, order_id="8", side=Side.SELL))

    assert bench.resolve(BUY).status is OrderStatus.REJECTED


def test_an_order_that_this_run_has_reported_counts_as_booked() -> None:
    bench = Bench()
    bench.submit(BUY, Accepted(order=state("10", trade("10"))))
    bench.client.recent = (trade("10", order_id="7"),)

    assert bench.resolve(replace(BUY, client_order_id="bot-20240101-ETH-b2-1")).status is OrderStatus.REJECTED


def test_the_same_id_in_another_market_is_another_order() -> None:
    bench = Bench(booked=[("BTC/USDT", "1", NOON)])
    bench.client.recent = (trade("10", order_id="7"),)

    assert bench.resolve(BUY).status is OrderStatus.UNRESOLVED


def test_the_same_id_at_another_instant_is_of_another_epoch() -> None:
    bench = Bench(booked=[("ETH/USDT", "1", NOON - timedelta(days=40))])
    bench.client.recent = (trade("10", order_id="7"),)

    assert bench.resolve(BUY).status is OrderStatus.UNRESOLVED


def test_somebody_elses_order_has_another_name_and_does_not_speak_against_an_absent_one() -> None:
    bench = Bench()
    bench.client.recent = (trade("10", order_id="7"),)
    bench.client.names = {"7": "by-hand"}

    report = bench.resolve(BUY)

    assert (report.status, report.was_placed) == (OrderStatus.REJECTED, False)


def test_a_fill_carries_the_real_markets_price_of_its_moment() -> None:
    market = Quote(bid=Decimal(98), bid_quantity=Decimal(1), ask=Decimal(99), ask_quantity=Decimal(1))
    bench = Bench(market=market)

    (fill,) = bench.submit(BUY, Accepted(order=state("10", trade("10")))).fills

    assert fill.market_price == Decimal("98.5")


def test_a_fill_found_later_does_not_carry_the_price_of_another_moment() -> None:
    market = Quote(bid=Decimal(98), bid_quantity=Decimal(1), ask=Decimal(99), ask_quantity=Decimal(1))
    bench = Bench(market=market)
    bench.client.found = [state("10", trade("10"))]

    (fill,) = bench.venue.resolve(BUY, at=NOON + timedelta(minutes=2)).fills

    assert fill.market_price is None


@pytest.mark.parametrize(("account", "quantity"), [("1101", "10.00"), ("601", "5.98")])
def test_a_buy_that_restores_is_paid_by_what_the_account_holds_beside_our_cash(account: str, quantity: str) -> None:
    bench = Bench()
    bench.client.quote = Decimal(account)

    bench.submit(replace(BUY, reason=RESET_BUY_BACK), Unknown(message=""), cash="1")

    assert bench.client.sent == [(quantity, BUY.client_order_id)]


def test_rules_are_asked_for_once_an_instant() -> None:
    bench = Bench()

    assert [bench.venue.why_closed("ETH", NOON) for _ in range(3)] == [""] * 3
    assert bench.client.rules_asked == 1
    bench.venue.why_closed("ETH", NOON + timedelta(seconds=1))
    assert bench.client.rules_asked == 2


@pytest.mark.parametrize(
    ("order", "holds", "status"),
    [
        (BUY, "5", OrderStatus.REJECTED),
        (BUY, "5.1", OrderStatus.UNRESOLVED),
        (BUY, "4.9", OrderStatus.UNRESOLVED),
        (SELL, "4.9", OrderStatus.UNRESOLVED),
        (SELL, "5.1", OrderStatus.UNRESOLVED),
        (SELL, "5", OrderStatus.REJECTED),
    ],
)
@pytest.mark.parametrize("minutes", [1, 60 * 24 * 30])
def test_a_balance_that_has_moved_speaks_against_an_absent_order_until_it_is_explained(
    order: Order, holds: str, minutes: int, status: OrderStatus
) -> None:
    bench = Bench()
    bench.client.holds = Decimal(holds)
    sent = OrderSent(at=NOON, order=order, held=Decimal(6))

    report = bench.venue.resolve(order, at=NOON + timedelta(minutes=minutes), sent=sent)

    assert report.status is status


@pytest.mark.parametrize(("bought", "status"), [("3", OrderStatus.REJECTED), ("2", OrderStatus.UNRESOLVED)])
def test_a_balance_that_somebody_elses_trades_explain_has_not_moved(bought: str, status: OrderStatus) -> None:
    bench = Bench()
    # One is locked: 9 in all, 6 before the order was sent.
    bench.client.holds = Decimal(8)
    bench.client.recent = (trade(bought, order_id="5"),)
    bench.client.names = {"5": "by-hand"}

    report = bench.venue.resolve(BUY, at=NOON, sent=OrderSent(at=NOON, order=BUY, held=Decimal(6)))

    assert report.status is status


@pytest.mark.parametrize(("seconds", "status"), [(30, OrderStatus.REJECTED), (31, OrderStatus.UNRESOLVED)])
def test_a_look_before_the_order_may_have_missed_our_own_fills_of_a_moment_before(
    seconds: int, status: OrderStatus
) -> None:
    bench = Bench(booked=[("ETH/USDT", "1", NOON)])
    bench.client.recent = (trade("3", order_id="5"),)
    bench.client.holds = Decimal(8)
    sent = OrderSent(at=NOON + timedelta(seconds=seconds), order=BUY, held=Decimal(6))

    assert bench.venue.resolve(BUY, at=NOON, sent=sent).status is status


@pytest.mark.parametrize("seconds", [1, 0], ids=["before we started", "at the instant at which we started"])
def test_what_a_lost_journal_sent_is_booked_and_not_sent_again(seconds: int) -> None:
    bench = Bench()
    bench.client.found = [replace(state("10", trade("10")), at=STARTED - timedelta(seconds=seconds))]

    report = bench.submit(BUY)

    assert (report.status, [fill.quantity for fill in report.fills]) == (OrderStatus.FILLED, [Decimal(10)])
    assert bench.client.sent == []


@pytest.mark.parametrize(
    "found",
    [
        replace(state("11", trade("11"), quantity="11"), at=STARTED - timedelta(seconds=1)),
        replace(state("10", trade("10")), side=Side.SELL, at=STARTED - timedelta(seconds=1)),
        # Before the decision that it would be for.
        replace(state("10", trade("10")), at=NOON - timedelta(hours=13)),
    ],
    ids=["more", "other side", "earlier"],
)
def test_an_order_of_our_name_that_cannot_be_ours_makes_way_for_another_name(found: OrderState) -> None:
    bench = Bench()
    bench.client.found = [found]

    report = bench.submit(BUY)

    assert (report.status, report.again, report.was_placed) == (OrderStatus.WAITING, BUY.quantity, False)
    assert (bench.client.sent, report.fills) == ([], ())


def test_an_order_of_our_name_that_was_sent_since_we_started_is_another_bots() -> None:
    bench = Bench()
    bench.client.found = [replace(state("10", trade("10")), at=STARTED + timedelta(milliseconds=1))]

    report = bench.submit(BUY)

    assert (report.status, report.fills, bench.client.sent) == (OrderStatus.REJECTED, (), [])
    assert "another bot on this account" in report.message


def test_absence_is_not_believed_when_the_end_cut_the_pauses_short() -> None:
    bench = Bench(ending=True)

    assert bench.resolve(BUY).status is OrderStatus.UNRESOLVED


@pytest.mark.parametrize("kind", [RefusalKind.MARKET_CLOSED, RefusalKind.RATE_LIMIT, RefusalKind.CLOCK])
def test_an_order_that_the_exchange_does_not_take_now_waits(kind: RefusalKind) -> None:
    report = Bench().submit(BUY, refused(kind))

    assert (report.status, report.message) == (OrderStatus.WAITING, f"{kind}: no")


@pytest.mark.parametrize("kind", [RefusalKind.FILTER, RefusalKind.OTHER])
def test_a_refusal_that_no_repeat_changes_ends_the_order(kind: RefusalKind) -> None:
    report = Bench().submit(BUY, refused(kind))

    assert (report.status, report.again) == (OrderStatus.REJECTED, Decimal(0))


def test_a_buy_that_the_balance_does_not_cover_is_cut_anew() -> None:
    report = Bench().submit(BUY, refused(RefusalKind.BALANCE))

    assert (report.status, report.again) == (OrderStatus.REJECTED, Decimal(10))


def test_a_duplicate_id_is_an_order_to_ask_for() -> None:
    assert Bench().submit(BUY, refused(RefusalKind.DUPLICATE)).status is OrderStatus.UNRESOLVED


def test_refused_keys_end_the_run() -> None:
    with pytest.raises(VenueError, match="ETH/USDT: the exchange refused the keys: no"):
        Bench().submit(BUY, refused(RefusalKind.AUTHENTICATION))


def test_a_book_that_stays_empty_is_written_down_once_and_the_order_goes_out_when_it_fills() -> None:
    bench, journal = Bench(), MemoryJournal()
    session = Session(
        strategy=ScriptedStrategy(("ETH",), ()),
        planner=Planner(account="bot", instruments={"ETH": RULES.instrument}, costs=NO_COSTS, trading_order=("ETH",)),
        venue=bench.venue,
        journal=journal,
        ledger=LEDGER,
        standing=Standing(ledger=LEDGER, state=ScriptedState()).after(OrderPlanned(order=BUY)),
    )
    bench.client.quotes = [None]
    for seconds in range(5):
        session.work_orders(NOON + timedelta(seconds=seconds))
    while_empty = [type(event) for event in journal]
    bench.client.quotes = [Quote(bid=BID, bid_quantity=BID, ask=ASK, ask_quantity=ASK)]
    bench.client.outcomes = [Accepted(order=state("10", trade("10")))]
    session.work_orders(NOON + timedelta(seconds=5))

    assert while_empty == [OrderWaits]
    assert [event.message for event in journal if isinstance(event, OrderWaits)] == ["one side of the book is empty"]
    assert [type(event) for event in journal] == [OrderWaits, OrderSent, OrderFilled]


def test_why_a_market_is_closed_is_as_the_exchange_says_now() -> None:
    bench = Bench()
    answers = [bench.venue.why_closed("ETH", NOON)]
    bench.client.rules["ETH"] = replace(RULES, status="HALT")
    answers.append(bench.venue.why_closed("ETH", NOON + timedelta(seconds=1)))
    del bench.client.rules["ETH"]
    answers.append(bench.venue.why_closed("ETH", NOON + timedelta(seconds=2)))

    assert answers == ["", "the market takes no orders now: HALT", "the exchange has no market ETH/USDT"]


@pytest.mark.parametrize(
    ("fee_asset", "cash", "positions"),
    [
        # 10 ETH at 100.12345678 each; the fee leaves what was received, or quote, or a coin that is not ours.
        ("ETH", "98998.7654322", {"ETH": "9.99000001"}),
        ("USDT", "98998.75543221", {"ETH": "10"}),
        ("BNB", "98998.7654322", {"ETH": "10"}),
    ],
)
def test_the_ledger_is_the_exchanges_to_the_last_digit(fee_asset: str, cash: str, positions: dict[str, str]) -> None:
    filled = state("10", trade("10", "100.12345678", fee="0.00999999", fee_asset=fee_asset))
    ledger = Ledger(quote="USDT", cash=Decimal(100_000))

    for fill in Bench().submit(BUY, Accepted(order=filled)).fills:
        ledger = ledger.apply(fill)

    assert ledger.cash == Decimal(cash)
    assert ledger.positions == {asset: Decimal(held) for asset, held in positions.items()}


def test_cash_that_does_not_pay_for_all_buys_is_shared_among_them() -> None:
    bench = Bench()
    other = order_of("ETH", Side.BUY, "30", name="bot-20240101-ETH-b2-1")
    bench.client.outcomes = [Unknown(message="")]

    bench.venue.submit(BUY, at=NOON, cash=Decimal(1000), alongside=(other,))

    # 40 at 100 and 0.3 % cost 4012: a quarter of 1000 buys 2.49.
    assert bench.client.sent == [("2.49", BUY.client_order_id)]


def test_cash_that_pays_for_all_buys_leaves_them_whole() -> None:
    bench = Bench()
    other = order_of("ETH", Side.BUY, "30", name="bot-20240101-ETH-b2-1")
    bench.client.outcomes = [Unknown(message="")]

    bench.venue.submit(BUY, at=NOON, cash=Decimal(4012), alongside=(other,))

    assert bench.client.sent == [("10.00", BUY.client_order_id)]


def test_a_sell_that_is_refused_for_want_of_the_coin_waits_until_it_is_known_why() -> None:
    bench = Bench()
    bench.client.holds = Decimal(10)

    report = bench.submit(SELL, refused(RefusalKind.BALANCE))

    assert (report.status, report.again, report.was_placed) == (OrderStatus.WAITING, Decimal(10), False)
