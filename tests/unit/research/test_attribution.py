"""Gaps between two runs, by cause, worked out by hand; whatever happens, the causes add up to the gap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.research.attribution import Cause, FillPair, Gaps, main_cause


def pair(
    *,
    buys: bool,
    quantity: float = 10.0,
    live_quantity: float = 10.0,
    price: float = 100.0,
    live_price: float = 100.0,
    instant_price: float | None = None,
    fee: float = 0.0,
    live_fee: float = 0.0,
) -> FillPair:
    return FillPair(
        asset="ETH",
        buys=buys,
        quantity=quantity,
        live_quantity=live_quantity,
        price=price,
        live_price=live_price,
        instant_price=price if instant_price is None else instant_price,
        fee=fee,
        live_fee=live_fee,
    )


def test_a_fee_in_the_coin_is_missing_there_and_left_in_the_cash() -> None:
    gaps = Gaps()

    # History pays 1 USDT of 1000; the exchange keeps 0.01 of 10 ETH.
    gaps.book(pair(buys=True, fee=1.0, live_fee=0.01), {})

    assert gaps.held["ETH"] == {Cause.FEES: 0.01}
    assert gaps.cash == {Cause.FEES: -1.0}
    # Worth nothing at the price of the purchase, and half a dollar once ETH is at 150.
    assert gaps.equity({"ETH": 100.0})[Cause.FEES] == pytest.approx(0.0)
    assert gaps.equity({"ETH": 150.0})[Cause.FEES] == pytest.approx(0.5)


def test_a_price_is_parted_into_the_instant_and_the_book() -> None:
    gaps = Gaps()

    # 100 at the open, 101 a moment later, 101.5 on the exchange's tick: ten coins cost 10 and 5 more.
    gaps.book(pair(buys=True, instant_price=101.0, live_price=101.5), {})

    assert gaps.cash == {Cause.TIMING: pytest.approx(10.0), Cause.PRICE: pytest.approx(5.0)}


def test_a_sale_of_a_smaller_holding_goes_back_to_what_made_it_smaller() -> None:
    gaps = Gaps(held={"ETH": {Cause.FEES: 0.01}})
    planned = gaps.order("ETH", weight=None, closes={"ETH": 100.0}, unit=1.0)
    assert planned == {Cause.FEES: 0.01}

    executed = gaps.book(pair(buys=False, live_quantity=9.99, fee=1.0, live_fee=0.999), planned)

    assert executed == {Cause.FEES: 0.01, Cause.PRICE: pytest.approx(0.0)}
    assert sum(gaps.held["ETH"].values()) == pytest.approx(0.0)
    # 0.01 ETH at 100 less the commission
    assert gaps.cash[Cause.FEES] == pytest.approx(0.999)


def test_a_smaller_equity_wants_less_of_the_basket() -> None:
    gaps = Gaps(cash={Cause.PRICE: 20.0}, held={"ETH": {Cause.FEES: 0.1}})

    # Equity is 20 + 0.1 * 100 = 30 short; half of it is wanted in ETH, of which 0.1 is missing already:
    # (0.5 * 20) / 100 = 0.1 by the price, (0.5 * 10 - 10) / 100 = -0.05 by the fee.
    gap = gaps.order("ETH", weight=0.5, closes={"ETH": 100.0}, unit=100.0)

    assert gap == {Cause.PRICE: pytest.approx(0.1), Cause.FEES: pytest.approx(-0.05)}


def test_a_buy_that_is_cut_in_one_run_only_is_the_price_models() -> None:
    gaps = Gaps()

    executed = gaps.book(pair(buys=True, live_quantity=9.5), {})

    assert executed == {Cause.PRICE: pytest.approx(0.5)}


def test_the_main_cause_is_the_largest_whatever_its_sign() -> None:
    assert main_cause({Cause.FEES: 1.0, Cause.PRICE: -2.0}) is Cause.PRICE
    assert main_cause({}) is Cause.STATE


amounts = st.floats(0, 100)
prices = st.floats(1, 1000)


@given(st.booleans(), amounts, amounts, prices, prices, prices, st.floats(0, 0.01), st.floats(0, 1), st.floats(-1, 1))
def test_the_causes_add_up_to_the_whole_gap(
    buys: bool,
    quantity: float,
    live_quantity: float,
    price: float,
    live_price: float,
    instant_price: float,
    rate: float,
    live_fee: float,
    planned: float,
) -> None:
    gaps = Gaps()
    fee = quantity * price * rate

    gaps.book(
        pair(
            buys=buys,
            quantity=quantity,
            live_quantity=live_quantity,
            price=price,
            live_price=live_price,
            instant_price=instant_price,
            fee=fee,
            live_fee=live_fee,
        ),
        {Cause.FILTERS: planned},
    )

    sign = 1 if buys else -1
    cash = -sign * quantity * price - fee
    live_cash = -sign * live_quantity * live_price - (0.0 if buys else live_fee)
    held, live_held = sign * quantity, sign * live_quantity - (live_fee if buys else 0.0)
    assert sum(gaps.cash.values()) == pytest.approx(cash - live_cash, abs=1e-6)
    assert sum(gaps.held["ETH"].values()) == pytest.approx(held - live_held, abs=1e-9)
