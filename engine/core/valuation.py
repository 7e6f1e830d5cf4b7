"""What a ledger is worth at given prices: each position's value and weight, and the equity."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from engine.core.ledger import Ledger
from engine.core.money import ZERO
from engine.core.rotation_equity import RotationEquity


class HeldAtClose(NamedTuple):
    """What is held at a day's closes, valued only when a strategy asks; a tuple, as each day makes one.

    Attributes:
        before: the rotation in being, at the closes of the day before.
        sizing: scales the targets of a change; None where nothing does.
    """

    ledger: Ledger
    closes: Mapping[str, Decimal]
    equity: Decimal
    orders_waiting: bool
    entries_allowed: bool
    stuck: Collection[str] = ()
    delisted: Collection[str] = ()
    before: RotationEquity | None = None
    sizing: Callable[[Mapping[str, float]], Mapping[str, float]] | None = None

    @property
    def rotation(self) -> RotationEquity | None:
        """The rotation in being, at the day's closes."""
        return None if self.before is None else self.before.marked(self.equity)

    def weights(self) -> Mapping[str, float]:
        """Give held value / equity by asset."""
        return {asset: float(held * self.closes[asset] / self.equity) for asset, held in self.ledger.positions.items()}

    def sized(self, targets: Mapping[str, float]) -> Mapping[str, float]:
        """Scale the targets of a change."""
        return targets if self.sizing is None else self.sizing(targets)


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuedPosition:
    """What is held of one asset.

    Attributes:
        price, value: in the quote currency; None where no price of it is known.
        weight: fraction of the equity; None where either is not known.
    """

    asset: str
    quantity: Decimal
    price: Decimal | None
    value: Decimal | None
    weight: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """Positions in the ledger's order, and the equity: None where a price is missing."""

    equity: Decimal | None
    positions: tuple[ValuedPosition, ...]


def valuation_of(ledger: Ledger, prices: Mapping[str, Decimal]) -> Valuation:
    """Value a ledger at prices by asset, as far as they are known."""
    values = {asset: held * prices[asset] if asset in prices else None for asset, held in ledger.positions.items()}
    known = [value for value in values.values() if value is not None]
    equity = ledger.cash + sum(known, ZERO) if len(known) == len(values) else None
    return Valuation(
        equity=equity,
        positions=tuple(
            ValuedPosition(
                asset=asset,
                quantity=ledger.positions[asset],
                price=prices.get(asset),
                value=value,
                weight=float(value / equity) if value is not None and equity else None,
            )
            for asset, value in values.items()
        ),
    )
