"""Amounts as every report writes them: a quantity exactly, a price by its significant digits, money to the cent.

None of them makes a small amount look like nothing.
"""

from decimal import Decimal

from engine.core.money import plain

THOUSAND, TEN_THOUSAND = 1_000, 10_000
CENT = Decimal("0.01")
FINE_DIGITS = 3
"""Of money below a cent."""
LEAST_POWER = -12
"""Below this power of ten zeros cannot be counted any more."""


def exact(value: Decimal) -> str:
    """Write a quantity with all its digits and separators of thousands."""
    whole, point, rest = plain(value).partition(".")
    return f"{int(whole):,}{point}{rest}" if whole not in ("0", "-0") else f"{whole}{point}{rest}"


def significant(value: Decimal, *, digits: int = 6) -> str:
    """Write a price or a fee to so many significant digits; from ten thousand on whole."""
    if not value:
        return "0"
    if abs(value) >= TEN_THOUSAND:
        return f"{value:,.0f}"
    if value.adjusted() < LEAST_POWER:
        return f"{value:.{digits - 1}e}"
    text = f"{value:,.{max(0, digits - 1 - value.adjusted())}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(value: Decimal | float, *, decimals: int = 2) -> str:
    """Write money to so many decimals; less than a cent by its significant digits."""
    exactly = value if isinstance(value, Decimal) else Decimal(repr(value))
    if exactly.is_finite() and exactly and abs(exactly) < CENT:
        return significant(exactly, digits=FINE_DIGITS)
    return f"{value:,.{decimals}f}"


def counted(count: int | None, noun: str) -> str:
    """Write how many there are of something, `no fills`, `1 fill`, `2,000 fills`."""
    if not count or count < THOUSAND:
        return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"
    return f"{count:,} {noun}s"
