"""Charts as plain data: what a rule has drawn of a finished or running run, out of that run's record alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, NamedTuple, TypeAlias

from engine.core.reading import Reading

Tone: TypeAlias = Literal["strategy", "btc", "eth", "basket", "cash", "muted", "loss"]
"""A colour of the report, by what it mostly stands for."""
NOTHING = Reading(holds=None)
"""Of a day on which a rule was not asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Values over the days of a chart; one without any value is left out.

    Attributes:
        values: one for each day; None for none.
        shape: a line, steps that stand until the next value, or bars from 0 on.
    """

    name: str
    values: Sequence[float | None]
    tone: Tone = "strategy"
    width: float = 1.3
    shape: Literal["line", "steps", "bars"] = "line"
    dotted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Days that are marked; where there are none, the name is left out.

    Attributes:
        look: a marker of plotly's, and its tone.
        points: of each the day, the value at which it stands, and what it says.
    """

    name: str
    look: tuple[str, Tone]
    points: Sequence[tuple[str, float, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart of the report.

    Attributes:
        words: what it shows, in a sentence or two.
        days: ISO dates, ascending, of the values of every curve.
        tick: format of the ticks, as d3 writes it; decimals: of a value that is pointed at.
    """

    title: str
    words: str
    days: Sequence[str]
    curves: Sequence[Curve]
    marks: Sequence[Marks] = ()
    tick: str = ",.6~g"
    decimals: int = 2
    height: int = 340


class RotationDays(NamedTuple):
    """A rotation of the record: its number, its days, and the golden cross that let it in.

    Attributes:
        exit_day: None while it lasts.
    """

    number: int
    entry_day: date
    exit_day: date | None
    cross_week: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnRecord:
    """What a rule draws from.

    Attributes:
        name: under which the record has the rule.
        days: the decision days; evidence: of each, by section, as plain values of JSON.
        read: what the rule said on each; `NOTHING` where it was not asked.
    """

    name: str
    days: Sequence[date]
    evidence: Sequence[Mapping[str, Mapping[str, Any] | None]]
    read: Sequence[Reading]
    rotations: Sequence[RotationDays]

    def seen_once(self, section: str, key: str, *others: str) -> list[Mapping[str, Any]]:
        """Give each value of an evidence section once, in order, as the first day knew it.

        Args:
            key: of what tells them apart; others: what has to be there as well.
        """
        seen: dict[str, Mapping[str, Any]] = {}
        for each in self.evidence:
            values = each.get(section)
            if values and values.get(key) and all(other in values for other in others):
                seen.setdefault(values[key], values)
        return list(seen.values())

    def value_chart(self, title: str) -> Chart | None:
        """Draw the rule's value against its threshold, and the days on which it came to hold, or ceased to."""
        if all(each.value is None for each in self.read):
            return None
        days = [day.isoformat() for day in self.days]
        pairs = list(zip(days[1:], self.read[1:], self.read, strict=False))

        def marks(name: str, look: tuple[str, Tone], *, before: bool) -> Marks:
            turned = [(day, now.value) for day, now, then in pairs if (then.holds, now.holds) == (before, not before)]
            return Marks(
                name=name, look=look, points=[(day, value, name) for day, value in turned if value is not None]
            )

        return Chart(
            title=title,
            words="Its value against its threshold, on the days on which it was asked.",
            days=days,
            curves=(
                Curve(name="threshold", values=[each.threshold for each in self.read], tone="muted", dotted=True),
                Curve(name="value", values=[each.value for each in self.read]),
            ),
            marks=(
                marks("came to hold", ("triangle-up", "basket"), before=False),
                marks("ceased to hold", ("x-thin-open", "loss"), before=True),
            ),
        )
