"""What differs between the two kinds of market: when a bar is due, when it is known, and what counts as a gap."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol, TypeAlias

import numpy as np

from engine.core.calendar import Days
from engine.core.errors import DataError
from engine.core.market import BarSeries, Floats, crypto_series
from engine.data.checks import Gaps, crypto_gaps, index_gaps
from engine.data.index_bars import index_series, session_instants

SessionsBetween: TypeAlias = Callable[[date, date], Days]
"""Gives the sessions of an exchange from the first to the last date, both included."""

SETTLING = np.timedelta64(30 * 60, "s")
"""Vendors still correct the closing price in the first minutes after the bell."""

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
    """

    build: SeriesBuilder
    due: Callable[[datetime], date]
    gaps: Callable[[BarSeries], Gaps]


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


COINS = MarketKind(build=crypto_series, due=last_due_day, gaps=crypto_gaps)
"""Markets that trade every UTC day."""


def indices(sessions: SessionsBetween) -> MarketKind:
    """Give the rules of New York indices."""
    return MarketKind(
        build=index_series,
        due=lambda now: last_due_session(now, sessions),
        gaps=lambda bars: index_gaps(bars, sessions(bars.first_day, bars.last_day) if len(bars) else bars.days),
    )
