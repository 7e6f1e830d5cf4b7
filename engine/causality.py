"""The check that every backtest makes of itself: its changes of targets, decided again from truncated history."""

from collections.abc import Iterable

from engine.core.calendar import decision_instant
from engine.core.errors import LookAheadError
from engine.core.events import DayDecided, Event
from engine.core.market import History
from engine.core.strategy import AnyStrategy, Observations


def check_no_look_ahead(
    strategy: AnyStrategy, history: History, observations: Observations[object], events: Iterable[Event]
) -> int:
    """Observe each day on which targets changed from nothing but what was known then, and compare the facts.

    Args:
        observations: made of the whole history, as the run used them.
        events: of the run.

    Returns:
        The number of days checked.

    Raises:
        LookAheadError: a day's facts differ, so something later than the day's end reached them.
    """
    checked = 0
    for event in events:
        if not (isinstance(event, DayDecided) and event.changed):
            continue
        known = strategy.observe(history.known_by(decision_instant(event.day)))
        if known.at(event.day) != observations.at(event.day):
            raise LookAheadError(
                f"{event.day}: the {event.reason} decision rests on bars that were not known at its instant; "
                f"from the bars known then the facts are {known.at(event.day)}"
            )
        checked += 1
    return checked
