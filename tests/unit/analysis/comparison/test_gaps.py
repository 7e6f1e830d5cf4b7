"""Gaps between two accounts, by difference, worked out by hand."""

import pytest

from engine.analysis.comparison.differences import Cause, Difference
from engine.analysis.comparison.gaps import AccountGaps, by_cause, main_cause
from tests.support.fakes import DAY


def by(cause: Cause | None, what: str = "") -> Difference:
    return Difference(day=DAY, kind="fill", what=what, cause=cause)


def test_a_smaller_equity_wants_less_of_the_basket() -> None:
    gaps = AccountGaps(cash={by(Cause.PRICE): 20.0}, held={"ETH": {by(Cause.FEES): 0.1}})

    # Equity is 20 + 0.1 * 100 = 30 short; half of it is wanted in ETH, of which 0.1 is missing already:
    # (0.5 * 20) / 100 = 0.1 by the price, (0.5 * 10 - 10) / 100 = -0.05 by the fee.
    gap = gaps.order("ETH", weight=0.5, closes={"ETH": 100.0}, unit=100.0)

    assert gap == {by(Cause.PRICE): pytest.approx(0.1), by(Cause.FEES): pytest.approx(-0.05)}


def test_a_whole_sale_differs_by_what_is_held() -> None:
    gaps = AccountGaps(held={"ETH": {by(Cause.FEES): 0.01}})

    assert gaps.order("ETH", weight=None, closes={"ETH": 100.0}, unit=1.0) == {by(Cause.FEES): 0.01}
    assert gaps.quantity("ETH") == 0.01


def test_what_a_reset_took_and_what_a_lot_step_had_left_are_told_apart() -> None:
    """The worked example of `comparison`: equity is 4 short of 10,000, and half of it is wanted in ETH at 10."""
    step, reset = by(Cause.FILTERS), by(Cause.INCIDENT)
    gaps = AccountGaps(cash={step: 4.0}, held={"ETH": {step: -0.4, reset: 0.4}})

    gap = gaps.order("ETH", weight=0.5, closes={"ETH": 10.0}, unit=10.0)

    # 500 less 499.8: 0.4 coins that were in hand, less 0.2 that the live run buys more.
    assert gap == {step: pytest.approx(0.4), reset: pytest.approx(-0.2)}


def test_equity_is_cash_and_holdings_at_the_closes() -> None:
    gaps = AccountGaps(cash={by(Cause.FEES): -1.0}, held={"ETH": {by(Cause.FEES): 0.01}})

    # Worth nothing at the price of the purchase, and half a dollar once ETH is at 150.
    assert gaps.equity({"ETH": 100.0})[by(Cause.FEES)] == pytest.approx(0.0)
    assert gaps.equity({"ETH": 150.0})[by(Cause.FEES)] == pytest.approx(0.5)


def test_amounts_of_one_cause_count_together() -> None:
    amounts = {by(Cause.FEES, "a"): 1.0, by(Cause.FEES, "b"): 2.0, by(Cause.PRICE): -2.5}

    assert by_cause(amounts) == {Cause.FEES: 3.0, Cause.PRICE: -2.5}
    assert main_cause(by_cause(amounts)) is Cause.FEES


def test_the_main_cause_is_the_largest_whatever_its_sign() -> None:
    assert main_cause({Cause.FEES: 1.0, Cause.PRICE: -2.0}) is Cause.PRICE


def test_where_nothing_has_an_amount_there_is_no_cause() -> None:
    assert main_cause({}) is None
