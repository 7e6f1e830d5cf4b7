"""Exact money: nothing is lost unseen, nothing is rounded up."""

from decimal import Decimal, DivisionByZero, Inexact, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.money import decimal_of, exact, floor_to_step, plain, sizing

AMOUNTS = st.decimals(min_value=0, max_value=10**12, places=10)
STEPS = st.sampled_from([Decimal(text) for text in ("1", "10", "0.1", "0.00001", "1E-8", "0.25", "0.3")])


def test_a_float_becomes_the_decimal_of_its_shortest_text() -> None:
    assert str(decimal_of(0.1)) == "0.1"
    assert str(decimal_of(42000)) == "42000.0"
    assert str(decimal_of(1e-7)) == "1E-7"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_decimal_of_a_float_is_that_float_again(value: float) -> None:
    assert float(decimal_of(value)) == value


def test_exact_arithmetic_raises_rather_than_lose_a_digit() -> None:
    long = Decimal("1." + "1" * 100)

    with exact(), pytest.raises(Inexact):
        long * long
    with exact(), pytest.raises(Inexact):
        Decimal(1) / Decimal(3)
    with exact(), pytest.raises(DivisionByZero):
        Decimal(1) / Decimal(0)


def test_exact_arithmetic_carries_the_longest_product_that_trading_makes() -> None:
    # A price of 17 digits, worsened by slippage, times a quantity, times a fee rate.
    with exact():
        fee = Decimal("12345.678901234567") * Decimal("1.0005") * Decimal("123456.12345678") * Decimal("0.00075")

    wanted = Fraction("12345.678901234567") * Fraction("1.0005") * Fraction("123456.12345678") * Fraction("0.00075")
    assert Fraction(fee) == wanted


def test_sizing_rounds_a_quotient_down_and_leaves_the_context_as_it_was() -> None:
    with localcontext() as context:
        context.prec = 7
        with sizing():
            two_thirds = Decimal(2) / Decimal(3)
        assert context.prec == 7

    assert str(two_thirds) == "0." + "6" * 50


@pytest.mark.parametrize(
    ("value", "step", "floored"),
    [
        ("1.23456789", "0.0001", "1.2345"),
        ("1.2345", "0.0001", "1.2345"),
        ("0.00009999", "0.0001", "0"),
        ("199", "10", "190"),
        ("0.8", "0.3", "0.6"),
        ("7", "1E+1", "0"),
        ("0", "0.1", "0"),
    ],
)
def test_a_quantity_is_rounded_down_to_its_step(value: str, step: str, floored: str) -> None:
    assert floor_to_step(Decimal(value), Decimal(step)) == Decimal(floored)


@given(AMOUNTS, STEPS)
def test_what_is_floored_is_a_multiple_less_than_one_step_below(value: Decimal, step: Decimal) -> None:
    floored = Fraction(floor_to_step(value, step))

    assert (floored / Fraction(step)).denominator == 1
    assert 0 <= Fraction(value) - floored < Fraction(step)


@given(AMOUNTS, STEPS)
def test_flooring_twice_is_flooring_once(value: Decimal, step: Decimal) -> None:
    once = floor_to_step(value, step)

    assert floor_to_step(once, step) == once


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1E-5", "0.00001"),
        ("1.2300", "1.23"),
        ("100", "100"),
        ("1E+3", "1000"),
        ("-0.50", "-0.5"),
        ("0.000", "0"),
        ("-0.0", "0"),
        ("-0", "0"),
    ],
)
def test_a_decimal_is_written_without_exponent_and_without_trailing_zeros(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12))
def test_plain_text_reads_back_as_the_same_number(value: Decimal) -> None:
    text = plain(value)

    assert Decimal(text) == value
    assert "E" not in text
    assert not (("." in text) and text.endswith(("0", ".")))
