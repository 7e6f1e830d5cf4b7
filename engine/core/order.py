"""Orders, fills and what a venue answers."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from engine.core.money import ZERO, sizing
from engine.core.retry_policy import LEAST_PROGRESS, AttemptEnd

CLIENT_ORDER_ID = re.compile(r"[a-zA-Z0-9_-]{1,36}")
LONGEST_CLIENT_ORDER_ID = 36
ATTEMPT_DIGITS = 4
"""The retry policy ends below 10,000 attempts."""
EPOCH_DIGITS = 3
"""A letter, and the number of an epoch: eight years of monthly resets."""
LONGEST_KIND = 7
"""Beside a name of eight letters and a day it leaves five for the asset."""
RESTORING_KIND = re.compile(r"r(?P<epoch>[0-9]+)p[0-9]+|x(?P<digits>[0-9a-z]{2})[0-9a-z]{2}")
ATTEMPT = re.compile(r"(?P<attempt>[0-9]+)(e(?P<epoch>[0-9]+))?")
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
TAKEN_UP = "taken_up"
"""The reason of a fill that a journal had lost, as one that was put back, and that the exchange still knows."""
DELISTED = "delisted"
"""The reason of a sale that no venue executed: of a coin without bars any more, in the books of history."""
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
        expired, progressed, cut, refused, unplaced, unpaid: how many of the earlier attempts ended so (`AttemptEnd`).
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
    progressed: int = 0
    cut: int = 0
    refused: int = 0
    unplaced: int = 0
    unpaid: int = 0

    @property
    def restores(self) -> bool:
        """Whether it only puts back what a reset of the exchange wiped."""
        return self.reason == RESET_BUY_BACK

    @property
    def earlier(self) -> Mapping[AttemptEnd, int]:
        """How many of the earlier attempts ended in which way."""
        return {
            AttemptEnd.EXPIRED: self.expired,
            AttemptEnd.PROGRESSED: self.progressed,
            AttemptEnd.CUT: self.cut,
            AttemptEnd.REFUSED: self.refused,
            AttemptEnd.UNPLACED: self.unplaced,
            AttemptEnd.UNPAID: self.unpaid,
        }

    def with_quantity(self, quantity: Decimal) -> "Order":
        """Give the same order for another quantity."""
        return replace(self, quantity=quantity)

    def named(self, client_order_id: str) -> "Order":
        """Give the attempt at the same order that has another name."""
        return replace(self, client_order_id=client_order_id, attempt=attempt_named(client_order_id))

    def next_attempt(self, quantity: Decimal, *, ended: AttemptEnd) -> "Order":
        """Give the order that tries again what this one left, under an id of its own.

        Args:
            ended: how this attempt ended.
        """
        return replace(
            self.in_epoch(_attempt_of(self.client_order_id)[1]),
            quantity=quantity,
            expired=self.expired + (ended is AttemptEnd.EXPIRED),
            progressed=self.progressed + (ended is AttemptEnd.PROGRESSED),
            cut=self.cut + (ended is AttemptEnd.CUT),
            refused=self.refused + (ended is AttemptEnd.REFUSED),
            unplaced=self.unplaced + (ended is AttemptEnd.UNPLACED),
            unpaid=self.unpaid + (ended is AttemptEnd.UNPAID),
        )

    def in_epoch(self, epoch: int) -> "Order":
        """Give the order that goes on with this one after a reset of the exchange, under a name that nobody has used.

        Args:
            epoch: the number of the one that the reset begins.
        """
        attempt = _attempt_of(self.client_order_id)[0] + 1
        name = f"{stem_of(self.client_order_id)}-{_attempt_tag(attempt, epoch)}"
        return self.named(name)


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
        was_cut: whether less than the order was handed over, because the market takes no more at once, and all of that
            was executed.
        waived: whether what was not executed is not missed: cash does not pay for it, or somebody else has sent it.
        unpaid: what of a buy was not sent because the cash does not pay for it, and is enough for an order.
        message: why it waits or was rejected; empty otherwise.
    """

    status: OrderStatus
    fills: tuple[Fill, ...] = ()
    again: Decimal = ZERO
    was_placed: bool = True
    was_cut: bool = False
    unpaid: Decimal = ZERO
    waived: bool = False
    message: str = ""

    def __post_init__(self) -> None:
        if self.fills and self.status in (OrderStatus.WAITING, OrderStatus.UNRESOLVED):
            # The order would be handed over again at its full quantity.
            raise ValueError(f"a report with status {self.status} cannot carry fills")

    @property
    def executed(self) -> Decimal:
        """Base units that were executed."""
        with sizing():
            return sum((fill.quantity for fill in self.fills), ZERO)

    def end_of(self, order: Order) -> AttemptEnd:
        """Say how the attempt at `order` ended that this answers; only where its outcome is known."""
        if self.again <= ZERO:
            return AttemptEnd.UNPAID if self.unpaid > ZERO else AttemptEnd.FINAL
        if self.status is OrderStatus.WAITING:
            return AttemptEnd.REFUSED
        if not self.was_placed:
            return AttemptEnd.UNPLACED
        if self.was_cut:
            return AttemptEnd.CUT
        with sizing():
            has_progress = self.executed / order.quantity >= LEAST_PROGRESS
        return AttemptEnd.PROGRESSED if has_progress else AttemptEnd.EXPIRED


