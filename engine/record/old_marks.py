"""Holdings that are valued at a price older than their day, in a sentence."""

from collections.abc import Mapping
from datetime import date


def old_mark_words(marked_on: Mapping[str, date]) -> str:
    """Say of which day the prices are: `ADA at its close of 2021-01-15`; empty where each is of its day."""
    return ", ".join(f"{asset} at its close of {on}" for asset, on in marked_on.items())


def old_mark_notes(day: date, marked_on: Mapping[str, date]) -> tuple[str, ...]:
    """Give the note on a last decision day, or none."""
    words = old_mark_words(marked_on)
    return (f"on {day} there is no price of that day for what is held: {words}",) if words else ()
