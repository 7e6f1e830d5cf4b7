"""The rows of a run's files, folded from its events; the same in every mode."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import repeat
from json.encoder import encode_basestring as quoted
from math import isfinite
from types import MappingProxyType, NoneType
from typing import Any

from engine.core.calendar import iso
from engine.core.events import DayDecided, Event, OrderFilled
from engine.core.market import Floats
from engine.core.money import plain
from engine.core.order import Fill
from engine.core.reading import Reading, reading_values
from engine.core.rotation_equity import ROTATED
from engine.record.record_rows import EVIDENCE_SECTIONS, HOLD_COLUMN, RotationRow

OPEN = "open"
LEAST_PLAIN, MOST_PLAIN = 1.0, 1e7
DAYS_A_WEEK = 7

FILL_COLUMNS = (
    "time", "decision_day", "symbol", "side", "quantity", "price", "notional", "fee", "fee_asset", "order_id",
    "client_order_id", "reason", "market_price", "basis",
)  # fmt: skip
ROTATION_COLUMNS = (
    "rotation", "entry_day", "exit_day", "exit_reason", "breakout_session", "cross_week", "weeks_held",
    "start_equity", "end_equity", "return", "core_return", "excess",
)  # fmt: skip
EQUITY_COLUMNS = ("day", "equity", "cash", "state")


def decided_days(events: Iterable[Event]) -> list[DayDecided]:
    """Give the decisions, in order."""
    return [event for event in events if isinstance(event, DayDecided)]


def booked_fills(events: Iterable[Event]) -> list[Fill]:
    """Give the fills, in order."""
    return [event.fill for event in events if isinstance(event, OrderFilled)]


def own_fills(fills: Iterable[Fill]) -> list[Fill]:
    """Give the fills that change what the ledger holds: not those that restore what a reset wiped."""
    return [fill for fill in fills if not fill.restores]


def rotations_of(days: Iterable[DayDecided]) -> list[RotationRow]:
    """Fold decisions into rotations; one that has not ended is counted up to the last day."""
    rotations: list[RotationRow] = []
    entry: DayDecided | None = None
    last: DayDecided | None = None
    for day in days:
        last = day
        if entry is None and day.next_state == ROTATED:
            entry = day
        elif entry is not None and day.next_state != ROTATED:
            rotations.append(_rotation(len(rotations) + 1, entry, day, exit_reason=day.reason))
            entry = None
    if entry is not None and last is not None:
        rotations.append(_rotation(len(rotations) + 1, entry, last, exit_reason=OPEN))
    return rotations


def decision_content(day: DayDecided) -> dict[str, Any]:
    """Give what a line of `decisions.jsonl` holds of a decision, days as days."""
    return {
        "day": day.day,
        "state": day.state,
        "next_state": day.next_state,
        "reason": day.reason,
        **{section: day.evidence.get(section) for section in EVIDENCE_SECTIONS},
        **{key: value for key, value in day.evidence.items() if key not in EVIDENCE_SECTIONS},
        "targets": day.targets,
        "closes": {asset: float(close) for asset, close in day.closes.items()},
        "equity": money(day.equity),
        "cash": money(day.cash),
        # Only where there is something to say: nearly every mark is of its day.
        **({"marked_on": day.marked_on} if day.marked_on else {}),
        # Records of older programs lack them.
        **({"rules": day.rules} if day.rules else {}),
    }


def decision_lines(days: Iterable[DayDecided]) -> Iterator[str]:
    """Write each decision as a line of JSON, with what `decision_content` gives."""
    said: dict[str, tuple[object, str]] = {}

    def once(key: str, value: object) -> str:
        # Most days show of most signals, and say of most rules, what the day before did.
        known = said.get(key)
        if known is None or known[0] is not value:
            plain = reading_values(value) if isinstance(value, Reading) else value
            known = said[key] = value, f"{quoted(key)}: {_value_text(plain)}"
        return known[1]

    for day in days:
        seen = day.evidence
        sections = [once(name, seen.get(name)) for name in EVIDENCE_SECTIONS]
        sections += [once(name, section) for name, section in seen.items() if name not in EVIDENCE_SECTIONS]
        marked = f', "marked_on": {_fields_text(day.marked_on)}' if day.marked_on else ""
        read = ", ".join([once(name, reading) for name, reading in day.rules.items()])
        rules = f', "rules": {{{read}}}' if read else ""
        yield (
            f'{{"day": "{iso(day.day)}", "state": {quoted(day.state)}, "next_state": {quoted(day.next_state)}, '
            f'"reason": {quoted(day.reason)}, {", ".join(sections)}, {once("targets", day.targets)}, '
            f'"closes": {_fields_text({asset: float(close) for asset, close in day.closes.items()})}, '
            f'"equity": {money_text(float(day.equity))}, "cash": {money_text(float(day.cash))}{marked}{rules}}}'
        )


def basis_of(fill: Fill) -> float | None:
    """Give the price over the real market's - 1, as a fraction; None where that was not asked or not had."""
    return None if fill.market_price is None else round(float(fill.price / fill.market_price) - 1, 8)


