"""Words for what readings say."""

from engine.core.changes import percent_text
from engine.core.reading import Reading


def number_of(reading: Reading) -> float:
    """Give the value of a reading that has one.

    Raises:
        ValueError: it has none.
    """
    if reading.value is None:
        raise ValueError("a reading without a value")
    return float(reading.value)


def side_of(fraction: float) -> str:
    """Say how far above or below something is: `3.20 % above`."""
    if not fraction:
        return "level with"
    return f"{percent_text(fraction)} {'above' if fraction > 0 else 'below'}"


def move_of(fraction: float) -> str:
    """Say how far something moved: `up 3.20 %`."""
    if not fraction:
        return "unchanged"
    return f"{'up' if fraction > 0 else 'down'} {percent_text(fraction)}"


def signed(value: float, decimals: int = 2) -> str:
    """Write a difference with its sign and thousands separators."""
    return f"{value:+,.{decimals}f}"
