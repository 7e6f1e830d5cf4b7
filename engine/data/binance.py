"""Daily bars of coins from Binance's public market data, keyless; nothing here can place an order.

It asks by the client, the pace and the patience of the venue of that name, and puts what fails into a provider's terms.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial

import numpy as np

from engine.core.calendar import EPOCH_ORDINAL, days_of
from engine.core.errors import (
    BadAnswerError,
    DataError,
    NoAnswerError,
    NoMarketError,
    NoServiceError,
    PausedError,
    VenueError,
)
from engine.core.market import OHLCV, BarSeries, crypto_series
from engine.data.checks import check_bars
from engine.data.failures import UnreachableError
from engine.ports import Progress, QuietTimes
from engine.venues.answers import Candle
from engine.venues.binance import reading
from engine.venues.binance.client import RestClient
from engine.venues.binance.hosts import CANDLES
from engine.venues.binance.klines import page_query, read_page
from engine.venues.binance.pace import Pace
from engine.venues.binance.questions import Questions

EPOCH_DAY = date.fromordinal(EPOCH_ORDINAL)
ELSEWHERE = "; data.crypto: yahoo or csv does not need it"


class BinanceBars:
    """Fetches final daily bars, page by page.

    Args:
        base_url: replaces scheme://host[:port]; None for the production market data host.
        quote: quote currency of every market, `USDT`.
        max_retries: tries after the first, for each request.
        timeout_seconds: longest wait for one whole answer.
        sleep: waits between tries and where the exchange wants a pause.
        now: the clock that decides, together with the exchange's own, which bars are final.
        progress: called with a line for each page, retry and pause.
        environment: says which authorities are trusted and which proxy is used.
        quiet: remembers for how long the server wants no request; None for this object's life.
    """

    def __init__(
        self,
        *,
        base_url: str | None,
        quote: str,
        max_retries: int,
        timeout_seconds: float,
        sleep: Callable[[float], None],
        now: Callable[[], datetime],
        progress: Progress,
        environment: Mapping[str, str] = os.environ,
        quiet: QuietTimes | None = None,
    ) -> None:
        self._quote = quote
        self._now = now
        self._progress = progress
        self._has_served = False
        client = RestClient(
            network=CANDLES,
            base_url=base_url,
            credentials=None,
            timeout_seconds=timeout_seconds,
            now=now,
            environment=environment,
        )
        pace = Pace.of_server(
            str(client.origin),
            quiet,
            place="binance",
            now=now,
            exchange_now=client.exchange_now,
            sleep=sleep,
            notice=progress,
        )
        self._questions = partial(
            Questions,
            client=client,
            credentials=None,
            pace=pace,
            max_retries=max_retries,
            sleep=sleep,
            notice=progress,
            insists=False,
        )

    def fetch(self, symbol: str, *, since: date | None, until: date) -> BarSeries:
        """Fetch the final daily bars of `symbol` (the asset, `BTC`).

        Args:
            since: first day wanted; None for all there is.
            until: last day wanted.

        Raises:
            DataError: no such market, no candle at all, or a candle that cannot be or cannot be read.
            UnreachableError: no answer in Binance's form past all retries, or one that serves this place nothing.
        """
        place = f"binance {symbol}{self._quote}"
        try:
            return self._fetched(symbol, self._questions(place=place), place, since, until)
        except VenueError as error:
            raise self._in_our_terms(error, place) from error

    def _fetched(self, symbol: str, questions: Questions, place: str, since: date | None, until: date) -> BarSeries:
        # The first day that is not over, by our clock and by the exchange's, whichever is behind.
        open_day = min(questions.answer("GET time", {}, reading.server_time), self._now()).date()
        end = min(until + timedelta(days=1), open_day)
        first = start = since or EPOCH_DAY
        rows: list[Candle] = []
        # A short page is no sign of the end: servers have lowered their page size before. Only the day is.
        while start < end:
            query = page_query(f"{symbol}/{self._quote}", start, None)
            page = questions.answer("GET klines", query, partial(read_page, start=start, until=None))
            if not page:
                self._progress(f"{place}: no bars from {start} on")
                break
            self._has_served = True
            rows += page
            self._progress(f"{place}: {len(page)} bars to {page[-1].day}")
            start = page[-1].day + timedelta(days=1)
        if first < end and not rows:
            raise DataError(f"{place}: Binance answers no daily bars{'' if since is None else f' from {since} on'}")
        return _series(symbol, [row for row in rows if row.day < end], place)

    def _in_our_terms(self, error: VenueError, place: str) -> DataError:
        """Tell what is of this one series from what is of the whole provider."""
        if isinstance(error, NoMarketError):
            return DataError(f"{place}: Binance has no such market; an asset listed against {self._quote} is wanted")
        # It begins with the place that asked: this series, the pace of all, or the network.
        words = f"{place}: {str(error).partition(': ')[2]}"
        if isinstance(error, NoServiceError):
            # Its firewall answers so as well, to whoever asks too much at once.
            more = ", though it served others a moment ago; try again later" if self._has_served else ELSEWHERE
            return UnreachableError(f"{words}{more}", served_before=self._has_served)
        is_passing = isinstance(error, NoAnswerError | PausedError) and not isinstance(error, BadAnswerError)
        return UnreachableError(words) if is_passing else DataError(words)


def _series(symbol: str, rows: Sequence[Candle], place: str) -> BarSeries:
    days = days_of(np.array([row.day.toordinal() for row in rows], dtype=np.int64))
    columns = {name: np.array([float(getattr(row, name)) for row in rows], dtype=np.float64) for name in OHLCV}
    check_bars(days=days, **columns, place=lambda _row: place)
    return crypto_series(symbol, days=days, **columns)
