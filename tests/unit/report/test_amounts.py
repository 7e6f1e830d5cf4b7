"""How amounts are written: none looks like nothing that is something."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.report.amounts import exact, money, significant


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("0.0000000109", "0.0000000109"),
        ("0.00000001092345678", "0.0000000109235"),
        ("1.09E-8", "0.0000000109"),
        ("0", "0"),
        ("2.5E-20", "2.50000e-20"),
        ("0.7", "0.7"),
        ("1234.5678", "1,234.57"),
        ("98765.4321", "98,765"),
        ("-0.000123", "-0.000123"),
    ],
)
def test_price_has_its_significant_digits_however_small_it_is(value: str, words: str) -> None:
    assert significant(Decimal(value)) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("0.0000000109", "0.0000000109"),
        ("1.09E-8", "0.0000000109"),
        ("12345.678901230", "12,345.67890123"),
        ("1000", "1,000"),
        ("1E+3", "1,000"),
        ("-0.5", "-0.5"),
    ],
)
def test_quantity_is_written_with_all_its_digits(value: str, words: str) -> None:
    assert exact(Decimal(value)) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.0, "0.00"), (0.00401234, "0.00401"), (0.01, "0.01"), (1234.5, "1,234.50"), (-0.002, "-0.002")],
)
def test_money_below_a_cent_is_not_nothing(value: float, words: str) -> None:
    assert money(value) == money(Decimal(str(value))) == words


@given(st.decimals(min_value="1e-30", max_value="1e12", allow_nan=False, allow_infinity=False))
def test_what_is_written_is_the_amount_to_its_digits(value: Decimal) -> None:
    assert Decimal(exact(value).replace(",", "")) == value
    assert float(significant(value).replace(",", "")) == pytest.approx(float(value), rel=1e-4)
