"""Orders on an exchange: each sent once, and asked for by its client order id wherever the outcome is not certain."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol, assert_never

from engine.core.calendar import decision_instant
from engine.core.errors import NoMarketError, VenueError
from engine.core.events import OrderSent
from engine.core.instrument import Instrument, symbol_of
from engine.core.money import ONE, ZERO, exact, floor_to_step, plain, sizing
from engine.core.order import Order, OrderReport, OrderStatus, Side
from engine.venues.answers import (
    Accepted,
    OrderProgress,
    OrderState,
    Outcome,
    Quote,
    RefusalKind,
    Refused,
    Trade,
    Unknown,
)
from engine.venues.exchange_account import AccountClient
from engine.venues.exchange_fills import fill_of, is_fresh
from engine.venues.patience import pauses
from engine.venues.rules_of_now import RulesOfNow
from engine.venues.witnesses import BookedTrade, Witnesses, held_of

BUY_MARGIN = Decimal("0.002")
"""The ask moves between the quote and the fill; a buy sized to the last cent would be refused."""
EMPTY_BOOK = "one side of the book is empty"


class ExchangeClient(AccountClient, Protocol):
    """What this venue needs of an exchange's client."""

    def place_market(self, *, symbol: str, side: Side, quantity: Decimal, client_order_id: str) -> Outcome:
        """Send a market order, once."""
        ...

    def trades_of(self, symbol: str, order_id: str) -> tuple[Trade, ...]:
        """Give the executions of an order."""
        ...


