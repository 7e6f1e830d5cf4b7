"""The check that every backtest makes of itself: its changes of targets, decided again from truncated history."""

from collections.abc import Iterable

from engine.core.calendar import decision_instant
from engine.core.errors import LookAheadError
from engine.core.events import DayDecided, Event
from engine.core.market import History
from engine.core.sizing import Sizing
from engine.core.strategy import AnyStrategy, Observations


def check_no_look_ahead(
    strategy: AnyStrategy,
    history: History,
    observations: Observations[object],
    events: Iterable[Event],
    *,
    sizing: Sizing | None = None,
) -> int:
    """Observe each day on which targets changed from nothing but what was known then, and compare the facts.

    Args:
        observations: made of the whole history, as the run used them.
        events: of the run; sizing: what scaled its targets.

    Returns:
        The number of days checked.

    Raises:
        LookAheadError: a day's facts differ, so something later than the day's end reached them.
    """
    checked = 0
    for event in events:
        if not (isinstance(event, DayDecided) and event.changed):
            continue
        known_history = history.known_by(decision_instant(event.day))
        known = strategy.observe(known_history)
        if known.at(event.day) != observations.at(event.day):
            raise LookAheadError(
                f"{event.day}: the {event.reason} decision rests on bars that were not known at its instant; "
                f"from the bars known then the facts are {known.at(event.day)}"
            )
        if sizing is not None:
            _check_scale(sizing, history, known_history, event)
        checked += 1
    return checked


def _check_scale(sizing: Sizing, history: History, known: History, event: DayDecided) -> None:
    used, due = (sizing.scale(event.targets, each, event.day) for each in (history, known))
    if used != due:
        raise LookAheadError(
            f"{event.day}: the size of the {event.reason} targets rests on bars that were not known at its instant; "
            f"they are multiplied by {used:g}, and by what was known then by {due:g}"
        )
