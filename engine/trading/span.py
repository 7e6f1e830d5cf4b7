"""Which days are decided: from the end of the warm-up to the last day on which everything needed is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from engine.core.calendar import Days, ordinals_of
from engine.core.errors import DataError
from engine.core.market import BarSeries

DEAD_FEED_SESSIONS = 60
"""An index that ends this many sessions before the wanted end is a dead feed, not a late one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The decision days, first and last included, and what a reader must be told about them."""

    first_day: date
    last_day: date
    notes: tuple[str, ...]


def decision_span(
    *,
    core: BarSeries,
    indices: Mapping[str, BarSeries],
    sessions: Days,
    ready_day: date,
    window_from: date,
    window_to: date | None,
    max_stale_sessions: int,
) -> Span:
    """Find the first and the last decision day.

    Args:
        core: the series whose bars are the decision days.
        indices: every index looked at.
        sessions: the exchange calendar's sessions, from the indices' first bar to the core's last.
        ready_day: the end of the warm-up.
        window_from, window_to: what is wanted; None: as far as the data reach.
        max_stale_sessions: how many sessions an index may lag.

    Raises:
        DataError: no day is left, an index is long dead, or it has a hole inside the span.
    """
    notes = []
    wanted_end = core.last_day if window_to is None else min(window_to, core.last_day)
    last_day = wanted_end
    for symbol, bars in indices.items():
        late = _late_sessions(bars, sessions, wanted_end)
        if len(late) > DEAD_FEED_SESSIONS:
            raise DataError(
                f"{symbol}: ends on {bars.last_day}, {len(late)} sessions before {wanted_end}; bring it up to date, or "
                f"set window.to to {bars.last_day} or earlier"
            )
        if len(late) > max_stale_sessions:
            last_day = min(last_day, _last_fresh_day(bars, sessions, wanted_end, max_stale_sessions))
            notes.append(
                f"{symbol} ends on {bars.last_day}, {len(late)} sessions before {wanted_end}: the last decision day is "
                f"{last_day} (data.max_stale_sessions: {max_stale_sessions})"
            )
    first_wanted = max(window_from, ready_day)
    if ready_day > window_from:
        notes.append(f"window.from {window_from} is moved to {ready_day}, where the warm-up ends")
    days = core.ordinals[(core.ordinals >= first_wanted.toordinal()) & (core.ordinals <= last_day.toordinal())]
    if not days.size:
        asked = f"{window_from} to {window_to or 'the end'}"
        fresh = (_last_fresh_day(bars, sessions, core.last_day, max_stale_sessions) for bars in indices.values())
        reach = min((core.last_day, *fresh))
        raise DataError(
            f"{core.symbol}: no decision day in the window {asked} (window.from, window.to); "
            f"the data allow {ready_day} to {reach if reach >= ready_day else 'nothing'}"
        )
    first_day, last_day = date.fromordinal(int(days[0])), date.fromordinal(int(days[-1]))
    for bars in indices.values():
        _refuse_holes(bars, sessions, first_day, last_day, max_stale_sessions)
    return Span(first_day=first_day, last_day=last_day, notes=tuple(notes))


def _late_sessions(bars: BarSeries, sessions: Days, until: date) -> Days:
    late: Days = sessions[(sessions > np.datetime64(bars.last_day)) & (sessions <= np.datetime64(until))]
    return late


def _last_fresh_day(bars: BarSeries, sessions: Days, until: date, max_stale_sessions: int) -> date:
    late = _late_sessions(bars, sessions, until)
    if len(late) <= max_stale_sessions:
        return until
    return date.fromordinal(int(ordinals_of(late)[max_stale_sessions]) - 1)


def _refuse_holes(bars: BarSeries, sessions: Days, first_day: date, last_day: date, max_stale_sessions: int) -> None:
    expected = ordinals_of(sessions)
    expected = expected[(expected > bars.ordinals[0]) & (expected <= bars.ordinals[-1])]
    missing = np.flatnonzero(~np.isin(expected, bars.ordinals))
    for run in np.split(missing, np.flatnonzero(np.diff(missing) > 1) + 1):
        if len(run) <= max_stale_sessions:
            continue
        # The lag exceeds what is allowed from the run's next session on, until a bar ends the hole.
        begins, ends = int(expected[run[max_stale_sessions]]), int(expected[run[-1]])
        if begins <= last_day.toordinal() and ends >= first_day.toordinal():
            raise DataError(
                f"{bars.symbol}: no bar from {date.fromordinal(int(expected[run[0]]))} to {date.fromordinal(ends)} "
                f"({len(run)} sessions); at most {max_stale_sessions} in a row are allowed (data.max_stale_sessions)"
            )


def sessions_behind(sessions: Days, last_session: date) -> int:
    """Count the sessions of the calendar after the last one that is known."""
    return int(np.count_nonzero(sessions > np.datetime64(last_session)))
