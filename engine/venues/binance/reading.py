"""From the JSON of an answer to facts: every field is checked, and decimals come from the exchange's own texts.

ccxt 4.5.90 takes whatever a 200 carries for an answer, so nothing is believed before it has passed here.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from engine.core.calendar import EPOCH_ORDINAL
from engine.core.money import ZERO, exact
from engine.core.order import Side
from engine.venues.answers import Balance, Candle, OrderProgress, OrderState, Quote, Trade

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_MILLISECONDS = 86_400_000
CANDLE_FIELDS = 6
WRITTEN = (str, int, Decimal)
"""How a decimal may stand in an answer."""
# Binance spot API, `enums.md` (2026-07).
PROGRESS_BY_STATUS = {
    "NEW": OrderProgress.OPEN,
    "PENDING_NEW": OrderProgress.OPEN,
    "PARTIALLY_FILLED": OrderProgress.OPEN,
    "PENDING_CANCEL": OrderProgress.OPEN,
    "FILLED": OrderProgress.FILLED,
    "CANCELED": OrderProgress.ENDED,
    "EXPIRED": OrderProgress.ENDED,
    "EXPIRED_IN_MATCH": OrderProgress.ENDED,
    "REJECTED": OrderProgress.ENDED,
}


class UnreadableError(Exception):
    """An answer that is not what was asked for; its text quotes the answer, at any length."""


def market_id(symbol: str) -> str:
    """Give the exchange's name of a symbol: `ETH/USDT` -> `ETHUSDT`."""
    return symbol.replace("/", "")


def milliseconds_of(at: datetime) -> int:
    """Give an instant as the exchange counts it."""
    return (at - EPOCH) // timedelta(milliseconds=1)


def server_time(content: object) -> datetime:
    """Read `GET time`."""
    return instant(mapping(content), "serverTime")


def balances(content: object, ours: Collection[str] | None = None) -> dict[str, Balance]:
    """Read `GET account` into balances; an account without any is an unreadable answer.

    Args:
        ours: assets whose rows have to be readable; None for all. Others are left out where they are not.
    """
    rows = sequence(mapping(content).get("balances"))
    result: dict[str, Balance] = {}
    for row in rows:
        try:
            asset, balance = _balance(mapping(row), besides=result)
        except UnreadableError:
            if ours is None or name_in(row, "asset") in ours:
                raise
            continue
        result[asset] = balance
    if not result:
        raise UnreadableError(f"{len(rows)} balances, and none that can be read")
    return result


def quotes(content: object, symbols: Iterable[str]) -> dict[str, Quote]:
    """Read `GET ticker/bookTicker`; a symbol whose book has an empty or crossed side is left out."""
    rows = {name_in(row, "symbol"): row for row in sequence(content)}
    result = {}
    for symbol in symbols:
        if market_id(symbol) not in rows:
            raise UnreadableError(f"no book of {symbol}")
        row = mapping(rows[market_id(symbol)])
        quote = Quote(
            bid=amount(row, "bidPrice"),
            bid_quantity=amount(row, "bidQty"),
            ask=amount(row, "askPrice"),
            ask_quantity=amount(row, "askQty"),
        )
        if ZERO < quote.bid <= quote.ask:
            result[symbol] = quote
    return result


def order(content: object, symbol: str, client_order_id: str | None = None) -> OrderState:
    """Read an order, as answered to `POST order`, `GET order` or `GET openOrders`.

    Args:
        client_order_id: of the order that was asked for; another one in the answer makes it unreadable.
    """
    row = mapping(content)
    status = text(row, "status")
    progress = PROGRESS_BY_STATUS.get(status)
    quantity, executed = amount(row, "origQty"), amount(row, "executedQty")
    own_id = text(row, "clientOrderId")
    if progress is None or text(row, "symbol") != market_id(symbol) or executed > quantity:
        raise UnreadableError(f"not an order in {symbol}: {content}")
    if client_order_id not in (None, own_id):
        raise UnreadableError(f"order {own_id} instead of {client_order_id}")
    order_id, side = identifier(row, "orderId"), _side(row)
    at = instant(row, next((name for name in ("transactTime", "updateTime", "time") if name in row), "transactTime"))
    return OrderState(
        order_id=order_id,
        client_order_id=own_id,
        symbol=symbol,
        side=side,
        status=status,
        progress=progress,
        quantity=quantity,
        executed_quantity=executed,
        at=at,
        trades=_fills(row, executed, order_id=order_id, symbol=symbol, side=side, at=at),
    )


def archived_order(symbol: str, client_order_id: str) -> OrderState:
    """Give the state of an order answered with -2026: cancelled or expired unfilled, more than 90 days ago."""
    return OrderState(
        order_id="",
        client_order_id=client_order_id,
        symbol=symbol,
        side=None,
        status="ARCHIVED",
        progress=OrderProgress.ENDED,
        quantity=ZERO,
        executed_quantity=ZERO,
        at=EPOCH,
        trades=(),
    )


def orders(content: object, symbols: Iterable[str]) -> tuple[OrderState, ...]:
    """Read `GET openOrders`; orders in other markets are left out."""
    symbol_by_id = {market_id(symbol): symbol for symbol in symbols}
    rows = [(symbol_by_id.get(name_in(row, "symbol") or ""), row) for row in sequence(content)]
    return tuple(order(row, symbol) for symbol, row in rows if symbol is not None)


