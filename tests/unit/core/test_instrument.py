"""Exchange rules of a symbol, and the built-in table."""

from decimal import Decimal

import pytest

from engine.core.errors import ConfigError
from engine.core.instrument import built_in_instrument, symbol_of


def test_a_symbol_is_base_and_quote_and_gives_its_base_back() -> None:
    assert symbol_of("ETH", "USDT") == "ETH/USDT"
    assert built_in_instrument("ETH", "USDT").asset == "ETH"


@pytest.mark.parametrize(
    ("asset", "step"),
    [
        ("BTC", "0.00001"),
        ("ETH", "0.0001"),
        ("SOL", "0.001"),
        ("BNB", "0.001"),
        ("XRP", "0.1"),
        ("ADA", "0.1"),
        ("AVAX", "0.01"),
        ("LINK", "0.01"),
        ("DOGE", "1"),
    ],
)
def test_built_in_rules_are_those_of_the_specification(asset: str, step: str) -> None:
    rules = built_in_instrument(asset, "EUR")

    assert (rules.symbol, rules.lot_step, rules.minimum_notional) == (f"{asset}/EUR", Decimal(step), Decimal(5))
    assert rules.maximum_quantity is None


def test_an_asset_that_is_not_built_in_is_an_error_that_shows_how_to_add_it() -> None:
    with pytest.raises(ConfigError) as caught:
        built_in_instrument("UNI", "USDT")

    assert "no lot step known for UNI; built in are BTC, ETH, SOL" in str(caught.value)
    assert "account.instruments: {UNI: {lot_step: 0.01, minimum_notional: 5}}" in str(caught.value)
