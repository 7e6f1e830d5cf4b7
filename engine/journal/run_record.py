"""A run read back from its folder, backtest or paper: the one way in for whoever reads a record.

A paper run's rows come from its journal, which is never behind; a backtest's come from its files. Nothing is locked.
"""

import csv
import io
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from engine.core.errors import DataError
from engine.core.events import Event
from engine.core.order import RESET_BUY_BACK, Side
from engine.journal.codec import EventCodec
from engine.journal.projections import (
    EVIDENCE_SECTIONS,
    FILL_COLUMNS,
    HOLD_COLUMN,
    ROTATION_COLUMNS,
    booked_fills,
    decided_days,
    decision_lines,
    fill_rows,
    rotation_rows,
    rotations_of,
)
from engine.journal.sqlite import JOURNAL_FILE, stored_records
from engine.journal.summary import RECORD_SCHEMA

PLAIN_KEYS = ("day", "state", "next_state", "reason", "targets", "closes", "equity", "cash")
PAPER = "paper"
"""The mode of a run that has no summary yet."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """One line of `decisions.jsonl`.

    Attributes:
        state, next_state: before and after the decision.
        evidence: by section (`index`, `macd`, a strategy's own), as JSON values; None where it looks at neither.
        closes: of every asset held or targeted; empty in folders written before they were kept.
        cash: None there.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """All that a run folder says.

    Attributes:
        summary: the content of `summary.json`; of a paper run as of its last change of position or ordered end, empty
            before the first.
        config: the effective configuration, None where the folder does not hold one.
        benchmarks: equity of each by day, as far as the files go; None where it was not tradable.
        log: the lines of `run.log`.
        events: the journal of a paper run; None for a run without one.
    """

    folder: Path
    mode: str
    summary: Mapping[str, Any]
    config: Mapping[str, Any] | None
    decisions: Sequence[DecisionRow]
    fills: Sequence[FillRow]
    rotations: Sequence[RotationRow]
    benchmarks: Mapping[str, Mapping[date, float] | None]
    log: Sequence[str]
    events: Sequence[Event] | None

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def own_fills(self) -> Sequence[FillRow]:
        """The strategy's fills: without those that only bought back what a reset of the exchange had wiped."""
        return [fill for fill in self.fills if not fill.restores]


def read_run(folder: Path) -> RunRecord:
    """Read a run back.

    Raises:
        DataError: it is no run folder, is damaged or half written, or a newer version wrote it.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: is no run folder; `review --list` shows the runs")
    journal = folder / JOURNAL_FILE
    events = tuple(_events(journal)) if journal.exists() else None
    summary = read_summary(folder, wanted=events is None)
    if events is None:
        lines = _lines(folder / "decisions.jsonl")
        fills: Iterable[Sequence[str]] = _table(folder / "fills.csv", FILL_COLUMNS[:-2])
        rotations: Iterable[Sequence[str]] = _table(folder / "rotations.csv", ROTATION_COLUMNS)
    else:
        days = decided_days(events)
        lines = list(decision_lines(days))
        fills, rotations = fill_rows(booked_fills(events)), rotation_rows(rotations_of(days))
    record = RunRecord(
        folder=folder,
        mode=str(summary.get("mode", PAPER)),
        summary=summary,
        config=_json(folder / "config.json") if (folder / "config.json").exists() else None,
        decisions=_rows(folder / "decisions.jsonl", lines, _decision),
        fills=_rows(folder / "fills.csv", fills, _fill),
        rotations=_rows(folder / "rotations.csv", rotations, _rotation),
        benchmarks=_benchmarks(folder / "equity.csv"),
        log=_lines(folder / "run.log") if (folder / "run.log").exists() else (),
        events=events,
    )
    if events is None:
        _check_whole(record)
    return record


def read_summary(folder: Path, *, wanted: bool = True) -> Mapping[str, Any]:
    """Read `summary.json` alone.

    Args:
        wanted: False gives an empty one where there is none yet.

    Raises:
        DataError: it is missing, damaged, or of a newer version.
    """
    path = folder / "summary.json"
    if not wanted and not path.exists():
        return {}
    summary = _json(path)
    if "mode" not in summary:
        raise DataError(f"{path}: is no run's: it has no mode")
    schema = summary.get("schema", RECORD_SCHEMA)
    if not isinstance(schema, int) or schema > RECORD_SCHEMA:
        raise DataError(f"{folder}: was written by a newer version of this program (record schema {schema!r})")
    return summary


def _check_whole(record: RunRecord) -> None:
    """Check that nothing was cut off: files that were copied in part can still have whole lines."""
    days = record.decisions
    found = (str(days[0].day), str(days[-1].day)) if days else ("no day", "no day")
    wanted = tuple(str(record.summary.get(key)) for key in ("first_day", "last_day"))
    if found != wanted:
        raise DataError(
            f"{record.folder}: is half written or damaged: its decisions go from {found[0]} to {found[1]}, its summary "
            f"says {wanted[0]} to {wanted[1]}"
        )
    if record.summary.get("rotations") != len(record.rotations):
        raise DataError(
            f"{record.folder}: is half written or damaged: rotations.csv has {len(record.rotations)} of "
            f"{record.summary.get('rotations')!r} rotations"
        )


def _events(path: Path) -> Iterable[Event]:
    codec = EventCodec()
    for record in stored_records(path):
        yield codec.decode(record.type, record.body, where=f"{path}, record {record.sequence}")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise DataError(f"{path.parent}: has no {path.name}; it is no run folder, or half of one") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is damaged: byte {error.start + 1} is no text") from error


def _json(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(_text(path))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: is damaged: {error}") from error
    if not isinstance(content, dict):
        raise DataError(f"{path}: is damaged: an object is wanted")
    return content


def _lines(path: Path) -> list[str]:
    text = _text(path)
    # Not `splitlines`: a text of the record may hold signs that Unicode calls line ends.
    return text.removesuffix("\n").split("\n") if text else []


def _table(path: Path, columns: Sequence[str]) -> list[list[str]]:
    """Read the named columns of a CSV file; further ones are left."""
    header, *rows = _csv(path)
    if header[: len(columns)] != list(columns):
        raise DataError(f"{path}: is damaged: its columns are not {', '.join(columns)}")
    return rows


def _csv(path: Path) -> list[list[str]]:
    try:
        return [*csv.reader(io.StringIO(_text(path), newline=""))] or [[]]
    except csv.Error as error:
        raise DataError(f"{path}: is damaged: {error}") from error


def _rows(path: Path, texts: Iterable[Any], parse: Callable[[Any], T]) -> tuple[T, ...]:
    parsed = []
    for number, text in enumerate(texts, start=1):
        try:
            parsed.append(parse(text))
        except KeyError as error:
            raise DataError(f"{path}: is damaged in row {number}: it has no {error}") from error
        except (ValueError, TypeError, IndexError, AttributeError, ArithmeticError, RecursionError) as error:
            raise DataError(f"{path}: is damaged in row {number}: {error!r}") from error
    return tuple(parsed)


def _decision(line: str) -> DecisionRow:
    content = json.loads(line)
    return DecisionRow(
        day=date.fromisoformat(content["day"]),
        state=_word(content["state"]),
        next_state=_word(content["next_state"]),
        reason=_word(content["reason"]),
        evidence={
            **dict.fromkeys(EVIDENCE_SECTIONS),
            **{key: value for key, value in content.items() if key not in PLAIN_KEYS},
        },
        targets=_numbers(content["targets"]),
        closes=_numbers(content.get("closes", {})),
        equity=_number(content["equity"]),
        cash=None if content.get("cash") is None else _number(content["cash"]),
    )


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no word")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no amount")
    return float(value)


def _numbers(values: Mapping[str, Any]) -> Mapping[str, float]:
    return {asset: _number(value) for asset, value in values.items()}


def _amount(text: str) -> Decimal:
    amount = Decimal(text)
    if not amount.is_finite():
        raise ValueError(f"{text!r} is no amount")
    return amount


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone")
    return at


def _fill(row: Sequence[str]) -> FillRow:
    named = dict(zip(FILL_COLUMNS, row, strict=False))
    return FillRow(
        time=_instant(named["time"]),
        decision_day=date.fromisoformat(named["decision_day"]),
        symbol=named["symbol"],
        side=Side(named["side"]),
        quantity=_amount(named["quantity"]),
        price=_amount(named["price"]),
        notional=_amount(named["notional"]),
        fee=_amount(named["fee"]),
        fee_asset=named["fee_asset"],
        order_id=named["order_id"],
        client_order_id=named["client_order_id"],
        reason=named["reason"],
        market_price=Decimal(named["market_price"]) if named.get("market_price") else None,
        basis=float(named["basis"]) if named.get("basis") else None,
    )


def _rotation(row: Sequence[str]) -> RotationRow:
    named = dict(zip(ROTATION_COLUMNS, row, strict=False))
    return RotationRow(
        rotation=int(named["rotation"]),
        entry_day=date.fromisoformat(named["entry_day"]),
        exit_day=_day_or_none(named["exit_day"]),
        exit_reason=named["exit_reason"],
        breakout_session=_day_or_none(named["breakout_session"]),
        cross_week=_day_or_none(named["cross_week"]),
        weeks_held=_number(float(named["weeks_held"])),
        start_equity=_number(float(named["start_equity"])),
        end_equity=_number(float(named["end_equity"])),
        total_return=_number(float(named["return"])),
        core_return=_number(float(named["core_return"])),
        excess=_number(float(named["excess"])),
    )


def _benchmarks(path: Path) -> Mapping[str, Mapping[date, float] | None]:
    if not path.exists():
        return {}
    header, *rows = _csv(path)
    places = {name.removeprefix(HOLD_COLUMN): i for i, name in enumerate(header) if name.startswith(HOLD_COLUMN)}
    curves: dict[str, Mapping[date, float] | None] = {}
    for name, place in places.items():

        def point(row: Sequence[str], place: int = place) -> tuple[date, float] | None:
            return (date.fromisoformat(row[0]), float(row[place])) if row[place] else None

        curves[name] = dict(filter(None, _rows(path, rows, point))) or None
    return curves


def _day_or_none(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
