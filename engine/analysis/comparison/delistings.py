"""Coins that a backtest sold in its books as delisted, and that the live run still holds: what follows from that.

The one is a rule of history, the other is all that an exchange allows: a difference that is meant, and has its amount.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date

from engine.analysis.comparison.books import Books
from engine.analysis.comparison.differences import Cause
from engine.analysis.comparison.fills import changes_of
from engine.analysis.comparison.gaps import add
from engine.analysis.comparison.steps import BookedFill, RunSteps, Step
from engine.core.order import DELISTED, Side


def sales_in_books(backtest: RunSteps) -> list[BookedFill]:
    """Give the sales that no venue executed, in order."""
    return [each for each in backtest.strays if each.fill.reason == DELISTED]


def sold_until(backtest: RunSteps, day: date) -> frozenset[str]:
    """Give the assets that were sold in the books up to the decision of a day."""
    return frozenset(each.fill.asset for each in sales_in_books(backtest) if each.fill.decision_day <= day)


def book_sale(books: Books, sale: BookedFill) -> None:
    """Book what such a sale moved in the backtest's account alone."""
    fill = sale.fill
    words = f"{fill.asset} counts as delisted: sold in the backtest's books, and left live"
    origin = books.found(fill.decision_day, "order", Cause.DELISTING, words)
    cash, held = changes_of([sale])
    add(books.gaps.cash, origin, cash)
    for asset, change in held.items():
        books.gaps.add_held(asset, origin, change)


def is_held_up(step: Step, left: Collection[str]) -> bool:
    """Tell whether a live run's buys wait for the sell of a coin that is left, as they do for any that has no bar."""
    return any(order.asset in left and order.side is Side.SELL for order in step.planned)


def without(value: object, assets: Collection[str]) -> object:
    """Give a value of a decision without what it says of some assets: by their names, or as pairs that begin so."""
    if isinstance(value, Mapping):
        return {name: without(each, assets) for name, each in value.items() if name not in assets}
    if is_dataclass(value):
        return {each.name: without(getattr(value, each.name), assets) for each in fields(value)}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [without(each, assets) for each in value if not _is_of(each, assets)]
    return value


def _is_of(pair: object, assets: Collection[str]) -> bool:
    return isinstance(pair, tuple) and bool(pair) and pair[0] in assets
