"""The matching engine: takes an order against the book, books its trades, lets limit orders rest.

Only the account's own orders rest; whoever it trades with is the book that the bars make. Resting orders are matched
at the instants that the clock stands at, at their own price.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Literal

from engine.core.money import EXACT, ZERO, floor_to_step
from engine.core.order import Side
from engine.practice.accounts import Account
from engine.practice.book import Level, Market
from engine.practice.errors import ApiError
from engine.practice.filters import check_limit_order, check_market_order, check_position
from engine.practice.orders import OrderRecords, PracticeOrder, PracticeTrade
from engine.practice.rules import SMALLEST, SymbolRules

FEE_DISCOUNT = Decimal("0.75")
"""What of a commission is taken where it is paid in the exchange's own coin (Binance: 25 % off on spot, 2026)."""

OrderType = Literal["MARKET", "LIMIT", "LIMIT_MAKER"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """An order as it was asked for; its parameters are of the right form.

    Attributes:
        quantity: base units; None for a market order of a quote amount.
        quote_amount: quote currency that a market order is to spend or raise.
        price: of a limit order.
    """

    symbol: str
    side: Side
    order_type: OrderType
    client_order_id: str
    quantity: Decimal | None = None
    quote_amount: Decimal | None = None
    price: Decimal | None = None
    time_in_force: str = "GTC"
    self_trade_prevention: str = "EXPIRE_MAKER"


class MatchingEngine:
    """Executes orders of one account.

    Args:
        markets: by symbol.
        account, records: what it books into.
        commission: fraction of the received amount, taken from it, eight decimals.
        fee_market: the symbol of the coin that pays commissions instead, as long as there is enough of it; None: off.
    """

    def __init__(
        self, markets: Mapping[str, Market], account: Account, records: OrderRecords, commission: Decimal
    ) -> None:
        self._markets = markets
        self._account = account
        self._records = records
        self.commission = commission
        self.fee_market: str | None = None

    def check(self, request: OrderRequest, at: int) -> None:
        """Pass an order that would be accepted, or raise.

        Raises:
            ApiError: -1013 or -2010, with the exchange's text.
        """
        market = self._markets[request.symbol]
        mark = market.mark(at)
        if market.status(at) != "TRADING" or mark is None:
            raise ApiError(-1013, "Market is closed.")
        levels = market.levels(at, buying=request.side is Side.BUY)
        self._check_filters(request, market, mark, levels)
        if self._records.open_named(request.symbol, request.client_order_id):
            raise ApiError(-2010, "Duplicate order sent.")
        if request.order_type == "LIMIT_MAKER" and _crosses(request, levels):
            raise ApiError(-2010, "Order would immediately match and take.")
        asset, amount = self._needed(request, market, levels)
        self._account.require(asset, amount)

    def place(self, request: OrderRequest, at: int, *, share: Decimal | None = None) -> PracticeOrder:
        """Accept an order and execute what the book gives.

        Args:
            share: the fraction of the order that finds a counterpart, where the book is to fail it.

        Raises:
            ApiError: -1013 or -2010; nothing was placed.
        """
        self.check(request, at)
        market = self._markets[request.symbol]
        levels = market.levels(at, buying=request.side is Side.BUY)
        quantity = (
            request.quantity if request.quantity is not None else _quantity_for(request.quote_amount, levels, market)
        )
        order = PracticeOrder(
            order_id=self._records.next_order_id(request.symbol),
            client_order_id=request.client_order_id,
            symbol=request.symbol,
            side=request.side,
            order_type=request.order_type,
            time_in_force=request.time_in_force,
            price=request.price or ZERO,
            quantity=quantity,
            quote_amount=request.quote_amount or ZERO,
            at=at,
            updated_at=at,
            self_trade_prevention=request.self_trade_prevention,
        )
        self._records.add(order)
        self._take(order, market, _available(order, levels, market, share), at)
        return order

    def cancel(self, order: PracticeOrder, at: int) -> None:
        """Take an open order off the book."""
        self._account.release(*self._reserve(order, self._markets[order.symbol]))
        self._records.close(order, "CANCELED", at)

    def match_resting(self, at: int) -> None:
        """Execute the resting orders that the market has come to."""
        for order in self._records.open_orders():
            market = self._markets[order.symbol]
            quote = market.quote(at)
            if quote is None or market.is_delisted or market.status(at) != "TRADING":
                continue
            reached = quote.ask <= order.price if order.is_buy else quote.bid >= order.price
            if reached:
                self._book(order, market, Level(price=order.price, quantity=order.left), at, is_maker=True)
                self._records.close(order, "FILLED", at)

    def _check_filters(self, request: OrderRequest, market: Market, mark: Decimal, levels: Sequence[Level]) -> None:
        rules = market.rules
        if request.price is not None and request.quantity is not None:
            check_limit_order(
                rules,
                price=request.price,
                quantity=request.quantity,
                average_price=mark,
                open_orders=len(self._records.open_orders(request.symbol)),
            )
        elif request.quantity is not None:
            notional = EXACT.multiply(mark, request.quantity)
            check_market_order(rules, quantity=request.quantity, notional=notional)
        elif request.quote_amount is not None:
            if not levels:
                raise ApiError(-2010, "Order book liquidity is less than symbol minimum quantity.")
            quantity = _quantity_for(request.quote_amount, levels, market)
            check_market_order(rules, quantity=quantity, notional=request.quote_amount)
        if request.side is Side.BUY:
            wanted = request.quantity or _quantity_for(request.quote_amount, levels, market)
            check_position(rules, quantity=wanted, held=self._held_and_ordered(rules))

    def _held_and_ordered(self, rules: SymbolRules) -> Decimal:
        ordered = sum((each.left for each in self._records.open_orders(rules.symbol) if each.is_buy), ZERO)
        account = self._account
        return account.free.get(rules.base, ZERO) + account.locked.get(rules.base, ZERO) + ordered

    def _needed(self, request: OrderRequest, market: Market, levels: Sequence[Level]) -> tuple[str, Decimal]:
        rules = market.rules
        if request.side is Side.SELL:
            quantity = request.quantity
            return rules.base, _quantity_for(request.quote_amount, levels, market) if quantity is None else quantity
        if request.quote_amount is not None:
            return rules.quote, request.quote_amount
        quantity = request.quantity or ZERO
        if request.price is not None:
            return rules.quote, EXACT.multiply(request.price, quantity)
        return rules.quote, _cost(levels, quantity)

    def _take(self, order: PracticeOrder, market: Market, levels: Sequence[Level], at: int) -> None:
        for level in levels:
            self._book(order, market, level, at, is_maker=False)
        if order.left == 0:
            self._records.close(order, "FILLED", at)
        elif order.order_type == "MARKET" or order.time_in_force in {"IOC", "FOK"}:
            self._records.close(order, "EXPIRED", at)
        else:
            if order.executed:
                order.status = "PARTIALLY_FILLED"
            self._account.lock(*self._reserve(order, market))

    def _book(self, order: PracticeOrder, market: Market, level: Level, at: int, *, is_maker: bool) -> None:
        rules = market.rules
        amount = EXACT.multiply(level.price, level.quantity)
        received, gross = (rules.base, level.quantity) if order.is_buy else (rules.quote, amount)
        paid, cost = (rules.quote, amount) if order.is_buy else (rules.base, level.quantity)
        self._account.pay(paid, cost, from_locked=is_maker)
        self._account.receive(received, gross)
        commission, commission_asset = self._fee_in_coin(amount, at) or (
            EXACT.multiply(gross, self.commission).quantize(SMALLEST, ROUND_DOWN),
            received,
        )
        self._account.pay(commission_asset, commission, from_locked=False)
        order.executed = EXACT.add(order.executed, level.quantity)
        order.spent = EXACT.add(order.spent, amount)
        order.updated_at = at
        trade = PracticeTrade(
            trade_id=self._records.next_trade_id(order.symbol),
            order_id=order.order_id,
            symbol=order.symbol,
            side=order.side,
            price=level.price,
            quantity=level.quantity,
            amount=amount,
            commission=commission,
            commission_asset=commission_asset,
            at=at,
            is_maker=is_maker,
        )
        self._records.add_trade(order, trade)

    def _fee_in_coin(self, amount: Decimal, at: int) -> tuple[Decimal, str] | None:
        """Give what a trade of that much quote currency costs in the exchange's own coin; None: not enough is there."""
        market = None if self.fee_market is None else self._markets.get(self.fee_market)
        mark = None if market is None or market.is_delisted else market.mark(at)
        if market is None or not mark:
            return None
        fee = (amount * self.commission * FEE_DISCOUNT / mark).quantize(SMALLEST, ROUND_DOWN)
        coin = market.rules.base
        return (fee, coin) if self._account.free.get(coin, ZERO) >= fee else None

    def _reserve(self, order: PracticeOrder, market: Market) -> tuple[str, Decimal]:
        if order.is_buy:
            return market.rules.quote, EXACT.multiply(order.price, order.left)
        return market.rules.base, order.left


def _available(order: PracticeOrder, levels: Sequence[Level], market: Market, share: Decimal | None) -> Sequence[Level]:
    """Give what the order takes of the book, level by level."""
    left = order.quantity if share is None else floor_to_step(order.quantity * share, market.rules.lot_step)
    taken = []
    for level in levels:
        if order.price and (level.price > order.price if order.is_buy else level.price < order.price):
            break
        quantity = min(level.quantity, left)
        if quantity > 0:
            taken.append(Level(price=level.price, quantity=quantity))
            left -= quantity
    if order.time_in_force == "FOK" and sum((level.quantity for level in taken), ZERO) < order.quantity:
        return ()
    return taken


def _crosses(request: OrderRequest, levels: Sequence[Level]) -> bool:
    if not levels or request.price is None:
        return False
    best = levels[0].price
    return request.price >= best if request.side is Side.BUY else request.price <= best


def _quantity_for(amount: Decimal | None, levels: Sequence[Level], market: Market) -> Decimal:
    """Give the quantity, on the lot step, that a quote amount comes to."""
    left, quantity = amount or ZERO, ZERO
    for level in levels:
        part = min(level.quantity, floor_to_step(left / level.price, market.rules.lot_step))
        quantity += part
        left -= part * level.price
    return quantity


def _cost(levels: Sequence[Level], quantity: Decimal) -> Decimal:
    left, cost = quantity, ZERO
    for level in levels:
        part = min(level.quantity, left)
        cost = EXACT.add(cost, EXACT.multiply(part, level.price))
        left -= part
    return cost
