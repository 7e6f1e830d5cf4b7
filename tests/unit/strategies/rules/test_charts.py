"""What rules draw of a record: breakouts and what became of them, golden crosses and their fates, any rule's value."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from engine.core.chart import NOTHING, Chart, OnRecord, RotationDays
from engine.core.reading import Reading
from engine.core.rule import AnyRule
from engine.settings.registry import params_of, strategy_factory
from tests.support.run_records import day_number

LEVELS = ("close", "ceiling", "support")


def rule(name: str) -> AnyRule:
    strategy: Any = strategy_factory("rotation")(params_of("rotation")(name="rotation"))
    found: AnyRule = strategy.drawn()[name]
    return found


def past(
    evidence: Sequence[Mapping[str, Any]], rotations: Sequence[RotationDays] = (), read: Sequence[Reading] | None = None
) -> OnRecord:
    days = [day_number(n + 1) for n in range(len(evidence))]
    return OnRecord(name="own", days=days, evidence=evidence, read=read or [NOTHING] * len(days), rotations=rotations)


def marks(chart: Chart | None) -> dict[str, Sequence[tuple[str, float, str]]]:
    assert chart is not None
    return {each.name: each.points for each in chart.marks if each.points}


def index_day(number: int, *, session: int | None = None, **evidence: Any) -> Mapping[str, Any]:
    section = {
        "session": day_number(session or number).isoformat(),
        "close": 100.0 + number,
        "in_breakout": False,
        "support": None,
        "ceiling": 110.0,
        "breakout_session": None,
        "loss_session": None,
    }
    return {"index": {**section, **evidence}, "macd": None}


def test_a_breakout_is_confirmed_renewed_and_lost_at_its_sessions() -> None:
    first, second, fourth = (day_number(n).isoformat() for n in (2, 3, 5))
    days = [
        index_day(1),
        index_day(2, in_breakout=True, support=90.0, breakout_session=first),
        index_day(3, in_breakout=True, support=95.0, breakout_session=second),
        index_day(4, session=3, in_breakout=True, support=95.0, breakout_session=second),
        index_day(5, loss_session=fourth),
    ]

    chart = rule("breakout").chart(past(days))

    assert chart is not None
    assert chart.title == "Russell 2000: ceiling, breakouts, support"
    assert list(chart.days) == [day_number(n).isoformat() for n in (1, 2, 3, 5)]
    assert {each.name: list(each.values) for each in chart.curves} == {
        "ceiling": [110.0] * 4,
        "support": [None, 90.0, 95.0, None],
        "Russell 2000": [101.0, 102.0, 103.0, 105.0],
    }
    assert marks(chart) == {
        "breakout confirmed": [(first, 102.0, "breakout confirmed: support of 90.00")],
        "breakout renewed (lifted)": [(second, 103.0, "breakout renewed (lifted): support of 95.00")],
        "support lost": [(fourth, 105.0, "support lost: support of 95.00")],
    }


def test_a_breakout_from_before_the_first_session_is_no_turn() -> None:
    days = [index_day(n, in_breakout=True, support=90.0, breakout_session="2020-11-17") for n in (1, 2)]

    assert marks(rule("breakout").chart(past(days))) == {}


@pytest.mark.parametrize("name", ["breakout", "golden_cross", "support_lost", "time_exit", "basket_tradable"])
def test_without_anything_on_record_nothing_is_drawn(name: str) -> None:
    assert rule(name).chart(past([])) is None
    assert rule(name).chart(past([{"index": None, "macd": None}])) is None


def macd_day(number: int, *, cross_week: date | None, in_force: bool) -> Mapping[str, Any]:
    day = day_number(number)
    sunday = day - timedelta(days=(day.weekday() + 1) % 7)
    section = {"week": sunday.isoformat(), "macd": 2.0, "signal": 1.0, "in_force": in_force}
    return {"index": None, "macd": {**section, "cross_week": cross_week and cross_week.isoformat()}}


SUNDAYS = [day_number(7 * n) for n in range(1, 8)]


def fates(*, in_force_until: int, last: int = 48, rotations: Sequence[RotationDays] = ()) -> dict[str, str]:
    """Give what is said of one cross at the end of the second week, in force on some days, by its fate."""
    days = [macd_day(n, cross_week=SUNDAYS[1], in_force=14 <= n <= in_force_until) for n in range(1, last)]
    found = marks(rule("golden_cross").chart(past(days, rotations)))
    assert all(point[:2] == (SUNDAYS[1].isoformat(), 2.0) for points in found.values() for point in points)
    return {name: words for name, points in found.items() for _, _, words in points}


def test_a_cross_on_which_a_rotation_was_entered_is_used() -> None:
    rotations = [RotationDays(1, day_number(15), day_number(40), SUNDAYS[1])]

    said = fates(in_force_until=40, rotations=rotations)

    assert said == {"cross used": "golden cross used by rotation 1"}


@pytest.mark.parametrize(("entry", "exit_day"), [(10, 30), (10, None), (10, 14)])
def test_a_cross_that_comes_during_a_rotation_is_spent(entry: int, exit_day: int | None) -> None:
    rotations = [RotationDays(1, day_number(entry), day_number(exit_day) if exit_day else None, SUNDAYS[0])]

    said = fates(in_force_until=20, rotations=rotations)

    assert said == {"cross spent": "golden cross spent: came during rotation 1"}


def test_a_cross_that_ran_out_is_expired_and_says_when() -> None:
    rotations = [RotationDays(1, day_number(2), day_number(13), None)]

    assert fates(in_force_until=20, last=40, rotations=rotations) == {
        "cross expired": f"golden cross expired: last in force on {day_number(20)}"
    }
    assert fates(in_force_until=0) == {"cross expired": "golden cross expired: never in force"}


def test_a_cross_that_still_counts_on_the_last_day_is_in_force() -> None:
    assert fates(in_force_until=47) == {"cross in force": "golden cross in force on the last day"}


def test_a_cross_from_before_the_first_week_is_left_out() -> None:
    days = [macd_day(1, cross_week=date(2023, 5, 7), in_force=False)]

    assert marks(rule("golden_cross").chart(past(days))) == {}


def test_any_rule_is_drawn_by_its_value_and_marked_where_it_turned() -> None:
    low, high = Reading(holds=False, value=1.0, threshold=2.0), Reading(holds=True, value=3.0, threshold=2.0)
    read = [low, high, high, NOTHING, high, low]

    chart = past([{}] * 6, read=read).value_chart("my rule")

    assert chart is not None
    assert {each.name: list(each.values) for each in chart.curves} == {
        "threshold": [2.0, 2.0, 2.0, None, 2.0, 2.0],
        "value": [1.0, 3.0, 3.0, None, 3.0, 1.0],
    }
    assert marks(chart) == {
        "came to hold": [(day_number(2).isoformat(), 3.0, "came to hold")],
        "ceased to hold": [(day_number(6).isoformat(), 1.0, "ceased to hold")],
    }
