"""The in-process paper exchange, on quotes that a test makes."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from engine.core.fills import Costs
from engine.core.order import OrderReport, OrderStatus, Side
from engine.venues.answers import Quote
from engine.venues.simulated import SimulatedVenue
from tests.support.fakes import NOON, instrument, order_of

COSTS = Costs(commission=Decimal("0.001"), slippage=Decimal("0.5"))
"""A slippage that would be seen: the quotes' spread stands for it."""


class Market:
    """Quotes of ETH at 99 and 101, or none."""

    def __init__(self) -> None:
        self.is_quoted = True
        self.looks = 0

    def __call__(self, symbols: Sequence[str]) -> Mapping[str, Quote]:
        self.looks += 1
        quote = Quote(bid=Decimal(99), bid_quantity=Decimal(1), ask=Decimal(101), ask_quantity=Decimal(1))
        return dict.fromkeys(symbols, quote) if self.is_quoted else {}


def venue_on(market: Market) -> SimulatedVenue:
    return SimulatedVenue(instruments={"ETH": instrument("ETH")}, quotes=market, costs=COSTS, quote="USDT")


def submitted(side: Side, quantity: str, *, cash: str = "100000", market: Market | None = None) -> OrderReport:
    return venue_on(market or Market()).submit(order_of("ETH", side, quantity), at=NOON, cash=Decimal(cash))


def test_a_buy_fills_whole_at_the_ask_with_its_fee_in_quote() -> None:
    (fill,) = submitted(Side.BUY, "2.5").fills

    assert (fill.quantity, fill.price, fill.notional) == (Decimal("2.5"), Decimal(101), Decimal("252.5"))
    assert (fill.fee, fill.fee_asset) == (Decimal("0.2525"), "USDT")


def test_a_sell_fills_whole_at_the_bid() -> None:
    (fill,) = submitted(Side.SELL, "2.5").fills

    assert (fill.quantity, fill.price, fill.notional) == (Decimal("2.5"), Decimal(99), Decimal("247.5"))


def test_a_buy_is_trimmed_to_what_the_cash_pays_for() -> None:
    # One ETH costs 101 and 0.101 of fee: 202.2 pays for 1.9999…, which is 1.9 on the step.
    (fill,) = submitted(Side.BUY, "3", cash="202.2").fills

    assert fill.quantity == Decimal("1.9")


def test_a_buy_whose_rest_is_below_the_minimum_is_refused() -> None:
    report = submitted(Side.BUY, "3", cash="4")

    assert (report.status, report.fills, report.again) == (OrderStatus.REJECTED, (), Decimal(0))
    assert report.message == "cash 4.00 does not pay for an order"


def test_fills_of_different_orders_have_different_ids_also_after_a_restart() -> None:
    first = venue_on(Market()).submit(order_of("ETH", Side.BUY, "1", name="a-1"), at=NOON, cash=Decimal(1000))
    second = venue_on(Market()).submit(order_of("ETH", Side.BUY, "1", name="a-2"), at=NOON, cash=Decimal(1000))

    assert first.fills[0].order_id != second.fills[0].order_id


def test_a_market_without_quotes_is_closed() -> None:
    market = Market()
    venue = venue_on(market)

    assert venue.why_closed("ETH", NOON) == ""
    market.is_quoted = False
    assert venue.why_closed("ETH", NOON) == "ETH/USDT is not quoted now"


def test_quotes_that_vanish_before_the_order_make_it_wait() -> None:
    market = Market()
    market.is_quoted = False

    assert submitted(Side.BUY, "1", market=market).status is OrderStatus.WAITING


def test_an_order_whose_fill_was_not_written_has_not_happened_and_is_tried_again_whole() -> None:
    order = order_of("ETH", Side.BUY, "2.5")

    report = venue_on(Market()).resolve(order, at=NOON)

    assert (report.status, report.fills, report.again) == (OrderStatus.REJECTED, (), Decimal("2.5"))
    # It is none of the attempts after which an order is left.
    assert not report.was_placed
