"""The rows of a run's files, folded from events that are written down here."""

import csv
import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.core.events import DayDecided, Event, Evidence, OrderFilled, OrderPlanned
from engine.core.order import Side
from engine.core.reading import Reading, reading_values
from engine.record.projections import (
    EQUITY_COLUMNS,
    FILL_COLUMNS,
    ROTATION_COLUMNS,
    booked_fills,
    decided_days,
    decision_content,
    decision_lines,
    equity_columns,
    equity_rows,
    fill_rows,
    money_text,
    rotation_rows,
    rotations_of,
)
from tests.support.fakes import DAY, decided, fill_of, order_of

CROSS, BREAKOUT = date(2023, 12, 31), date(2023, 12, 29)
ENTRY_EVIDENCE = {"index": {"breakout_session": BREAKOUT}, "macd": {"cross_week": CROSS}}


def on(day: int, before: str, after: str, reason: str, equity: str, core_close: str) -> DayDecided:
    evidence = ENTRY_EVIDENCE if reason == "entry" else {"index": None, "macd": None}
    return decided(
        DAY + timedelta(days=day),
        before,
        after,
        reason=reason,
        equity=equity,
        core_close=core_close,
        evidence=evidence,
    )


ONE_ROTATION = [
    on(0, "CORE", "CORE", "start", "1000", "100"),
    on(1, "CORE", "ROTATED", "entry", "1000", "100"),
    on(2, "ROTATED", "ROTATED", "rebalance", "1050", "90"),
    on(15, "ROTATED", "CORE", "time_exit", "1200", "110"),
    on(16, "CORE", "CORE", "hold", "1300", "120"),
]


def test_columns_are_those_of_the_interface() -> None:
    assert ",".join(FILL_COLUMNS) == (
        "time,decision_day,symbol,side,quantity,price,notional,fee,fee_asset,order_id,client_order_id,reason,"
        "market_price,basis"
    )
    assert ",".join(ROTATION_COLUMNS) == (
        "rotation,entry_day,exit_day,exit_reason,breakout_session,cross_week,weeks_held,start_equity,end_equity,"
        "return,core_return,excess"
    )
    assert ",".join(EQUITY_COLUMNS) == "day,equity,cash,state"


def test_decisions_and_fills_are_picked_from_the_events_in_order() -> None:
    fills = [fill_of("ETH", Side.BUY, "1", "2"), fill_of("BTC", Side.SELL, "3", "4")]
    events: list[Event] = [
        ONE_ROTATION[0],
        OrderPlanned(order=order_of("ETH", Side.BUY, "1")),
        *(OrderFilled(fill=fill) for fill in fills),
        ONE_ROTATION[1],
    ]

    assert decided_days(events) == ONE_ROTATION[:2]
    assert booked_fills(events) == fills


def test_a_rotation_runs_from_the_entry_days_close_to_the_exit_days() -> None:
    (rotation,) = rotations_of(ONE_ROTATION)

    assert (rotation.rotation, rotation.entry_day, rotation.exit_day) == (1, date(2024, 1, 2), date(2024, 1, 16))
    assert (rotation.exit_reason, rotation.breakout_session, rotation.cross_week) == ("time_exit", BREAKOUT, CROSS)
    assert rotation.weeks_held == 2
    assert rotation.total_return == pytest.approx(0.2)
    assert rotation.core_return == pytest.approx(0.1)
    assert rotation.excess == pytest.approx(0.1)


def test_a_rotation_that_has_not_ended_is_open_and_counted_to_the_last_day() -> None:
    (rotation,) = rotations_of(ONE_ROTATION[:3])

    assert (rotation.exit_day, rotation.exit_reason) == (None, "open")
    assert rotation.weeks_held == pytest.approx(1 / 7)
    assert [rotation.total_return, rotation.core_return] == pytest.approx([0.05, -0.1])


def test_an_entry_on_the_last_day_is_a_rotation_of_no_length() -> None:
    (rotation,) = rotations_of(ONE_ROTATION[:2])

    assert (rotation.exit_reason, rotation.weeks_held, rotation.total_return) == ("open", 0, 0)


def test_rotations_are_numbered_and_may_end_in_cash() -> None:
    again = [
        on(20, "CASH", "ROTATED", "entry", "1300", "100"),
        on(27, "ROTATED", "CASH", "support_lost", "650", "100"),
        on(28, "CASH", "CORE", "golden_cross", "650", "100"),
    ]

    rotations = rotations_of([*ONE_ROTATION, *again])

    assert [(rotation.rotation, rotation.exit_reason) for rotation in rotations] == [
        (1, "time_exit"),
        (2, "support_lost"),
    ]
    assert rotations[1].total_return == -0.5


def test_without_an_entry_there_is_no_rotation() -> None:
    assert rotations_of(ONE_ROTATION[:1]) == []
    assert rotations_of([]) == []


def test_a_decision_is_a_line_of_json_with_the_keys_of_the_interface() -> None:
    day = decided(
        evidence={
            "macd": {"week": CROSS, "macd": 1.25, "signal": -0.5, "cross_week": None, "in_force": False},
            "index": {"session": BREAKOUT, "close": 2000.5, "in_breakout": True, "support": 1990.0},
            "further": {"这是测试币456": 1},
        },
        targets={"BTC": 0.995},
        equity="1000.123456789",
        closes={"BTC": Decimal("41234.50")},
    )

    (line,) = decision_lines([day])

    assert list(json.loads(line).items()) == [
        ("day", "2024-01-01"),
        ("state", "CORE"),
        ("next_state", "CORE"),
        ("reason", "hold"),
        ("index", {"session": "2023-12-29", "close": 2000.5, "in_breakout": True, "support": 1990.0}),
        ("macd", {"week": "2023-12-31", "macd": 1.25, "signal": -0.5, "cross_week": None, "in_force": False}),
        ("further", {"这是测试币456": 1}),
        ("targets", {"BTC": 0.995}),
        ("closes", {"BTC": 41234.5}),
        ("equity", 1000.12345679),
        ("cash", 5.0),
    ]
    assert "这是测试币456" in line
    assert "\n" not in line


