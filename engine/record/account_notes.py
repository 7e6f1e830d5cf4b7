"""What befell the account beside its trades, in sentences: coins that count as delisted."""

from collections.abc import Iterable, Iterator

from engine.core.events import AssetDelisted, Event
from engine.record.run_log import delisting_words


def account_notes(events: Iterable[Event]) -> Iterator[str]:
    """Give the sentences for the notes of a summary, in order."""
    for event in events:
        if isinstance(event, AssetDelisted):
            yield f"{event.day}: {delisting_words(event)}"
