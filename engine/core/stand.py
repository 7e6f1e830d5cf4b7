"""Where the thesis and the strategy itself stand on a day: the board, with what the strategy waits for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from engine.core.context_rows import Board
from engine.core.explanation import Condition


@dataclass(frozen=True, kw_only=True)
class OwnState:
    """Where the strategy itself stands after the decision of a day.

    Attributes:
        state: after it; since: the day whose decision led to it.
        reason: of the day's decision; before: the state that it was taken in.
        asked: the rules that were asked, as a tree; what is not met in it is what is waited for.
        problem: why nothing is known of it; then all else is empty.
    """

    state: str = ""
    since: date | None = None
    reason: str = ""
    before: str = ""
    asked: Condition | None = None
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Stand:
    """All that is shown of a day.

    Attributes:
        remarks: by series, what has to be said of figures made of it: revised history.
        verdicts: by row of the thesis, that of the last study; empty where there is none.
    """

    name: str
    board: Board
    own: OwnState
    synthetic: bool
    remarks: Mapping[str, str] = field(default_factory=dict)
    verdicts: Mapping[str, str] = field(default_factory=dict)
