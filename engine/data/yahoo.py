"""Daily bars of indices and coins from Yahoo Finance, through yfinance.

The one file that imports yfinance. It uses `Ticker.history` alone: `download` swallows errors.
"""

import logging
import os
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast
from urllib.parse import urlsplit, urlunsplit

import numpy as np

from engine.connections.causes import Failure, failure_of
from engine.connections.curl import route_options, session_options
from engine.connections.route import route_to
from engine.core.calendar import Days, instants_after
from engine.core.errors import DataError
from engine.core.market import BarSeries, crypto_series
from engine.data.checks import check_bars
from engine.data.closures import refuse_closed, refuse_shifted, without_carried
from engine.data.dated_values import DatedValues, observations
from engine.data.failures import UnreachableError
from engine.data.index_bars import EXCHANGE_TIME_ZONE, index_series, session_instants
from engine.data.refusals import PASSING, is_json_object, serves_nothing
from engine.data.retries import TransientError, retried, retry_after
from engine.data.sessions import NewYorkSessions
from engine.ports import Progress

if TYPE_CHECKING:
    import pandas as pd

Market: TypeAlias = Literal["index", "crypto"]

INDEX_TICKERS = {"RUT": "^RUT", "SPX": "^GSPC", "NDX": "^NDX", "VIX": "^VIX"}
"""Yahoo's names of indices; any other index name is taken as Yahoo's own."""
COIN_TICKERS = {"UNI": "UNI7083-USD", "SUI": "SUI20947-USD", "POL": "POL28321-USD"}
"""Coins whose plain `NAME-USD` is another coin at Yahoo."""

TIME_ZONES = {"index": (EXCHANGE_TIME_ZONE, "America/Chicago"), "crypto": ("UTC",)}
"""The volatility index is dated in Chicago; its sessions are those of New York."""
ADJUSTED = "adjusted"
FINAL_AFTER = {"index": np.timedelta64(30, "m"), "crypto": np.timedelta64(0, "m")}
"""Yahoo carries the last prices of a session over for some minutes after the bell."""

CHART_PATH = "/v8/finance/chart/"
REFUSALS, NOT_FOUND, ERRORS = 400, 404, 500
COLUMNS = ("Open", "High", "Low", "Close", "Volume")


def ticker_of(symbol: str, market: Market) -> str:
    """Give Yahoo's name of an index (`RUT` -> `^RUT`) or of a coin (`BTC` -> `BTC-USD`)."""
    if market == "index":
        return INDEX_TICKERS.get(symbol, symbol)
    return COIN_TICKERS.get(symbol, f"{symbol}-USD")


