"""The rows of a run's files, folded from its events; the same in every mode."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from engine.core.events import DayDecided, Event, EvidenceValue, OrderFilled
from engine.core.market import Floats
from engine.core.money import plain
from engine.core.order import Fill
from engine.core.reading import reading_values
from engine.core.rotation_equity import ROTATED

OPEN = "open"
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
HOLD_COLUMN = "hold_"
"""Begins the name of a benchmark's column behind them."""
EVIDENCE_SECTIONS = ("index", "macd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """One round trip core -> basket -> core, from its entry day's close to its exit day's close.

    Attributes:
        exit_day: None while it has not ended; until: the day up to which the returns are counted.
        exit_reason: `open` while it has not ended.
    """

    number: int
    entry_day: date
    exit_day: date | None
    until: date
    exit_reason: str
    breakout_session: EvidenceValue
    cross_week: EvidenceValue
    start_equity: Decimal
    end_equity: Decimal
    start_core_close: Decimal
    end_core_close: Decimal

    @property
    def weeks_held(self) -> float:
        """Length in weeks."""
        return (self.until - self.entry_day).days / DAYS_A_WEEK

    @property
    def total_return(self) -> float:
        """Equity ratio - 1."""
        return float(self.end_equity / self.start_equity) - 1

    @property
    def core_return(self) -> float:
        """Ratio of the core's closes - 1 over the same days."""
        return float(self.end_core_close / self.start_core_close) - 1

    @property
    def excess(self) -> float:
        """Return over the core's."""
        return self.total_return - self.core_return


def decided_days(events: Iterable[Event]) -> list[DayDecided]:
    """Give the decisions, in order."""
    return [event for event in events if isinstance(event, DayDecided)]


def booked_fills(events: Iterable[Event]) -> list[Fill]:
    """Give the fills, in order."""
    return [event.fill for event in events if isinstance(event, OrderFilled)]


def own_fills(fills: Iterable[Fill]) -> list[Fill]:
    """Give the fills that change what the ledger holds: not those that restore what a reset wiped."""
    return [fill for fill in fills if not fill.restores]


def rotations_of(days: Iterable[DayDecided]) -> list[Rotation]:
    """Fold decisions into rotations; one that has not ended is counted up to the last day."""
    rotations: list[Rotation] = []
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


def decision_lines(days: Iterable[DayDecided]) -> Iterator[str]:
    """Write each decision as a line of JSON."""
    encode = json.JSONEncoder(ensure_ascii=False, default=_json_value).encode
    for day in days:
        yield encode(
            {
                "day": day.day,
                "state": day.state,
                "next_state": day.next_state,
                "reason": day.reason,
                **{section: day.evidence.get(section) for section in EVIDENCE_SECTIONS},
                **{key: value for key, value in day.evidence.items() if key not in EVIDENCE_SECTIONS},
                # Records of older programs lack them.
                **({"rules": {name: reading_values(each) for name, each in day.rules.items()}} if day.rules else {}),
                "targets": day.targets,
                "closes": {asset: float(close) for asset, close in day.closes.items()},
                "equity": money(day.equity),
                "cash": money(day.cash),
                # Only where there is something to say: nearly every mark is of its day.
                **({"marked_on": day.marked_on} if day.marked_on else {}),
            }
        )


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
            "" if fill.market_price is None else repr(round(float(fill.price / fill.market_price) - 1, 8)),
        )


def rotation_rows(rotations: Iterable[Rotation]) -> Iterator[tuple[str, ...]]:
    """Write each rotation as a row."""
    for rotation in rotations:
        yield (
            str(rotation.number),
            rotation.entry_day.isoformat(),
            rotation.exit_day.isoformat() if rotation.exit_day else "",
            rotation.exit_reason,
            _text(rotation.breakout_session),
            _text(rotation.cross_week),
            repr(round(rotation.weeks_held, 6)),
            repr(money(rotation.start_equity)),
            repr(money(rotation.end_equity)),
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
    for row, day in enumerate(days):
        held = ("" if curve is None else repr(round(float(curve[row]), 8)) for curve in benchmarks.values())
        yield day.day.isoformat(), repr(money(day.equity)), repr(money(day.cash)), day.state, *held


def money(value: Decimal) -> float:
    """Give an amount as the record shows it: to eight decimals."""
    return round(float(value), 8)


def _rotation(number: int, entry: DayDecided, until: DayDecided, *, exit_reason: str) -> Rotation:
    index: Mapping[str, EvidenceValue] = entry.evidence.get("index") or {}
    macd: Mapping[str, EvidenceValue] = entry.evidence.get("macd") or {}
    return Rotation(
        number=number,
        entry_day=entry.day,
        exit_day=None if exit_reason == OPEN else until.day,
        until=until.day,
        exit_reason=exit_reason,
        breakout_session=index.get("breakout_session"),
        cross_week=macd.get("cross_week"),
        start_equity=entry.equity,
        end_equity=until.equity,
        start_core_close=entry.core_close,
        end_core_close=until.core_close,
    )


def _json_value(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} has no place in the record")


def _text(value: EvidenceValue) -> str:
    return "" if value is None else str(value)
