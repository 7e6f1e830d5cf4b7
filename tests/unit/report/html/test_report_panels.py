"""What the charts are made of: breakouts, crosses, and the days' panel."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.record.record_rows import DecisionRow
from engine.record.review.holdings import holdings_by_day
from engine.report.html.breakouts import Turn, sessions_seen, turnings
from engine.report.html.crosses import Fate, golden_crosses, weeks_seen
from engine.report.html.day_panel import changes, day_panel
from tests.support.run_records import day_number, decision, record, rotation


def index_day(number: int, *, session: int | None = None, **evidence: Any) -> DecisionRow:
    section = {
        "session": day_number(session or number).isoformat(),
        "close": 100.0 + number,
        "in_breakout": False,
        "support": None,
        "ceiling": 110.0,
        "breakout_session": None,
        "loss_session": None,
    }
    return decision(number, evidence={"index": {**section, **evidence}, "macd": None})


def test_a_breakout_is_confirmed_renewed_and_lost_at_its_sessions() -> None:
    first, second, fourth = (day_number(n).isoformat() for n in (2, 3, 5))
    days = [
        index_day(1),
        index_day(2, in_breakout=True, support=90.0, breakout_session=first),
        index_day(3, in_breakout=True, support=95.0, breakout_session=second),
        index_day(4, session=3, in_breakout=True, support=95.0, breakout_session=second),
        index_day(5, loss_session=fourth),
    ]

    sessions = sessions_seen(days)
    found = [(turn.turn, turn.session, turn.close, turn.level) for turn in turnings(sessions)]

    assert len(sessions) == 4
    assert found == [
        (Turn.CONFIRMED, day_number(2), 102.0, 90.0),
        (Turn.RENEWED, day_number(3), 103.0, 95.0),
        (Turn.LOST, day_number(5), 105.0, 95.0),
    ]


def test_a_breakout_from_before_the_first_session_is_no_turn() -> None:
    days = [index_day(n, in_breakout=True, support=90.0, breakout_session="2020-11-17") for n in (1, 2)]

    assert turnings(sessions_seen(days)) == []


def test_a_strategy_without_evidence_has_neither_sessions_nor_weeks() -> None:
    assert sessions_seen([decision(1)]) == []
    assert weeks_seen([decision(1)]) == []
    assert golden_crosses([decision(1)], []) == []
    assert golden_crosses([], []) == []


def macd_day(number: int, *, cross_week: date | None, in_force: bool) -> DecisionRow:
    day = day_number(number)
    sunday = day - timedelta(days=(day.weekday() + 1) % 7)
    section = {"week": sunday.isoformat(), "macd": 2.0, "signal": 1.0, "in_force": in_force}
    return decision(
        number, evidence={"index": None, "macd": {**section, "cross_week": cross_week and cross_week.isoformat()}}
    )


SUNDAYS = [day_number(7 * n) for n in range(1, 8)]


def cross_fates(*, in_force_until: int, last: int = 48, **rotations: Any) -> dict[date, Fate]:
    """Give the fates of one cross at the end of the second week, in force on some days."""
    days = [macd_day(n, cross_week=SUNDAYS[1], in_force=14 <= n <= in_force_until) for n in range(1, last)]
    return {cross.week: cross.fate for cross in golden_crosses(days, rotations.get("rows", []))}


def test_a_cross_on_which_a_rotation_was_entered_is_used() -> None:
    rows = [rotation(1, day_number(15), day_number(40), cross_week=SUNDAYS[1])]

    assert cross_fates(in_force_until=40, rows=rows) == {SUNDAYS[1]: Fate.USED}


@pytest.mark.parametrize(("entry", "exit_day"), [(10, 30), (10, None), (10, 14)])
def test_a_cross_that_comes_during_a_rotation_is_spent(entry: int, exit_day: int | None) -> None:
    rows = [rotation(1, day_number(entry), day_number(exit_day) if exit_day else None, cross_week=SUNDAYS[0])]

    assert cross_fates(in_force_until=20, rows=rows) == {SUNDAYS[1]: Fate.SPENT}


def test_a_cross_that_ran_out_is_expired_and_says_when() -> None:
    days = [macd_day(n, cross_week=SUNDAYS[1], in_force=14 <= n <= 20) for n in range(1, 40)]

    (cross,) = golden_crosses(days, [rotation(1, day_number(2), day_number(13))])

    assert (cross.fate, cross.last_in_force) == (Fate.EXPIRED, day_number(20))
    assert cross.story == f"expired: last in force on {day_number(20)}"


def test_a_cross_that_still_counts_on_the_last_day_is_in_force() -> None:
    assert cross_fates(in_force_until=47) == {SUNDAYS[1]: Fate.IN_FORCE}


def test_a_cross_from_before_the_first_week_is_left_out() -> None:
    assert golden_crosses([macd_day(1, cross_week=date(2023, 5, 7), in_force=False)], []) == []


VALUES = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2) | st.none(), max_size=3)


@given(st.lists(VALUES, max_size=30))
def test_what_stands_for_days_unfolds_to_what_it_was(values: list[dict[str, int | None]]) -> None:
    kept = changes(values)

    rows = [dict(zip(kept["names"][place], row, strict=True)) for place, *row in kept["rows"]]
    unfolded = [row for row, days in zip(rows, kept["days"], strict=True) for _ in range(days)]
    assert unfolded == values


def test_the_day_panel_has_the_day_of_a_close_that_is_older() -> None:
    days = [decision(1, closes={"ADA": 1.0}), decision(2, closes={"ADA": 1.0}, marked_on={"ADA": day_number(1)})]

    panel = day_panel(record(days), holdings_by_day(record(days)))

    assert panel["marked"] == {"names": [(), ("ADA",)], "rows": [[0], [1, "2024-01-01"]], "days": [1, 1]}
