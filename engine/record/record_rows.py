"""The rows of a run's files as values, and how they are read; the columns are those of `projections`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from engine.core.order import RESET_BUY_BACK, Side
from engine.core.reading import Readings
from engine.record.cells import (
    amount_of,
    count_of,
    day_of,
    day_or_none,
    days_of,
    instant_of,
    number_of,
    numbers_of,
    readings_of,
    word_of,
)
from engine.record.projections import EQUITY_COLUMNS, EVIDENCE_SECTIONS, FILL_COLUMNS, ROTATION_COLUMNS
from engine.record.strict_json import shown, strict_object

T = TypeVar("T")

PLAIN_KEYS = ("day", "state", "next_state", "reason", "targets", "closes", "equity", "cash", "marked_on", "rules")
SIGNAL_DAYS = ("session", "breakout_session", "loss_session", "week", "cross_week")
SIGNAL_NUMBERS = ("close", "support", "ceiling", "run_level", "macd", "signal")
"""What reports draw and compare of the sections `index` and `macd`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """One line of `decisions.jsonl`.

    Attributes:
        state, next_state: before and after the decision.
        evidence: by section (`index`, `macd`, a strategy's own), as JSON values; None where it looks at neither.
        closes: of every asset held or targeted; empty in folders written before they were kept.
        cash: None there.
        marked_on: the day of the close of an asset that is held and has none of `day`.
        rules: what each rule said; empty in folders written before they were kept.
    """

    day: date
    state: str
    next_state: str
    reason: str
    evidence: Mapping[str, Mapping[str, Any] | None]
    targets: Mapping[str, float]
    closes: Mapping[str, float]
    equity: float
    cash: float | None
    marked_on: Mapping[str, date] = field(default_factory=dict)
    rules: Readings = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FillRow:
    """One row of `fills.csv`, exact; market_price and basis are None where there are none."""

    time: datetime
    decision_day: date
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    notional: Decimal
    fee: Decimal
    fee_asset: str
    order_id: str
    client_order_id: str
    reason: str
    market_price: Decimal | None
    basis: float | None

    @property
    def restores(self) -> bool:
        """Whether it only bought back what a reset of the exchange had wiped; the ledger held it all along."""
        return self.reason == RESET_BUY_BACK

    @property
    def asset(self) -> str:
        """The base asset: `ETH` of `ETH/USDT`."""
        return self.symbol.partition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationRow:
    """One row of `rotations.csv`; exit_day is None while it has not ended; the returns are fractions."""

    rotation: int
    entry_day: date
    exit_day: date | None
    exit_reason: str
    breakout_session: date | None
    cross_week: date | None
    weeks_held: float
    start_equity: float
    end_equity: float
    total_return: float
    core_return: float
    excess: float


def decision_row(line: str) -> DecisionRow:
    """Read a line of `decisions.jsonl`.

    Raises:
        ValueError: a value cannot be what it stands for; the sentence begins with its key.
        KeyError: a key is missing.
    """
    content = strict_object(line)
    return DecisionRow(
        day=_read(content, "day", day_of),
        state=_read(content, "state", word_of),
        next_state=_read(content, "next_state", word_of),
        reason=_read(content, "reason", word_of),
        evidence=_evidence(content),
        targets=_read(content, "targets", partial(numbers_of, least=0)),
        closes=_read(content, "closes", partial(numbers_of, above=0)) if "closes" in content else {},
        equity=_read(content, "equity", _amount_of_json),
        cash=None if content.get("cash") is None else _read(content, "cash", _amount_of_json),
        marked_on=_read(content, "marked_on", days_of) if "marked_on" in content else {},
        rules=_read(content, "rules", readings_of) if "rules" in content else {},
    )


