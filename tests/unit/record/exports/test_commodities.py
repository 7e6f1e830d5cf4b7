"""Names of coins in beancount's syntax: legal, readable, reversible, never shared."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.record.exports.commodities import commodity_of
from tests.support.commodities import asset_of

# Beancount's own pattern of a currency of more than one letter (documentation of its language syntax).
BEANCOUNT = re.compile(r"[A-Z][A-Z0-9'._-]*[A-Z0-9]")
ASSETS = st.text(min_size=1, max_size=30) | st.text(alphabet="X.'123AFab", min_size=1, max_size=12)


@pytest.mark.parametrize("asset", ["BTC", "USDT", "C98", "LUNA2", "BRK.B", "XX"])
def test_a_legal_name_stays(asset: str) -> None:
    assert commodity_of(asset) == asset


@pytest.mark.parametrize(
    ("asset", "commodity"),
    [
        ("1INCH", "X.1INCH"),
        ("1000SATS", "X.1000SATS"),
        ("T", "X.T"),  # a letter alone may be a flag
        ("TRUE", "X.TRUE"),  # a truth value
        ("NULL", "X.NULL"),
        ("Ab", "X.A'262"),  # b is U+0062
        ("这456", "X.'48FD9456"),  # U+8FD9
        ("X.1INCH", "X.X'22E1INCH"),  # as an asset of that name
        ("A.", "X.A'22E"),
    ],
)
def test_a_name_that_is_not_legal_is_escaped_by_code_points(asset: str, commodity: str) -> None:
    assert commodity_of(asset) == commodity


@given(ASSETS)
def test_every_name_becomes_a_legal_one_and_comes_back(asset: str) -> None:
    commodity = commodity_of(asset)

    assert BEANCOUNT.fullmatch(commodity)
    assert commodity not in ("TRUE", "FALSE", "NULL")
    assert asset_of(commodity) == asset
