"""The account of an exchange: what it holds, what it asks, and when it is believed to have forgotten an order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from engine.core.order import Side
from engine.venues.answers import Balance, MarketRules, OrderProgress, OrderState, Quote, Trade
from engine.venues.exchange_account import ExchangeAccount
from tests.support.fakes import NOON, fill_of

KNOWN = replace(fill_of("ETH", Side.BUY, "2", "100", name="bot-20240101-ETH-b1-1"), at=NOON, trade_id="7")
ORDER = OrderState(
    order_id="3",
    client_order_id=KNOWN.client_order_id,
    symbol="ETH/USDT",
    side=Side.BUY,
    status="FILLED",
    progress=OrderProgress.FILLED,
    quantity=Decimal(2),
    executed_quantity=Decimal(2),
    at=NOON,
    trades=None,
)
TRADE = Trade(
    trade_id="7",
    order_id="3",
    symbol="ETH/USDT",
    side=Side.BUY,
    quantity=Decimal(2),
    price=Decimal(100),
    fee=Decimal(0),
    fee_asset="USDT",
    at=NOON,
)


class FakeClient:
    """An exchange whose answers are set: to questions for an order in turn, the last one for ever."""

    def __init__(self, *found: OrderState | None, trades: Sequence[Trade] = ()) -> None:
        self.found = list(found)
        self.trades = trades
        self.names = {"3": KNOWN.client_order_id, "4": "by-hand"}

    def balances(self) -> Mapping[str, Balance]:
        return {
            "ETH": Balance(free=Decimal("1.5"), locked=Decimal("0.5")),
            "USDT": Balance(free=Decimal(9), locked=Decimal(0)),
        }

    def instruments(self, assets: Sequence[str], quote: str) -> Mapping[str, MarketRules]:
        return {}

    def best_quotes(self, symbols: Sequence[str]) -> Mapping[str, Quote]:
        assert list(symbols) == ["ETH/USDT", "SOL/USDT"]
        one = Decimal(1)
        return {"ETH/USDT": Quote(bid=Decimal(99), bid_quantity=one, ask=Decimal(100), ask_quantity=one)}

    def find_order(self, symbol: str, client_order_id: str) -> OrderState | None:
        assert (symbol, client_order_id) == ("ETH/USDT", KNOWN.client_order_id)
        return self.found[0] if len(self.found) == 1 else self.found.pop(0)

    def client_id_of(self, symbol: str, order_id: str) -> str | None:
        return self.names.get(order_id)

    def recent_trades(self, symbol: str, since: datetime) -> tuple[Trade, ...]:
        return tuple(trade for trade in self.trades if trade.symbol == symbol and trade.at >= since)


class Bench:
    """An account on a fake client, and how long it slept."""

    def __init__(self, client: FakeClient, *, ending: bool = False, later: Callable[[], None] | None = None) -> None:
        self.slept: list[float] = []
        self._later = later
        self.account = ExchangeAccount(
            client,
            quote="USDT",
            account="bot",
            booked=set(),
            settle_seconds=15,
            sleep=self._sleep,
            ending=lambda: ending,
        )

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if self._later is not None and seconds == 4.0:
            self._later()


def test_an_order_that_is_found_late_is_not_forgotten() -> None:
    bench = Bench(FakeClient(None, None, ORDER))

    assert not bench.account.has_forgotten(KNOWN)
    assert bench.slept == [1.0, 2.0]


def test_an_order_that_is_gone_with_its_trade_is_forgotten() -> None:
    bench = Bench(FakeClient(None))

    assert bench.account.has_forgotten(KNOWN)
    assert bench.slept == [1.0, 2.0, 4.0, 8.0]


@pytest.mark.parametrize(
    ("trade", "is_forgotten"),
    [
        (TRADE, False),
        # Ids begin again after a reset: somebody's trade of another instant has the same one.
        (replace(TRADE, at=NOON + timedelta(hours=1)), True),
        (replace(TRADE, trade_id="8"), True),
        # So may another order of the same instant.
        (replace(TRADE, order_id="4"), True),
        # An order that is not shown has no other name.
        (replace(TRADE, order_id="5"), False),
    ],
)
def test_an_order_whose_own_trade_is_still_there_is_not_forgotten(trade: Trade, *, is_forgotten: bool) -> None:
    assert Bench(FakeClient(None, trades=[trade])).account.has_forgotten(KNOWN) is is_forgotten


def test_nothing_is_believed_forgotten_when_the_end_cut_the_pauses_short() -> None:
    assert not Bench(FakeClient(None), ending=True).account.has_forgotten(KNOWN)


def test_what_orders_lock_is_held_too() -> None:
    assert Bench(FakeClient(None)).account.holdings() == {"ETH": Decimal(2), "USDT": Decimal(9)}


def test_a_coin_that_nobody_offers_has_no_ask() -> None:
    account = Bench(FakeClient(None)).account

    assert (account.asks(("ETH", "SOL")), account.asks(())) == ({"ETH": Decimal(100)}, {})


def test_trades_of_the_runs_own_names_that_nobody_booked_are_lost_fills_and_given_once() -> None:
    theirs = replace(TRADE, trade_id="8", order_id="4")
    account = Bench(FakeClient(None, trades=[TRADE, theirs])).account

    (fill,) = account.lost_fills(("ETH", "SOL"), NOON)

    assert (fill.client_order_id, fill.trade_id, fill.reason) == (KNOWN.client_order_id, "7", "taken_up")
    assert (fill.decision_day, fill.quantity, fill.notional) == (date(2024, 1, 1), Decimal(2), Decimal(200))
    assert account.lost_fills(("ETH", "SOL"), NOON) == []


def test_where_something_is_lost_more_is_waited_for() -> None:
    client = FakeClient(None, trades=[TRADE])
    sold = replace(TRADE, trade_id="9", order_id="5", side=Side.SELL, at=NOON + timedelta(seconds=1))

    def show_more() -> None:
        client.trades = [sold, TRADE]
        client.names["5"] = "bot-20240101-ETH-s1-1"

    bench = Bench(client, later=show_more)

    lost = bench.account.lost_fills(("ETH",), NOON)

    assert [fill.trade_id for fill in lost] == ["7", "9"]
    assert bench.slept == [1.0, 2.0, 4.0, 8.0]


def test_a_trade_whose_order_is_not_shown_yet_is_waited_for() -> None:
    client = FakeClient(None, trades=[TRADE])
    name = client.names.pop("3")
    bench = Bench(client, later=lambda: client.names.update({"3": name}))

    assert [fill.client_order_id for fill in bench.account.lost_fills(("ETH",), NOON)] == [name]


def test_where_nothing_is_lost_nothing_is_waited_for() -> None:
    bench = Bench(FakeClient(None, trades=[replace(TRADE, order_id="4")]))

    assert (bench.account.lost_fills(("ETH",), NOON), bench.slept) == ([], [])


def test_what_was_lost_of_a_buy_back_restores_by_its_name() -> None:
    client = FakeClient(None, trades=[TRADE])
    client.names["3"] = "bot-20240101-ETH-r2p1-1"

    (fill,) = Bench(client).account.lost_fills(("ETH",), NOON)

    assert fill.restores


@pytest.mark.parametrize(
    ("enough_at", "ending", "slept", "is_given"),
    [
        (1, False, [], True),
        (3, False, [1.0, 2.0], True),
        (99, False, [1.0, 2.0, 4.0, 8.0], True),
        (99, True, [1.0, 2.0, 4.0, 8.0], False),
    ],
)
def test_holdings_are_asked_for_until_they_are_enough(
    enough_at: int, ending: bool, slept: list[float], is_given: bool
) -> None:
    bench = Bench(FakeClient(ORDER), ending=ending)
    answers = iter(look >= enough_at for look in range(1, 100))

    held = bench.account.holdings_once(lambda _: next(answers))

    assert held == ({"ETH": Decimal(2), "USDT": Decimal(9)} if is_given else None)
    assert bench.slept == slept
