"""Run folders to read: a small backtest, a small paper run, told event by event."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from engine.core.calendar import decision_instant
from engine.core.events import DayDecided, Event, OrderFilled, OrderPlanned, OrderSent, RunEnded, RunStarted
from engine.core.order import Fill, Order, Side, client_order_id
from engine.journal.codec import EventCodec
from engine.journal.sqlite import JOURNAL_FILE, SqliteJournal
from engine.logs import write_run_log
from engine.record.projections import booked_fills, decided_days, rotations_of
from engine.record.run_folder import write_run_files
from engine.record.run_log import log_lines
from engine.record.summary import RunFacts, summary_of
from strategies.hold import HoldState

FIRST_DAY = date(2024, 1, 1)
CASH = Decimal(1000)
AT = datetime(2024, 1, 1, tzinfo=UTC)
BTC = (100.0, 110.0, 120.0, 90.0, 100.0)
ETH = (10.0, 10.0, 11.0, 12.0, 12.0)
"""Closes of the five days of the story."""
BACKTEST = "backtest-rotation-20240106T000000Z"
PAPER = "paper-rotation-simulated"


def day_number(number: int) -> date:
    """Give the day of the story, counted from 1."""
    return FIRST_DAY + timedelta(days=number - 1)


def order(day: date, asset: str, side: Side, quantity: str, *, reason: str, attempt: int = 1) -> Order:
    """Give an order."""
    name = client_order_id(account="rotation", day=day, asset=asset, side=side, attempt=attempt)
    return Order(
        client_order_id=name,
        asset=asset,
        symbol=f"{asset}/USDT",
        side=side,
        quantity=Decimal(quantity),
        decision_day=day,
        reason=reason,
        attempt=attempt,
    )


def fill(order: Order, price: str, *, quantity: str | None = None, fee: str = "0", fee_asset: str = "USDT") -> Fill:
    """Give a fill of an order, a second after its day has ended."""
    filled = order.quantity if quantity is None else Decimal(quantity)
    return Fill(
        at=decision_instant(order.decision_day) + timedelta(seconds=1),
        order_id="7",
        client_order_id=order.client_order_id,
        asset=order.asset,
        symbol=order.symbol,
        side=order.side,
        quantity=filled,
        price=Decimal(price),
        notional=filled * Decimal(price),
        fee=Decimal(fee),
        fee_asset=fee_asset,
        decision_day=order.decision_day,
        reason=order.reason,
    )


def decided(number: int, *, reason: str = "hold", **changes: Any) -> DayDecided:
    """Give the decision of a day of the story."""
    plain = DayDecided(
        day=day_number(number),
        state="CORE",
        next_state="CORE",
        reason=reason,
        evidence={"index": {"close": 2000.0}, "macd": None},
        targets={"BTC": 0.9},
        changed=reason != "hold",
        equity=CASH,
        cash=CASH,
        core_close=Decimal(str(BTC[number - 1])),
        memory=HoldState(),
        closes={"BTC": Decimal(str(BTC[number - 1])), "ETH": Decimal(str(ETH[number - 1]))},
    )
    return replace(plain, **changes)


def executed(order: Order, price: str, *, fee: str = "0", fee_asset: str = "USDT") -> list[Event]:
    """Give the life of an order that goes the plain way."""
    at = decision_instant(order.decision_day)
    return [
        OrderPlanned(order=order),
        OrderSent(at=at, order=order),
        OrderFilled(fill=fill(order, price, fee=fee, fee_asset=fee_asset)),
    ]


def story() -> list[Event]:
    """Tell a run: 9 BTC for 909 (1 of it slippage a coin), on day 2 into 80 ETH, on day 4 back into 10 BTC."""
    first, second, fourth = day_number(1), day_number(2), day_number(4)
    rotated: dict[str, Any] = {"state": "ROTATED", "next_state": "ROTATED", "targets": {"ETH": 0.9}}
    return [
        RunStarted(first_day=first, cash=CASH, quote="USDT", core="BTC"),
        decided(1, reason="start"),
        *executed(order(first, "BTC", Side.BUY, "9", reason="start"), "101", fee="1"),
        decided(2, reason="entry", next_state="ROTATED", targets={"ETH": 0.9}, equity=Decimal(1080), cash=Decimal(90)),
        *executed(order(second, "BTC", Side.SELL, "9", reason="entry"), "109", fee="1"),
        *executed(order(second, "ETH", Side.BUY, "80", reason="entry"), "10.5", fee="1"),
        decided(3, **rotated, equity=Decimal(1110), cash=Decimal(229)),
        decided(4, **{**rotated, "next_state": "CORE"}, reason="time_exit", equity=Decimal(1188), cash=Decimal(228)),
        *executed(order(fourth, "ETH", Side.SELL, "80", reason="time_exit"), "12", fee="1"),
        *executed(order(fourth, "BTC", Side.BUY, "10", reason="time_exit"), "90", fee="1"),
        decided(5, equity=Decimal(1286), cash=Decimal(286)),
        RunEnded(last_day=day_number(5)),
    ]


def summary(events: Sequence[Event], *, mode: str, synthetic: bool = False) -> dict[str, object]:
    """Give the content of `summary.json`."""
    days = decided_days(events)
    facts = RunFacts(
        mode=mode,
        name="rotation",
        strategy="rotation",
        config_sha256="0" * 64,
        version="0.1.0",
        synthetic=synthetic,
        data_sources={},
        notes=[],
        benchmark_equity={"BTC": np.array(BTC[: len(days)]), "ETH": None},
    )
    return summary_of(facts, days=days, fills=booked_fills(events), rotations=rotations_of(days))


def write_backtest(
    out: Path,
    *,
    name: str = BACKTEST,
    events: Sequence[Event] | None = None,
    changes: Mapping[str, object] | None = None,
) -> Path:
    """Write the folder of a backtest.

    Args:
        events: by default the story; changes: keys of its summary that are to be different.
    """
    told = story() if events is None else list(events)
    folder = out / name
    folder.mkdir(parents=True)
    days = decided_days(told)
    write_run_files(
        folder,
        summary={**summary(told, mode="backtest"), **(changes or {})},
        days=days,
        fills=booked_fills(told),
        rotations=rotations_of(days),
        benchmarks={"BTC": np.array(BTC[: len(days)]), "ETH": None},
    )
    write_run_log(folder / "run.log", log_lines(told))
    return folder


def write_paper(out: Path, *, name: str = PAPER, events: Sequence[Event] | None = None) -> Path:
    """Write the folder of a paper run that has its journal and nothing else."""
    folder = out / name
    folder.mkdir(parents=True)
    with SqliteJournal(folder / JOURNAL_FILE, EventCodec(HoldState), at=AT) as journal:
        journal.append_all(story() if events is None else events)
    return folder
