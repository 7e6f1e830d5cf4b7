"""What a claim is tested with: the record, its events and states, and the blocks on its days and Fridays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from engine.analysis.study import blocks, events
from engine.analysis.study.blocks import Chance
from engine.analysis.study.outcome import Outcome
from engine.analysis.study.record import RUT, Record, ahead, logs_of, weekly
from engine.core.calendar import DAYS_A_WEEK, Ordinals
from engine.core.market import Floats

RATE_STEP, RATE_STILL = 0.20, 0.05
HALF_YEAR, QUARTER = 182, 63


@dataclass(frozen=True, kw_only=True, eq=False)
class Court:
    """The record, and how many times chance is asked.

    Attributes:
        draws: of a resampling.
        strategy: what section 7 found, as plain values; empty where it was not asked.
    """

    record: Record
    draws: int
    strategy: Mapping[str, Any] = field(default_factory=dict)

    def chance(self, test: str) -> Chance:
        """Give the chance of a test."""
        return Chance(test=test, draws=self.draws)

    def returns(self, name: str, days_ahead: int) -> Floats:
        """Give the log return of the days after each day of the grid; NaN beyond END."""
        days = self.record.days
        return self.record.prices.change(name, days, days + days_ahead)

    def event(self, found: Ordinals, name: str, days_ahead: int, *, sign: int = 1) -> Outcome:
        """Test what follows events against all days."""
        returns = self.returns(name, days_ahead)
        return blocks.value(self.record.days, returns, found, width=days_ahead, sign=sign)

    def hit(self, found: Ordinals, name: str, days_ahead: int) -> Outcome:
        """Test how often what follows events is a gain."""
        return blocks.hit(self.record.days, self.returns(name, days_ahead), found, width=days_ahead)

    def state(self, which: str, name: str, *, sign: int) -> Outcome:
        """Test the weeks whose previous Friday was in a state."""
        fridays = self.record.fridays
        in_state = self.states(which, fridays - DAYS_A_WEEK)
        return blocks.state(in_state, weekly(self.record, name), sign=sign, fridays=fridays)

    def states(self, which: str, days: Ordinals) -> Floats:
        """Tell for each day whether a state holds: 1, 0, or NaN where it is not defined."""
        if which == "new high":
            return events.recent_record(self.record, days)
        back = QUARTER if which == "unchanged" else HALF_YEAR
        change = self.record.rate_changes(days, back)
        holds = {
            "hiking": change >= RATE_STEP,
            "cutting": change <= -RATE_STEP,
            "unchanged": np.abs(change) < RATE_STILL,
        }[which]
        return np.where(np.isnan(change), np.nan, holds.astype(np.float64))

    def assoc(self, test: str, x: Floats, y: Floats, *, given: Sequence[Floats] = (), against: float = 0.0) -> Outcome:
        """Test whether two weekly series go together."""
        return blocks.assoc(x, y, self.chance(test), given=given, against=against)

    def week(self, name: str, weeks: int = 1) -> Floats:
        """Give the log return of the weeks up to each Friday."""
        return weekly(self.record, name, weeks)

    def ahead(self, name: str, weeks: int) -> Floats:
        """Give the log return of the weeks after each Friday."""
        return ahead(self.record, name, weeks)

    def observed_change(self, name: str, *, logs: bool = False) -> Floats:
        """Give the change of a macro series from Friday to Friday, by observation dates."""
        now, before = (self.record.observed(name, self.record.fridays - back) for back in (0, DAYS_A_WEEK))
        return logs_of(now) - logs_of(before) if logs else now - before

    def liquidity_change(self, weeks: int, *, known: bool) -> Floats:
        """Give the change of the log of net liquidity over weeks up to each Friday."""
        of = self.record.known_liquidity if known else self.record.observed_liquidity
        fridays = self.record.fridays
        return logs_of(of(fridays)) - logs_of(of(fridays - DAYS_A_WEEK * weeks))

    @cached_property
    def highs(self) -> Ordinals:
        """The index's new highs after at least 90 days without."""
        return events.highs(self.record.bars[RUT], 90)

    @cached_property
    def breaks(self) -> Ordinals:
        """The sessions that confirmed or lifted a breakout of the index."""
        return events.breaks(self.record.bars[RUT])
