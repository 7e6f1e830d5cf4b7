"""One line an event, with its reason."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from engine.core.events import (
    DataDoubted,
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
from engine.record.run_log import LogLine, log_line, log_lines
from tests.support.fakes import DAY, NOON, decided, fill_of, order_of

ORDER = order_of("ETH", Side.BUY, "1.50", name="bot-1")
END_OF_DAY = datetime(2024, 1, 2, tzinfo=UTC)
IN_WORDS = "buy 1.5 ETH/USDT [bot-1] (entry of 2024-01-01)"

EVENTS: list[tuple[Event, datetime, str, str]] = [
    (
        RunStarted(first_day=DAY, cash=Decimal("1E+5"), quote="USDT", core="BTC", notes=("moved", "stale")),
        END_OF_DAY,
        "INFO",
        "run starts with 100000 USDT, first decision day 2024-01-01; moved; stale",
    ),
    (OrderPlanned(order=ORDER), END_OF_DAY, "INFO", f"planned {IN_WORDS}"),
    (
        OrderSkipped(day=DAY, asset="ETH", side=Side.SELL, quantity=Decimal("0.10"), message="less than 5"),
        END_OF_DAY,
        "INFO",
        "not sent: sell 0.1 ETH: less than 5",
    ),
    (OrderSent(at=NOON, order=ORDER), NOON, "DEBUG", f"sent {IN_WORDS}"),
    (OrderWaits(at=NOON, order=ORDER, message="halted"), NOON, "WARNING", f"waits: {IN_WORDS}: halted"),
    (OrderUnresolved(at=NOON, order=ORDER, message="late"), NOON, "WARNING", f"unresolved: {IN_WORDS}: late"),
    (
        OrderFilled(fill=fill_of("ETH", Side.BUY, "1.50", "10.10", fee="1E-3")),
        NOON,
        "INFO",
        "filled buy 1.5 ETH/USDT at 10.1, fee 0.001 USDT (entry of 2024-01-01)",
    ),
    (OrderRejected(at=NOON, order=ORDER, message="too small"), NOON, "WARNING", f"rejected: {IN_WORDS}: too small"),
    (OrderCancelled(day=DAY, order=ORDER), END_OF_DAY, "INFO", f"cancelled: {IN_WORDS}: replaced by a newer decision"),
    (RunEnded(last_day=DAY), END_OF_DAY, "INFO", "run ends, last decision day 2024-01-01"),
    (
        RunEnded(last_day=DAY, waiting=(ORDER,)),
        END_OF_DAY,
        "INFO",
        f"run ends, last decision day 2024-01-01; still pending: {IN_WORDS}",
    ),
]


@pytest.mark.parametrize(("event", "at", "level", "text"), EVENTS, ids=[type(event).__name__ for event, *_ in EVENTS])
def test_an_event_is_put_into_words(event: Event, at: datetime, level: str, text: str) -> None:
    assert log_line(event) == LogLine(at=at, level=level, text=text)


def test_a_change_of_targets_is_told_with_its_evidence() -> None:
    event = decided(
        DAY,
        "CORE",
        "ROTATED",
        reason="entry",
        evidence={"index": {"close": 2000.123456, "in_breakout": True, "support": None}, "macd": None, "x": {"n": 3}},
        targets={"ETH": 0.5, "SOL": 0.495},
        equity="1000.555",
    )

    line = log_line(event)

    assert (line.at, line.level) == (END_OF_DAY, "INFO")
    assert line.text == (
        "2024-01-01 CORE -> ROTATED: entry; targets ETH 0.5000, SOL 0.4950; equity 1000.56; "
        "index close 2000.12, index in_breakout True, x n 3"
    ).replace("1000.56", f"{Decimal('1000.555'):.2f}")


def test_no_targets_are_cash() -> None:
    assert "; targets cash; equity 1000.00" in log_line(decided(reason="support_lost", targets={})).text


def test_a_day_on_which_nothing_changes_is_for_debugging_and_left_out_of_the_log() -> None:
    hold, start = decided(reason="hold"), decided(reason="start")

    assert log_line(hold).level == "DEBUG"
    assert list(log_lines([start, hold])) == [log_line(start)]


def test_what_is_doubtful_of_the_bars_is_a_warning() -> None:
    line = log_line(DataDoubted(at=END_OF_DAY, message="data gap: ETH: no bar on 2024-01-03 (1 day)"))

    assert line == LogLine(at=END_OF_DAY, level="WARNING", text="data gap: ETH: no bar on 2024-01-03 (1 day)")


def test_the_log_of_a_run_on_made_up_prices_says_so_in_its_first_line_and_its_last() -> None:
    start = RunStarted(first_day=DAY, cash=Decimal(100), quote="USDT", core="BTC", synthetic=True)

    first, *_, last = log_lines([start, decided(reason="start"), RunEnded(last_day=DAY, waiting=(ORDER,))])

    assert first.text == (
        "run starts on the synthetic sample market, whose prices are made up, with 100 USDT, "
        "first decision day 2024-01-01"
    )
    assert last.text == f"run ends, last decision day 2024-01-01; still pending: {IN_WORDS}; its market was synthetic"
