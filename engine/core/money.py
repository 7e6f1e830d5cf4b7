"""Exact money: decimals from the shortest text of a float, rounded down to steps, never silently inexact."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import ROUND_DOWN, Context, Decimal, DivisionByZero, Inexact, InvalidOperation, localcontext

# A price of 17 digits times slippage, a quantity and a fee rate needs fewer than 60 digits.
EXACT = Context(prec=120, rounding=ROUND_DOWN, traps=[Inexact, InvalidOperation, DivisionByZero])
"""Arithmetic that raises `decimal.Inexact` rather than lose a digit."""
SIZING = Context(prec=50, rounding=ROUND_DOWN, traps=[InvalidOperation, DivisionByZero])
"""Arithmetic for sizing orders, where a quotient is cut to a lot step anyway; never rounds up."""

ZERO = Decimal(0)
ONE = Decimal(1)


@contextmanager
def exact() -> Iterator[None]:
    """Make decimal arithmetic inside the block exact or an error."""
    with localcontext(EXACT):
        yield


@contextmanager
def sizing() -> Iterator[None]:
    """Make decimal arithmetic inside the block generous and rounded down."""
    with localcontext(SIZING):
        yield


def decimal_of(value: float) -> Decimal:
    """Convert a float to the decimal of its shortest text, as prices enter the ledger."""
    return Decimal(repr(float(value)))


def floor_to_step(value: Decimal, step: Decimal) -> Decimal:
    """Round `value` (not negative) down to a multiple of `step` (positive)."""
    with localcontext(SIZING):
        return (value // step) * step


def plain(value: Decimal) -> str:
    """Write a decimal without exponent and without trailing zeros, as exchanges want it: `0.00001`, not `1E-5`."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