def fill_rows(fills: Iterable[Fill]) -> Iterator[tuple[str, ...]]:
    """Write each fill as a row of exact decimals."""
    for fill in fills:
        yield (
            fill.at.isoformat().replace("+00:00", "Z"),
            fill.decision_day.isoformat(),
            fill.symbol,
            fill.side.value,
            plain(fill.quantity),
            plain(fill.price),
            plain(fill.notional),
            plain(fill.fee),
            fill.fee_asset,
            fill.order_id,
            fill.client_order_id,
            fill.reason,
            "" if fill.market_price is None else plain(fill.market_price),
            "" if fill.market_price is None else repr(basis_of(fill)),
        )


def rotation_rows(rotations: Iterable[RotationRow]) -> Iterator[tuple[str, ...]]:
    """Write each rotation as a row."""
    for rotation in rotations:
        yield (
            str(rotation.rotation),
            rotation.entry_day.isoformat(),
            _text(rotation.exit_day),
            rotation.exit_reason,
            _text(rotation.breakout_session),
            _text(rotation.cross_week),
            repr(rotation.weeks_held),
            repr(rotation.start_equity),
            repr(rotation.end_equity),
            repr(rotation.total_return),
            repr(rotation.core_return),
            repr(rotation.excess),
        )


def equity_columns(benchmarks: Mapping[str, Floats | None]) -> tuple[str, ...]:
    """Name the columns of `equity_rows`."""
    return (*EQUITY_COLUMNS, *(f"{HOLD_COLUMN}{name}" for name in benchmarks))


def equity_rows(
    days: Iterable[DayDecided], benchmarks: Mapping[str, Floats | None] = MappingProxyType({})
) -> Iterator[tuple[str, ...]]:
    """Write the equity of each decision day as a row.

    Args:
        benchmarks: the equity of each, shape (days,); None for one that was not tradable: its cells stay empty.
    """
    columns = [repeat("") if curve is None else map(money_text, curve.tolist()) for curve in benchmarks.values()]
    for day, *held in zip(days, *columns, strict=False):
        yield iso(day.day), money_text(float(day.equity)), money_text(float(day.cash)), day.state, *held


def money(value: Decimal) -> float:
    """Give an amount as the record shows it: to eight decimals."""
    return round(float(value), 8)


def money_text(value: float) -> str:
    """Write an amount as the record shows it: as Python writes it, rounded to eight decimals."""
    # Up to 15 digits are the shortest text of the number that they round to, which takes three conversions to find.
    if LEAST_PLAIN <= value < MOST_PLAIN:
        text = f"{value:.8f}".rstrip("0")
        return f"{text}0" if text[-1] == "." else text
    return repr(round(value, 8))


def _rotation(number: int, entry: DayDecided, until: DayDecided, *, exit_reason: str) -> RotationRow:
    total_return = float(until.equity / entry.equity) - 1
    core_return = float(until.core_close / entry.core_close) - 1
    return RotationRow(
        rotation=number,
        entry_day=entry.day,
        exit_day=None if exit_reason == OPEN else until.day,
        exit_reason=exit_reason,
        breakout_session=_day(entry, "index", "breakout_session"),
        cross_week=_day(entry, "macd", "cross_week"),
        weeks_held=round((until.day - entry.day).days / DAYS_A_WEEK, 6),
        start_equity=money(entry.equity),
        end_equity=money(until.equity),
        total_return=total_return,
        core_return=core_return,
        excess=total_return - core_return,
    )


def _value_text(value: object) -> str:
    """Write a value as JSON; the encoder takes longer to be called than for most of what it is given."""
    return _TEXTS.get(type(value), _ENCODER.encode)(value)


def _fields_text(values: Mapping[str, object]) -> str:
    texts, other = _TEXTS, _ENCODER.encode
    return f"{{{', '.join([f'{quoted(key)}: {texts.get(type(each), other)(each)}' for key, each in values.items()])}}}"


def _float_text(value: float) -> str:
    return repr(value) if isfinite(value) else _ENCODER.encode(value)


def _day(decided: DayDecided, section: str, key: str) -> date | None:
    value = (decided.evidence.get(section) or {}).get(key)
    return value if isinstance(value, date) else None


def _json_value(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} has no place in the record")


def _text(day: date | None) -> str:
    return "" if day is None else day.isoformat()


_ENCODER = json.JSONEncoder(ensure_ascii=False, default=_json_value)
_TEXTS: Mapping[type, Callable[[Any], str]] = {
    float: _float_text,
    int: int.__repr__,
    str: quoted,
    bool: lambda value: "true" if value else "false",
    NoneType: lambda _: "null",
    date: lambda day: f'"{iso(day)}"',
    dict: _fields_text,
}