class YahooBars:
    """Fetches final daily bars, one request a series.

    Args:
        market: `index` (New York sessions) or `crypto` (UTC days, priced in USD).
        base_url: replaces scheme://host[:port] of every request; None for Yahoo itself.
        max_retries: tries after the first.
        timeout_seconds: longest wait for one answer.
        sleep: waits between tries.
        now: the clock that decides which bars are final.
        progress: called with a line for each series.
        remark: told what a reader of the bars should know: rows that were dropped.
        environment: says which authorities are trusted and which proxy is used.
    """

    def __init__(
        self,
        *,
        market: Market,
        base_url: str | None,
        max_retries: int,
        timeout_seconds: float,
        sleep: Callable[[float], None],
        now: Callable[[], datetime],
        progress: Progress,
        remark: Progress | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._market = market
        self._sessions = NewYorkSessions().between if market == "index" else None
        self._remark = remark
        self._base_url = base_url
        self._timeout_seconds = timeout_seconds
        self._max_retries = max_retries
        self._sleep = sleep
        self._now = now
        self._progress = progress
        self._environment = environment
        self._failure: Failure | None = None
        self._status, self._body = 0, ""
        self._retry_after: float | None = None
        # Half a second: only a run that fetches pays it. It changes the warning filters of the process.
        with warnings.catch_warnings():
            import yfinance  # noqa: PLC0415
            from curl_cffi import CurlInfo, CurlOpt, requests  # noqa: PLC0415

        self._yfinance = yfinance
        session: Any = requests.Session(impersonate="chrome", **session_options(CurlOpt, CurlInfo))
        # 0.16 reads the environment in spite of `trust_env`; here each request says what it trusts.
        session.verify = True
        self._session = self._observed(session)
        # Raise what history() would otherwise log and answer with an empty frame.
        yfinance.config.debug.hide_exceptions = False
        # A folder that cannot be made turns off the library's databases of time zones and cookies in the user's home.
        yfinance.set_tz_cache_location(str(Path(os.devnull) / "yfinance"))
        logging.getLogger("yfinance").setLevel(logging.CRITICAL)

    def fetch(self, symbol: str, *, since: date | None, until: date) -> BarSeries:
        """Fetch the final daily bars of `symbol`, unadjusted, in index points or USD.

        Args:
            symbol: `RUT`, `BTC`.
            since: first day wanted; None for all there is.
            until: last day wanted.

        Raises:
            DataError: no such series, no row in the answer, or a bad bar.
            UnreachableError: no answer in Yahoo's form past all retries, or one that serves this place nothing.
        """
        ticker = ticker_of(symbol, self._market)
        place = f"yahoo {ticker}"
        frame = retried(
            lambda: self._history(ticker, since, place),
            place=place,
            max_retries=self._max_retries,
            sleep=self._sleep,
            progress=self._progress,
        )
        bars = self._series(symbol, self._final(frame, since, until, place), place)
        span = f"{bars.first_day} to {bars.last_day}" if len(bars) else "none of them final"
        self._progress(f"{place}: {len(bars)} bars, {span}")
        return bars

    def fetch_closes(self, name: str, id: str) -> DatedValues:
        """Fetch the final daily closes of a ticker, whatever days it trades on; a row without one is no observation.

        Args:
            name: what the series is called here.
            id: the ticker at Yahoo, `HG=F`; `IWM@adjusted` for closes adjusted to dividends.

        Raises:
            DataError, UnreachableError: as `fetch`.
        """
        ticker, _, adjusted = id.partition("@")
        place = f"yahoo {ticker}"
        frame = retried(
            lambda: self._history(ticker, None, place),
            place=place,
            max_retries=self._max_retries,
            sleep=self._sleep,
            progress=self._progress,
        )
        final = self._final(frame, None, date.max, place)
        column = final["Adj Close" if adjusted == ADJUSTED else "Close"].to_numpy(dtype=np.float64)
        closes = observations(name, days=_days(final), value=column, place=lambda _row: place)
        self._progress(f"{place}: {len(closes)} closes" + (f", to {closes.last_day}" if len(closes) else ""))
        return closes

    def _history(self, ticker: str, since: date | None, place: str) -> "pd.DataFrame":
        self._status, self._body, self._retry_after, self._failure = 0, "", None, None
        # The library keeps whatever answered the request for the time zone, also a page of HTML.
        self._yfinance.data.YfData.cache_get.cache_clear()
        # No end: then the library asks up to this moment and does not take the answer from its memory either.
        span: dict[str, Any] = {"period": "max"} if since is None else {"start": since}
        try:
            with warnings.catch_warnings():
                # yfinance 1.7 sorts in a way that pandas 3.1 announces to end with pandas 4.
                warnings.simplefilter("ignore", DeprecationWarning)
                # curl_cffi 0.16 takes an https:// proxy for a slip.
                warnings.filterwarnings("ignore", message="Make sure you are using https over https")
                frame: pd.DataFrame = self._yfinance.Ticker(ticker, session=self._session).history(
                    **span, interval="1d", auto_adjust=False, actions=False, timeout=self._timeout_seconds
                )
        except self._yfinance.exceptions.YFRateLimitError as error:
            raise TransientError("Yahoo limits the rate of requests (HTTP 429)", self._retry_after) from error
        except (
            self._yfinance.exceptions.YFException,
            OSError,  # every failure of the connection
            # What an answer of another shape meets inside the library.
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
        ) as error:
            raise self._verdict(error, place) from error
        if frame.empty:
            raise TransientError("Yahoo answers no prices", lasting=DataError)
        return frame

    def _verdict(self, error: Exception, place: str) -> DataError | TransientError:
        words = getattr(error, "rationale", None)  # what Yahoo gave as its reason, where it did
        if self._status >= REFUSALS:
            return self._refusal(place, f" ({words})" if words else "")
        if self._failure is not None and not self._status:
            reason = self._failure.reason
            return UnreachableError(f"{place}: {reason}") if self._failure.lasting else TransientError(reason)
        if words:
            return TransientError(f"Yahoo answers no prices ({words})", lasting=DataError)
        # In JSON it is Yahoo's own, and a matter of this series; anything else comes from something in between.
        lasting = DataError if is_json_object(self._body) else UnreachableError
        return TransientError(f"Yahoo's answer is not a price history (HTTP {self._status})", lasting=lasting)

    def _refusal(self, place: str, words: str) -> DataError | TransientError:
        answer = f"HTTP {self._status}"
        if serves_nothing(self._status, in_own_form=is_json_object(self._body)):
            return UnreachableError(f"{place}: Yahoo does not serve this address ({answer})")
        if self._status == NOT_FOUND:
            return DataError(f"{place}: Yahoo has no such series; it may have been delisted or renamed")
        if self._status >= ERRORS or self._status in PASSING:
            return TransientError(f"Yahoo answers {answer}{words}", self._retry_after)
        return DataError(f"{place}: Yahoo refuses the request, {answer}{words}")

    def _observed(self, session: Any) -> Any:
        """Let the session keep the status of price answers, hold every request to the timeout, and ask `base_url`.

        Set on the instance: curl_cffi 0.16 and yfinance 1.7 make all requests through the session's `request`.
        """
        send = session.request

        def request(method: str, url: str, **options: Any) -> Any:
            options["timeout"] = self._timeout_seconds
            address = self._rebased(url)
            is_chart = CHART_PATH in url
            if is_chart:
                self._status, self._body, self._retry_after = 0, "", None
            try:
                # The library passes on a proxy of its own, which nobody sets.
                response = send(method, address, **{**options, **route_options(route_to(address, self._environment))})
            except OSError as error:
                # Remembered here: some failures the library takes for others.
                self._failure = failure_of(
                    error, url=address, environment=self._environment, timeout_seconds=self._timeout_seconds
                )
                raise
            if not is_chart:
                return response
            self._status, self._body = response.status_code, response.text
            self._retry_after = retry_after(response.headers.get("Retry-After"))
            return response

        session.request = request
        return session

    def _rebased(self, url: str) -> str:
        if self._base_url is None:
            return url
        parts, base = urlsplit(url), urlsplit(self._base_url)
        return urlunsplit(parts._replace(scheme=base.scheme, netloc=base.netloc))

    def _final(self, frame: "pd.DataFrame", since: date | None, until: date, place: str) -> "pd.DataFrame":
        """Cut the rows to the wanted days that are over, and drop a last one without a close."""
        zone = str(_index(frame).tz)
        if zone not in TIME_ZONES[self._market]:
            raise DataError(f"{place}: its days are of {zone}; only {TIME_ZONES[self._market][0]} is supported")
        days = _days(frame)
        ends = session_instants(days) if self._market == "index" else instants_after(days)
        now = np.datetime64(self._now().astimezone(UTC).replace(tzinfo=None), "s")
        wanted = (days <= np.datetime64(until)) & (ends + FINAL_AFTER[self._market] <= now)
        if since is not None:
            wanted &= days >= np.datetime64(since)
        final = frame[wanted]
        if len(final) and np.isnan(final["Close"].iloc[-1]):
            # Yahoo shows the newest session so until its prices have settled; a later fetch has them.
            return final.iloc[:-1]
        return final

    def _series(self, symbol: str, frame: "pd.DataFrame", place: str) -> BarSeries:
        days = _days(frame)
        columns = {name.lower(): frame[name].to_numpy(dtype=np.float64) for name in COLUMNS}
        # The library turns a missing volume into 0, and no market here trades nothing in a day.
        columns["volume"] = np.where(columns["volume"] == 0, np.nan, columns["volume"])
        refuse_shifted(days, self._sessions, lambda _row: place)
        build = index_series if self._market == "index" else crypto_series
        # Yahoo has a row for some holidays and Saturdays, with the price of the session before.
        bars, dropped = without_carried(build(symbol, days=days, **columns), self._sessions, place)
        check_bars(
            days=bars.days,
            open=bars.open,
            high=bars.high,
            low=bars.low,
            close=bars.close,
            volume=bars.volume,
            place=lambda _row: place,
        )
        refuse_closed(bars.days, self._sessions, lambda _row: place)
        for tell in (self._progress, self._remark) if dropped else ():
            if tell is not None:
                tell(dropped)
        return bars


class YahooCloses:
    """Closes alone, as values: fulfils what the cache of values asks of a fetcher."""

    def __init__(self, bars: YahooBars) -> None:
        self._bars = bars

    def fetch(self, name: str, id: str) -> DatedValues:
        """Fetch the closes of a ticker, as `YahooBars.fetch_closes`."""
        return self._bars.fetch_closes(name, id)


def _days(frame: "pd.DataFrame") -> Days:
    # Dates as the exchange's own clock has them: nothing is turned into UTC before the date is taken.
    days: Days = _index(frame).tz_localize(None).to_numpy().astype("datetime64[D]")
    return days


def _index(frame: "pd.DataFrame") -> "pd.DatetimeIndex":
    return cast("pd.DatetimeIndex", frame.index)
