"""What can be the matter with account, market, answers, exchange and journal, as values and as a case."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

from engine.practice.calls import Call
from engine.practice.exchange import PracticeExchange
from engine.practice.faults import ORDER_PATH, Fault
from tests.support.disturbed import END, ROTATION, Case, Death, Disturbance, Rig, day_number
from tests.support.pairwise import Cell

FEES: Mapping[str, str | None] = {
    "of what is received": None,
    "none": None,
    "in a coin that is sold": "ETH",
    "in a coin that is bought": "SOL",
    "in a coin that is no target": "BNB",
}
OWN = ("0", "0.3", "0.5", "1", "100")
MARKETS = {
    "BTC sold": "BTCUSDT",
    "ETH sold": "ETHUSDT",
    "SOL bought": "SOLUSDT",
    "XRP bought": "XRPUSDT",
}
LAGS: Mapping[str, Mapping[str, int]] = {
    "none": {},
    "orders 5 s": {"orders": 5},
    "orders 60 s": {"orders": 60},
    "trades 30 s": {"trades": 30},
    "account 12 s": {"account": 12},
    "account 60 s": {"account": 60},
    "all 15 s": {"orders": 15, "trades": 15, "account": 15},
    "all 59 s": {"orders": 59, "trades": 59, "account": 59},
}
RESETS = ("none", "before", "between", "during", "after", "imagined")
ENDS = (
    "none",
    "halted, held",
    "halted, targeted",
    "delisted, held",
    "delisted, targeted",
    "delisted, neither",
    "renamed, held",
    "renamed, targeted",
    "tiny pieces, held",
    "tiny pieces, targeted",
    "no more than is held",
)
JOURNALS = ("as it is", "killed", "put back", "two folders", "the host's clock wrong")
SOLD, BOUGHT, NEITHER = "ETHUSDT", "SOLUSDT", "BNBUSDT"
LOST_ANSWER = Fault(kind="drop", when="after")
ONE_REQUEST, SECOND_ORDER, THIRD_ORDER = 1, 2, 3


@dataclass(slots=True, kw_only=True)
class Script:
    """Does to the exchange, request by request, what a cell says.

    Attributes:
        is_refused: whether less than what was planned may be traded of an order, by what its trouble is.
        orders, requests: how many came; accepted_before: names of orders of before the reset.
    """

    rig: Rig
    cell: Cell
    is_refused: bool
    orders: int = 0
    requests: int = 0
    was_reset: bool = False
    is_due: bool = False
    accepted_before: list[str] = field(default_factory=list)

    def case(self, faults: tuple[Fault, ...]) -> Case:
        """Give the case; `faults` strike requests to place orders."""
        killed = Death(number=SECOND_ORDER, when="after", of="POST order")
        journal = self.cell["journal"]
        struck = Disturbance(faults=faults, puts_back=journal == "put back")
        return Case(
            name=", ".join(f"{name}: {value}" for name, value in self.cell.items()),
            lives=(replace(struck, death=killed) if journal in {"killed", "put back"} else struck,),
            last=END,
            own=Decimal(self.cell["own"]),
            prepare=self._prepare,
            on_request=self._watch,
            waits_after_failures=True,
            has_rival=journal == "two folders",
        )

    def has_left(self, asset: str) -> bool:
        """Tell whether the market of a coin is not there any more."""
        gone = ("delisted", "renamed")
        ends = {SOLD: "held", BOUGHT: "targeted"}
        return any(self.cell["market"] == f"{how}, {ends.get(f'{asset}USDT')}" for how in gone)

    def _prepare(self, exchange: PracticeExchange) -> None:
        exchange.pay_fees_in(FEES[self.cell["fees"]])
        if self.cell["fees"] == "none":
            exchange.engine.commission = Decimal(0)
        for kind, seconds in LAGS[self.cell["lag"]].items():
            exchange.lags.set(kind, Decimal(seconds))
        _END_OF_MARKET[self.cell["market"]](exchange)
        if self.cell["reset"] == "imagined":
            for kind in ("orders", "trades"):
                exchange.lags.set(kind, Decimal(30))
            exchange.add_fault(Fault(kind="partial", share=Decimal("0.4"), method="POST", path=ORDER_PATH))
            exchange.add_fault(replace(LOST_ANSWER, method="POST", path=ORDER_PATH))
        if self.cell["order"] == "disabled for a day":
            exchange.allow_trading(allowed=False)

    def _watch(self, exchange: PracticeExchange, call: Call) -> None:
        self.requests += 1
        is_order = (call.method, call.path) == ("POST", ORDER_PATH)
        self.orders += is_order
        if is_order and self.orders == SECOND_ORDER and self.cell["journal"] == "the host's clock wrong":
            self.rig.skew = timedelta(days=3, hours=-1)
        if self._is_reset_due(exchange, is_order=is_order):
            self._reset(exchange)
        if day_number(exchange.now) > ROTATION:
            exchange.allow_trading(allowed=True)

    def _is_reset_due(self, exchange: PracticeExchange, *, is_order: bool) -> bool:
        if self.was_reset or self.is_due:
            return not self.was_reset
        match self.cell["reset"]:
            case "before":
                return self.requests == ONE_REQUEST
            case "between":
                return is_order and self.orders == THIRD_ORDER
            case "during":
                # Executed, and forgotten before anybody heard of it.
                if is_order and self.orders == SECOND_ORDER:
                    exchange.faults.pending.insert(0, replace(LOST_ANSWER, method="POST", path=ORDER_PATH))
                    self.is_due = True
                return False
            case "after":
                return day_number(exchange.now) > ROTATION
            case _:
                return False

    def _reset(self, exchange: PracticeExchange) -> None:
        records = exchange.records
        self.accepted_before += [
            order.client_order_id
            for symbol in records.symbols()
            for order in records.orders(symbol, from_id=1, start=None, end=None, limit=records.count())
        ]
        exchange.reset(keep_klines=True)
        self.was_reset = True


def _nothing(exchange: PracticeExchange) -> None:
    """Leave all markets as they are."""


def _tiny(symbol: str, share: int) -> Callable[[PracticeExchange], None]:
    def limit(exchange: PracticeExchange) -> None:
        market = exchange.markets[symbol]
        market.limit_market_quantity(market.rules.lot_step * share)

    return limit


def _full(exchange: PracticeExchange) -> None:
    exchange.markets[BOUGHT].limit_position(exchange.account.free[BOUGHT.removesuffix("USDT")])


_END_OF_MARKET: Mapping[str, Callable[[PracticeExchange], None]] = {
    "none": _nothing,
    "halted, held": lambda exchange: exchange.halt(SOLD, "HALT"),
    "halted, targeted": lambda exchange: exchange.halt(BOUGHT, "HALT"),
    "delisted, held": lambda exchange: exchange.delist(SOLD),
    "delisted, targeted": lambda exchange: exchange.delist(BOUGHT),
    "delisted, neither": lambda exchange: exchange.delist(NEITHER),
    "renamed, held": lambda exchange: exchange.rename(SOLD, "ETHX"),
    "renamed, targeted": lambda exchange: exchange.rename(BOUGHT, "SOLX"),
    # 19.4 ETH in steps of 0.0001, 490 SOL in steps of 0.001: some twenty pieces.
    "tiny pieces, held": _tiny(SOLD, 10_000),
    "tiny pieces, targeted": _tiny(BOUGHT, 25_000),
    "no more than is held": _full,
}
