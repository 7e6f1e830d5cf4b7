"""Daily bars of coins from Binance's public market data, keyless; nothing here can place an order."""

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TypeAlias, TypeVar

import numpy as np

from engine.core.calendar import EPOCH_ORDINAL, days_of
from engine.core.errors import DataError, VenueError
from engine.core.market import OHLCV, BarSeries, crypto_series
from engine.data.checks import check_bars
from engine.data.failures import UnreachableError
from engine.data.refusals import serves_nothing
from engine.data.retries import LONGEST_WAIT_SECONDS, TransientError, retried
from engine.ports import Progress, QuietTimes
from engine.venues.binance.client import PublicCall, SandboxClient
from engine.venues.binance.hosts import MARKET_DATA
from engine.venues.binance.pace import WEIGHT_HEADER
from engine.venues.binance.signer import Parameters
from engine.venues.binance.verdicts import UNKNOWN_SYMBOL, Meaning, Reply, Verdict, judge

DAY_MILLISECONDS = 86_400_000
PAGE_ROWS = 1000
ROW_FIELDS = 6
"""Fields read of a kline: open time, open, high, low, close, volume (in base units)."""

# Binance grants 6000 of weight a minute and address; a page of klines costs 2.
PAUSE_ABOVE_WEIGHT = 5400

RESTRICTED = (403, 451)
EXCERPT_CHARACTERS = 80
LAST_ORDINAL = date.max.toordinal()
OK, REQUEST_TIMEOUT, SERVER_ERRORS = 200, 408, 500

T = TypeVar("T")
Row: TypeAlias = tuple[int, list[float]]
"""Day as an ordinal; open, high, low, close, volume."""


class BinanceBars:
    """Fetches final daily bars, page by page.

    Args:
        base_url: replaces scheme://host[:port]; None for the production market data host.
        quote: quote currency of every market, `USDT`.
        max_retries: tries after the first, for each request.
        timeout_seconds: longest wait for one whole answer.
        sleep: waits between tries and, near the rate limit, between pages.
        now: the clock that decides, together with the exchange's own, which bars are final.
        progress: called with a line for each page.
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
        self._max_retries = max_retries
        self._sleep = sleep
        self._now = now
        self._progress = progress
        self._quiet = quiet
        self._quiet_until: datetime | None = None
        self._has_served = False
        self._client = SandboxClient(
            network=MARKET_DATA,
            base_url=base_url,
            credentials=None,
            timeout_seconds=timeout_seconds,
            now=now,
            environment=environment,
        )
        self._url = str(self._client.origin)

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
        end = min(until.toordinal() + 1, self._first_open_day(place))
        rows: list[Row] = []
        start = EPOCH_ORDINAL if since is None else since.toordinal()
        first = start
        # A short page is no sign of the end: servers have lowered their page size before. Only the day is.
        while start < end:
            page = self._page(symbol, start, place)
            if not page:
                self._progress(f"{place}: no bars from {date.fromordinal(start)} on")
                break
            self._has_served = True
            rows += page
            start = page[-1][0] + 1
            last_day = date.fromordinal(page[-1][0])
            self._progress(f"{place}: {len(page)} bars to {last_day}")
        if first < end and not rows:
            raise DataError(f"{place}: Binance answers no daily bars{'' if since is None else f' from {since} on'}")
        return _series(symbol, [row for row in rows if row[0] < end], place)

    def _first_open_day(self, place: str) -> int:
        """Give the first day that is not over, by our clock and by the exchange's, whichever is behind."""
        exchange_milliseconds = self._ask("GET time", {}, _server_time, place)
        own_milliseconds = int(self._now().timestamp() * 1000)
        return EPOCH_ORDINAL + min(exchange_milliseconds, own_milliseconds) // DAY_MILLISECONDS

    def _page(self, symbol: str, start: int, place: str) -> list[Row]:
        query: Parameters = {
            "symbol": f"{symbol}{self._quote}",
            "interval": "1d",
            "startTime": (start - EPOCH_ORDINAL) * DAY_MILLISECONDS,
            "limit": PAGE_ROWS,
        }
        return self._ask("GET klines", query, lambda answer: _rows(answer, start), place)

    def _ask(self, call: PublicCall, query: Parameters, read: Callable[[object], T], place: str) -> T:
        def attempt() -> T:
            self._respect_pause(place)
            try:
                reply = self._client.send(call, query)
            except VenueError as error:
                raise UnreachableError(f"{place}: {str(error).removeprefix(f'{MARKET_DATA}: ')}") from error
            verdict = judge(reply)
            if verdict.meaning is not Meaning.GOOD:
                raise self._problem(reply, verdict, place)
            self._pace(reply)
            return read(reply.text if reply.content is None else reply.content)

        return retried(attempt, place=place, max_retries=self._max_retries, sleep=self._sleep, progress=self._progress)

    def _respect_pause(self, place: str) -> None:
        until = self._quiet_until or (self._quiet.until(self._url, self._now()) if self._quiet else None)
        if until is not None and until > self._now():
            raise UnreachableError(f"{place}: Binance wants no request until {until:%Y-%m-%d %H:%M:%S} UTC")
        self._quiet_until = None

    def _note_pause(self, seconds: float | None) -> None:
        """Keep in mind a pause that nobody waits for; whoever asks again in it makes it longer."""
        if seconds is not None and seconds > LONGEST_WAIT_SECONDS:
            self._quiet_until = self._now() + timedelta(seconds=seconds)
            if self._quiet is not None:
                self._quiet.keep(self._url, self._quiet_until)

    def _pace(self, reply: Reply) -> None:
        weight = reply.headers.get(WEIGHT_HEADER, "")
        if weight.isdecimal() and int(weight) > PAUSE_ABOVE_WEIGHT:
            # The exchange counts by the minutes of its clock.
            self._sleep(61.0 - self._now().second)

    def _problem(self, reply: Reply, verdict: Verdict, place: str) -> DataError | TransientError:
        """Tell what cannot get better from what may."""
        status = reply.status
        if verdict.meaning is Meaning.LIMITED:
            self._note_pause(verdict.wait_seconds)
            return TransientError(f"Binance limits the rate of requests (HTTP {status})", verdict.wait_seconds)
        if status in RESTRICTED and not self._has_served:
            return UnreachableError(
                f"{place}: Binance does not serve this address (HTTP {status}, restricted location);"
                " data.crypto: yahoo or csv does not need it"
            )
        if verdict.code == UNKNOWN_SYMBOL:
            return DataError(f"{place}: Binance has no such market; an asset listed against {self._quote} is wanted")
        if not status:
            return UnreachableError(f"{place}: {reply.text}") if reply.lasting else TransientError(reply.text)
        if status in (OK, REQUEST_TIMEOUT) or status >= SERVER_ERRORS:
            return TransientError(f"Binance answers HTTP {status}: {_excerpt(reply.text or reply.content)}")
        return self._refusal(reply, place)

    def _refusal(self, reply: Reply, place: str) -> DataError:
        status, shown = reply.status, _excerpt(reply.text or reply.content)
        if serves_nothing(status, in_own_form=isinstance(reply.content, dict)):
            if self._has_served:
                # Its firewall answers so as well, to whoever asks too much at once.
                return UnreachableError(
                    f"{place}: Binance refuses the request (HTTP {status}), though it served others a moment ago;"
                    " try again later",
                    served_before=True,
                )
            return UnreachableError(f"{place}: {self._url} does not serve this address (HTTP {status}: {shown})")
        return DataError(f"{place}: Binance refuses the request (HTTP {status}: {shown})")


