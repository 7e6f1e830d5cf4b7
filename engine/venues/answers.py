"""What an exchange answers, as facts with exact decimals; no transport and no library."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from engine.core.instrument import Instrument
from engine.core.order import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What the account holds of one asset: `locked` is held by open orders."""

    free: Decimal
    locked: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Best bid and ask, in quote currency, with the quantity there."""

    bid: Decimal
    bid_quantity: Decimal
    ask: Decimal
    ask_quantity: Decimal


@dataclass(frozen=True, slots=True)
class Candle:
    """A daily bar in the exchange's own texts."""

    day: date
    open: str
    high: str
    low: str
    close: str
    volume: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketRules:
    """What the exchange accepts in one market, for market orders.

    Attributes:
        instrument: lot step (of LOT_SIZE and MARKET_LOT_SIZE both), least notional (0 where it does not apply to market
            orders), largest quantity, on the lot step.
        status: TRADING, HALT, BREAK, …
        takes_market_orders: open for spot market orders at all.
        minimum_quantity: the least quantity accepted.
    """

    instrument: Instrument
    status: str
    takes_market_orders: bool
    minimum_quantity: Decimal

    @property
    def is_tradable(self) -> bool:
        """Whether a market order would be taken now."""
        return self.status == "TRADING" and self.takes_market_orders


class OrderProgress(StrEnum):
    """How far an order has come: what is executed is `executed_quantity`, never the status."""

    OPEN = "open"
    FILLED = "filled"
    ENDED = "ended"
    """Nothing more will be executed, and not all was: cancelled, expired, rejected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One execution, with the fee as it was taken.

    Attributes:
        quantity: base units; price: quote per base unit.
        fee: the amount taken, in fee_asset.
    """

    trade_id: str
    order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_asset: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderState:
    """An order as the exchange knows it.

    Attributes:
        order_id: the exchange's; empty for an archived order, of which nothing was executed; its side is None.
        status: the exchange's own word; progress: what it means.
        quantity, executed_quantity: base units.
        at: of the last change.
        trades: None where the answer does not list all of them: then ask for them.
    """

    order_id: str
    client_order_id: str
    symbol: str
    side: Side | None
    status: str
    progress: OrderProgress
    quantity: Decimal
    executed_quantity: Decimal
    at: datetime
    trades: tuple[Trade, ...] | None


class RefusalKind(StrEnum):
    """Why an order was not placed."""

    FILTER = "filter"
    BALANCE = "balance"
    MARKET_CLOSED = "market closed"
    DUPLICATE = "duplicate"
    """An order with this client id is open: ask for it."""
    AUTHENTICATION = "authentication"
    CLOCK = "clock"
    RATE_LIMIT = "rate limit"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The exchange has the order; look at what is executed."""

    order: OrderState


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The order was certainly not placed.

    Attributes:
        code: the exchange's; 0 where the answer carried none.
    """

    kind: RefusalKind
    code: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """The order may be placed, and may be filled: ask for it before anything else."""

    message: str


Outcome: TypeAlias = Accepted | Refused | Unknown
