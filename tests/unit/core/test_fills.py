"""The one fill rule: slippage, commission, and buys trimmed to the cash at the fill price."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.fills import Costs, Execution, execute_at
from engine.core.instrument import Instrument
from engine.core.order import Side
from tests.support.fakes import instrument, order_of

COSTS = Costs(commission=Decimal("0.001"), slippage=Decimal("0.0005"))
RATES = st.decimals(min_value=0, max_value="0.2", places=4)


def execute(side: Side, quantity: str, *, price: str, cash: str, rules: Instrument, costs: Costs = COSTS) -> Execution:
    return execute_at(
        order_of("ETH", side, quantity),
        reference_price=Decimal(price),
        cash=Decimal(cash),
        costs=costs,
        instrument=rules,
    )


def test_a_buy_pays_more_than_the_open_and_commission_on_top() -> None:
    execution = execute(Side.BUY, "2", price="1000", cash="5000", rules=instrument("ETH"))

    assert execution == Execution(
        quantity=Decimal(2), price=Decimal("1000.5"), notional=Decimal(2001), fee=Decimal("2.001")
    )


def test_a_sell_gets_less_than_the_open_and_needs_no_cash() -> None:
    execution = execute(Side.SELL, "2", price="1000", cash="0", rules=instrument("ETH"))

    assert execution == Execution(
        quantity=Decimal(2), price=Decimal("999.5"), notional=Decimal(1999), fee=Decimal("1.999")
    )


def test_a_buy_that_takes_all_the_cash_to_the_last_digit_is_not_trimmed() -> None:
    # 2 at 1000.5 are 2001, and the commission on them 2.001.
    just_enough = execute(Side.BUY, "2", price="1000", cash="2003.001", rules=instrument("ETH", least="9999"))
    one_digit_short = execute(Side.BUY, "2", price="1000", cash="2003.000", rules=instrument("ETH"))

    # Only what is trimmed has to reach the minimum notional again.
    assert (just_enough.quantity, one_digit_short.quantity) == (Decimal(2), Decimal("1.9"))


def test_a_buy_is_trimmed_to_the_cash_at_the_fill_price() -> None:
    # The open gapped to 1100: a unit costs 1100 * 1.0005 * 1.001 = 1101.65055; 2003 / 1101.65055 = 1.818...
    execution = execute(Side.BUY, "2", price="1100", cash="2003", rules=instrument("ETH", step="0.01"))

    assert execution.quantity == Decimal("1.81")
    assert execution.notional == Decimal("1.81") * Decimal("1100.55")


@pytest.mark.parametrize(
    ("cash", "quantity"),
    [
        ("11.1", "0.1"),  # a lot step of 0.1 costs 11.0176...
        ("11.0", "0"),
        ("0", "0"),
        ("-500", "0"),
    ],
)
def test_a_trimmed_buy_is_dropped_below_one_lot_step(cash: str, quantity: str) -> None:
    execution = execute(Side.BUY, "2", price="110", cash=cash, rules=instrument("ETH", least="0"))

    assert execution.quantity == Decimal(quantity)
    assert (execution.notional == 0) == (execution.fee == 0) == (quantity == "0")


@pytest.mark.parametrize(("least", "quantity"), [("11.0055", "0.1"), ("11.0056", "0")])
def test_a_trimmed_buy_is_dropped_below_the_minimum_notional_at_the_fill_price(least: str, quantity: str) -> None:
    # 0.1 at 110 * 1.0005 = 11.0055
    execution = execute(Side.BUY, "2", price="110", cash="12", rules=instrument("ETH", least=least))

    assert execution.quantity == Decimal(quantity)


def test_a_buy_that_is_not_trimmed_may_have_fallen_below_the_minimum_notional() -> None:
    execution = execute(Side.BUY, "0.1", price="40", cash="1000", rules=instrument("ETH", least="5"))

    assert execution.quantity == Decimal("0.1")


@given(
    quantity=st.integers(1, 10**7),
    price=st.decimals(min_value="1E-6", max_value=10**6, places=8),
    cash=st.decimals(min_value=0, max_value=10**7, places=10),
    commission=RATES,
    slippage=RATES,
    step=st.sampled_from(["1", "0.1", "0.00001"]),
)
def test_a_buy_never_overdraws_the_cash_and_is_trimmed_no_more_than_needed(
    quantity: int, price: Decimal, cash: Decimal, commission: Decimal, slippage: Decimal, step: str
) -> None:
    rules = instrument("ETH", step=step, least="0")
    wanted = quantity * Decimal(step)

    execution = execute(
        Side.BUY,
        str(wanted),
        price=str(price),
        cash=str(cash),
        rules=rules,
        costs=Costs(commission=commission, slippage=slippage),
    )

    paid = Fraction(execution.notional) + Fraction(execution.fee)
    unit = Fraction(price) * (1 + Fraction(slippage)) * (1 + Fraction(commission))
    assert paid <= Fraction(cash)
    assert paid == Fraction(execution.quantity) * unit
    if execution.quantity < wanted:
        assert (Fraction(execution.quantity) + Fraction(step)) * unit > Fraction(cash)
    assert (Fraction(execution.quantity) / Fraction(step)).denominator == 1
