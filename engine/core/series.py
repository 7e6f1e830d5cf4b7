"""Series of values beside bars: each value has the date it is about and the instant at which it became known.

A rate is of a Monday and published on Tuesday, a balance of a Wednesday and published on Thursday. What a decision may
use is what was known at its instant, whatever the value is about.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.core.calendar import Instants, Ordinals


class SeriesKind(StrEnum):
    """How often a series has a value, fastest first."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


FRESH_DAYS: Mapping[SeriesKind, int] = MappingProxyType(
    {SeriesKind.DAILY: 14, SeriesKind.WEEKLY: 21, SeriesKind.MONTHLY: 100}
)
"""How many days after its date a value is the last one; later it is stale, and none."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ValueSeries:
    """Values of one thing as columns of equal length.

    Attributes:
        name: `WALCL`, `BTC_ETF_FLOW`.
        kind: how often it has a value.
        ordinals: the days that the values are about, ascending, unique.
        values: finite, in the unit of the source.
        known_at: the instant at which each value became known, ascending; several may be the same.
    """

    name: str
    kind: SeriesKind
    ordinals: Ordinals
    values: NDArray[np.float64]
    known_at: Instants

    def __len__(self) -> int:
        return len(self.ordinals)

    @property
    def first_day(self) -> date:
        """The day that the first value is about."""
        return date.fromordinal(int(self.ordinals[0]))

    @property
    def last_day(self) -> date:
        """The day that the last value is about."""
        return date.fromordinal(int(self.ordinals[-1]))

    @cached_property
    def fresh_days(self) -> int:
        """How many days after its date a value is not stale."""
        return FRESH_DAYS[self.kind]

    def known_by(self, instant: datetime) -> "ValueSeries":
        """Give the values that were known at `instant`."""
        at = np.datetime64(instant.replace(tzinfo=None), "s")
        stop = int(np.searchsorted(self.known_at, at, side="right"))
        return ValueSeries(
            name=self.name,
            kind=self.kind,
            ordinals=self.ordinals[:stop],
            values=self.values[:stop],
            known_at=self.known_at[:stop],
        )


def no_values(name: str) -> ValueSeries:
    """Give the series of which nothing is known: on no day it has a value."""
    return ValueSeries(
        name=name,
        kind=SeriesKind.DAILY,
        ordinals=np.array([], dtype=np.int64),
        values=np.array([], dtype=np.float64),
        known_at=np.array([], dtype="datetime64[s]"),
    )


def ratio(over: ValueSeries, under: ValueSeries) -> ValueSeries:
    """Give `over / under` on the dates that both have, known when both are, of the slower kind.

    A date on which `under` is 0 has no value.
    """
    ordinals, in_over, in_under = np.intersect1d(over.ordinals, under.ordinals, assume_unique=True, return_indices=True)
    divided = under.values[in_under] != 0
    in_over, in_under = in_over[divided], in_under[divided]
    kinds = list(SeriesKind)
    return ValueSeries(
        name=f"{over.name}/{under.name}",
        kind=max(over.kind, under.kind, key=kinds.index),
        ordinals=ordinals[divided],
        values=over.values[in_over] / under.values[in_under],
        known_at=np.maximum(over.known_at[in_over], under.known_at[in_under]),
    )
