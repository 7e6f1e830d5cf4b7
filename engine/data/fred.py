"""Series of the Federal Reserve Bank of St. Louis (FRED), by the download of a graph as CSV, which wants no key.

A vintage (the values as they were on a day of the past) is asked for as `M2SL@2024-01-31`. The download is made for
people: it may answer with the latest values all the same, and names what it gives in the head of its second column.
"""

import os
from collections.abc import Callable, Mapping
from datetime import date
from urllib.parse import urlencode

import numpy as np

from engine.connections.causes import failure_of
from engine.core.errors import DataError
from engine.data.csv_faults import MISSING_MARKS
from engine.data.dated_values import DatedValues, observations
from engine.data.failures import UnreachableError
from engine.data.refusals import NOT_SERVED, PASSING
from engine.data.retries import TransientError, retried, retry_after
from engine.ports import Progress

PRODUCTION_URL = "https://fred.stlouisfed.org"
PATH = "/graph/fredgraph.csv"
DATE_COLUMNS = ("observation_date", "DATE")
"""The head of the first column, since 2025 and before."""
OK, FIRST_REFUSAL, NOT_FOUND, FIRST_SERVER_ERROR = 200, 400, 404, 500
EXCERPT_CHARACTERS = 80


class FredValues:
    """Fetches whole series, one request each.

    Args:
        base_url: replaces scheme://host[:port]; None for FRED itself.
        max_retries: tries after the first.
        timeout_seconds: longest wait for one whole answer.
        sleep: waits between tries.
        progress: called with a line for each series.
        remark: told what a reader of the values should know: a vintage that was not given.
        environment: says which authorities are trusted and which proxy is used.
    """

    def __init__(
        self,
        *,
        base_url: str | None,
        max_retries: int,
        timeout_seconds: float,
        sleep: Callable[[float], None],
        progress: Progress,
        remark: Progress,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        # A tenth of a second: only a run that fetches pays it.
        from engine.connections.transport import Transport  # noqa: PLC0415

        self._server = (base_url or PRODUCTION_URL).rstrip("/")
        self._transport = Transport(self._server, environment)
        self._max_retries = max_retries
        self._timeout_seconds = timeout_seconds
        self._sleep = sleep
        self._progress = progress
        self._remark = remark
        self._environment = environment

    def fetch(self, name: str, id: str) -> DatedValues:
        """Fetch all values of a series.

        Args:
            name: what it is called here.
            id: what it is called there, `WALCL`, perhaps with the day of a vintage: `M2SL@2024-01-31`.

        Raises:
            DataError: no such series, or a row that cannot be.
            UnreachableError: no answer in the form of a series past all retries, or one that serves this place nothing.
        """
        series, _, vintage = id.partition("@")
        place = f"fred {series}"
        column, rows = retried(
            lambda: self._rows(series, vintage, place),
            place=place,
            max_retries=self._max_retries,
            sleep=self._sleep,
            progress=self._progress,
        )
        if vintage and column != _column_of(series, vintage):
            self._remark(
                f"{place}: the vintage of {vintage} was asked for and not given; the values are those of today"
            )
        values = observations(
            name,
            days=np.array([day for day, _ in rows], dtype="datetime64[D]"),
            value=np.array([value for _, value in rows], dtype=np.float64),
            place=lambda row: f"{place}, row {row + 1}",
        )
        self._progress(f"{place}: {len(values)} values" + (f", to {values.last_day}" if len(values) else ""))
        return values

    def _rows(self, series: str, vintage: str, place: str) -> tuple[str, list[tuple[date, float]]]:
        query = {"id": series, **({"vintage_date": vintage} if vintage else {})}
        try:
            answer = self._transport.send(f"{PATH}?{urlencode(query)}", timeout_seconds=self._timeout_seconds)
        except OSError as error:  # every failure of the connection
            failure = failure_of(
                error, url=self._server, environment=self._environment, timeout_seconds=self._timeout_seconds
            )
            if failure.lasting:
                raise UnreachableError(f"{place}: {failure.reason}") from error
            raise TransientError(failure.reason) from error
        if answer.status != OK:
            raise _refusal(answer.status, place, retry_after(answer.headers.get("Retry-After")))
        return _read(answer.text, series, vintage)


def _refusal(status: int, place: str, wait_seconds: float | None) -> DataError | TransientError:
    if status in NOT_SERVED:
        return UnreachableError(f"{place}: FRED does not serve this address (HTTP {status})")
    if status in PASSING or status >= FIRST_SERVER_ERROR or status < FIRST_REFUSAL:
        return TransientError(f"FRED answers HTTP {status}", wait_seconds)
    if status == NOT_FOUND:
        return DataError(f"{place}: FRED has no such series")
    return DataError(f"{place}: FRED refuses the request (HTTP {status})")


def _column_of(series: str, vintage: str) -> str:
    return f"{series}_{vintage.replace('-', '')}" if vintage else series


def _read(content: str, series: str, vintage: str) -> tuple[str, list[tuple[date, float]]]:
    """Read head and rows; an answer of another form may be a right one next time."""
    lines = content.splitlines()
    head = lines[0].split(",") if lines else []
    if len(head) != 2 or head[0] not in DATE_COLUMNS or head[1] not in (series, _column_of(series, vintage)):  # noqa: PLR2004
        shown = " ".join(" ".join(lines).split())[:EXCERPT_CHARACTERS]
        raise TransientError(f"the answer (HTTP {OK}) is not a series: {shown!r}")
    return head[1], [_row(line) for line in lines[1:] if line]


def _row(line: str) -> tuple[date, float]:
    day, _, value = line.partition(",")
    try:
        return date.fromisoformat(day), float("nan" if value in MISSING_MARKS else value)
    except ValueError as error:
        # FRED was reached and speaks: what does not get better is a matter of this one series.
        raise TransientError(f"a row is not readable: {line[:EXCERPT_CHARACTERS]!r}", lasting=DataError) from error
