"""Trading rules of coins that a venue does not list: not yet, or not any more."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from engine.core.errors import ConfigError
from engine.core.events import Event, OrderPlanned
from engine.core.instrument import MINIMUM_NOTIONAL, Instrument, symbol_of
from engine.core.money import ONE
from engine.settings.config import Config
from engine.wiring.backtest.terms import instruments_of

FINEST_STEP = Decimal("0.00000001")
"""No market has a finer one; an order that goes out one day is cut to the rules of then."""


def unlisted_instruments(config: Config, assets: Sequence[str], past: Sequence[Event]) -> dict[str, Instrument]:
    """Give the trading rules by asset, by which orders are planned that wait for a market.

    They are configured or built in. Of a coin that is in neither, a run that has begun knows the lot step by the orders
    that it planned; one must not end because a market has left.

    Args:
        past: what happened so far; none at a first start.

    Raises:
        ConfigError: at a first start, an asset is neither listed, configured nor built in.
    """
    if not past:
        return instruments_of(config.account, assets)
    rules: dict[str, Instrument] = {}
    steps = _steps(past)
    for asset in assets:
        try:
            rules |= instruments_of(config.account, [asset])
        except ConfigError:
            rules[asset] = Instrument(
                symbol=symbol_of(asset, config.account.quote),
                lot_step=steps.get(asset, FINEST_STEP),
                minimum_notional=MINIMUM_NOTIONAL,
            )
    return rules


def _steps(past: Sequence[Event]) -> Mapping[str, Decimal]:
    """Give the power of ten that divides all quantities that were ordered, by asset."""
    steps: dict[str, Decimal] = {}
    for event in past:
        if isinstance(event, OrderPlanned):
            exponent = event.order.quantity.normalize().as_tuple().exponent
            step = ONE.scaleb(min(int(exponent), 0))
            asset = event.order.asset
            steps[asset] = min(step, steps.get(asset, step))
    return steps
