"""The events of a backtest of old are those that it had, as far as its files say them."""

from dataclasses import fields
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.core.calendar import decision_instant
from engine.core.events import (
    DataDoubted,
    DayDecided,
    Event,
    OrderCancelled,
    OrderFilled,
    OrderPlanned,
    OrderRejected,
    OrderSent,
    OrderSkipped,
    OrderUnresolved,
    OrderWaits,
    RunEnded,
    RunStarted,
)
from engine.core.order import Side
from engine.record.projections import decided_days
from engine.record.run_record import read_run
from tests.support.run_folders import day_number, decided, fill, order, story, write_backtest

AT = decision_instant(day_number(1))
BUY = order(day_number(1), "ETH", Side.BUY, "4", reason="entry")
UNTOLD = ("memory", "planned", "changed", "core_close", "order_id")
"""What the files do not say, or say to eight decimals."""


def told(event: Event) -> tuple[str, dict[str, Any]]:
    """Give what of an event the files say."""
    return type(event).__name__, {
        field.name: getattr(event, field.name) for field in fields(event) if field.name not in UNTOLD
    }


def read_back(folder: Path, events: list[Event]) -> list[Event]:
    return list(read_run(write_backtest(folder, events=events)).events)


def test_a_whole_run_comes_back(tmp_path: Path) -> None:
    events = story()

    again = read_back(tmp_path, events)

    # Of one instant the log's lines come before the fills.
    wanted = [told(event) for event in events if not isinstance(event, OrderSent | RunEnded)]
    found = [told(event) for event in again if not isinstance(event, OrderSent)]
    assert len(found) == len(wanted)
    assert [each for each in wanted if each not in found] == []
    assert [event.day for event in again if isinstance(event, DayDecided)] == [day.day for day in decided_days(events)]


@pytest.mark.parametrize(
    "event",
    [
        OrderWaits(at=AT, order=BUY, message="no bar: (holiday): closed"),
        OrderUnresolved(at=AT, order=BUY, message="timed out"),
        OrderRejected(at=AT, order=BUY, message="refused [-2010]"),
        OrderCancelled(day=day_number(1), order=BUY),
        OrderSkipped(day=day_number(1), asset="SOL", side=Side.SELL, quantity=Decimal("0.10"), message="5: too small"),
        DataDoubted(at=AT, message="data gap: ETH: no bar on 2024-01-03 (1 day)"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_what_only_the_log_knows_comes_back(event: Event, tmp_path: Path) -> None:
    start = RunStarted(first_day=day_number(1), cash=Decimal(1000), quote="USDT", core="BTC")
    events: list[Event] = [start, decided(1, cash=Decimal(1000)), OrderPlanned(order=BUY), event, decided(2)]

    again = read_back(tmp_path, events)

    assert told(event) in [told(each) for each in again]
    assert [type(each) for each in again].count(type(event)) == 1


def test_a_buy_that_was_trimmed_to_the_cash_was_executed_whole(tmp_path: Path) -> None:
    events = [
        story()[0],
        decided(1),
        OrderPlanned(order=BUY),
        OrderFilled(fill=fill(BUY, "10", quantity="3")),
        decided(2),
    ]

    again = read_back(tmp_path, events)

    assert [event.order.quantity for event in again if isinstance(event, OrderSent)] == [Decimal(3)]


def test_lines_of_another_form_say_nothing(tmp_path: Path) -> None:
    folder = write_backtest(tmp_path)
    lines = [
        "no instant at all",
        f"{AT.isoformat()} WARNING waits: buy many ETH/USDT [x-1] (entry of 2024-01-01): halted",
        f"{AT.isoformat()} WARNING waits: buy 1 ETH/USDT",
        f"{AT.isoformat()} INFO    planned buy 1 ETH/USDT [x-y] (entry of today)",
        f"{AT.isoformat()} WARNING not sent: buy 1",
        f"{(AT + timedelta(days=1)).isoformat()} INFO    hello",
        "2024-01-01 WARNING without a time zone",
        "",
    ]
    (folder / "run.log").write_text("\n".join(lines), encoding="utf-8")

    kinds = {type(event) for event in read_run(folder).events}

    assert kinds == {RunStarted, DayDecided, OrderFilled}
