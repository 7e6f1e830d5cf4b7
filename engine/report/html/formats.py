"""Numbers as the page shows them."""

from decimal import Decimal

from engine.report.amounts import exact, money
from engine.report.figures import NOT_AVAILABLE

MINUS = "\N{MINUS SIGN}"
WHOLE_FROM = 1000
"""From this size on an amount is shown to two decimals, below it to as many as matter."""


def percent(value: float | None, *, signed: bool = False) -> str:
    """Give a fraction as percent, to one decimal."""
    if value is None:
        return NOT_AVAILABLE
    return _typographic(f"{value:+,.1%}" if signed else f"{value:,.1%}")


def ratio(value: float | None) -> str:
    """Give a ratio to two decimals."""
    return NOT_AVAILABLE if value is None else _typographic(f"{value:,.2f}")


def amount(value: float | Decimal | None, *, decimals: int = 2) -> str:
    """Give an amount of money with separators of thousands."""
    return NOT_AVAILABLE if value is None else _typographic(money(value, decimals=decimals))


def number(value: float | None) -> str:
    """Give a price or a quantity: separators of thousands, and as many digits as matter."""
    if value is None:
        return NOT_AVAILABLE
    if abs(value) >= WHOLE_FROM:
        text = f"{value:,.2f}"
        return _typographic(text.rstrip("0").rstrip(".") if text.endswith("00") else text)
    return _typographic(f"{value:,.6f}".rstrip("0").rstrip(".") if abs(value) >= 1 else f"{value:.6g}")


def quantity(value: Decimal) -> str:
    """Give a quantity with all its digits."""
    return _typographic(exact(value))


def basis_points(value: float | None) -> str:
    """Give a fraction in basis points, with its sign."""
    return NOT_AVAILABLE if value is None else _typographic(f"{value * 10_000:+,.1f}")


def _typographic(text: str) -> str:
    return text.replace("-", MINUS)