def trades(content: object, symbol: str, *, order_id: object = None) -> tuple[Trade, ...]:
    """Read `GET myTrades`, of one order where `order_id` is given."""
    result = tuple(_trade(mapping(row), symbol) for row in sequence(content))
    stranger = next((trade for trade in result if order_id not in (None, trade.order_id)), None)
    if stranger is not None:
        raise UnreadableError(f"a trade of order {stranger.order_id} among those of order {order_id}")
    return result


def candles(content: object) -> list[Candle]:
    """Read a page of daily `GET klines`: positive finite prices, each day once and ascending."""
    result: list[Candle] = []
    last_day = date.min
    for row in sequence(content):
        try:
            candle, numbers = _candle(row)
        except UnreadableError:
            which = f"the candle after {last_day}" if result else "a candle"
            raise UnreadableError(f"{which} is not readable: {row}") from None
        if candle.day <= last_day or min(numbers[:-1]) <= ZERO or numbers[-1] < ZERO:
            raise UnreadableError(f"the candle of {candle.day} cannot be: {row}")
        last_day = candle.day
        result.append(candle)
    return result


def _candle(content: object) -> tuple[Candle, Sequence[Decimal]]:
    row = sequence(content)
    opened = _whole(row[0]) if len(row) >= CANDLE_FIELDS else -1
    if opened < 0 or opened % DAY_MILLISECONDS:
        raise UnreadableError(f"{row}")
    return Candle(_day(opened), *map(str, row[1:CANDLE_FIELDS])), [_decimal(value) for value in row[1:CANDLE_FIELDS]]


def mapping(value: object) -> Mapping[str, object]:
    """Take a JSON object."""
    if not isinstance(value, dict):
        raise UnreadableError(f"not an object: {value!r}")
    return value


def sequence(value: object) -> Sequence[object]:
    """Take a JSON array."""
    if not isinstance(value, list):
        raise UnreadableError(f"not a list: {value!r}")
    return value


def name_in(row: object, name: str) -> str | None:
    """Give the text that tells whose row this is; None where there is none, so that it is nobody's."""
    value = row.get(name) if isinstance(row, dict) else None
    return value if isinstance(value, str) else None


def text(row: Mapping[str, object], name: str) -> str:
    """Take a text that is not empty."""
    value = row.get(name)
    if not isinstance(value, str) or not value:
        raise UnreadableError(f"no {name} in {row}")
    return value


def amount(row: Mapping[str, object], name: str) -> Decimal:
    """Take a decimal of 0 or more."""
    value = _decimal(row.get(name))
    if value < ZERO:
        raise UnreadableError(f"{name} is {value}")
    return value


def instant(row: Mapping[str, object], name: str) -> datetime:
    """Take an instant in milliseconds since 1970."""
    try:
        return EPOCH + timedelta(milliseconds=_whole(row.get(name)))
    except OverflowError:
        raise UnreadableError(f"{name} is {row.get(name)}") from None


def identifier(row: Mapping[str, object], name: str) -> str:
    """Take an id, a whole number."""
    return str(_whole(row.get(name)))


def _balance(row: Mapping[str, object], *, besides: Collection[str]) -> tuple[str, Balance]:
    asset = text(row, "asset")
    if asset in besides:
        raise UnreadableError(f"two balances of {asset}")
    return asset, Balance(free=amount(row, "free"), locked=amount(row, "locked"))


def _fills(
    row: Mapping[str, object], executed: Decimal, *, order_id: str, symbol: str, side: Side, at: datetime
) -> tuple[Trade, ...] | None:
    fills = row.get("fills")
    if fills is None:
        return () if executed == ZERO else None
    result = tuple(
        Trade(
            trade_id=identifier(fill, "tradeId"),
            order_id=order_id,
            symbol=symbol,
            side=side,
            quantity=amount(fill, "qty"),
            price=amount(fill, "price"),
            fee=amount(fill, "commission"),
            fee_asset=text(fill, "commissionAsset"),
            at=at,
        )
        for fill in map(mapping, sequence(fills))
    )
    with exact():
        complete = sum((trade.quantity for trade in result), ZERO) == executed
    return result if complete else None


def _trade(row: Mapping[str, object], symbol: str) -> Trade:
    is_buyer = row.get("isBuyer")
    if text(row, "symbol") != market_id(symbol) or not isinstance(is_buyer, bool):
        raise UnreadableError(f"not a trade in {symbol}: {row}")
    return Trade(
        trade_id=identifier(row, "id"),
        order_id=identifier(row, "orderId"),
        symbol=symbol,
        side=Side.BUY if is_buyer else Side.SELL,
        quantity=amount(row, "qty"),
        price=amount(row, "price"),
        fee=amount(row, "commission"),
        fee_asset=text(row, "commissionAsset"),
        at=instant(row, "time"),
    )


def _side(row: Mapping[str, object]) -> Side:
    try:
        return Side(text(row, "side").lower())
    except ValueError:
        raise UnreadableError(f"side is {row.get('side')}") from None


def _day(opened: int) -> date:
    try:
        return date.fromordinal(EPOCH_ORDINAL + opened // DAY_MILLISECONDS)
    except (OverflowError, ValueError):
        raise UnreadableError(f"a candle opens at {opened}") from None


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UnreadableError(f"{value!r} is not a whole number")
    return value


def _decimal(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, WRITTEN):
        raise UnreadableError(f"{value!r} is not a decimal")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise UnreadableError(f"{value!r} is not a decimal") from None
    if not number.is_finite():
        raise UnreadableError(f"{value!r} is not a number")
    return number
