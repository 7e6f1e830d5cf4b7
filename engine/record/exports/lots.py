"""Lots of one coin at cost, first in, first out: what a sale gives up, and what it cost."""

from dataclasses import dataclass
from decimal import Decimal

from engine.core.money import ZERO, exact


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """A quantity bought at one price; negative: sold without being held."""

    quantity: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a change of a holding does to its lots.

    Attributes:
        lots: what is left, oldest first.
        reduced: the part that closes lots, with the sign of the change; cost: what these had cost, with that sign.
        added: the part that is a new lot.
    """

    lots: tuple[Lot, ...]
    reduced: Decimal
    cost: Decimal
    added: Decimal


def change_lots(lots: tuple[Lot, ...], quantity: Decimal, *, price: Decimal) -> Change:
    """Change a holding by `quantity`: against its sign the oldest lots go first, and what is left is a new one.

    Args:
        lots: oldest first, all of one sign, none of zero.
        price: of the new lot, in quote currency.
    """
    rest, cost = quantity, ZERO
    left = list(lots)
    with exact():
        while rest and left and (left[0].quantity > 0) != (rest > 0):
            oldest = left.pop(0)
            if abs(oldest.quantity) > abs(rest):
                left.insert(0, Lot(quantity=oldest.quantity + rest, price=oldest.price))
                taken = rest
            else:
                taken = oldest.quantity.copy_negate()
            cost += taken * oldest.price
            rest -= taken
        reduced = quantity - rest
    if rest:
        left.append(Lot(quantity=rest, price=price))
    return Change(lots=tuple(left), reduced=reduced, cost=cost, added=rest)
