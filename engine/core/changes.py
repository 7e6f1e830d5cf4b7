"""Changes of what a decision rests on: closes and parameters set to other values, applicable to a history.

The size of a change is the largest relative move among its parts. A parameter's move is relative to its old value (to 1
where that is 0); one that is no number, or was not set, moves by 1.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeAlias

import numpy as np
from pydantic import JsonValue

from engine.core.market import BarSeries, History
from engine.core.strategy import StrategyParams

ParameterValue: TypeAlias = int | float | str | tuple[JsonValue, ...] | None
SECTION = "strategy."
"""Begins the key of every parameter, as in the configuration."""
MOST_DECIMALS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class SetClose:
    """The close of a series on one day is another; high and low give way where they must."""

    symbol: str
    day: date
    before: float
    after: float

    @property
    def size(self) -> float:
        """The relative move."""
        return abs(self.after / self.before - 1)

    def of(self, fraction: float) -> "SetClose":
        """Give the move scaled."""
        return replace(self, after=self.before + (self.after - self.before) * fraction)

    @property
    def sentence(self) -> str:
        """The part in words."""
        return _closes_sentence([self])


@dataclass(frozen=True, slots=True, kw_only=True)
class SetParameter:
    """A parameter of the strategy is another; `key` as in the configuration, `strategy.macd.valid_weeks`.

    One of an exit stands under its name: `strategy.exits.basket_stop.limit`.
    """

    key: str
    before: ParameterValue
    after: ParameterValue

    @property
    def size(self) -> float:
        """The relative move."""
        if isinstance(self.before, int | float) and isinstance(self.after, int | float):
            return abs(self.after - self.before) / (abs(self.before) or 1)
        return 1.0

    def of(self, fraction: float) -> "SetParameter":
        """Give the move scaled: whole numbers are rounded towards the old value, what is no number waits for all."""
        if fraction >= 1:
            return self
        before, after = self.before, self.after
        if isinstance(before, int) and isinstance(after, int):
            # Truncation towards the old value; a step of one has no half.
            return replace(self, after=before + int((after - before) * fraction))
        if isinstance(before, int | float) and isinstance(after, int | float):
            return replace(self, after=before + (after - before) * fraction)
        return replace(self, after=before)

    def as_change(self, effect: str = "") -> "Change":
        """Give a change of this part alone."""
        return Change(parts=(self,), effect=effect)

    @property
    def sentence(self) -> str:
        """The part in words."""
        return f"{self.key} {_shown(self.after)} instead of {_shown(self.before)}"


Part: TypeAlias = SetClose | SetParameter


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Parts that are changed together.

    Attributes:
        effect: what they bring about, in words; may be empty.
    """

    parts: tuple[Part, ...]
    effect: str = ""

    @property
    def size(self) -> float:
        """The largest relative move among the parts; 0 without any."""
        return max((part.size for part in self.parts), default=0.0)

    @property
    def subjects(self) -> frozenset[str]:
        """The series and keys that are changed."""
        return frozenset(part.symbol if isinstance(part, SetClose) else part.key for part in self.parts)

    @property
    def closes(self) -> tuple[SetClose, ...]:
        """The parts that change closes."""
        return tuple(part for part in self.parts if isinstance(part, SetClose))

    @property
    def sentence(self) -> str:
        """The change in words."""
        groups: dict[tuple[str, float, bool], list[SetClose]] = {}
        for part in self.closes:
            groups.setdefault((part.symbol, part.after, part.after > part.before), []).append(part)
        others = [part.sentence for part in self.parts if isinstance(part, SetParameter)]
        sentences = [*(_closes_sentence(group) for group in groups.values()), *others]
        words = "; ".join(sentences)
        return f"{words}: {self.effect}" if self.effect else words

    def of(self, fraction: float) -> "Change":
        """Give the change scaled, 0.5 for half of it."""
        return replace(self, parts=tuple(part.of(fraction) for part in self.parts))

    def without(self, part: Part) -> "Change":
        """Give the change without one of its parts."""
        return replace(self, parts=tuple(other for other in self.parts if other != part))

    def applied_to(self, history: History) -> History:
        """Give the history with the closes changed; every bar stays valid."""
        by_symbol: dict[str, list[SetClose]] = {}
        for part in self.closes:
            by_symbol.setdefault(part.symbol, []).append(part)
        changed = {symbol: _with_closes(history[symbol], parts) for symbol, parts in by_symbol.items()}
        return replace(history, series={**history.series, **changed}) if changed else history

    def applied_to_params(self, params: StrategyParams) -> StrategyParams:
        """Give the parameters changed.

        Raises:
            ValueError: the parameters refuse the new values.
        """
        parts = [part for part in self.parts if isinstance(part, SetParameter)]
        if not parts:
            return params
        values: dict[str, Any] = params.model_dump()
        for part in parts:
            values = _with_value(values, part.key.removeprefix(SECTION).split("."), part.after)
        return type(params).model_validate(values)