def _server_time(answer: object) -> int:
    milliseconds = answer.get("serverTime") if isinstance(answer, dict) else None
    if not isinstance(milliseconds, int | str) or not str(milliseconds).isdecimal():
        raise TransientError(f"the answer (HTTP {OK}) is not the server's time: {_excerpt(answer)}")
    return int(milliseconds)


def _rows(answer: object, start: int) -> list[Row]:
    # ccxt hands over whatever a 200 carries, also HTML and broken JSON, as text.
    if not isinstance(answer, list):
        raise TransientError(f"the answer (HTTP {OK}) is not a list of candles: {_excerpt(answer)}")
    rows: list[Row] = []
    earliest = start
    for kline in answer:
        rows.append(_row(kline, earliest))
        earliest = rows[-1][0] + 1
    return rows


def _row(kline: object, earliest: int) -> Row:
    if not isinstance(kline, Sequence) or isinstance(kline, str) or len(kline) < ROW_FIELDS:
        raise _invalid(kline, earliest, "is not readable")
    try:
        days, rest = divmod(int(kline[0]), DAY_MILLISECONDS)
        prices_and_volume = [float(text) for text in kline[1:ROW_FIELDS]]
    except (TypeError, ValueError) as error:
        raise _invalid(kline, earliest, "is not readable") from error
    day = EPOCH_ORDINAL + days
    if rest or not earliest <= day <= LAST_ORDINAL:
        # Also what keeps the paging from going round in a circle.
        raise _invalid(kline, earliest, "does not open at 00:00 UTC of a day after the one before")
    return day, prices_and_volume


def _invalid(kline: object, earliest: int, problem: str) -> TransientError:
    # Binance was reached and speaks: what does not get better is a matter of this one series.
    return TransientError(f"{_candle_words(kline, earliest)} {problem}: {_excerpt(kline)}", lasting=DataError)


def _candle_words(kline: object, earliest: int) -> str:
    try:
        day = EPOCH_ORDINAL + int(kline[0]) // DAY_MILLISECONDS  # type: ignore[index] # whatever JSON has there
        return f"the candle of {date.fromordinal(day)}"
    except (TypeError, ValueError, LookupError, OverflowError):
        return "a candle" if earliest <= EPOCH_ORDINAL else f"the candle after {date.fromordinal(earliest - 1)}"


def _series(symbol: str, rows: Sequence[Row], place: str) -> BarSeries:
    days = days_of(np.array([day for day, _ in rows], dtype=np.int64))
    table = np.array([values for _, values in rows], dtype=np.float64).reshape(-1, ROW_FIELDS - 1).T.copy()
    columns = dict(zip(OHLCV, table, strict=True))
    check_bars(days=days, **columns, place=lambda _row: place)
    return crypto_series(symbol, days=days, **columns)


def _excerpt(value: object) -> str:
    text = " ".join(str(value).split())
    return repr(text if len(text) <= EXCERPT_CHARACTERS else f"{text[:EXCERPT_CHARACTERS]}…")
