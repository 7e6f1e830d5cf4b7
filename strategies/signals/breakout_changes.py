"""The index's breakout on one session, and the closes that would have made, kept or lost it.

Changes touch the last sessions only: older closes would rewrite decisions that were taken long before.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, isnan

import numpy as np

from engine.core.calendar import DAYS_A_WEEK
from engine.core.changes import Change, SetClose, SetParameter
from engine.core.market import BarSeries
from strategies.signals.breakout import NEVER, BreakoutColumns, BreakoutParams

MARGIN = 1e-9
"""How far past a threshold a changed close is put, relative: conditions are strict, and this is "above"."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BreakoutAt:
    """The breakout as it stood after the session at position `at`."""

    bars: BarSeries
    columns: BreakoutColumns
    params: BreakoutParams
    at: int

    @property
    def close(self) -> float:
        """The session's close."""
        return float(self.bars.close[self.at])

    @property
    def in_breakout(self) -> bool:
        """Confirmed and not lost."""
        return bool(self.columns.in_breakout[self.at])

    @property
    def confirmed_on(self) -> date:
        """The session that confirmed the breakout in being."""
        return date.fromordinal(int(self.columns.breakout_session[self.at]))

    @property
    def level(self) -> float | None:
        """What closes have to exceed without a breakout: the run's level, else the ceiling; None where undefined."""
        level = float((self.columns.run_level if self.columns.run_length[self.at] else self.columns.ceiling)[self.at])
        return None if isnan(level) else level

    @property
    def reach(self) -> range:
        """Positions of the sessions that a change may end at, the last one first."""
        first = self.at - self.params.confirm_sessions - self.params.loss_sessions
        return range(self.at, max(first, 0) - 1, -1)

    def day(self, position: int) -> date:
        """The date of a session."""
        return date.fromordinal(int(self.bars.ordinals[position]))

    def above(self, level: float) -> float:
        """What a close has to exceed to count as above a level."""
        return level * (1 + self.params.buffer)

    def below(self, support: float) -> float:
        """What a close has to fall short of to count as below a support."""
        return support * (1 - self.params.tolerance)

    def closes_below(self) -> int:
        """Count the closes in a row below the support, up to this session."""
        confirmed, count = int(self.columns.breakout_session[self.at]), 0
        threshold = self.below(float(self.columns.support[self.at]))
        while self.bars.ordinals[self.at - count] > confirmed and self.bars.close[self.at - count] < threshold:
            count += 1
        return count

    def lifted(self, positions: Iterable[int], threshold: float) -> tuple[SetClose, ...]:
        """Put the closes that are not above a threshold above it."""
        return self._set((p for p in positions if self.bars.close[p] <= threshold), threshold * (1 + MARGIN))

    def lowered(self, positions: Iterable[int], threshold: float) -> tuple[SetClose, ...]:
        """Put the closes that are not below a threshold below it."""
        return self._set((p for p in positions if self.bars.close[p] >= threshold), threshold * (1 - MARGIN))

    def _set(self, positions: Iterable[int], after: float) -> tuple[SetClose, ...]:
        return tuple(
            SetClose(symbol=self.bars.symbol, day=self.day(p), before=float(self.bars.close[p]), after=after)
            for p in positions
        )


def confirming(breakout: BreakoutAt) -> Iterator[Change]:
    """Propose closes that would have confirmed a breakout by this session, and such that would not have lost it."""
    columns, confirm = breakout.columns, breakout.params.confirm_sessions
    effect = f"that confirms the breakout of {breakout.bars.symbol}"
    yield from _still_kept(breakout)
    for end in breakout.reach:
        begin = end - confirm + 1
        if begin < 0:
            continue
        levels = [float(columns.ceiling[begin]), float(np.max(columns.ceiling[begin : end + 1]))]
        windows = [(range(begin, end + 1), level) for level in dict.fromkeys(levels) if not isnan(level)]
        # A run that was going on before the window is what the first of its closes would have gone on with.
        for length in range(1, confirm):
            before = end - (confirm - length)
            if before >= 0 and int(columns.run_length[before]) == length:
                windows.append((range(before + 1, end + 1), float(columns.run_level[before])))
        for window, level in windows:
            if not _loses(breakout, range(end + 1, breakout.at + 1), level):
                yield Change(parts=breakout.lifted(window, breakout.above(level)), effect=effect)


def losing(breakout: BreakoutAt) -> Iterator[Change]:
    """Propose closes that would have lost the support by this session."""
    loss = breakout.params.loss_sessions
    columns, symbol = breakout.columns, breakout.bars.symbol
    reach = [position for position in breakout.reach if columns.in_breakout[position]]
    supports = {float(columns.support[position]): int(columns.breakout_session[position]) for position in reach}
    for support, confirmed in supports.items():
        for end in range(breakout.at, max(breakout.at - loss, loss - 2), -1):
            window = range(end - loss + 1, end + 1)
            # What is lowered up to the confirming session takes that away: there is no support yet to be lost.
            effect = (
                f"that loses the support of {symbol}"
                if breakout.bars.ordinals[window[0]] > confirmed
                else _unconfirmed(symbol)
            )
            yield Change(parts=breakout.lowered(window, breakout.below(support)), effect=effect)