def together(changes: Iterable[Change]) -> Change:
    """Make one change of several; of a close that two of them set, the larger move stays."""
    given = tuple(changes)
    parts: dict[tuple[str, date | None], Part] = {}
    for part in (part for change in given for part in change.parts):
        place = (part.symbol, part.day) if isinstance(part, SetClose) else (part.key, None)
        if place not in parts or parts[place].size < part.size:
            parts[place] = part
    effects = dict.fromkeys(change.effect for change in given if change.effect)
    return Change(parts=tuple(parts.values()), effect="; ".join(effects))


def _with_value(values: Any, path: Sequence[str], after: ParameterValue) -> Any:
    """Give plain values with one of them changed; in a list of rules, `name` is one of them, `name#2` its second."""
    if not path:
        return after
    inner, *rest = path
    if isinstance(values, Mapping):
        return {**values, inner: _with_value(values[inner], rest, after)}
    name, _, number = inner.partition("#")
    names = [next(iter(choice)) if isinstance(choice, Mapping) else choice for choice in values]
    at = [place for place, each in enumerate(names) if each == name][int(number or 1) - 1]
    given = values[at].get(name) if isinstance(values[at], Mapping) else None
    # What is not given has its default, which is replaced.
    changed = {**(given or {}), rest[0]: _with_value((given or {}).get(rest[0]), rest[1:], after)}
    return (*values[:at], {name: changed}, *values[at + 1 :])


def _with_closes(bars: BarSeries, parts: Iterable[SetClose]) -> BarSeries:
    close, high, low = bars.close.copy(), bars.high.copy(), bars.low.copy()
    for part in parts:
        position = bars.position_on(part.day)
        if position is None:
            raise ValueError(f"{bars.symbol} has no bar on {part.day}")
        close[position] = part.after
    return replace(bars, close=close, high=np.maximum(high, close), low=np.minimum(low, close))


def price_text(price: float, decimals: int = 2) -> str:
    """Write a price with thousands separators; a small one with four significant digits."""
    if decimals == 2 and 0 < abs(price) < 1:  # noqa: PLR2004 - the default
        return f"{price:.4g}"
    return f"{price:,.{decimals}f}"


def percent_text(fraction: float) -> str:
    """Write the size of a fraction as percent with two decimals, or more where those would be zeros."""
    percent = abs(fraction) * 100
    return f"{percent:,.2f} %" if percent >= 0.01 or not percent else f"{percent:.2g} %"  # noqa: PLR2004 - two decimals


def _closes_sentence(parts: Sequence[SetClose]) -> str:
    """Say that closes of one series are put to one price."""
    given = sorted(parts, key=lambda part: part.day)
    first = given[0]
    side = "above" if first.after > first.before else "below"
    decimals = max(_decimals_apart(part) for part in given)
    days = _listed(part.day.isoformat() for part in given)
    before = _listed(price_text(part.before, decimals) for part in given)
    moves = ", ".join(f"{'+' if part.after > part.before else '-'}{percent_text(part.size)}" for part in given)
    close = f"close{'s' if len(given) > 1 else ''}"
    return f"{first.symbol} {close} of {days} {side} {price_text(first.after, decimals)} instead of {before} ({moves})"


def _decimals_apart(part: SetClose) -> int:
    """Count the decimals that it takes to tell the two prices apart."""
    places = range(2, MOST_DECIMALS)
    return next((n for n in places if price_text(part.before, n) != price_text(part.after, n)), MOST_DECIMALS)


def _listed(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _shown(value: ParameterValue) -> str:
    match value:
        case None:
            return "null"
        case tuple():
            return f"[{', '.join(map(str, value))}]"
        case float():
            return f"{value:.6g}"
        case _:
            return str(value)
