"""Prices at an instant: from the open at midnight in a straight line to the close."""

from datetime import timedelta
from decimal import Decimal

from engine.core.fills import Costs, execute_at
from engine.core.instrument import built_in_instrument
from engine.core.market import BarSeries
from engine.core.order import Side
from engine.practice.book import Level, Market
from engine.practice.clock import milliseconds_of
from engine.practice.rules import rules_for
from tests.support.fakes import order_of
from tests.support.practice import FIRST, bitcoin, instant

NEXT = FIRST + timedelta(days=1)


def market_of(bars: BarSeries, slippage: str = "0.0005") -> Market:
    return Market(rules_for(bars, "USDT"), bars, Decimal(slippage))


def at(hours: float) -> int:
    return milliseconds_of(instant(FIRST, hours=hours))


def test_the_mark_is_the_open_at_midnight_and_half_way_to_the_close_at_noon() -> None:
    market = market_of(bitcoin(42_000.0, opens=[40_000.0]))

    assert [market.mark(at(hours)) for hours in (0, 6, 12)] == [40_000, 40_500, 41_000]


def test_bid_and_ask_are_the_mark_worsened_as_a_fill_in_history_is() -> None:
    market = market_of(bitcoin(42_000.0, opens=[40_000.0]))

    quote = market.quote(at(0))

    assert quote is not None
    for side, price in ((Side.BUY, quote.ask), (Side.SELL, quote.bid)):
        execution = execute_at(
            order_of("BTC", side, "1"),
            reference_price=Decimal(40_000),
            cash=Decimal(10**6),
            costs=Costs(commission=Decimal(0), slippage=Decimal("0.0005")),
            instrument=built_in_instrument("BTC", "USDT"),
        )
        assert price == execution.price


def test_a_price_between_ticks_is_rounded_against_the_taker() -> None:
    # 40000.01 * 1.0005 = 40020.010005, * 0.9995 = 39980.009995
    quote = market_of(bitcoin(40_000.01, opens=[40_000.01])).quote(at(0))

    assert quote is not None
    assert (quote.bid, quote.ask) == (Decimal("39980.00"), Decimal("40020.02"))


def test_a_symbol_trades_only_on_days_that_have_a_bar() -> None:
    market = market_of(bitcoin(40_000.0, None, 40_000.0))

    assert [market.status(at(hours)) for hours in (0, 24, 48, 72)] == ["TRADING", "BREAK", "TRADING", "BREAK"]
    assert (market.quote(at(24)), market.levels(at(24), buying=True)) == (None, ())
    assert market.last_price(at(30)) == 40_000


def test_a_symbol_is_unknown_before_its_first_bar() -> None:
    market = market_of(bitcoin(40_000.0, first=NEXT))

    assert [market.is_listed(at(hours)) for hours in (23.9, 24)] == [False, True]


def test_a_thin_book_spreads_its_depth_over_levels_that_get_worse() -> None:
    market = market_of(bitcoin(40_000.0), slippage="0")
    market.depth = Decimal(2)

    # A fiftieth of a percent of 40000 is 8 a level.
    assert market.levels(at(0), buying=True) == (
        Level(price=Decimal(40_000), quantity=Decimal(1)),
        Level(price=Decimal(40_008), quantity=Decimal("0.6")),
        Level(price=Decimal(40_016), quantity=Decimal("0.4")),
    )
    assert [level.price for level in market.levels(at(0), buying=False)] == [40_000, 39_992, 39_984]
