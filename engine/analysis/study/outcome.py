"""What a test found, before anybody judges it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.analysis.study.nulls import Judged


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a test found.

    Attributes:
        n: what was counted: events, weeks, spells.
        effect: the figure that is printed; None where there is none.
        judged: what the null says of it; None without one.
        interval: of the effect; the null's own where it is of the statistic that is printed.
        events: ordinals of the dated days that it rests on.
        without_best: the statistic without the one event or spell that helps the claim most; None where that is no
            question.
        points: the values behind the events, for the picture.
        counterexample: whether a universal claim has one.
        holds: of a fact or a forecast: whether it does; None while that is open.
        why: why it cannot be tested; empty where it can.
    """

    n: int
    effect: float | None = None
    judged: Judged | None = None
    interval: tuple[float, float] | None = None
    events: tuple[int, ...] = ()
    without_best: float | None = None
    points: tuple[float, ...] = ()
    counterexample: bool = False
    holds: bool | None = None
    why: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
