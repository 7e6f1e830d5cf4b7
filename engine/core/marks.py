"""The last known prices: what a coin is valued at that has no close of a day, or none at all any more."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from engine.core.market import History
from engine.core.money import decimal_of


class Mark(NamedTuple):
    """The last price that is known of a coin, and its day."""

    price: Decimal
    day: date


def closes_at(assets: Iterable[str], day: date, history: History, marks: Mapping[str, Mark]) -> dict[str, Decimal]:
    """Give the last close up to a day of each asset, quote per unit; where history has none, its mark.

    Raises:
        ValueError: there is neither.
    """
    closes = {}
    for asset in assets:
        close = history[asset].close_at(day)
        # A market that has left the exchange takes its bars with it; what was known of it is still known.
        mark = marks.get(asset)
        if close is not None:
            closes[asset] = decimal_of(close)
        elif mark is not None:
            closes[asset] = mark.price
        else:
            raise ValueError(f"{asset} is held or targeted on {day} and has no close up to then")
    return closes


def days_of_older(assets: Sequence[str], day: date, history: History, marks: Mapping[str, Mark]) -> dict[str, date]:
    """Give the day of the price of each asset that has none of `day` itself, as `closes_at` takes it."""
    older = {}
    for asset in assets:
        on = history[asset].close_day_at(day) or marks[asset].day
        if on < day:
            older[asset] = on
    return older
