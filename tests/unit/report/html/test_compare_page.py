"""The page of `compare`: curves relative to holding Bitcoin, on round levels, without a script."""

import re
from datetime import date, timedelta
from math import log

from hypothesis import given
from hypothesis import strategies as st

from engine.record.review.side_by_side import ComparedRun
from engine.report.html.compare_page import HEIGHT, MOST_POINTS, chart_of, compare_html, levels_between

FIRST = date(2018, 1, 1)


def run(label: str, equity: list[float], *, held: float | None = 100.0) -> ComparedRun:
    return ComparedRun(
        label=label,
        settings={"strategy.hold_weeks": 12},
        summary={"total_return": 1.0, "max_drawdown": -0.5, "benchmarks": {}},
        rotations=(),
        days=[FIRST + timedelta(days=n) for n in range(len(equity))],
        equity=equity,
        cash=[0.0] * len(equity),
        held=[held] * len(equity),
        asked=None,
    )


def test_the_chart_is_logarithmic() -> None:
    chart = chart_of([run("a", [100.0, 200.0, 400.0, 50.0])])

    assert chart is not None
    assert chart.curves[0] is not None
    heights = [float(point.partition(",")[2]) for point in chart.curves[0].points.split()]
    assert abs((heights[0] - heights[1]) - (heights[1] - heights[2])) < 0.3
    assert abs((heights[3] - heights[0]) - (heights[0] - heights[1])) < 0.3
    assert "1×" in [tick.words for tick in chart.levels]


def test_a_run_without_the_benchmark_has_no_line_and_the_others_keep_their_colours() -> None:
    page = compare_html([run("a", [1.0, 2.0], held=None), run("b", [1.0, 2.0])])

    assert re.findall(r'<polyline class="(.*?)"', page) == ["run run-2"]
    assert chart_of([run("a", [1.0, 2.0], held=None)]) is None
    assert "not on record" in compare_html([run("a", [1.0, 2.0], held=None)])


def test_nothing_of_a_label_is_markup_and_nothing_is_fetched() -> None:
    page = compare_html([run("<script>alert(1)</script>", [1.0, 2.0]), run("b", [1.0, 3.0])])

    assert "<script" not in page
    assert not re.search(r"(src|href)=|url\(|@import", page)
    assert "strategy.hold_weeks=12" in page
    assert "prefers-color-scheme: dark" in page


def test_long_runs_are_thinned_and_keep_their_last_day() -> None:
    chart = chart_of([run("a", [100.0 + n for n in range(5000)])])

    assert chart is not None
    assert chart.curves[0] is not None
    points = chart.curves[0].points.split()
    assert len(points) <= MOST_POINTS + 1
    assert points[-1].startswith("1000.0,")
    assert 1 <= len(chart.years) <= 6


@given(st.floats(-12, 0), st.floats(0, 12))
def test_levels_lie_within_and_one_is_among_them(low: float, high: float) -> None:
    levels = levels_between(low - 0.02, high + 0.02)

    assert 1.0 in levels
    assert all(low - 0.02 - 1e-6 <= log(level) <= high + 0.02 + 1e-6 for level in levels)


@given(st.lists(st.just(0.0) | st.floats(1e-8, 1e15), min_size=2, max_size=20))
def test_every_point_lies_on_the_chart(equity: list[float]) -> None:
    chart = chart_of([run("a", equity)])

    for curve in chart.curves if chart else ():
        for point in curve.points.split() if curve else ():
            across, _, down = point.partition(",")
            assert 0 <= float(across) <= 1000
            assert 0 <= float(down) <= HEIGHT
