"""Rules of coins that a venue does not list, by which orders wait."""

from decimal import Decimal

import pytest

from engine.core.errors import ConfigError
from engine.core.events import OrderPlanned
from engine.core.order import Side
from engine.core.strategy import StrategyParams
from engine.settings.config import Config
from engine.wiring.live.unlisted import unlisted_instruments
from tests.support.fakes import order_of

CONFIG = Config(name="rotation", strategy=StrategyParams(name="rotation"))
PAST = [OrderPlanned(order=order_of("NEWT", Side.BUY, quantity)) for quantity in ("100", "12.50", "0.125", "7")]


def test_a_coin_in_no_table_has_the_step_of_the_orders_that_were_planned() -> None:
    rules = unlisted_instruments(CONFIG, ["NEWT", "ETH", "NEVER"], PAST)

    assert {asset: each.lot_step for asset, each in rules.items()} == {
        "NEWT": Decimal("0.001"),
        "ETH": Decimal("0.0001"),
        "NEVER": Decimal("0.00000001"),
    }
    assert {each.minimum_notional for each in rules.values()} == {5}


def test_a_first_start_names_a_coin_in_no_table() -> None:
    with pytest.raises(ConfigError, match="no lot step known for NEWT"):
        unlisted_instruments(CONFIG, ["NEWT"], [])
