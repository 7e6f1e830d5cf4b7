"""What differs between kinds of market: when a bar is due and known, what a gap is, which days and moves there are."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

import numpy as np

from engine.core.calendar import Days
from engine.core.errors import DataError
from engine.core.market import BarSeries, Floats, crypto_series
from engine.core.strategy import Universe
from engine.data.checks import Gaps, crypto_gaps, index_gaps
from engine.data.index_bars import index_series, session_instants
from engine.data.sessions import SessionsBetween

SETTLING = np.timedelta64(30 * 60, "s")
"""Vendors still correct the closing price in the first minutes after the bell."""

US_SYMBOLS = ("IWM", "SPY", "QQQ", "GLD", "SLV", "NVDA", "VIX")
"""Shares, funds and an index of New York whose bars are looked at, not traded."""

LONGEST_CLOSURE = timedelta(days=14)


class SeriesBuilder(Protocol):
    """Builds a series, giving each bar the instant at which it became known."""

    def __call__(
        self, symbol: str, *, days: Days, open: Floats, high: Floats, low: Floats, close: Floats, volume: Floats
    ) -> BarSeries:
        """Build the series."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketKind:
    """The rules of one kind of market.

    Attributes:
        build: makes a series of columns.
        due: gives the day of the last bar that is final at an instant.
        gaps: finds missing bars.
        sessions: the only days that have bars; None where every day may have one.
        largest_move: how many times the close before a close may be, either way, before it is taken for a jump and no
            market's move.
    """

    build: SeriesBuilder
    due: Callable[[datetime], date]
    gaps: Callable[[BarSeries], Gaps]
    sessions: SessionsBetween | None = None
    largest_move: float


def last_due_day(now: datetime) -> date:
    """Give the last UTC day that is over at `now` (aware)."""
    return now.astimezone(UTC).date() - timedelta(days=1)


def last_due_session(now: datetime, sessions: SessionsBetween) -> date:
    """Give the last session whose close lies at least half an hour before `now` (aware).

    Raises:
        DataError: there was no session in the two weeks before.
    """
    at = now.astimezone(UTC)
    days = sessions(at.date() - LONGEST_CLOSURE, at.date())
    settled = session_instants(days) + SETTLING <= np.datetime64(at.replace(tzinfo=None), "s")
    if not settled.any():
        raise DataError(f"the exchange calendar has no session in the two weeks before {at.date()}")
    last: date = days[settled][-1].item()
    return last


COINS = MarketKind(build=crypto_series, due=last_due_day, gaps=crypto_gaps, largest_move=10.0)
"""Markets that trade every UTC day. The largest real move known to us is DOGE's of 2021-01-28: 4.92 times."""


def indices(sessions: SessionsBetween) -> MarketKind:
    """Give the rules of New York indices; the Russell 2000 has never moved by more than 1.17 times in a session."""
    return MarketKind(
        build=index_series,
        due=lambda now: last_due_session(now, sessions),
        gaps=lambda bars: index_gaps(bars, sessions(bars.first_day, bars.last_day) if len(bars) else bars.days),
        sessions=sessions,
        largest_move=1.5,
    )


def kinds_of(universe: Universe, sessions: SessionsBetween) -> Callable[[str], MarketKind]:
    """Give the kind of each market that a strategy looks at: its indices, US symbols beside them, else coins."""
    of_indices, of_us_symbols = indices(sessions), us_symbols(sessions)
    return lambda symbol: of_indices if symbol in universe.indices else of_us_symbols if symbol in US_SYMBOLS else COINS


def us_symbols(sessions: SessionsBetween) -> MarketKind:
    """Give the rules of shares, funds and volatility indices of New York: those of an index, but for larger moves.

    NVDA has moved by 1.54 times in a session, the VIX by 2.16.
    """
    return replace(indices(sessions), largest_move=3.0)
