"""Orders, fills and what a venue answers."""

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from engine.core.money import ZERO

CLIENT_ORDER_ID = re.compile(r"[a-zA-Z0-9_-]{1,36}")
RESET_BUY_BACK = "reset_buy_back"
"""The reason of an order that puts back on the exchange what a reset of it wiped, and the ledger goes on holding."""


class Side(StrEnum):
    """Direction of an order."""

    BUY = "buy"
    SELL = "sell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A market order for a base quantity.

    Attributes:
        client_order_id: the name under which its fate is asked; used once.
        asset, symbol: `ETH`, `ETH/USDT`.
        quantity: base units, a multiple of the lot step.
        decision_day, reason: the decision that it comes from.
        attempt: 1, or more where an earlier attempt under another id was proven not to be executed any further.
        expired: how many of the earlier attempts the venue took and executed next to nothing of.
    """

    client_order_id: str
    asset: str
    symbol: str
    side: Side
    quantity: Decimal
    decision_day: date
    reason: str
    attempt: int = 1
    expired: int = 0

    @property
    def restores(self) -> bool:
        """Whether it only puts back what a reset of the exchange wiped."""
        return self.reason == RESET_BUY_BACK

    def with_quantity(self, quantity: Decimal) -> "Order":
        """Give the same order for another quantity."""
        return replace(self, quantity=quantity)

    def next_attempt(self, quantity: Decimal, *, counts: bool = True) -> "Order":
        """Give the order that tries again what this one left, under an id of its own.

        Args:
            counts: whether this attempt was one that came to next to nothing.
        """
        following = int(self.client_order_id.rpartition("-")[2]) + 1
        return replace(
            self,
            client_order_id=f"{stem_of(self.client_order_id)}-{following}",
            quantity=quantity,
            attempt=following,
            expired=self.expired + counts,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """An execution of (a part of) an order.

    Attributes:
        at: instant of the execution, UTC.
        quantity: base units; price: quote per base unit; notional: their exact product.
        fee: the amount taken, in fee_asset.
        order_id: the venue's name of the order; trade_id: of the execution, empty where it gives none.
        market_price: of the real market at that moment, quote per base unit; None where it was not asked or not had.
    """

    at: datetime
    order_id: str
    client_order_id: str
    asset: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    notional: Decimal
    fee: Decimal
    fee_asset: str
    decision_day: date
    reason: str
    trade_id: str = ""
    market_price: Decimal | None = None

    @property
    def restores(self) -> bool:
        """Whether it only puts back what a reset of the exchange wiped; the ledger held it all along."""
        return self.reason == RESET_BUY_BACK


class OrderStatus(StrEnum):
    """What a venue knows of an order it was handed."""

    FILLED = "filled"
    WAITING = "waiting"
    REJECTED = "rejected"
    UNRESOLVED = "unresolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReport:
    """A venue's answer to one order.

    Attributes:
        fills: what was executed, in order; with status FILLED all that the venue will execute of it, with WAITING
            and UNRESOLVED none.
        again: what of the order should be tried under a new client order id: it expired, was refused for now, or was
            never placed.
        was_placed: False where it is proven that the venue never had it.
        message: why it waits or was rejected; empty otherwise.
    """

    status: OrderStatus
    fills: tuple[Fill, ...] = ()
    again: Decimal = ZERO
    was_placed: bool = True
    message: str = ""

    def __post_init__(self) -> None:
        if self.fills and self.status in (OrderStatus.WAITING, OrderStatus.UNRESOLVED):
            # The order would be handed over again at its full quantity.
            raise ValueError(f"a report with status {self.status} cannot carry fills")


def client_order_id(*, account: str, day: date, asset: str, side: Side, part: int = 1, attempt: int = 1) -> str:
    """Derive the name of an order from what it is for, so that a restart derives the same one.

    At most 36 characters of `[a-zA-Z0-9_-]` (Binance spot API, `newClientOrderId`, 2026-07).
    """
    name = f"{_tag(account, 8)}-{day:%Y%m%d}-{_tag(asset, 8)}-{side.value[0]}{part}-{attempt}"
    if not CLIENT_ORDER_ID.fullmatch(name):
        raise ValueError(f"client order id {name!r} does not match {CLIENT_ORDER_ID.pattern}")
    return name


def stem_of(client_order_id: str) -> str:
    """Give what the names of all attempts at an order have in common."""
    return client_order_id.rpartition("-")[0]


def restoring_order_id(*, account: str, day: date, asset: str, epoch: int, part: int) -> str:
    """Derive the name of the first attempt at an order that puts back what the reset before `epoch` wiped."""
    return f"{_tag(account, 8)}-{day:%Y%m%d}-{_tag(asset, 8)}-r{epoch}p{part}-1"


def _tag(text: str, length: int) -> str:
    # A name that is too long or not plain is replaced by its digest: two names must not meet in one tag.
    if len(text) <= length and CLIENT_ORDER_ID.fullmatch(text):
        return text
    return hashlib.sha256(text.encode()).hexdigest()[:length]
