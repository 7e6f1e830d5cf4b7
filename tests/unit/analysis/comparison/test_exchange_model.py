"""What an exchange must make of an order: prices on the tick, quantities on the lot step, fees of what is received."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from engine.analysis.comparison.exchange_model import ExchangeModel, ExpectedFill, MarketFilters
from engine.core.fills import Costs
from engine.core.order import Order, Side
from tests.support.fakes import order_of
from tests.support.markets import coin_bars, history_of

DAY = date(2024, 1, 1)
MIDNIGHT, NOON = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, 12, tzinfo=UTC)
BUY, SELL = Side.BUY, Side.SELL

# One day of ETH that opens at 100 and closes at 110; slippage 0.05 %, commission 0.1 %, ticks of 0.1.
MODEL = ExchangeModel(
    history=history_of(coin_bars("ETH", DAY, [110.0, None, 120.0], opens=[100.0, None, 110.0])),
    filters={
        "ETH": MarketFilters(
            tick=Decimal("0.1"), lot_step=Decimal("0.01"), minimum_notional=Decimal(5), largest_quantity=Decimal(9)
        )
    },
    costs=Costs(commission=Decimal("0.001"), slippage=Decimal("0.0005")),
    quote="USDT",
    buy_margin=Decimal("0.002"),
)


def fill(order: Order, *, at: datetime = MIDNIGHT, cash: str = "1000000") -> ExpectedFill:
    expected = MODEL.fill(order, at=at, cash=Decimal(cash))
    assert expected is not None
    return expected


@pytest.mark.parametrize(
    ("side", "at", "raw", "on_tick"),
    [
        # 100 * 1.0005 = 100.05, up to 100.1; 100 * 0.9995 = 99.95, down to 99.9
        (BUY, MIDNIGHT, "100.0500", "100.1"),
        (SELL, MIDNIGHT, "99.9500", "99.9"),
        # half a day of the way from 100 to 110: 105 * 1.0005 = 105.0525, up to 105.1
        (BUY, NOON, "105.0525", "105.1"),
    ],
)
def test_a_price_is_worsened_and_put_on_the_tick_against_the_taker(
    side: Side, at: datetime, raw: str, on_tick: str
) -> None:
    assert MODEL.price_at("ETH", side, at) == Decimal(raw)
    assert fill(order_of("ETH", side, "1"), at=at).price == Decimal(on_tick)


def test_a_buy_pays_its_fee_in_the_coin() -> None:
    bought = fill(order_of("ETH", BUY, "2.5"))

    assert (bought.quantity, bought.fee, bought.fee_asset) == (Decimal("2.5"), Decimal("0.0025"), "ETH")


def test_a_sale_pays_its_fee_in_the_quote_currency_to_eight_decimals() -> None:
    # 1.23456 is cut to 1.23; 1.23 * 99.9 = 122.877, a thousandth of it 0.122877
    sold = fill(order_of("ETH", SELL, "1.23456"))

    assert (sold.quantity, sold.fee, sold.fee_asset) == (Decimal("1.23"), Decimal("0.122877"), "USDT")


def test_a_fee_is_cut_off_after_eight_decimals() -> None:
    odd = replace(MODEL, costs=Costs(commission=Decimal("0.0012345678"), slippage=Decimal(0)))

    bought = odd.fill(order_of("ETH", BUY, "0.07"), at=MIDNIGHT, cash=Decimal(1000))

    # 0.07 * 0.0012345678 = 0.000086419746
    assert bought is not None
    assert bought.fee == Decimal("0.00008641")


def test_a_buy_is_cut_to_what_the_cash_pays_for_with_commission_and_margin() -> None:
    # 1000 / (100.1 * 1.003) = 9.960...; 500 / 100.4003 = 4.98006..., down to 4.98
    assert fill(order_of("ETH", BUY, "8"), cash="500").quantity == Decimal("4.98")


def test_an_order_is_never_above_the_largest_quantity() -> None:
    assert fill(order_of("ETH", SELL, "20")).quantity == Decimal(9)


def test_what_is_below_the_minimum_notional_comes_to_nothing() -> None:
    # 0.04 * 99.9 = 3.996 is below 5
    nothing = fill(order_of("ETH", SELL, "0.04"))

    assert (nothing.quantity, nothing.fee) == (Decimal(0), Decimal(0))


def test_a_buy_without_cash_comes_to_nothing() -> None:
    assert fill(order_of("ETH", BUY, "1"), cash="-1000").quantity == 0


def test_nothing_can_be_expected_on_a_day_without_a_bar() -> None:
    missing = datetime(2024, 1, 2, tzinfo=UTC)

    assert MODEL.price_at("ETH", BUY, missing) is None
    assert MODEL.fill(order_of("ETH", BUY, "1"), at=missing, cash=Decimal(1000)) is None
