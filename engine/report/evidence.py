"""Values that a decision rests on, in words: what they are, and how far they are from where they would change it."""


def value_words(value: object) -> str:
    """Write a value; a number that is no count to two decimals."""
    if value is None:
        return "not defined"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.2f}" if isinstance(value, float) else str(value)


def number_in(value: object) -> float | None:
    """Give a value that is a number; a record may hold anything."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def distance_words(close: object, level: object) -> str:
    """Say how far a close is from a level, as a fraction of the level; empty where there is none."""
    at, trigger = number_in(close), number_in(level)
    if at is None or not trigger:
        return ""
    share = at / trigger - 1
    return f"{abs(share):.2%} {'above' if share > 0 else 'below'} it" if share else "exactly at it"


def gap_words(macd: object, signal: object) -> str:
    """Say on which side of its signal line a MACD is, and how far; empty where either is not known."""
    value, line = number_in(macd), number_in(signal)
    if value is None or line is None:
        return ""
    return f"{abs(value - line):,.2f} {'above' if value > line else 'below'} its signal line"
