"""A rule's readings by day, made of arrays once and revealed day by day.

Row D of every array is of decision day D, a day with a bar of the core, and uses what was known at D's end.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.core.market import BarSeries, Floats
from engine.core.reading import Reading
from engine.core.series_columns import DECIMALS
from engine.core.series_columns import rounded as rounded_column

Flags: TypeAlias = NDArray[np.bool_]
Sign: TypeAlias = Literal[">", ">=", "<", "<="]
Reason: TypeAlias = str | Callable[[date], str]

_COMPARISONS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


@dataclass(frozen=True, kw_only=True, eq=False)
class Column:
    """A rule's readings by day, arrays of shape (days,).

    Attributes:
        days: bars of the core; their days are the decision days.
        holds, known: where not known, the rule does not hold.
        complete: known, and within a group everything in it.
        value: NaN for none; threshold: None for none.
        sign: how value and threshold are compared.
        reason: why a day is not complete, for all days or of one.
        began: where the unbroken row of each day begins.
        parts: of a group, the columns that it is made of.
    """

    days: BarSeries
    holds: Flags
    known: Flags
    complete: Flags
    value: Floats
    threshold: float | None
    sign: Sign
    reason: Reason
    began: NDArray[np.intp]
    parts: tuple["Column", ...] = ()

    def at(self, day: date) -> Reading:
        """Give the reading of a decision day.

        Raises:
            KeyError: the day has no bar of the core.
        """
        row = self.days.position_on(day)
        if row is None:
            raise KeyError(f"{day} has no bar of {self.days.symbol}")
        known, number = bool(self.known[row]), float(self.value[row])
        value = number if known and number == number else None  # noqa: PLR0124 - NaN is not itself
        return Reading(
            holds=bool(self.holds[row]) if known else None,
            value=value,
            threshold=self.threshold,
            distance=distance_of(value, self.threshold, self.sign),
            since=date.fromordinal(int(self.days.ordinals[self.began[row]])),
            reason="" if self.complete[row] else self.reason if isinstance(self.reason, str) else self.reason(day),
        )


def column(
    days: BarSeries,
    *,
    holds: Flags,
    known: Flags | None = None,
    complete: Flags | None = None,
    value: Floats | None = None,
    threshold: float | None = None,
    sign: Sign = ">",
    reason: Reason = "",
    parts: tuple[Column, ...] = (),
) -> Column:
    """Put the readings of all days together.

    Args:
        days: bars of the core; holds and the other arrays have one row a bar.
        known: every day unless given; complete: as known.
        reason: why a day is not known; wanted where one is not.
    """
    known = np.ones(len(days), dtype=np.bool_) if known is None else known
    state = np.where(known, holds, 2)
    return Column(
        days=days,
        holds=holds & known,
        known=known,
        complete=known if complete is None else complete,
        value=np.full(len(days), np.nan) if value is None else value,
        threshold=threshold,
        sign=sign,
        reason=reason,
        began=row_starts(state),
        parts=parts,
    )


def compared(days: BarSeries, value: Floats, sign: Sign, threshold: float, *, reason: Reason) -> Column:
    """Make a column of a value that is compared with a threshold, after rounding; NaN is not known.

    Args:
        reason: why a value is not known.
    """
    # Adding 0.0 makes zeros alike: what is rounded up to zero would have a sign.
    value = rounded_column(value) + 0.0
    known, holds = ~np.isnan(value), compare_all(value, sign, threshold)
    return column(days, holds=holds, known=known, value=value, threshold=threshold, sign=sign, reason=reason)


def unknown(days: BarSeries, *, reason: Reason) -> Column:
    """Make a column of which nothing is known on any day."""
    nothing = np.zeros(len(days), dtype=np.bool_)
    return column(days, holds=nothing, known=nothing, reason=reason)


def rounded_value(value: float) -> float:
    """Round a value to what is compared and shown."""
    return round(value, DECIMALS) + 0.0


def is_met(value: float, sign: Sign, threshold: float) -> bool:
    """Tell how a value compares with a threshold."""
    return bool(_COMPARISONS[sign](value, threshold))


def compare_all(values: Floats, sign: Sign, threshold: float) -> Flags:
    """Tell how each value compares with a threshold, after rounding; what is NaN does not as is wanted."""
    flags: Flags = _COMPARISONS[sign](rounded_column(values), threshold)
    return flags


def distance_of(value: float | None, threshold: float | None, sign: Sign = ">") -> float | None:
    """Give value - threshold, reversed where a value below it is wanted; None where either is."""
    if value is None or threshold is None:
        return None
    return rounded_value(value - threshold if sign in (">", ">=") else threshold - value)


def row_starts(values: NDArray[Any]) -> NDArray[np.intp]:
    """Give for each position where the unbroken row of equal values begins that it belongs to."""
    starts = np.zeros(len(values), dtype=np.intp)
    changed = np.flatnonzero(values[1:] != values[:-1]) + 1
    starts[changed] = changed
    return np.maximum.accumulate(starts)