class ExchangeVenue:
    """Sends market orders to an exchange and reports what became of them.

    Args:
        client: the exchange.
        instruments: trading rules by asset, also of coins that the exchange does not list yet.
        quote: what is paid with.
        commission: the rate that buys set aside for.
        listed: assets that the exchange lists; their rules are asked for together.
        booked_trades: symbol, id and instant of each trade that the journal has booked; ids count by symbol, and from 1
            again after a reset. Whoever books a trade adds it.
        market: the real market's best bid and ask by symbol; what cannot be had is left out.
        started_at: when this process began to trade, by the exchange's clock.
        settle_seconds: for so long at least an order is asked for that is not there.
        sleep: waits so many seconds, or less once the run is ending.
        ending: whether the run is to end.
    """

    def __init__(
        self,
        *,
        client: ExchangeClient,
        instruments: Mapping[str, Instrument],
        quote: str,
        commission: Decimal,
        listed: Collection[str],
        booked_trades: set[BookedTrade],
        market: Callable[[Sequence[str]], Mapping[str, Quote]],
        started_at: datetime,
        settle_seconds: float,
        sleep: Callable[[float], None],
        ending: Callable[[], bool],
    ) -> None:
        self._client = client
        self._quote = quote
        self._commission = commission
        self._booked = booked_trades
        self._market = market
        self._sleep = sleep
        self._ending = ending
        self._started_at = started_at
        self._settle_seconds = settle_seconds
        self._witnesses = Witnesses(client, timedelta(seconds=settle_seconds))
        self._rules = RulesOfNow(client, quote=quote, known=instruments, listed=listed)

    def instruments(self) -> Mapping[str, Instrument]:
        """Ask for the trading rules by asset; of coins that the exchange does not list, those of the start."""
        return self._rules.instruments()

    def why_closed(self, asset: str, at: datetime) -> str:
        """Ask whether the market takes orders and both sides of its book have some: a market order executes there.

        The filters of all markets are refreshed on the way, once an instant.
        """
        rules = self._rules.of(asset, at)
        if rules is None:
            return f"the exchange has no market {symbol_of(asset, self._quote)}"
        if not rules.is_tradable:
            return f"the market takes no orders now: {rules.status}"
        # Before anything is written of an order: a book that stays empty would fill the journal, cycle by cycle.
        symbol = rules.instrument.symbol
        return "" if symbol in self._client.best_quotes((symbol,)) else EMPTY_BOOK

    def submit(self, order: Order, *, at: datetime, cash: Decimal, alongside: Sequence[Order] = ()) -> OrderReport:
        """Send an order once. A buy is cut to its share of `cash` at the best asks, where that does not pay for all.

        One that restores what a reset wiped is paid by what the account holds beside our cash.

        It is asked for before it is sent: a journal that was put back does not know what was sent after its copy.
        """
        try:
            there = self._client.find_order(order.symbol, order.client_order_id)
        except NoMarketError as error:
            return OrderReport(status=OrderStatus.WAITING, message=str(error))
        if there is not None:
            return self._already_there(order, there, at)
        return self._send(order, at, cash, alongside)

    def _send(self, order: Order, at: datetime, cash: Decimal, alongside: Sequence[Order]) -> OrderReport:
        quotes = self._client.best_quotes([order.symbol, *(other.symbol for other in alongside)])
        quote = quotes.get(order.symbol)
        if quote is None:
            return OrderReport(status=OrderStatus.WAITING, message=EMPTY_BOOK)
        quantity = allowed = self._allowed(order)
        if order.side is Side.BUY:
            if order.restores:
                cash = max(held_of(self._client, self._quote) - cash, ZERO)
            quantity = min(quantity, self._affordable(order, cash, quotes, alongside))
        else:
            quantity = min(quantity, self._free(order.asset))
        price = quote.ask if order.side is Side.BUY else quote.bid
        if not self._is_sendable(order.asset, quantity, price):
            return self._not_sent(order, quantity, allowed, price)
        outcome = self._client.place_market(
            symbol=order.symbol, side=order.side, quantity=quantity, client_order_id=order.client_order_id
        )
        match outcome:
            case Accepted(order=state):
                return self._report(order, state, at)
            case Refused():
                return self._refusal(order, outcome)
            case Unknown(message=message):
                return OrderReport(status=OrderStatus.UNRESOLVED, message=message)
            case _:
                assert_never(outcome)

    def _not_sent(self, order: Order, quantity: Decimal, allowed: Decimal, price: Decimal) -> OrderReport:
        """Say why an order is too little to be sent: the rules allow no more, or the cash or the account is short."""
        is_short = quantity < allowed and self._is_sendable(order.asset, allowed, price)
        if is_short and order.side is Side.SELL:
            # The balance lags behind, the coins are locked by orders of others, or the exchange was reset.
            message = f"{plain(quantity)} of {plain(order.quantity)} {order.asset} are free in the account"
            return OrderReport(status=OrderStatus.WAITING, again=order.quantity, was_placed=False, message=message)
        message = f"{quantity} at {price} is below what may be sent"
        return OrderReport(
            status=OrderStatus.REJECTED, unpaid=allowed if is_short else ZERO, waived=is_short, message=message
        )

    def _already_there(self, order: Order, there: OrderState, at: datetime) -> OrderReport:
        """Say what an order is that nobody here has sent, and that has the name of one that is to be sent."""
        if there.at > self._started_at:
            return OrderReport(
                status=OrderStatus.REJECTED,
                waived=True,
                message=f"another bot on this account sent it at {there.at:%Y-%m-%d %H:%M:%S} UTC, out of a copy of "
                "this run's journal; end one of the two, and begin it in a new folder (--out)",
            )
        is_ours = there.side is order.side and there.quantity <= order.quantity
        if is_ours and self._is_booked(order.symbol, there):
            is_ours = False
        if is_ours and there.at >= decision_instant(order.decision_day):
            return self._report(order, there, at)
        return OrderReport(
            status=OrderStatus.WAITING,
            again=order.quantity,
            was_placed=False,
            message=f"another order has this name: {there.side} {plain(there.quantity)} at "
            f"{there.at:%Y-%m-%d %H:%M:%S} UTC",
        )

    def _is_booked(self, symbol: str, there: OrderState) -> bool:
        """Tell whether the journal has it already, as what it had lost and was taken up."""
        trades = self._client.trades_of(symbol, there.order_id) if there.executed_quantity else ()
        return any((symbol, trade.trade_id, trade.at) in self._booked for trade in trades)

    def held(self, asset: str) -> Decimal | None:
        """Ask what the account holds of an asset, ours or not, free or locked."""
        return held_of(self._client, asset)

    def resolve(self, order: Order, *, at: datetime, sent: OrderSent | None = None) -> OrderReport:
        """Ask what became of an order; that it was never placed is believed if no trade and no balance speak for it."""
        try:
            return self._resolve(order, at, sent)
        except NoMarketError as error:
            return self._resolve_without_market(order, sent, str(error))

    def _resolve(self, order: Order, at: datetime, sent: OrderSent | None) -> OrderReport:
        for seconds in pauses(self._settle_seconds):
            if seconds:
                self._sleep(seconds)
            state = self._client.find_order(order.symbol, order.client_order_id)
            if state is not None:
                return self._report(order, state, at)
        if self._ending():
            # The pauses were cut short: that it is not there yet says nothing.
            return OrderReport(status=OrderStatus.UNRESOLVED, message="not found yet; asked again at the next start")
        witness = self._witnesses.speak_for(order, sent=sent, booked=self._booked)
        if witness:
            return OrderReport(status=OrderStatus.UNRESOLVED, message=f"no such order, but {witness}")
        return OrderReport(
            status=OrderStatus.REJECTED, again=order.quantity, was_placed=False, message="was never placed"
        )

    def _resolve_without_market(self, order: Order, sent: OrderSent | None, message: str) -> OrderReport:
        """Settle an order of which nobody can be asked, because its market has left: the balance alone may speak."""
        if sent is not None and sent.held is not None and held_of(self._client, order.asset) == sent.held:
            return OrderReport(
                status=OrderStatus.REJECTED,
                again=order.quantity,
                was_placed=False,
                message=f"the balance did not move, and the market has left: {message}",
            )
        return OrderReport(status=OrderStatus.UNRESOLVED, message=message)

    def _report(self, order: Order, state: OrderState, at: datetime) -> OrderReport:
        if state.progress is OrderProgress.OPEN:
            return OrderReport(status=OrderStatus.UNRESOLVED, message=f"still {state.status}")
        trades = state.trades
        if trades is None:
            trades = self._client.trades_of(order.symbol, state.order_id) if state.executed_quantity else ()
        with exact():
            listed = sum((trade.quantity for trade in trades), ZERO)
        if listed != state.executed_quantity:
            # Trades may become visible later than their order.
            return OrderReport(status=OrderStatus.UNRESOLVED, message=f"{listed} of {state.executed_quantity} listed")
        self._booked |= {(order.symbol, trade.trade_id, trade.at) for trade in trades}
        market_price = self._market_price(order.symbol) if trades and is_fresh(trades, at) else None
        fills = tuple(fill_of(order, trade, market_price) for trade in trades)
        again = self._rest(order, state)
        if fills:
            return OrderReport(
                status=OrderStatus.FILLED,
                fills=fills,
                again=again,
                was_cut=self._was_cut(order, state) and state.executed_quantity == state.quantity,
                unpaid=self._unpaid(order, state, trades[-1].price),
                message=state.status,
            )
        return OrderReport(
            status=OrderStatus.REJECTED, again=again, message=f"ended as {state.status}, nothing executed"
        )

    def _market_price(self, symbol: str) -> Decimal | None:
        quote = self._market((symbol,)).get(symbol)
        with sizing():
            return None if quote is None else (quote.bid + quote.ask) / 2

    def _rest(self, order: Order, state: OrderState) -> Decimal:
        """Give what is worth another attempt; less than the exchange accepts is dust, and stays."""
        # A sell is cut to what is free in the account: what was not is sold once it is.
        goes_on = order.side is Side.SELL or self._was_cut(order, state)
        with exact():
            rest = (order.quantity if goes_on else state.quantity) - state.executed_quantity
        rest = floor_to_step(max(rest, ZERO), self._rules.last(order.asset).instrument.lot_step)
        if rest <= ZERO:
            return ZERO
        quote = self._client.best_quotes((order.symbol,)).get(order.symbol)
        if quote is None:
            # Whether it is dust is seen when it is to be sent; what was executed has to be booked now.
            return rest
        price = quote.ask if order.side is Side.BUY else quote.bid
        return rest if self._is_sendable(order.asset, rest, price) else ZERO

    def _was_cut(self, order: Order, state: OrderState) -> bool:
        """Tell whether less was sent than ordered because the market takes no more at once; not for want of cash."""
        has_largest = self._rules.last(order.asset).instrument.maximum_quantity is not None
        return has_largest and state.quantity == self._allowed(order) < order.quantity

    def _unpaid(self, order: Order, state: OrderState, price: Decimal) -> Decimal:
        """Give what of a buy was not sent for want of cash, as far as it is enough for an order at the price paid."""
        with exact():
            unsent = order.quantity - state.quantity
        if order.side is Side.SELL or unsent <= ZERO or self._was_cut(order, state):
            return ZERO
        return unsent if self._is_sendable(order.asset, unsent, price) else ZERO

    def _refusal(self, order: Order, refused: Refused) -> OrderReport:
        message = f"{refused.kind}: {refused.message}"
        match refused.kind:
            case RefusalKind.AUTHENTICATION:
                raise VenueError(f"{order.symbol}: the exchange refused the keys: {refused.message}")
            case RefusalKind.DUPLICATE:
                return OrderReport(status=OrderStatus.UNRESOLVED, message=message)
            case RefusalKind.BALANCE if order.side is Side.BUY:
                # The ask ran away from the cash: the next attempt is cut at the price of then.
                return OrderReport(status=OrderStatus.REJECTED, again=order.quantity, message=message)
            # A sell: the balance lags behind, or the exchange was reset; what is sold is ours, so that is looked into.
            case RefusalKind.MARKET_CLOSED | RefusalKind.RATE_LIMIT | RefusalKind.CLOCK | RefusalKind.BALANCE:
                return OrderReport(status=OrderStatus.WAITING, again=order.quantity, was_placed=False, message=message)
            case RefusalKind.FILTER | RefusalKind.OTHER:
                return OrderReport(status=OrderStatus.REJECTED, message=message)

    def _allowed(self, order: Order) -> Decimal:
        """Give the order's quantity on the grid and under the limit of today; both move while a run lasts."""
        instrument = self._rules.last(order.asset).instrument
        largest = instrument.maximum_quantity
        quantity = order.quantity if largest is None else min(order.quantity, largest)
        return floor_to_step(quantity, instrument.lot_step)

    def _free(self, asset: str) -> Decimal:
        """Ask what of an asset the account has free, ours or not, on the grid of today."""
        balance = self._client.balances().get(asset)
        return ZERO if balance is None else floor_to_step(balance.free, self._rules.last(asset).instrument.lot_step)

    def _affordable(
        self, order: Order, cash: Decimal, quotes: Mapping[str, Quote], alongside: Sequence[Order]
    ) -> Decimal:
        """Give what the order's share of the cash pays for: the whole order, or as much less as all of them."""
        if cash <= ZERO:
            return ZERO
        buys = [each for each in (order, *alongside) if each.symbol in quotes]
        with sizing():
            margin = ONE + self._commission + BUY_MARGIN
            cost = sum((each.quantity * quotes[each.symbol].ask * margin for each in buys), ZERO)
            share = order.quantity if cost <= cash else order.quantity * cash / cost
            return floor_to_step(share, self._rules.last(order.asset).instrument.lot_step)

    def _is_sendable(self, asset: str, quantity: Decimal, price: Decimal) -> bool:
        rules = self._rules.last(asset)
        with exact():
            notional = quantity * price
        return quantity > ZERO and quantity >= rules.minimum_quantity and notional >= rules.instrument.minimum_notional
