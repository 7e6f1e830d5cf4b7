"""Values that a decision rests on, in words."""


def value_words(value: object) -> str:
    """Write a value; a number that is no count to two decimals."""
    if value is None:
        return "not defined"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.2f}" if isinstance(value, float) else str(value)
