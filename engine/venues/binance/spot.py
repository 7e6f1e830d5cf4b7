"""A typed and exact client of Binance spot's sandboxes: testnet and demo mode.

Reads are asked again until they are answered. An order is sent once, and what is not known of it is said to be unknown.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TypeVar

from engine.core.errors import NoMarketError, VenueError
from engine.core.instrument import symbol_of
from engine.core.money import ZERO, plain
from engine.core.order import CLIENT_ORDER_ID, Side
from engine.ports import QuietTimes
from engine.venues.answers import (
    Accepted,
    Balance,
    Candle,
    MarketRules,
    OrderState,
    Outcome,
    Quote,
    Refused,
    Trade,
    Unknown,
)
from engine.venues.binance import reading
from engine.venues.binance.client import RestClient
from engine.venues.binance.credentials import Credentials
from engine.venues.binance.filters import is_synthetic, market_rules, weight_limit
from engine.venues.binance.klines import PAGE_WEIGHT, page_query, read_page
from engine.venues.binance.pace import Pace
from engine.venues.binance.questions import Questions
from engine.venues.binance.reading import UnreadableError, market_id
from engine.venues.binance.signer import RECEIVE_WINDOW_MILLISECONDS, Parameters
from engine.venues.binance.verdicts import ARCHIVED_ORDER, NO_SUCH_ORDER, UNKNOWN_SYMBOL, Meaning, refusal_kind
from engine.venues.quiet_times import LONGEST_WAIT_SECONDS

PAGE_ROWS = 1000
FEE_ASSET = "BNB"
"""Fees may be taken in it, whatever is traded."""
MARKETS_ASKED_SINGLY = 13
"""Open orders of one market weigh 6, of all markets 80."""

T = TypeVar("T")


class BinanceSpot:
    """Talks to one spot account in a sandbox of Binance. Not for concurrent use.

    Args:
        network: `binance-testnet` or `binance-demo`.
        base_url: replaces scheme://host[:port]: a sandbox of Binance or this machine; None for the network's own.
        credentials: None for what needs no key.
        timeout_seconds: longest wait for one answer.
        max_retries: tries of a read after the first.
        sleep: waits a number of seconds, between tries and where the exchange asks for a pause.
        now: our clock; it signs, corrected by the exchange's, and measures pauses. It decides nothing else.
        notice: called with a line for each retry and pause.
        longest_wait_seconds: of pauses that the exchange asks for; a longer one is an error instead.
        quiet: keeps such pauses from one start to the next; None for nowhere.

    Raises:
        VenueError: `base_url` is neither a sandbox nor this machine. Every method raises it as well: where the exchange
            cannot be reached past all retries, refuses a read, refuses the keys, or wants no traffic for long.
    """

    def __init__(
        self,
        *,
        network: str,
        base_url: str | None,
        credentials: Credentials | None,
        timeout_seconds: float,
        max_retries: int,
        sleep: Callable[[float], None],
        now: Callable[[], datetime],
        notice: Callable[[str], None],
        longest_wait_seconds: float = LONGEST_WAIT_SECONDS,
        quiet: QuietTimes | None = None,
    ) -> None:
        self.network = network
        self._client = RestClient(
            network=network, base_url=base_url, credentials=credentials, timeout_seconds=timeout_seconds, now=now
        )
        self._ours: frozenset[str] | None = None
        self._pace = Pace.of_server(
            str(self._client.origin),
            quiet,
            place=network,
            now=now,
            exchange_now=self._client.exchange_now,
            sleep=sleep,
            notice=notice,
            longest_wait_seconds=longest_wait_seconds,
        )
        self._questions = Questions(
            place=network,
            client=self._client,
            credentials=credentials,
            pace=self._pace,
            max_retries=max_retries,
            sleep=sleep,
            notice=notice,
        )

    @property
    def late_seconds(self) -> float:
        """How long after it was sent a request may still be taken."""
        return RECEIVE_WINDOW_MILLISECONDS / 1000

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def server_time(self) -> datetime:
        """Give the exchange's time; requests are signed by it from now on."""
        return self._questions.synchronise()

    def instruments(self, assets: Sequence[str], quote: str) -> Mapping[str, MarketRules]:
        """Give the rules of the markets of `assets`, by asset; one without a market against `quote` is left out."""

        def read(content: object) -> dict[str, MarketRules]:
            self._pace.weight_limit = weight_limit(content) or self._pace.weight_limit
            return market_rules(content, assets, quote)

        return self._exchange_information(assets, quote, read, without_market={})

    def is_synthetic(self, asset: str, quote: str) -> bool:
        """Tell whether the exchange says that its prices are made up.

        Args:
            asset, quote: a market that it is likely to have; the whole list would be megabytes.
        """
        return self._exchange_information([asset], quote, is_synthetic)

    def _exchange_information(
        self, assets: Sequence[str], quote: str, read: Callable[[object], T], *, without_market: T | None = None
    ) -> T:
        named: Parameters = {"symbols": _json_list(market_id(symbol_of(asset, quote)) for asset in assets)}
        # One name that the exchange does not know, and it answers for none of them; not every server that is like
        # Binance's takes names at all. The whole list can always be had.
        try:
            return self._questions.answer("GET exchangeInfo", named, read, max_retries=0)
        except NoMarketError:
            if len(assets) == 1 and without_market is not None:
                # An order may wait for years for a market that has left.
                return without_market
        except VenueError:
            pass
        return self._questions.answer("GET exchangeInfo", {}, read)

    def best_quotes(self, symbols: Sequence[str]) -> Mapping[str, Quote]:
        """Give best bid and ask of `symbols`; one with an empty side of its book is left out.

        All at once, each once (-1151); where that is not answered, one by one: an unknown name makes it refuse all.
        """
        symbols = tuple(dict.fromkeys(symbols))
        if len(symbols) == 1:
            return self._quote(symbols[0])
        named: Parameters = {"symbols": _json_list(map(market_id, symbols))}
        with suppress(VenueError):
            return self._questions.answer(
                "GET ticker/bookTicker",
                named,
                lambda content: reading.quotes(content, symbols),
                max_retries=0,
            )
        return {found: quote for symbol in symbols for found, quote in self._quote(symbol).items()}

    def klines(self, since: Mapping[str, date], *, until: date) -> Mapping[str, Sequence[Candle]]:
        """Give the daily bars of symbols, each from its day to `until`, both included; several are asked for at once.

        None of a market that the exchange does not know. The caller knows which day is over.
        """
        rows: dict[str, list[Candle]] = {symbol: [] for symbol in since}
        starts = {symbol: start for symbol, start in since.items() if start <= until}
        # A short page is no sign of the end; the last day is, or an empty page.
        while starts:
            pages = dict(zip(starts, self._pages(starts, until), strict=True))
            for symbol, page in pages.items():
                rows[symbol] += page
            lasts = {symbol: page[-1].day for symbol, page in pages.items() if page}
            starts = {symbol: last + timedelta(days=1) for symbol, last in lasts.items() if last < until}
        return rows

    def hold_to(self, assets: Iterable[str]) -> None:
        """Take an account's answer from now on where the rows of these assets can be read; others need not be."""
        self._ours = frozenset((*assets, FEE_ASSET))

    def check_keys(self) -> None:
        """Make one signed read.

        Raises:
            VenueError: the keys are missing, wrong or revoked, among the reasons of every method.
        """
        self._questions.answer("GET account", {}, lambda content: reading.balances(content, ours=()))

    def balances(self) -> Mapping[str, Balance]:
        """Give the balances of all assets, also of those that are not ours; of these as far as they can be read."""
        return self._questions.answer("GET account", {}, lambda content: reading.balances(content, self._ours))

    def find_order(self, symbol: str, client_order_id: str) -> OrderState | None:
        """Give the order with this client id; None: the exchange says that there is none, or none visible yet.

        Raises:
            NoMarketError: there is no such market any more; as with everything that is asked of a market's orders.
        """
        query = {"symbol": market_id(symbol), "origClientOrderId": client_order_id}
        return self._questions.answer(
            "GET order",
            query,
            lambda content: reading.order(content, symbol, client_order_id),
            refusals={NO_SUCH_ORDER: None, ARCHIVED_ORDER: reading.archived_order(symbol, client_order_id)},
        )

    def client_id_of(self, symbol: str, order_id: str) -> str | None:
        """Give the client order id of the order with this exchange's id; None: it knows none."""
        query: Parameters = {"symbol": market_id(symbol), "orderId": order_id}
        return self._questions.answer(
            "GET order",
            query,
            lambda content: reading.order(content, symbol).client_order_id,
            refusals={NO_SUCH_ORDER: None, ARCHIVED_ORDER: None},
        )

    def open_orders(self, symbols: Sequence[str]) -> tuple[OrderState, ...]:
        """Give the open orders in these markets."""
        single: list[Parameters] = [{"symbol": market_id(symbol)} for symbol in symbols]
        queries = single if len(single) <= MARKETS_ASKED_SINGLY else [{}]
        return tuple(
            order
            for query in queries
            for order in self._questions.answer(
                "GET openOrders", query, lambda content: reading.orders(content, symbols)
            )
        )

    def trades_of(self, symbol: str, order_id: str) -> tuple[Trade, ...]:
        """Give all trades of one order, oldest first."""
        query: Parameters = {"orderId": order_id}
        page = self._trades_page(symbol, query)
        if len(page) < PAGE_ROWS:
            return _by_number(page)
        # Without an id to begin at these are the most recent ones; there may be older.
        return self._trades_from(symbol, query, first_id=0)

    def recent_trades(self, symbol: str, since: datetime) -> tuple[Trade, ...]:
        """Give all own trades in a market since an instant, oldest first."""
        page = self._trades_page(symbol, {"startTime": reading.milliseconds_of(since)})
        if len(page) < PAGE_ROWS:
            return _by_number(page)
        # With an instant to begin at these are the oldest ones since then.
        following = self._trades_from(symbol, {}, first_id=max(map(_number, page)) + 1)
        return _by_number([*page, *following])

    def place_market(self, *, symbol: str, side: Side, quantity: Decimal, client_order_id: str) -> Outcome:
        """Send a market order for a base quantity, once.

        Args:
            quantity: a multiple of the lot step.
            client_order_id: used once; the order is asked for by it.

        Raises:
            VenueError: nothing was sent: no keys, no exchange's time, or it wants no traffic for long.
        """
        if quantity <= ZERO or not CLIENT_ORDER_ID.fullmatch(client_order_id):
            raise ValueError(f"not an order: {quantity} {symbol}, client order id {client_order_id!r}")
        order: Parameters = {
            "symbol": market_id(symbol),
            "side": side.value.upper(),
            "type": "MARKET",
            "quantity": plain(quantity),
            "newClientOrderId": client_order_id,
            "newOrderRespType": "FULL",
        }
        reply, verdict = self._questions.send_once("POST order", order)
        match verdict.meaning:
            case Meaning.GOOD:
                try:
                    return Accepted(order=reading.order(reply.content, symbol, client_order_id))
                except UnreadableError as error:
                    return Unknown(message=self._questions.unreadable(error, reply))
            case Meaning.UNCERTAIN:
                return Unknown(message=verdict.message)
            case Meaning.LIMITED | Meaning.CLOCK | Meaning.REFUSED:
                return Refused(kind=refusal_kind(verdict), code=verdict.code, message=verdict.message)

    def _quote(self, symbol: str) -> Mapping[str, Quote]:
        return self._questions.answer(
            "GET ticker/bookTicker",
            {"symbol": market_id(symbol)},
            lambda content: reading.quotes([content], (symbol,)),
            refusals={UNKNOWN_SYMBOL: {}},
        )

    def _pages(self, starts: Mapping[str, date], until: date) -> Sequence[Sequence[Candle]]:
        asked: list[tuple[Parameters, Callable[[object], Sequence[Candle]]]] = [
            (page_query(symbol, start, until), partial(read_page, start=start, until=until))
            for symbol, start in starts.items()
        ]
        return self._questions.answers("GET klines", asked, weight=PAGE_WEIGHT, refusals={UNKNOWN_SYMBOL: ()})

    def _trades_from(self, symbol: str, query: Parameters, *, first_id: int) -> tuple[Trade, ...]:
        """Page through the trades from an id on."""
        found: dict[int, Trade] = {}
        while True:
            page = self._trades_page(symbol, {**query, "fromId": first_id})
            known = len(found)
            found |= {_number(trade): trade for trade in page}
            if len(page) < PAGE_ROWS or len(found) == known:
                return _by_number(found.values())
            first_id = max(found) + 1

    def _trades_page(self, symbol: str, query: Parameters) -> Sequence[Trade]:
        return self._questions.answer(
            "GET myTrades",
            {"symbol": market_id(symbol), "limit": PAGE_ROWS, **query},
            lambda content: reading.trades(content, symbol, order_id=query.get("orderId")),
        )


def _number(trade: Trade) -> int:
    return int(trade.trade_id)


def _by_number(trades: Iterable[Trade]) -> tuple[Trade, ...]:
    """Give trades oldest first, each once."""
    found = {_number(trade): trade for trade in trades}
    return tuple(found[number] for number in sorted(found))


def _json_list(names: Iterable[str]) -> str:
    return json.dumps(list(names), separators=(",", ":"), ensure_ascii=False)
