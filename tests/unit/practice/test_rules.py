"""Ticks and lots: usual values for usual coins, sensible ones for others."""

from decimal import Decimal

import pytest

from engine.core.instrument import LOT_STEPS
from engine.practice.rules import rules_for
from tests.support.markets import coin_bars
from tests.support.practice import FIRST


@pytest.mark.parametrize(("asset", "step"), LOT_STEPS.items())
def test_a_usual_coin_has_the_lot_step_that_history_uses(asset: str, step: Decimal) -> None:
    assert rules_for(coin_bars(asset, FIRST, [100.0]), "USDT").lot_step == step


@pytest.mark.parametrize(
    ("asset", "price", "tick"),
    [
        ("BTC", 40_000.0, "0.01"),
        # Low is 1 % under the close: 0.0198, five digits of which end at the sixth decimal.
        ("ADA", 0.02, "0.000001"),
        # 1e-9 would be on no amount of eight decimals.
        ("SHIB", 0.00001, "0.00000001"),
        # A lot of ETH is 0.0001: a finer tick than 0.0001 would make amounts of more than eight decimals.
        ("ETH", 0.5, "0.0001"),
    ],
)
def test_a_tick_is_fine_enough_for_the_lowest_price_and_amounts_keep_eight_decimals(
    asset: str, price: float, tick: str
) -> None:
    assert rules_for(coin_bars(asset, FIRST, [price]), "USDT").tick == Decimal(tick)


@pytest.mark.parametrize(("price", "step"), [(60.0, "0.01"), (1.5, "0.1"), (0.00001, "1"), (9.0, "0.1")])
def test_a_lot_of_an_unknown_coin_is_worth_less_than_one_of_quote(price: float, step: str) -> None:
    assert rules_for(coin_bars("NEW", FIRST, [price]), "USDT").lot_step == Decimal(step)
