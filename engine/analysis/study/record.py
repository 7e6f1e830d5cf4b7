"""The record that the claims are tested on: prices and values up to one day, on a grid of days and of Fridays.

Association tests say what happened together and take a macro value by its date; tests of prediction, events and states
take what was known.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.analysis.study.lines import RATIO, Line, Prices, log_closes, typical_alt, up_to
from engine.core.calendar import DAYS_A_WEEK, Ordinals
from engine.core.market import BarSeries, Floats
from engine.core.series import ValueSeries, no_values
from engine.core.series_columns import last_values

ALT, BTC, RUT, COPPER = "ALT", "BTC", "RUT", "COPPER"
ALT_COINS = ("ETH", "SOL", "BNB", "XRP", "ADA", "AVAX", "LINK", "DOGE")
US = ("SPY", "QQQ", "GLD", "SLV", "NVDA", "VIX")
COPPER_CLOSES = "COPPER_CLOSE"
MACRO = ("WALCL", "WTREGEN", "RRPONTSYD", "DFF", "DGS2", "NFCI", "M2SL", "HY_OAS", "ETH_ETF_FLOW", COPPER_CLOSES)
OBSERVED_SLACK = 6
FRIDAY = 5
NO_REPO_BEFORE = date(2013, 9, 23).toordinal()
"""Before it the reverse repo facility was not yet; what the series has of it is taken as 0."""
RATE_DAYS = 21
EPS = 10
"""Decimals to which a difference of rates is rounded before it is compared."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Record:
    """Everything up to END, the day of Bitcoin's last final bar.

    Attributes:
        bars: prices by name, the index as `RUT`, the core as `BTC`; none is dated after END.
        values: series that are no bars, by name, likewise.
        absent: why a series could not be had, by name.
        digests: of each series as it is here, by name.
    """

    bars: Mapping[str, BarSeries]
    values: Mapping[str, ValueSeries]
    absent: Mapping[str, str]
    digests: Mapping[str, str]

    @cached_property
    def end(self) -> int:
        """The ordinal of the last day."""
        return int(self.bars[BTC].ordinals[-1])

    @cached_property
    def days(self) -> Ordinals:
        """The grid: every day from the first bar of the index or of Bitcoin to END."""
        firsts = [int(self.bars[name].ordinals[0]) for name in (RUT, BTC) if len(self.bars[name])]
        return np.arange(min(firsts), self.end + 1)

    @cached_property
    def fridays(self) -> Ordinals:
        """The Fridays of the grid."""
        fridays: Ordinals = self.days[self.days % DAYS_A_WEEK == FRIDAY]
        return fridays

    @cached_property
    def prices(self) -> Prices:
        """Log prices by name, the typical alt and copper among them."""
        lines = {name: log_closes(bars.ordinals, bars.close) for name, bars in self.bars.items()}
        if COPPER_CLOSES in self.values:
            copper = self.values[COPPER_CLOSES]
            lines[COPPER] = log_closes(copper.ordinals, copper.values)
        lines[ALT] = typical_alt((self.bars[coin] for coin in ALT_COINS if coin in self.bars), self.days)
        return Prices(lines)

    def lacks(self, needs: Iterable[str]) -> str:
        """Say which of these series could not be had, and why; empty where all are here."""
        for name in dict.fromkeys(part for need in needs for part in need.split(RATIO)):
            wanted = COPPER_CLOSES if name == COPPER else name
            if wanted == ALT or wanted in self.bars or wanted in self.values:
                continue
            return f"no such file: {wanted}: {self.absent.get(wanted, 'it was not loaded')}"
        return ""

    def series(self, name: str) -> ValueSeries:
        """Give a series that is no bars; without any value where it could not be had."""
        return self.values.get(name) or no_values(name)

    def observed(self, name: str, days: Ordinals) -> Floats:
        """Give the last value that is dated on or before each day, up to six days past the file's last row."""
        series = self.series(name)
        return Line(ordinals=series.ordinals, values=series.values, slack=OBSERVED_SLACK).at(days)

    def known(self, name: str, days: Ordinals) -> Floats:
        """Give the last value that was known at the end of each day; NaN where it is stale or there is none."""
        return last_values(self.series(name), days)

    def observed_liquidity(self, days: Ordinals) -> Floats:
        """Give net liquidity by the dates of its parts, USD million."""
        parts = (self.observed(name, days) for name in ("WALCL", "WTREGEN", "RRPONTSYD"))
        return _liquidity(*parts, days=days)

    def known_liquidity(self, days: Ordinals) -> Floats:
        """Give net liquidity of what was known, USD million."""
        parts = (self.known(name, days) for name in ("WALCL", "WTREGEN", "RRPONTSYD"))
        return _liquidity(*parts, days=days)

    def rate_levels(self, days: Ordinals) -> Floats:
        """Give the median of the known federal funds rate on the 21 days up to each day, in percent."""
        if not len(days):
            return np.array([], dtype=np.float64)
        first = int(days.min()) - RATE_DAYS + 1
        known = self.known("DFF", np.arange(first, int(days.max()) + 1))
        windows = known[(days - first - RATE_DAYS + 1)[:, np.newaxis] + np.arange(RATE_DAYS)]
        return np.where(np.isnan(windows).any(axis=1), np.nan, np.median(windows, axis=1))

    def rate_changes(self, days: Ordinals, back: int) -> Floats:
        """Give the change of the rate's level over so many days, in points, rounded as it is compared."""
        return np.round(self.rate_levels(days) - self.rate_levels(days - back), EPS)


