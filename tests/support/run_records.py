"""Small run records, as `read_run` gives them: for what reads a record and cares for no files."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.core.events import Event
from engine.core.order import Fill, Side
from engine.journal.sqlite import JournalContent
from engine.record.before_journals import events_of
from engine.record.record_rows import DecisionRow, RotationRow
from engine.record.run_record import RunRecord

FIRST_DAY = date(2024, 1, 1)
"""A Monday."""


def day_number(number: int) -> date:
    """Give a day of the record, counted from 1."""
    return FIRST_DAY + timedelta(days=number - 1)


def decision(number: int, *, equity: float = 1000.0, **changes: Any) -> DecisionRow:
    """Give a decision that changes nothing, in cash, but for what is said."""
    values: dict[str, Any] = {
        "day": day_number(number),
        "state": "CORE",
        "next_state": "CORE",
        "reason": "hold",
        "evidence": {"index": None, "macd": None},
        "targets": {},
        "closes": {},
        "equity": equity,
        "cash": equity,
    }
    return DecisionRow(**{**values, **changes})


def fill(
    number: int, side: str, quantity: str, price: str, *, asset: str = "BTC", fee: str = "0", fee_asset: str = "USDT",
    reason: str = "entry",
) -> Fill:  # fmt: skip
    """Give a fill of a day's decision, at the opening of the next day."""
    day = day_number(number)
    return Fill(
        at=datetime.combine(day + timedelta(days=1), time(), UTC),
        decision_day=day,
        asset=asset,
        symbol=f"{asset}/USDT",
        side=Side(side),
        quantity=Decimal(quantity),
        price=Decimal(price),
        notional=Decimal(quantity) * Decimal(price),
        fee=Decimal(fee),
        fee_asset=fee_asset,
        order_id="7",
        client_order_id=f"test-{day:%Y%m%d}-{asset}-{side[0]}1-1",
        reason=reason,
    )


def rotation(number: int, entry: date, exit_day: date | None, *, cross_week: date | None = None) -> RotationRow:
    """Give a rotation that gained a tenth while the core stood still."""
    return RotationRow(
        rotation=number,
        entry_day=entry,
        exit_day=exit_day,
        exit_reason="open" if exit_day is None else "time_exit",
        breakout_session=None,
        cross_week=cross_week,
        weeks_held=18.0,
        start_equity=1000.0,
        end_equity=1100.0,
        total_return=0.1,
        core_return=0.0,
        excess=0.1,
    )


def record(
    decisions: Sequence[DecisionRow] = (),
    *,
    fills: Sequence[Fill] = (),
    rotations: Sequence[RotationRow] = (),
    summary: Mapping[str, Any] | None = None,
    config: Mapping[str, Any] | None = None,
    benchmarks: Mapping[str, Mapping[date, float] | None] | None = None,
    events: Sequence[Event] | None = None,
    mode: str = "backtest",
) -> RunRecord:
    """Give a record of a run whose folder does not exist.

    Args:
        events: by default those that the rows come to.
    """
    return RunRecord(
        folder=Path("run"),
        mode=mode,
        summary=summary or {},
        config=config,
        decisions=decisions,
        fills=fills,
        rotations=rotations,
        benchmarks=benchmarks or {},
        events=events_of(
            config=config,
            synthetic=bool((summary or {}).get("synthetic")),
            decisions=decisions,
            fills=fills,
            log=(),
        )
        if events is None
        else tuple(events),
        journal=None if events is None else JournalContent(events=tuple(events), seal=None, is_sealed=False),
    )
