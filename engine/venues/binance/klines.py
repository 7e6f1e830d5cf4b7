"""Pages of daily candles: how one is asked for, and how it is read."""

from collections.abc import Sequence
from datetime import date, timedelta

from engine.core.calendar import opening_instant
from engine.venues.answers import Candle
from engine.venues.binance import reading
from engine.venues.binance.reading import UnreadableError, market_id
from engine.venues.binance.signer import Parameters

PAGE_ROWS, PAGE_WEIGHT = 1000, 2


def page_query(symbol: str, start: date, until: date | None) -> Parameters:
    """Give what asks for the candles of a market from a day on, up to another, both included."""
    end = {} if until is None else {"endTime": reading.milliseconds_of(opening_instant(until + timedelta(days=1))) - 1}
    return {
        "symbol": market_id(symbol),
        "interval": "1d",
        "startTime": reading.milliseconds_of(opening_instant(start)),
        **end,
        "limit": PAGE_ROWS,
    }


def read_page(content: object, *, start: date, until: date | None) -> Sequence[Candle]:
    """Read what was answered; a short page is no sign of the end."""
    # Later ones than asked for are of no harm; not every server that is like Binance's heeds `endTime`.
    page = [bar for bar in reading.candles(content) if until is None or bar.day <= until]
    if page and page[0].day < start:
        # Also what keeps the paging from going round in a circle.
        raise UnreadableError(f"bars from {page[0].day} on, asked were {start} to {until or 'now'}")
    return page