def _liquidity(assets: Floats, treasury: Floats, repo: Floats, *, days: Ordinals) -> Floats:
    repo = np.where(days < NO_REPO_BEFORE, 0.0, repo)
    liquidity: Floats = assets - treasury - 1000 * repo
    return liquidity


def logs_of(values: Floats) -> Floats:
    """Give the logs; NaN where there is none."""
    return np.log(np.where(values > 0, values, np.nan))


def cut_bars(bars: BarSeries, end: int) -> BarSeries:
    """Give the bars dated up to a day."""
    return bars.take(int(np.searchsorted(bars.ordinals, end, side="right")))


def cut_values(values: ValueSeries, end: int) -> ValueSeries:
    """Give the values dated up to a day."""
    line = up_to(Line(ordinals=values.ordinals, values=values.values), end)
    return ValueSeries(
        name=values.name,
        kind=values.kind,
        ordinals=line.ordinals,
        values=line.values,
        known_at=values.known_at[: len(line)],
    )


def weekly(record: Record, name: str, weeks: int = 1) -> Floats:
    """Give the log return of the `weeks` weeks up to each Friday of the grid."""
    fridays = record.fridays
    return record.prices.change(name, fridays - DAYS_A_WEEK * weeks, fridays)


def ahead(record: Record, name: str, weeks: int) -> Floats:
    """Give the log return of the `weeks` weeks after each Friday; NaN where they go beyond END."""
    return record.prices.change(name, record.fridays, record.fridays + DAYS_A_WEEK * weeks)


def flow_weeks(record: Record, name: str, *, known: bool) -> Floats:
    """Give the flow of the week up to each Friday, USD million; the first, partial week has none.

    Args:
        known: sum what became known in the week, not what is dated in it.
    """
    series, fridays = record.series(name), record.fridays
    flows = np.full(len(fridays), np.nan)
    if not len(series) or not len(fridays):
        return flows
    # What becomes known at 24:00 UTC of a day becomes known on it.
    dates: NDArray[np.int64] = _days_known(series) if known else series.ordinals
    at = np.searchsorted(fridays, dates)
    inside = at < len(fridays)
    sums = np.bincount(at[inside], weights=series.values[inside], minlength=len(fridays))
    first, last = int(at[0]), min(int(at[-1]), len(fridays) - 1)
    flows[first + 1 : last + 1] = sums[first + 1 : last + 1]
    return flows


def _days_known(series: ValueSeries) -> NDArray[np.int64]:
    instants = series.known_at.astype("datetime64[s]") - np.timedelta64(1, "s")
    days: NDArray[np.int64] = instants.astype("datetime64[D]").astype(np.int64) + date(1970, 1, 1).toordinal()
    return days
