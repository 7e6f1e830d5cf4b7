"""Klines from daily bars: days as they are, weeks and months put together, intraday along the day's straight line.

The bar that is forming shows what has happened of it so far. Nothing of the future is seen.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from engine.core.calendar import EPOCH_ORDINAL
from engine.core.money import decimal_of, plain
from engine.practice.book import Market, day_start, mark_between
from engine.practice.clock import DAY, MINUTE, SECOND, instant_of
from engine.practice.errors import ApiError

HOUR = 60 * MINUTE
INTERVALS = {
    "1s": SECOND,
    **{f"{count}m": count * MINUTE for count in (1, 3, 5, 15, 30)},
    **{f"{count}h": count * HOUR for count in (1, 2, 4, 6, 8, 12)},
    "1d": DAY,
    "3d": 3 * DAY,
    "1w": 7 * DAY,
}
MONTH, DAILY = "1M", "1d"
# 1970-01-01 was a Thursday; weeks open on Mondays.
FIRST_MONDAY = 4 * DAY
FULL_DECIMALS = 8

Kline = list[object]


@dataclass(slots=True)
class _Piece:
    open: float
    high: float
    low: float
    close: float
    volume: float


def klines(
    market: Market, interval: str, *, start: int | None, end: int | None, limit: int, now: int, history_from: int
) -> list[Kline]:
    """Give klines, oldest first: the newest `limit` of them, or with `start` the oldest from there.

    Args:
        start, end: bounds of open times, both included, milliseconds; None where there is none.
        history_from: nothing from before this instant's day is known (the last testnet reset).

    Raises:
        ApiError: -1120, there is no such interval.
    """
    if interval != MONTH and interval not in INTERVALS:
        raise ApiError(-1120)
    earliest = max(market.first, history_from // DAY * DAY)
    first = max(earliest, start if start is not None else 0)
    last = min(now, market.end - 1, end if end is not None else now)
    if interval == DAILY and start is not None:
        return _daily(market, first, last, limit=limit, now=now)
    periods = _forwards(interval, first, last, start) if start is not None else _backwards(interval, earliest, last)
    rows: list[Kline] = []
    for opened, closed in periods:
        if len(rows) == limit:
            break
        piece = _piece(market, opened, closed, now=now, earliest=earliest)
        if piece is not None:
            rows.append(_row(piece, opened, closed))
    if start is None:
        rows.reverse()
    return rows


def _daily(market: Market, first: int, last: int, *, limit: int, now: int) -> list[Kline]:
    """Give the days as they are, from the first midnight at or after `first` on; clients ask for a thousand at once."""
    bars = market.bars
    begin = int(np.searchsorted(bars.ordinals, EPOCH_ORDINAL - (-first // DAY)))
    end = int(np.searchsorted(bars.ordinals, EPOCH_ORDINAL + last // DAY, side="right"))
    rows = slice(begin, min(end, begin + limit))
    columns = (bars.ordinals, bars.open, bars.high, bars.low, bars.close, bars.volume)
    result = []
    for ordinal, open_, high, low, close, volume in zip(*(column[rows].tolist() for column in columns), strict=True):
        opened = (ordinal - EPOCH_ORDINAL) * DAY
        whole = _Piece(open_, high, low, close, _number(volume))
        piece = whole if now >= opened + DAY else _part_of_day(market, opened, now)
        if piece is not None:
            result.append(_row(piece, opened, opened + DAY))
    return result


def _forwards(interval: str, first: int, last: int, start: int | None) -> Iterator[tuple[int, int]]:
    opened, closed = _period_of(interval, first)
    while opened <= last:
        # Rows are named by their open time: one that opened before the wanted start is not among them.
        if start is None or opened >= start:
            yield opened, closed
        opened, closed = _period_of(interval, closed)


def _backwards(interval: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    opened, closed = _period_of(interval, last)
    while closed > first:
        yield opened, closed
        opened, closed = _period_of(interval, opened - 1)


def _period_of(interval: str, at: int) -> tuple[int, int]:
    if interval == MONTH:
        day = instant_of(at).date()
        following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
        return day_start(day.replace(day=1)), day_start(following)
    length = INTERVALS[interval]
    anchor = FIRST_MONDAY if interval == "1w" else 0
    opened = (at - anchor) // length * length + anchor
    return opened, opened + length


def _piece(market: Market, opened: int, closed: int, *, now: int, earliest: int) -> _Piece | None:
    if closed - opened < DAY:
        return _part_of_day(market, opened, min(closed, max(now, opened)))
    whole: _Piece | None = None
    for day in range(max(opened, earliest), min(closed, now + 1), DAY):
        piece = _day(market, day, now)
        if piece is None:
            continue
        whole = piece if whole is None else _joined(whole, piece)
    return whole


def _day(market: Market, opened: int, now: int) -> _Piece | None:
    if now < opened + DAY:
        return _part_of_day(market, opened, now)
    bars = market.bars
    position = bars.position_on(date.fromordinal(EPOCH_ORDINAL + opened // DAY))
    if position is None:
        return None
    return _Piece(
        bars.open.item(position),
        bars.high.item(position),
        bars.low.item(position),
        bars.close.item(position),
        _number(bars.volume.item(position)),
    )


def _part_of_day(market: Market, opened: int, until: int) -> _Piece | None:
    prices = market.open_and_close(opened)
    if prices is None:
        return None
    start = opened // DAY * DAY
    begin, end = (float(mark_between(*prices, at - start)) for at in (opened, until))
    position = market.bars.position_on(date.fromordinal(EPOCH_ORDINAL + opened // DAY))
    volume = 0.0 if position is None else _number(market.bars.volume.item(position)) * (until - opened) / DAY
    return _Piece(begin, max(begin, end), min(begin, end), end, round(volume, FULL_DECIMALS))


def _joined(whole: _Piece, piece: _Piece) -> _Piece:
    return _Piece(
        whole.open,
        max(whole.high, piece.high),
        min(whole.low, piece.low),
        piece.close,
        whole.volume + piece.volume,
    )


def _row(piece: _Piece, opened: int, closed: int) -> Kline:
    prices = [_text(price) for price in (piece.open, piece.high, piece.low, piece.close)]
    turnover = f"{piece.volume * (piece.open + piece.close) / 2:.8f}"
    volume = _text(piece.volume)
    return [opened, *prices, volume, closed - 1, turnover, 1, "0.00000000", "0.00000000", "0"]


def _text(value: float) -> str:
    # Eight decimals as Binance writes them, unless that would lose a digit: the bars come back as they went in.
    text = f"{value:.8f}"
    return text if float(text) == value else plain(decimal_of(value))


def _number(volume: float) -> float:
    # Some histories have no volume; Binance always shows one.
    return 0.0 if volume != volume else volume  # noqa: PLR0124 - NaN is not itself


def day_statistics(market: Market, at: int) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Give the marks of the last 24 hours: first, highest, lowest, last."""
    last = market.last_price(at)
    first = market.last_price(max(at - DAY, market.first))
    between = market.last_price(max(at // DAY * DAY, market.first))
    return first, max(first, between, last), min(first, between, last), last
