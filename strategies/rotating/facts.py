"""What the rotation observes of each day: what its rules do, each signal once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from engine.core.events import Evidence
from engine.core.rule import ByDay
from strategies.signals.days import BreakoutFacts, DailyBreakout, DailyMacd, WeekFacts, row_on

CROSS = 1
"""The place of the golden cross among the entry rules, after the breakout."""


class RotationFacts(NamedTuple):
    """What is known at the end of one day.

    Attributes:
        tradable: basket assets that can be traded, in trading order; weights: of each, where they are worked out.
        entry, exits: what each of the entry rules and exits observed, in order.
    """

    day: date
    breakout: BreakoutFacts
    macd: WeekFacts
    tradable: tuple[str, ...]
    entry: tuple[object, ...]
    exits: tuple[object, ...]
    weights: tuple[tuple[str, float], ...] | None = None

    @property
    def cross(self) -> Any:
        """What the rule of the golden cross observed, the second of the entry rules."""
        return self.entry[CROSS]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RotationObservations:
    """What the rules observed, by day.

    Attributes:
        columns: each once, breakout, MACD and tradable assets first; places: those of the entry rules and the exits.
    """

    first_day: date
    breakout: DailyBreakout
    macd: DailyMacd
    entry: tuple[ByDay[Any], ...]
    exits: tuple[ByDay[Any], ...]
    columns: tuple[ByDay[Any], ...]
    places: tuple[tuple[int, ...], tuple[int, ...]]

    @property
    def cross(self) -> ByDay[Any]:
        """What the rule of the golden cross observed."""
        return self.entry[CROSS]

    def at(self, day: date) -> RotationFacts:
        """Give the facts of one decision day.

        Raises:
            KeyError: the day has no bar of the core.
        """
        row = row_on(self.breakout.core, day)
        breakout, macd = self.breakout.of_row(row), self.macd.of_row(row)
        seen = [breakout, macd, *[column.at(day) for column in self.columns[2:]]]
        tradable = seen[2]
        entry, exits_ = self.places
        return RotationFacts(
            day=day,
            breakout=breakout,
            macd=macd,
            tradable=tradable.assets,
            entry=tuple([seen[place] for place in entry]),
            exits=tuple([seen[place] for place in exits_]),
            weights=tradable.weights,
        )


def places_of(columns: Sequence[ByDay[Any]], observed: Sequence[ByDay[Any]]) -> tuple[int, ...]:
    """Give the place of each of `observed` among the columns."""
    return tuple(next(n for n, column in enumerate(columns) if column is each) for each in observed)


def evidence_of(facts: RotationFacts, *, in_force: bool) -> Evidence:
    """Give what the record shows of a day's signals.

    Args:
        in_force: whether the golden cross is.
    """
    return {"index": facts.breakout.evidence, "macd": facts.macd.evidence[in_force]}
