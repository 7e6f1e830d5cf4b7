"""The report's own figures: returns by month and year, drawdowns, slippage and fees, and how numbers are written."""

import math
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.performance import max_drawdown_of
from engine.report.html import formats
from engine.report.html.calendar_returns import returns_by_year
from engine.report.html.columns import drawdowns
from engine.report.html.execution import executed_fills, trading_costs
from tests.support.run_records import decision, fill

CURVES = st.lists(st.floats(min_value=0.01, max_value=1e9), min_size=1, max_size=900)


def days_from(first: date, count: int) -> list[date]:
    return [first + timedelta(days=n) for n in range(count)]


def test_a_month_begins_where_the_one_before_it_ended() -> None:
    curve = [(date(2023, 12, 30), 100.0), (date(2023, 12, 31), 110.0), (date(2024, 1, 31), 99.0)]

    first, second = returns_by_year(curve)

    # December from its first equity on: 110 / 100; January from December's last: 99 / 110.
    assert (first.year, second.year) == (2023, 2024)
    assert [first.months[11], first.whole] == pytest.approx([0.1, 0.1])
    assert [second.months[0], second.whole] == pytest.approx([-0.1, -0.1])
    assert [*first.months[:11], *second.months[1:]] == [None] * 22


def test_no_days_have_no_years() -> None:
    assert returns_by_year([]) == []


@given(CURVES, st.dates(date(2015, 1, 1), date(2030, 1, 1)))
def test_months_and_years_multiply_up_to_the_whole_return(curve: list[float], first: date) -> None:
    years = returns_by_year(zip(days_from(first, len(curve)), curve, strict=True))

    whole = curve[-1] / curve[0]
    assert math.prod(1 + year.whole for year in years) == pytest.approx(whole)
    months = [month for year in years for month in year.months if month is not None]
    assert math.prod(1 + month for month in months) == pytest.approx(whole)


@given(CURVES)
def test_the_deepest_drawdown_is_that_of_the_summary(curve: list[float]) -> None:
    falls = drawdowns(curve)

    assert len(falls) == len(curve)
    assert all(fall <= 0 for fall in falls)
    assert min(falls) == pytest.approx(max_drawdown_of(np.array(curve)), abs=0.00005)


def test_a_drawdown_of_no_equity_is_none_and_a_gap_is_passed_over() -> None:
    assert drawdowns([]) == []
    assert drawdowns([None, 100.0, None, 50.0]) == [None, 0, None, -0.5]


def test_slippage_is_positive_where_a_fill_is_worse_than_the_close_it_was_decided_at() -> None:
    decisions = [decision(1, closes={"BTC": 100.0})]
    fills = [fill(1, "buy", "2", "101"), fill(1, "sell", "1", "101"), fill(1, "buy", "1", "5", asset="ETH")]

    bought, sold, unknown = executed_fills(decisions, fills)

    assert [bought.slippage, bought.slippage_cost] == pytest.approx([0.01, 2.0])
    assert [sold.slippage, sold.slippage_cost] == pytest.approx([-0.01, -1.0])
    assert (unknown.decision_price, unknown.slippage, unknown.slippage_cost) == (None, None, None)


def test_costs_add_up_with_fees_in_coins_at_the_price_of_their_fill() -> None:
    decisions = [decision(1, equity=1000.0, closes={"BTC": 100.0})]
    fills = [
        fill(1, "sell", "1", "99", fee="0.5"),
        fill(1, "buy", "2", "101", fee="0.002", fee_asset="BTC"),
    ]

    costs = trading_costs(decisions, executed_fills(decisions, fills))

    # Fees 0.5 + 0.002 x 101; slippage 1 + 2 on 300 at the decision prices; both over an equity of 1000.
    assert costs.fees == {"USDT": 0.5, "BTC": 0.002}
    assert costs.fees_in_quote == pytest.approx(0.702)
    assert costs.notional == pytest.approx(301.0)
    assert costs.fee_rate == pytest.approx(0.702 / 301)
    assert costs.slippage == pytest.approx(3.0)
    assert costs.slippage_rate == pytest.approx(0.01)
    assert costs.share_of_equity == pytest.approx(0.003702)


def test_costs_that_cannot_be_known_are_none() -> None:
    decisions = [decision(1)]
    nothing = trading_costs(decisions, [])
    in_a_third_coin = trading_costs(
        decisions, executed_fills(decisions, [fill(1, "buy", "1", "100", fee="0.01", fee_asset="BNB")])
    )

    assert (nothing.fills, nothing.slippage, nothing.fee_rate, nothing.slippage_rate) == (0, None, None, None)
    assert (in_a_third_coin.fees_in_quote, in_a_third_coin.fee_rate, in_a_third_coin.share_of_equity) == (None,) * 3


def test_what_bought_back_after_a_reset_costs_the_strategy_nothing() -> None:
    decisions = [decision(1, closes={"BTC": 100.0})]
    bought_back = fill(1, "buy", "1", "200", fee="1", reason="reset_buy_back")
    assert bought_back.restores

    assert trading_costs(decisions, executed_fills(decisions, [bought_back])).fills == 0


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        (formats.percent(14.3966), "1,439.7%"),
        (formats.percent(-0.836), "−83.6%"),
        (formats.percent(0.074, signed=True), "+7.4%"),
        (formats.percent(None), "–"),
        (formats.ratio(0.8399), "0.84"),
        (formats.ratio(None), "–"),
        (formats.amount(1539650.886), "1,539,650.89"),
        (formats.amount(1539650.886, decimals=0), "1,539,651"),
        (formats.number(905977.0), "905,977"),
        (formats.number(13388.85108), "13,388.85"),
        (formats.number(7.42533), "7.42533"),
        (formats.number(0.00502833291), "0.00502833"),
        (formats.basis_points(0.0005), "+5.0"),
        (formats.basis_points(None), "–"),
        (formats.fees(6038.616), "6,038.62"),
        (formats.fees({"USDT": 223.19668, "BTC": 0.005}), "223.19668 USDT, 0.005 BTC"),
        (formats.fees(None), "–"),
    ],
)
def test_numbers_are_written_for_people(written: str, wanted: str) -> None:
    assert written == wanted
