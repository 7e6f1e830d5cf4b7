"""An exchange that answers as chance will have it, and keeps books of its own, in fractions and by no rule of ours."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from random import Random

from engine.core.events import OrderSent
from engine.core.instrument import Instrument
from engine.core.money import ZERO, exact, floor_to_step
from engine.core.order import Fill, Order, OrderReport, OrderStatus, Side
from tests.support.fakes import instrument

PRICES = {"BTC": Decimal(100), "ETH": Decimal(10), "BNB": Decimal(50)}
STEP, LEAST = Decimal("0.001"), Decimal(5)
RATE = Decimal("0.001")
FATES = {
    "filled": 12,
    "half": 4,
    "next to nothing": 3,
    "nothing": 2,
    "the book is empty": 2,
    "refused for now": 3,
    "refused for good": 2,
    "lost": 2,
    "lost and filled": 3,
    "lost and half": 2,
}
SHARES = {"filled": "1", "half": "0.5", "next to nothing": "0.02", "nothing": "0"}


class FickleExchange:
    """A venue and an account at once.

    Attributes:
        balances: of the whole account, ours and others'; given: what they are after a reset.
        placed: what became of the orders that it took since the last reset, by client order id.
        names: under which it ever took one; it forgets them, whoever sends must not use one again.
        mishap: what happens before an order reaches it.
    """

    def __init__(self, chance: Random, *, cash: Decimal, beside: Mapping[str, str]) -> None:
        self._chance = chance
        self.given = {asset: Fraction(beside.get(asset, 0)) for asset in ("USDT", *PRICES)}
        self.given["USDT"] += Fraction(cash)
        self.balances = dict(self.given)
        self.placed: dict[str, OrderReport] = {}
        self.names: set[str] = set()
        self.mishap: Callable[[], None] = lambda: None

    def reset(self) -> None:
        """Forget all orders and trades, and give the first balances back."""
        self.balances = dict(self.given)
        self.placed.clear()

    def instruments(self) -> Mapping[str, Instrument]:
        return {asset: instrument(asset, step=str(STEP), least=str(LEAST)) for asset in PRICES}

    def why_closed(self, asset: str, at: datetime) -> str:
        return "halted" if self._chance.random() <= 0.15 else ""

    def held(self, asset: str) -> Decimal | None:
        return _decimal(self.balances[asset])

    def submit(self, order: Order, *, at: datetime, cash: Decimal, alongside: Sequence[Order] = ()) -> OrderReport:
        self.mishap()
        assert order.client_order_id not in self.names, "sent a second time"
        fate = self._chance.choices(list(FATES), list(FATES.values()))[0]
        if fate == "the book is empty":
            return OrderReport(status=OrderStatus.WAITING, message=fate)
        if fate == "refused for now" or (order.side is Side.SELL and self.balances[order.asset] < order.quantity):
            return OrderReport(status=OrderStatus.WAITING, again=order.quantity, was_placed=False, message=fate)
        if fate == "refused for good":
            return OrderReport(status=OrderStatus.REJECTED, message=fate)
        if fate != "lost":
            report = self._execute(order, Decimal(SHARES[fate.removeprefix("lost and ")]), cash, at)
            self.placed[order.client_order_id] = report
            self.names.add(order.client_order_id)
            if fate in SHARES:
                return report
        return OrderReport(status=OrderStatus.UNRESOLVED, message="no answer")

    def resolve(self, order: Order, *, at: datetime, sent: OrderSent | None = None) -> OrderReport:
        assert sent is not None
        assert sent.order == order
        if self._chance.random() < 0.3:
            return OrderReport(status=OrderStatus.UNRESOLVED, message="still asking")
        absent = OrderReport(
            status=OrderStatus.REJECTED, again=order.quantity, was_placed=False, message="was never placed"
        )
        return self.placed.get(order.client_order_id, absent)

    def knows(self, fill: Fill) -> bool:
        return fill.client_order_id in self.placed

    def has_forgotten(self, fill: Fill) -> bool:
        return not self.knows(fill)

    def lists(self, asset: str) -> bool:
        return asset in PRICES

    def lost_fills(self, assets: Sequence[str], since: datetime) -> Sequence[Fill]:
        return ()

    def holdings(self) -> Mapping[str, Decimal]:
        return {asset: _decimal(amount) for asset, amount in self.balances.items()}

    def holdings_once(self, is_enough: Callable[[Mapping[str, Decimal]], bool]) -> Mapping[str, Decimal] | None:
        return self.holdings()

    def asks(self, assets: Sequence[str]) -> Mapping[str, Decimal]:
        return {asset: PRICES[asset] for asset in assets}

    def _execute(self, order: Order, share: Decimal, cash: Decimal, at: datetime) -> OrderReport:
        price = PRICES[order.asset] + Decimal(self._chance.randint(-200, 200)) / 100
        wanted = floor_to_step(order.quantity * share, STEP)
        if order.side is Side.BUY:
            purse = _decimal(self.balances["USDT"]) if order.restores else cash
            wanted = min(wanted, floor_to_step(max(purse, ZERO) / (price * Decimal("1.003")), STEP))
        first = floor_to_step(wanted * Decimal(self._chance.choice(["0", "0.3", "0.6"])), STEP)
        fills = tuple(
            self._trade(order, quantity, price, at, number)
            for number, quantity in enumerate((first, wanted - first))
            if quantity > ZERO
        )
        rest = order.quantity - wanted if share < 1 else ZERO
        again = rest if rest * price >= LEAST else ZERO
        if not fills:
            return OrderReport(status=OrderStatus.REJECTED, again=again, message="ended as EXPIRED, nothing executed")
        return OrderReport(status=OrderStatus.FILLED, fills=fills, again=again)

    def _trade(self, order: Order, quantity: Decimal, price: Decimal, at: datetime, number: int) -> Fill:
        with exact():
            notional = quantity * price
        sign = 1 if order.side is Side.BUY else -1
        self.balances[order.asset] += sign * Fraction(quantity)
        self.balances["USDT"] -= sign * Fraction(notional)
        fee, fee_asset = self._fee(order, quantity, notional)
        self.balances[fee_asset] -= Fraction(fee)
        return Fill(
            at=at,
            order_id=f"of {order.client_order_id}",
            client_order_id=order.client_order_id,
            asset=order.asset,
            symbol=order.symbol,
            side=order.side,
            quantity=quantity,
            price=price,
            notional=notional,
            fee=fee,
            fee_asset=fee_asset,
            decision_day=order.decision_day,
            reason=order.reason,
            trade_id=str(number),
        )

    def _fee(self, order: Order, quantity: Decimal, notional: Decimal) -> tuple[Decimal, str]:
        """Take it of what was received or, where there is enough of it, in BNB."""
        received = (quantity, order.asset) if order.side is Side.BUY else (notional, "USDT")
        in_bnb = notional / PRICES["BNB"] * RATE
        if self._chance.random() < 0.5 and self.balances["BNB"] >= Fraction(in_bnb):
            return in_bnb, "BNB"
        return received[0] * RATE, received[1]


def _decimal(amount: Fraction) -> Decimal:
    with exact():
        return Decimal(amount.numerator) / Decimal(amount.denominator)
