"""The account of an exchange: what it holds, and whether it still knows what it once filled."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from engine.core.errors import NoMarketError
from engine.core.instrument import symbol_of
from engine.core.money import exact
from engine.core.order import RESET_BUY_BACK, TAKEN_UP, Fill, day_named, restores_by_name
from engine.venues.answers import OrderState, Quote
from engine.venues.exchange_fills import fill_of_trade
from engine.venues.patience import pauses
from engine.venues.rules_of_now import RulesClient
from engine.venues.witnesses import BookedTrade, WitnessClient

ONE_SECOND = timedelta(seconds=1)


class AccountClient(WitnessClient, RulesClient, Protocol):
    """What is needed of an exchange's client."""

    def best_quotes(self, symbols: Sequence[str]) -> Mapping[str, Quote]:
        """Give best bid and ask by symbol."""
        ...

    def find_order(self, symbol: str, client_order_id: str) -> OrderState | None:
        """Give an order by its client order id; None where the exchange knows none."""
        ...


class ExchangeAccount:
    """Asks an exchange about the account.

    Args:
        account: names the account in client order ids.
        booked: what the journal has booked; whoever books a trade adds it.
        quote: what is paid with.
        settle_seconds: for so long at least it is asked for what is not there.
        sleep: waits so many seconds, or less once the run is ending.
        ending: whether the run is to end.
    """

    def __init__(
        self,
        client: AccountClient,
        *,
        quote: str,
        account: str,
        booked: set[BookedTrade],
        settle_seconds: float,
        sleep: Callable[[float], None],
        ending: Callable[[], bool],
    ) -> None:
        self._client = client
        self._quote = quote
        self._account = account
        self._booked = booked
        self._settle_seconds = settle_seconds
        self._sleep = sleep
        self._ending = ending

    def knows(self, fill: Fill) -> bool | None:
        """Tell whether the order of a fill is known now, or its trade.

        None: the market has left the exchange, which says nothing of its orders any more.

        Ids start again from small numbers after a reset: a trade is the same only if its instant is, and if its order
        has no other name, as far as that is shown.
        """
        try:
            if self._client.find_order(fill.symbol, fill.client_order_id) is not None:
                return True
            trades = self._client.recent_trades(fill.symbol, fill.at - ONE_SECOND)
            alike = [trade for trade in trades if (trade.trade_id, trade.at) == (fill.trade_id, fill.at)]
            names = [self._client.client_id_of(fill.symbol, trade.order_id) for trade in alike]
        except NoMarketError:
            return None
        return any(name in (None, fill.client_order_id) for name in names)

    def has_forgotten(self, fill: Fill) -> bool:
        """Tell whether neither the order of a fill nor its trade is known any more, asked with patience."""
        for seconds in pauses(self._settle_seconds):
            if seconds:
                self._sleep(seconds)
            if self.knows(fill) is not False:
                return False
        # Where the pauses were cut short, that it is not there says nothing.
        return not self._ending()

    def lost_fills(self, assets: Sequence[str], since: datetime) -> Sequence[Fill]:
        """Give the fills of this run's orders since an instant that its journal does not have; each is given once.

        Where there is one, or a trade whose order is not known yet, more may be under way: it is asked with patience.
        """
        fills: Sequence[Fill] = ()
        for seconds in pauses(self._settle_seconds):
            if seconds:
                self._sleep(seconds)
            fills, nameless = self._lost_by_now(assets, since)
            if not fills and not nameless:
                break
        self._booked |= {(fill.symbol, fill.trade_id, fill.at) for fill in fills}
        return sorted(fills, key=lambda fill: fill.at)

    def _lost_by_now(self, assets: Sequence[str], since: datetime) -> tuple[Sequence[Fill], int]:
        """Give what is lost as far as it is shown, and how many trades are whose order is not."""
        fills: list[Fill] = []
        nameless = 0
        for asset in assets:
            symbol = symbol_of(asset, self._quote)
            with suppress(NoMarketError):
                trades = self._client.recent_trades(symbol, since)
                strange = [each for each in trades if (symbol, each.trade_id, each.at) not in self._booked]
                orders = dict.fromkeys(each.order_id for each in strange)
                names = {order_id: self._client.client_id_of(symbol, order_id) for order_id in orders}
                nameless += sum(name is None for name in names.values())
                fills += [
                    fill_of_trade(
                        trade,
                        asset=asset,
                        name=name,
                        day=day,
                        reason=RESET_BUY_BACK if restores_by_name(name) else TAKEN_UP,
                    )
                    for trade in strange
                    if (name := names[trade.order_id]) and (day := day_named(name, self._account))
                ]
        return fills, nameless

    def lists(self, asset: str) -> bool:
        """Tell whether the exchange has a market of an asset, be it halted."""
        return asset in self._client.instruments((asset,), self._quote)

    def holdings(self) -> Mapping[str, Decimal]:
        """Give what the account holds of each asset, free or locked by orders."""
        with exact():
            return {asset: balance.free + balance.locked for asset, balance in self._client.balances().items()}

    def holdings_once(self, is_enough: Callable[[Mapping[str, Decimal]], bool]) -> Mapping[str, Decimal] | None:
        """Give what the account holds once it is enough, or what it holds in the end, asked with patience.

        None: the run is ending, and what an early answer lacks says nothing.
        """
        held: Mapping[str, Decimal] = {}
        for seconds in pauses(self._settle_seconds):
            if seconds:
                self._sleep(seconds)
            held = self.holdings()
            if is_enough(held):
                return held
        return None if self._ending() else held

    def asks(self, assets: Sequence[str]) -> Mapping[str, Decimal]:
        """Give the best ask by asset; one that nobody offers is left out."""
        if not assets:
            return {}
        symbols = {symbol_of(asset, self._quote): asset for asset in assets}
        return {symbols[symbol]: quote.ask for symbol, quote in self._client.best_quotes(list(symbols)).items()}