def test_a_line_holds_what_the_content_of_the_decision_is_in_its_order() -> None:
    reading = Reading(holds=None, value=1.5, since=BREAKOUT, reason="too young")
    seen: Evidence = {"index": {"close": 2000.5}, "own": {"text": 'a "quote"', "count": 3, "none": None}}
    days = [
        replace(decided(evidence=seen, rules={"index": reading, "own": reading}), marked_on={"ADA": CROSS}),
        decided(evidence=seen, rules={"own": reading}, targets={"BTC": 1e-07}, reason="entry", state="ROTATED"),
        decided(evidence={**seen, "index": None}, closes={"BTC": Decimal("1E+20")}),
    ]

    for day, line in zip(days, decision_lines(days), strict=True):
        content = decision_content(day)
        rules = {name: dict(reading_values(each)) for name, each in content.get("rules", {}).items()}
        whole = content | ({"rules": rules} if rules else {})
        assert line == json.dumps(whole, ensure_ascii=False, default=date.isoformat)


def test_evidence_that_a_strategy_does_not_have_is_null() -> None:
    (line,) = decision_lines([decided(evidence={})])

    assert (json.loads(line)["index"], json.loads(line)["macd"]) == (None, None)


def test_what_is_no_plain_value_has_no_place_in_the_record() -> None:
    with pytest.raises(TypeError, match="has no place in the record"):
        list(decision_lines([decided(evidence={"index": {"close": Decimal(1)}})]))  # type: ignore[dict-item] # on purpose


def test_a_fill_is_a_row_of_exact_decimals() -> None:
    fill = fill_of("DOGE", Side.BUY, "1E+3", "0.00001230", fee="1E-8", fee_asset="BNB", reason="entry")

    (row,) = fill_rows([fill])

    assert dict(zip(FILL_COLUMNS, row, strict=True)) == {
        "time": "2024-01-02T12:00:00Z",
        "decision_day": "2024-01-01",
        "symbol": "DOGE/USDT",
        "side": "buy",
        "quantity": "1000",
        "price": "0.0000123",
        "notional": "0.0123",
        "fee": "0.00000001",
        "fee_asset": "BNB",
        "order_id": "7",
        "client_order_id": "DOGE-buy",
        "reason": "entry",
        "market_price": "",
        "basis": "",
    }


def test_a_fill_shows_how_far_it_was_from_the_real_market() -> None:
    fill = replace(fill_of("ETH", Side.BUY, "1", "2020"), market_price=Decimal("2000.0"))

    (row,) = fill_rows([fill])

    assert row[-2:] == ("2000", "0.01")


def test_a_rotation_is_a_row_whose_figures_are_fractions() -> None:
    ended, begun = rotation_rows(
        rotations_of([*ONE_ROTATION, on(20, "CORE", "ROTATED", "entry", "1300", "100")]),
    )

    first = dict(zip(ROTATION_COLUMNS, ended, strict=True))
    assert list(first.values())[:9] == [
        "1", "2024-01-02", "2024-01-16", "time_exit", "2023-12-29", "2023-12-31", "2.0", "1000.0", "1200.0",
    ]  # fmt: skip
    assert [float(first[key]) for key in ("return", "core_return", "excess")] == pytest.approx([0.2, 0.1, 0.1])
    assert begun[:4] == ("2", "2024-01-21", "", "open")


def test_a_rotation_of_a_strategy_without_signals_leaves_them_empty() -> None:
    entry = decided(DAY, "CORE", "ROTATED", reason="entry", evidence={"index": None})

    (row,) = rotation_rows(rotations_of([entry]))

    assert row[4:6] == ("", "")


def test_equity_is_a_row_a_day_with_the_state_before_the_decision() -> None:
    rows = list(equity_rows(ONE_ROTATION[:2]))

    assert rows == [("2024-01-01", "1000.0", "5.0", "CORE"), ("2024-01-02", "1000.0", "5.0", "CORE")]


def test_benchmarks_stand_behind_the_equity_and_leave_their_cells_empty_where_there_is_none() -> None:
    benchmarks = {"BTC": np.array([1000.0, 1010.123456789]), "ETH": None}

    assert equity_columns(benchmarks)[4:] == ("hold_BTC", "hold_ETH")
    assert [row[4:] for row in equity_rows(ONE_ROTATION[:2], benchmarks)] == [("1000.0", ""), ("1010.12345679", "")]


def test_no_cell_needs_quoting() -> None:
    rows = [*fill_rows([fill_of("ETH", Side.SELL, "1", "2")]), *rotation_rows(rotations_of(ONE_ROTATION))]

    for row in rows:
        assert next(csv.reader([",".join(row)])) == list(row)


def test_a_decision_names_marks_that_are_older_than_its_day_and_has_no_such_key_otherwise() -> None:
    plain, old = decided(), replace(decided(), marked_on={"ADA": date(2021, 1, 15)})

    lines = [json.loads(line) for line in decision_lines([plain, old])]

    assert "marked_on" not in lines[0]
    assert lines[1]["marked_on"] == {"ADA": "2021-01-15"}


@given(st.floats() | st.decimals(0, 10**8, places=10).map(float))
@example(9_999_999.999999999)
@example(0.999999999)
def test_an_amount_is_written_as_its_rounded_number_is(value: float) -> None:
    assert money_text(value) == repr(round(value, 8))
