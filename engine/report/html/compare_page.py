"""`compare.html`: runs side by side on one page that opens without a network and asks for no script."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, log
from pathlib import Path

from engine.record.review.side_by_side import ComparedRun, doubts_of, other_bars
from engine.report.caveats import NOT_ADVICE
from engine.report.html.palette import COIN_COLOURS, DARK, LIGHT
from engine.report.html.script import POLICY
from engine.report.html.templates import own_text, render
from engine.report.run_words import settings_words
from engine.report.side_by_side import FIGURES, cells, span_lines

PAGE = "compare.html"
WIDTH, HEIGHT = 1000, 280
MOST_POINTS = 800
MOST_YEARS = 6
LADDERS = ((1.0,), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 5.0, 7.0))
STEPS = (0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
LEAST_TICKS = 3
WITHIN = (4.0, 96.0)
"""Between which percent of the width a year is written, so that it is not cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A line of the grid: where, and what it says."""

    at: float
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A run's line; place counts the runs that have one, and colours by it."""

    label: str
    points: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Equity relative to holding Bitcoin, on a logarithmic scale; ticks of `years` are in percent of the width."""

    curves: Sequence[Curve | None]
    levels: Sequence[Tick]
    years: Sequence[Tick]


def write_compare_page(folder: Path, runs: Sequence[ComparedRun]) -> Path:
    """Write `compare.html` into a folder.

    Raises:
        OSError: it cannot be written.
    """
    path = folder / PAGE
    path.write_text(compare_html(runs), encoding="utf-8")
    return path


def compare_html(runs: Sequence[ComparedRun]) -> str:
    """Make the page."""
    return render(
        "compare.html.j2",
        policy=POLICY,
        style=own_text("report.css") + own_text("compare.css"),
        light=LIGHT,
        dark=DARK,
        runs=[(run, cells(run), settings_words(run.settings or {}, whole_values=True)) for run in runs],
        figures=FIGURES,
        spans=list(span_lines(runs)),
        remarks=[*doubts_of(runs), *other_bars(runs)],
        synthetic=any(run.summary.get("synthetic") for run in runs),
        chart=chart_of(runs),
        colours_of_runs=COIN_COLOURS,
        width=WIDTH,
        height=HEIGHT,
        not_advice=NOT_ADVICE,
    )


def chart_of(runs: Sequence[ComparedRun]) -> Chart | None:
    """Lay out the lines; None where no run has two days that can be compared with holding Bitcoin."""
    lines = [_thinned(run.relative) for run in runs]
    drawn = [line for line in lines if len(line) > 1]
    if not drawn:
        return None
    ratios = [ratio for line in drawn for _, ratio in line]
    low, high = log(min(ratios)), log(max(ratios))
    margin = max(0.02, 0.06 * (high - low))
    low, high = low - margin, high + margin
    first, last = min(line[0][0] for line in drawn), max(line[-1][0] for line in drawn)
    span = (last - first).days

    def down(ratio: float) -> float:
        return round(HEIGHT * (high - log(ratio)) / (high - low), 1)

    def across(day: date) -> float:
        return (day - first).days / span

    return Chart(
        curves=[
            Curve(label=run.label, points=" ".join(f"{WIDTH * across(day):.1f},{down(ratio)}" for day, ratio in line))
            if len(line) > 1
            else None
            for run, line in zip(runs, lines, strict=True)
        ],
        levels=[Tick(at=down(level), words=f"{level:.6g}×") for level in levels_between(low, high)],
        years=[Tick(at=round(100 * across(day), 2), words=str(day.year)) for day in _years(first, last)],
    )


def levels_between(low: float, high: float) -> list[float]:
    """Give round multiples whose logarithms lie between two, few and enough; 1, where all begin, is one of them."""
    for ladder in LADDERS:
        found = [rung * 10.0**power for power in range(-12, 13) for rung in ladder]
        inside = [level for level in found if low <= log(level) <= high]
        if len(inside) >= LEAST_TICKS:
            return inside
    for step in STEPS:
        found = [1 + step * number for number in range(-round(0.9 / step), round(2 / step) + 1)]
        inside = [round(level, 6) for level in found if low <= log(level) <= high]
        if len(inside) >= LEAST_TICKS:
            return inside
    return [1.0]


def _thinned(line: Sequence[tuple[date, float]]) -> Sequence[tuple[date, float]]:
    step = ceil(len(line) / MOST_POINTS) or 1
    return [*line[:-1:step], *line[-1:]]


def _years(first: date, last: date) -> Iterator[date]:
    years = range(first.year + 1, last.year + 1)
    span = (last - first).days
    for year in years[:: ceil(len(years) / MOST_YEARS) or 1]:
        day = date(year, 1, 1)
        if WITHIN[0] <= 100 * (day - first).days / span <= WITHIN[1]:
            yield day
