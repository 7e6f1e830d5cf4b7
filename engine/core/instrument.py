"""A symbol with its exchange rules, and the built-in table for history, where no exchange can be asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from engine.core.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """Trading rules of one symbol.

    Attributes:
        symbol: `ETH/USDT`.
        lot_step: smallest step of quantity, in base units.
        minimum_notional: the least quantity times price that is accepted, in quote currency.
        maximum_quantity: the largest quantity of one market order; None where there is no such limit.
    """

    symbol: str
    lot_step: Decimal
    minimum_notional: Decimal
    maximum_quantity: Decimal | None = None

    @property
    def asset(self) -> str:
        """The base asset: `ETH`."""
        return self.symbol.partition("/")[0]


MINIMUM_NOTIONAL = Decimal(5)

# Binance's usual LOT_SIZE steps (exchangeInfo, 2025); NOTIONAL is 5 for all of them.
LOT_STEPS: Mapping[str, Decimal] = {
    "BTC": Decimal("0.00001"),
    "ETH": Decimal("0.0001"),
    "SOL": Decimal("0.001"),
    "BNB": Decimal("0.001"),
    "XRP": Decimal("0.1"),
    "ADA": Decimal("0.1"),
    "AVAX": Decimal("0.01"),
    "LINK": Decimal("0.01"),
    "DOGE": Decimal("1"),
}


def symbol_of(asset: str, quote: str) -> str:
    """Give the symbol of an asset: `ETH/USDT`."""
    return f"{asset}/{quote}"


def built_in_instrument(asset: str, quote: str) -> Instrument:
    """Give the built-in rules of an asset.

    Raises:
        ConfigError: the table does not know the asset.
    """
    step = LOT_STEPS.get(asset)
    if step is None:
        raise ConfigError(
            f"account.instruments: no lot step known for {asset}; built in are {', '.join(LOT_STEPS)}; "
            f"add e.g. account.instruments: {{{asset}: {{lot_step: 0.01, minimum_notional: 5}}}}"
        )
    return Instrument(symbol=symbol_of(asset, quote), lot_step=step, minimum_notional=MINIMUM_NOTIONAL)
