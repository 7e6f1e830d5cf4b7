"""The account of an exchange: what it holds, what it asks, and when it is believed to have forgotten an order."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
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
        return None

    def recent_trades(self, symbol: str, since: datetime) -> tuple[Trade, ...]:
        return tuple(trade for trade in self.trades if trade.symbol == symbol and trade.at >= since)


class Bench:
    """An account on a fake client, and how long it slept."""

    def __init__(self, client: FakeClient, *, ending: bool = False) -> None:
        self.slept: list[float] = []
        self.account = ExchangeAccount(
            client,
            quote="USDT",
            account="bot",
            booked=set(),
            settle_seconds=15,
            sleep=self.slept.append,
            ending=lambda: ending,
        )


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
