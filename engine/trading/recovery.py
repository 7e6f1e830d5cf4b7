"""Where a session stood: folded out of its journal. Start-up and recovery after a crash are this one path."""

from collections.abc import Iterable

from engine.core.events import Event
from engine.trading.standing import Standing


def standing_of(events: Iterable[Event], fresh: Standing) -> Standing:
    """Fold events into where the session stands, as the session itself does with each that it writes.

    An order that was sent and of which nothing more is written may have been executed: it is in doubt.

    Args:
        events: the whole journal, in order; none for a first start.
        fresh: where a session without a past stands.
    """
    return fresh.after_all(events)