def client_order_id(
    *, account: str, day: date, asset: str, side: Side, part: int = 1, attempt: int = 1, epoch: int = 1
) -> str:
    """Derive the name of an order from what it is for, so that a restart derives the same one.

    At most 36 characters of `[a-zA-Z0-9_-]` (Binance spot API, `newClientOrderId`, 2026-07).

    Args:
        account: the run's identity on an exchange (two runs must not meet in one name there), its name elsewhere.
        epoch: in which it is planned. An exchange that was reset does not know which names were used before, and a
            journal that was put back does not either.
    """
    kind, last = f"{side.value[0]}{part}", _attempt_tag(attempt, epoch)
    return _named(account=account, day=day, asset=asset, kind=kind, last=last, longest=ATTEMPT_DIGITS + EPOCH_DIGITS)


def named_by(account: str) -> str:
    """Give what the names of all orders of an account begin with."""
    return f"{_tag(account, 8)}-"


def day_named(client_order_id: str, account: str) -> date | None:
    """Give the decision day that an order's name says; None for a name that is not of this account's orders."""
    owner = named_by(account)
    day = client_order_id.removeprefix(owner).partition("-")[0]
    if not client_order_id.startswith(owner) or not re.fullmatch(r"[0-9]{8}", day):
        return None
    try:
        return date.fromisoformat(day)
    except ValueError:
        return None


def epoch_named(client_order_id: str) -> int:
    """Give the epoch in which an order was planned, by its name; 1 for a name that says none."""
    kind = stem_of(client_order_id).rpartition("-")[2]
    if found := RESTORING_KIND.fullmatch(kind):
        return int(found["epoch"]) if found["epoch"] else int(found["digits"], len(DIGITS))
    return _attempt_of(client_order_id)[1]


def attempt_named(client_order_id: str) -> int:
    """Give which attempt at an order it was, by its name."""
    return _attempt_of(client_order_id)[0]


def restores_by_name(client_order_id: str) -> bool:
    """Tell whether an order's name is one of those that `restoring_order_id` gives."""
    return RESTORING_KIND.fullmatch(stem_of(client_order_id).rpartition("-")[2]) is not None


def stem_of(client_order_id: str) -> str:
    """Give what the names of all attempts at an order have in common, whatever the epoch."""
    return client_order_id.rpartition("-")[0]


def restoring_order_id(*, account: str, day: date, asset: str, epoch: int, part: int) -> str:
    """Derive the name of the first attempt at an order that puts back what the reset before `epoch` wiped."""
    kind = f"r{epoch}p{part}"
    if len(kind) > LONGEST_KIND:
        kind = f"x{_two_digits(epoch)}{_two_digits(part)}"
    return _named(account=account, day=day, asset=asset, kind=kind, last=_attempt_tag(1, 1), longest=ATTEMPT_DIGITS)


def delisting_order_id(*, account: str, day: date, asset: str) -> str:
    """Derive the name under which the sale of a delisted asset is booked; no order was sent by it."""
    return _named(account=account, day=day, asset=asset, kind="d1", last=_attempt_tag(1, 1), longest=ATTEMPT_DIGITS)


def _two_digits(number: int) -> str:
    """Write a number below 1296 with two digits, each of 36."""
    high, low = divmod(number, len(DIGITS))
    return f"{DIGITS[high]}{DIGITS[low]}"


def _attempt_tag(attempt: int, epoch: int) -> str:
    return f"{attempt}" if epoch == 1 else f"{attempt}e{epoch}"


def _attempt_of(client_order_id: str) -> tuple[int, int]:
    """Give the number of the attempt and the epoch that the last part of a name says; 1 for what it does not say."""
    found = ATTEMPT.fullmatch(client_order_id.rpartition("-")[2])
    return (int(found["attempt"]), int(found["epoch"] or 1)) if found else (1, 1)


def _named(*, account: str, day: date, asset: str, kind: str, last: str, longest: int) -> str:
    owner = f"{named_by(account)}{day:%Y%m%d}"
    # Room for every attempt that follows: the last numbers are as long as the policy allows attempts.
    room = LONGEST_CLIENT_ORDER_ID - len(f"{owner}--{kind}-") - longest
    name = f"{owner}-{_tag(asset, max(4, min(8, room)))}-{kind}-{last}"
    if not CLIENT_ORDER_ID.fullmatch(name):
        raise ValueError(f"client order id {name!r} does not match {CLIENT_ORDER_ID.pattern}")
    return name


def _tag(text: str, length: int) -> str:
    # A name that is too long or not plain is replaced by its digest: two names must not meet in one tag.
    if len(text) <= length and CLIENT_ORDER_ID.fullmatch(text):
        return text
    return hashlib.sha256(text.encode()).hexdigest()[:length]
