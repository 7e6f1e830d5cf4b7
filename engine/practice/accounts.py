"""Balances, exact to the last digit: what is free, and what open orders have locked."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from engine.core.money import EXACT, ZERO
from engine.practice.errors import ApiError

FOREIGN_COINS = 400
UNWRITABLE_COINS = ("这是测试币", "456")
"""Assets that the testnet has (2026-06): a program that cannot print or store such names fails on it."""


def foreign_grants(known: Mapping[str, Decimal]) -> Mapping[str, Decimal]:
    """Give the coins that a testnet account holds besides those that anyone asked for, hundreds of them."""
    names = [*(f"TEST{number:03d}" for number in range(1, FOREIGN_COINS + 1)), *UNWRITABLE_COINS]
    return {name: Decimal(18466) for name in names if name not in known}


@dataclass(frozen=True, slots=True, kw_only=True)
class Balances:
    """What an account held at an instant, by asset."""

    free: Mapping[str, Decimal]
    locked: Mapping[str, Decimal]


class Account:
    """The balances of the one account that all keys belong to.

    Args:
        allowance: what it holds at the start and after each reset, by asset.
    """

    def __init__(self, allowance: Mapping[str, Decimal]) -> None:
        self._allowance = dict(allowance)
        self.free: dict[str, Decimal] = {}
        self.locked: dict[str, Decimal] = {}
        self.version = 0
        self.restore()

    def restore(self) -> None:
        """Put every balance back to the allowance."""
        self.free = dict(self._allowance)
        self.locked = {}
        self.version += 1

    def put(self, asset: str, amount: Decimal) -> None:
        """Let that much of an asset be free, as if its owner had paid in or out."""
        self.free[asset] = amount
        self.version += 1

    def rename(self, asset: str, name: str) -> None:
        """Turn all of an asset into another, one for one."""
        for balances in (self.free, self.locked, self._allowance):
            if asset in balances:
                balances[name] = EXACT.add(balances.get(name, ZERO), balances.pop(asset))
        self.version += 1

    def require(self, asset: str, amount: Decimal) -> None:
        """Pass if that much is free.

        Raises:
            ApiError: -2010, it is not.
        """
        if self.free.get(asset, ZERO) < amount:
            raise ApiError(-2010)

    def lock(self, asset: str, amount: Decimal) -> None:
        """Set an amount aside for an open order.

        Raises:
            ApiError: -2010, it is not free.
        """
        self.require(asset, amount)
        self._add(self.free, asset, -amount)
        self._add(self.locked, asset, amount)

    def release(self, asset: str, amount: Decimal) -> None:
        """Give back what an order had set aside."""
        self._add(self.locked, asset, -amount)
        self._add(self.free, asset, amount)

    def pay(self, asset: str, amount: Decimal, *, from_locked: bool) -> None:
        """Take an amount out of the account."""
        self._add(self.locked if from_locked else self.free, asset, -amount)

    def receive(self, asset: str, amount: Decimal) -> None:
        """Put an amount into the account."""
        self._add(self.free, asset, amount)

    def _add(self, balances: dict[str, Decimal], asset: str, amount: Decimal) -> None:
        balances[asset] = EXACT.add(balances.get(asset, ZERO), amount)
        self.version += 1