def unconfirming(breakout: BreakoutAt) -> Iterator[Change]:
    """Propose closes with which the breakout in being would not have been confirmed, or would have been lost."""
    yield from losing(breakout)
    confirmed = breakout.bars.position_at(breakout.confirmed_on)
    if confirmed is None:
        return
    threshold = breakout.above(float(breakout.columns.support[confirmed]))
    window = range(max(confirmed - breakout.params.confirm_sessions + 1, 0), confirmed + 1)
    effect = _unconfirmed(breakout.bars.symbol)
    for positions in [[position] for position in window] + [list(window)]:
        if confirmed in breakout.reach:
            yield Change(parts=breakout.lowered(positions, threshold), effect=effect)


def prolonging(breakout: BreakoutAt, day: date) -> Iterator[Change]:
    """Propose the validity with which a breakout that ran out would still be in force."""
    valid = breakout.params.valid_weeks
    age = day - breakout.confirmed_on
    if breakout.in_breakout and valid is not None and age > timedelta(weeks=valid):
        yield SetParameter(
            key="strategy.breakout.valid_weeks", before=valid, after=ceil(age.days / DAYS_A_WEEK)
        ).as_change(f"the breakout of {breakout.bars.symbol} is then still in force")


def shortening(breakout: BreakoutAt, day: date) -> Iterator[Change]:
    """Propose the validity with which the breakout would have run out."""
    valid = breakout.params.valid_weeks
    weeks = ceil((day - breakout.confirmed_on).days / DAYS_A_WEEK) - 1
    if breakout.in_breakout and valid is not None and 0 <= weeks < valid:
        yield SetParameter(key="strategy.breakout.valid_weeks", before=valid, after=weeks).as_change(
            f"the breakout of {breakout.bars.symbol} has then run out"
        )


def _unconfirmed(symbol: str) -> str:
    return f"that keeps the breakout of {symbol} from being confirmed"


def _still_kept(breakout: BreakoutAt) -> Iterator[Change]:
    """Propose the closes that would have kept the support that was lost last."""
    loss, ordinal = breakout.params.loss_sessions, int(breakout.columns.loss_session[breakout.at])
    if breakout.in_breakout or ordinal == NEVER:
        return
    lost = breakout.bars.position_at(date.fromordinal(ordinal)) or 0
    if lost < loss or not breakout.columns.in_breakout[lost - 1]:
        return
    threshold = breakout.below(float(breakout.columns.support[lost - 1]))
    positions = _kept(breakout.bars.close[lost - loss + 1 : breakout.at + 1].tolist(), threshold, loss)
    if len(positions) <= 2 * loss:
        parts = breakout.lifted([lost - loss + 1 + position for position in positions], threshold)
        yield Change(parts=parts, effect=f"the support of {breakout.bars.symbol} is then not lost")


def keeping(breakout: BreakoutAt) -> Iterator[Change]:
    """Propose the closes that would have kept the support that was lost last, whatever came of it since."""
    yield from _still_kept(breakout)
    # A new breakout may be in force by now; then the loss itself is what is undone.
    ordinal, loss = int(breakout.columns.loss_session[breakout.at]), breakout.params.loss_sessions
    if ordinal == NEVER:
        return
    lost = breakout.bars.position_at(date.fromordinal(ordinal)) or 0
    threshold = breakout.below(float(breakout.columns.support[lost - 1]))
    for position in range(max(lost - loss + 1, 0), lost + 1):
        yield Change(
            parts=breakout.lifted([position], threshold),
            effect=f"the support of {breakout.bars.symbol} is then not lost",
        )


def _loses(breakout: BreakoutAt, positions: range, support: float) -> bool:
    """Tell whether a support would be lost again by the closes as they were."""
    below = [float(breakout.bars.close[position]) < breakout.below(support) for position in positions]
    loss = breakout.params.loss_sessions
    return any(all(below[end - loss : end]) for end in range(loss, len(below) + 1))


def _kept(closes: Sequence[float], threshold: float, loss: int) -> list[int]:
    """Choose closes to lift so that never `loss` in a row stay below, with the least largest lift, the latest such."""
    windows = [
        range(end - loss + 1, end + 1)
        for end in range(loss - 1, len(closes))
        if all(close < threshold for close in closes[end - loss + 1 : end + 1])
    ]
    if not windows:
        return []
    least_close = min(max(closes[p] for p in window) for window in windows)
    chosen: list[int] = []
    for window in windows:
        if not any(p in window for p in chosen):
            chosen.append(max(p for p in window if closes[p] >= least_close))
    return chosen
