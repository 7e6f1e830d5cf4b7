"""The rows of a run's files as values, and how they are read; the columns are those of `projections`."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from engine.core.order import RESET_BUY_BACK, Side
from engine.journal.projections import EVIDENCE_SECTIONS, FILL_COLUMNS, ROTATION_COLUMNS

PLAIN_KEYS = ("day", "state", "next_state", "reason", "targets", "closes", "equity", "cash")


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


def decision_row(line: str) -> DecisionRow:
    """Read a line of `decisions.jsonl`; whatever is wrong with it raises what its part raises."""
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


def fill_row(row: Sequence[str]) -> FillRow:
    """Read a row of `fills.csv`, likewise."""
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
        market_price=_amount(named["market_price"]) if named.get("market_price") else None,
        basis=_number(float(named["basis"])) if named.get("basis") else None,
    )


def rotation_row(row: Sequence[str]) -> RotationRow:
    """Read a row of `rotations.csv`, likewise."""
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


def _day_or_none(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