def fill_row(row: Sequence[str]) -> FillRow:
    """Read a row of `fills.csv`, likewise."""
    named = dict(zip(FILL_COLUMNS, row, strict=False))
    return FillRow(
        time=_read(named, "time", instant_of),
        decision_day=_read(named, "decision_day", day_of),
        symbol=named["symbol"],
        side=_read(named, "side", _side),
        quantity=_read(named, "quantity", amount_of),
        price=_read(named, "price", amount_of),
        notional=_read(named, "notional", amount_of),
        fee=_read(named, "fee", partial(amount_of, may_be_zero=True)),
        fee_asset=named["fee_asset"],
        order_id=named["order_id"],
        client_order_id=named["client_order_id"],
        reason=named["reason"],
        market_price=_read(named, "market_price", amount_of) if named.get("market_price") else None,
        basis=_read(named, "basis", partial(number_of, least=-1)) if named.get("basis") else None,
    )


def rotation_row(row: Sequence[str]) -> RotationRow:
    """Read a row of `rotations.csv`, likewise."""
    named = dict(zip(ROTATION_COLUMNS, row, strict=False))
    return RotationRow(
        rotation=_read(named, "rotation", count_of),
        entry_day=_read(named, "entry_day", day_of),
        exit_day=_read(named, "exit_day", day_or_none),
        exit_reason=named["exit_reason"],
        breakout_session=_read(named, "breakout_session", day_or_none),
        cross_week=_read(named, "cross_week", day_or_none),
        weeks_held=_read(named, "weeks_held", partial(number_of, least=0)),
        start_equity=_read(named, "start_equity", partial(number_of, above=0)),
        end_equity=_read(named, "end_equity", partial(number_of, least=0)),
        total_return=_read(named, "return", partial(number_of, least=-1)),
        core_return=_read(named, "core_return", partial(number_of, least=-1)),
        excess=_read(named, "excess", number_of),
    )


def equity_day(row: Sequence[str]) -> date:
    """Read the run's own part of a row of `equity.csv`, likewise; give its day."""
    named = dict(zip(EQUITY_COLUMNS, row, strict=False))
    for column in ("equity", "cash"):
        _read(named, column, partial(number_of, least=0))
    return _read(named, "day", day_of)


def held_equity(column: str, text: str) -> float | None:
    """Read a benchmark's cell of `equity.csv`, likewise; None where it was not tradable."""
    return _read({column: text}, column, partial(number_of, above=0)) if text else None


def _evidence(content: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any] | None]:
    sections: dict[str, Mapping[str, Any] | None] = {}
    for name in (*EVIDENCE_SECTIONS, *(key for key in content if key not in (*PLAIN_KEYS, *EVIDENCE_SECTIONS))):
        section = content.get(name)
        if section is None or isinstance(section, Mapping):
            sections[name] = section
        elif name in EVIDENCE_SECTIONS:
            raise ValueError(f"{name!r}: {shown(section)} holds no values by name")
        # Of another form: a key that came later, which is no evidence.
    for name in EVIDENCE_SECTIONS:
        _check_signal(name, sections[name] or {})
    return sections


def _check_signal(name: str, section: Mapping[str, Any]) -> None:
    for key, value in section.items():
        if value is None:
            continue
        try:
            if key in SIGNAL_DAYS:
                day_of(value)
            elif key in SIGNAL_NUMBERS:
                _number_of_json(value)
        except ValueError as error:
            raise ValueError(f"{name!r}: {key!r}: {error}") from error


def _read(values: Mapping[str, Any], key: str, parse: Callable[[Any], T]) -> T:
    value = values[key]
    try:
        return parse(value)
    except ValueError as error:
        raise ValueError(f"{key!r}: {error}") from error


def _number_of_json(value: Any) -> float:
    if isinstance(value, str):
        raise ValueError(f"{shown(value)} is no number")
    return number_of(value)


def _amount_of_json(value: Any) -> float:
    _number_of_json(value)
    return number_of(value, least=0)


def _side(text: str) -> Side:
    try:
        return Side(text)
    except ValueError:
        raise ValueError(f"{shown(text)} is neither buy nor sell") from None
