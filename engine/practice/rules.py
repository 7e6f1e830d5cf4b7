"""Trading rules of a symbol: tick, lot step, minimum notional and largest quantities.

Usual coins have Binance's values; others get sensible ones from their prices.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from engine.core.instrument import LOT_STEPS, MINIMUM_NOTIONAL
from engine.core.market import BarSeries
from engine.core.money import ONE, decimal_of

SMALLEST = Decimal("0.00000001")
"""Eight decimals: what Binance keeps of prices, quantities and amounts."""

# Binance's usual PRICE_FILTER ticks (exchangeInfo, 2025).
TICKS: Mapping[str, Decimal] = {
    "BTC": Decimal("0.01"),
    "ETH": Decimal("0.01"),
    "SOL": Decimal("0.01"),
    "BNB": Decimal("0.01"),
    "XRP": Decimal("0.0001"),
    "ADA": Decimal("0.0001"),
    "AVAX": Decimal("0.01"),
    "LINK": Decimal("0.01"),
    "DOGE": Decimal("0.00001"),
}
DIGITS_OF_A_PRICE = 4
LOTS_OF_THE_LARGEST_ORDER = 900_000_000
# The recorded testnet has 165.02219723 BTC: a largest market quantity that is on no lot step.
OFF_THE_GRID = Decimal("0.02219723")


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolRules:
    """Rules of one symbol; prices and amounts in quote currency, quantities in base units."""

    base: str
    quote: str
    tick: Decimal
    lot_step: Decimal
    minimum_notional: Decimal
    maximum_notional: Decimal
    maximum_quantity: Decimal
    market_maximum_quantity: Decimal
    maximum_open_orders: int = 200
    maximum_position: Decimal | None = None

    @property
    def symbol(self) -> str:
        """The exchange's name: `BTCUSDT`."""
        return self.base + self.quote


def rules_for(bars: BarSeries, quote: str) -> SymbolRules:
    """Give the rules of the market whose daily bars these are; at least one bar."""
    lot_step = LOT_STEPS.get(bars.symbol) or _lot_step(float(bars.close[-1]))
    return SymbolRules(
        base=bars.symbol,
        quote=quote,
        tick=_tick(bars, lot_step),
        lot_step=lot_step,
        minimum_notional=MINIMUM_NOTIONAL,
        maximum_notional=Decimal(9_000_000),
        maximum_quantity=lot_step * LOTS_OF_THE_LARGEST_ORDER,
        market_maximum_quantity=lot_step * LOTS_OF_THE_LARGEST_ORDER / 10 + OFF_THE_GRID,
    )


def _lot_step(price: float) -> Decimal:
    # A step is worth between a tenth of a unit of quote currency and one, and is at most one coin.
    return max(SMALLEST, min(ONE, _power_of_ten(-decimal_of(price).adjusted() - 1)))


def _tick(bars: BarSeries, lot_step: Decimal) -> Decimal:
    lowest = decimal_of(float(np.min(bars.low)))
    # A coin that once cost a thousandth had a finer tick then: rounding may not decide what a fill of those years cost.
    fine = _power_of_ten(lowest.adjusted() - DIGITS_OF_A_PRICE)
    # One tick times one lot has to be an amount of eight decimals, or amounts would be inexact.
    return max(min(TICKS.get(bars.symbol, fine), fine), SMALLEST, SMALLEST / lot_step)


def _power_of_ten(exponent: int) -> Decimal:
    return Decimal(1).scaleb(exponent)
