"""`report.html`: one self-contained file, made of a run's record alone; equal records give equal bytes.

What the strategy's rules draw they draw out of the record too.

Where it shows a board of the thesis, the verdicts of the study that the run quotes stand with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from engine.core.chart import Chart as RuleChart
from engine.core.events import ContextSeen
from engine.record.aligned import read_aligned
from engine.record.review.facts import Review, review_of
from engine.record.review.holdings import HeldDay, assets_held, holdings_by_day
from engine.record.review.returns import YearOfReturns, returns_by_year
from engine.record.review.selection import Selection
from engine.record.run_files import REPORT_FILE
from engine.record.run_record import RunRecord, read_run
from engine.report.caveats import NOT_ADVICE, UNTESTED, claims_behind, excess_rests_on, hindsight, rests_on
from engine.report.figures import FIGURES, benchmark_key, benchmark_titles, few_days_words, turnover_words
from engine.report.html.columns import Column, equity_columns, held_columns
from engine.report.html.day_panel import day_panel
from engine.report.html.figures import Figure, chart_columns, chart_figure, equity_figure, held_figure
from engine.report.html.palette import DARK, LIGHT
from engine.report.html.rule_charts import rule_charts
from engine.report.html.script import json_for_script, plotly_script, policy_for
from engine.report.html.templates import own_text, render

HEAT_STEPS = (0.0, 0.05, 0.15, 0.3)
"""Sizes of a month's return from which on its cell is one tone deeper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart with its place in the page: identity, heading, and what it shows in words."""

    key: str
    title: str
    words: str
    figure: Figure


def write_report(folder: Path) -> Path:
    """Write `report.html` into a run folder, whole or not at all.

    Raises:
        DataError: the folder is no run folder, or damaged.
        OSError: it cannot be written.
    """
    path = folder / REPORT_FILE
    temporary = folder / f".{REPORT_FILE}"
    try:
        temporary.write_text(report_html(read_run(folder)), encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def report_html(record: RunRecord) -> str:
    """Make the page."""
    review = review_of(record, Selection())
    held = holdings_by_day(record)
    drawn, undrawn = rule_charts(record)
    columns, charts = _charts(review, held, drawn)
    content = {
        "columns": columns,
        "figures": {chart.key: chart.figure for chart in charts},
        "panel": day_panel(record, held),
    }
    summary = record.summary
    titles = benchmark_titles(review.benchmarks, rotates=review.rotates, core=review.core)
    plotly, script = plotly_script(), own_text("report.js")
    board, aligned = _board(record, review.study), read_aligned(record.folder)
    return render(
        "report.html.j2",
        policy=policy_for(plotly, script),
        style=own_text("report.css")
        + (own_text("board.css") if board else "")
        + (own_text("aligned.css") if aligned else ""),
        board=board,
        aligned=_aligned(aligned),
        plotly=plotly,
        script=script,
        content=json_for_script(content),
        light=LIGHT,
        dark=DARK,
        name=review.name,
        mode=record.mode,
        summary=summary,
        synthetic=review.synthetic,
        span=(str(review.first_day), str(review.last_day)) if record.decisions else None,
        charts=charts,
        undrawn=undrawn,
        has_days=bool(record.decisions),
        review=review,
        figures=_figure_rows(review, list(titles)),
        few_days=few_days_words(len(record.decisions)) if record.decisions else "",
        turnover=_turnover(review),
        hold_titles=list(titles.values()),
        core=review.core,
        rotations=record.rotations,
        completed=sum(row.exit_day is not None for row in record.rotations),
        years=_years(record),
        has_basis=any(each.basis is not None for each in review.fills),
        costs=review.costs,
        config=None if record.config is None else yaml.safe_dump(record.config, sort_keys=False, allow_unicode=True),
        caveats=_caveats(review, aligned),
        not_advice=NOT_ADVICE,
    )


def _board(record: RunRecord, study: Mapping[str, Any] | None) -> str:
    """Write what the run saw of the thesis; empty where it computed nothing of it, and then nothing of it is loaded."""
    if not any(isinstance(event, ContextSeen) for event in record.events):
        return ""
    from engine.record.context_record import run_context  # noqa: PLC0415
    from engine.report.html.board import board_part  # noqa: PLC0415

    context = run_context(record.events)
    from engine.record.study_verdicts import verdicts_in  # noqa: PLC0415

    return "" if context is None else board_part(context, verdicts_in(record.folder.parent, study))


def _aligned(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return ""
    from engine.report.html.aligned import aligned_part  # noqa: PLC0415 - backtests that rotate have it, others not

    return aligned_part(found["aligned"], core=found["core"], draws=found["random_entries"]["draws"])


def _charts(
    review: Review, held: Sequence[HeldDay], drawn: Mapping[str, RuleChart]
) -> tuple[dict[str, Column], list[Chart]]:
    record = review.record
    if not record.decisions:
        return {"day": []}, []
    rotations = record.rotations
    columns = equity_columns(record)
    worthwhile = benchmark_titles(record.benchmarks, rotates=review.rotates, core=review.core)
    benchmarks = [each for each in worthwhile if f"hold {each}" in columns]
    charts = [
        Chart(
            key="equity",
            title="Equity and drawdown",
            words="Equity on a logarithmic axis; below it the fall from the highest equity so far."
            + (" Rotations are shaded and named." if review.rotates else ""),
            figure=equity_figure(columns, name=review.name, benchmarks=benchmarks, rotations=rotations),
        )
    ]
    for name, chart in drawn.items():
        key = f"rule-{name}"
        columns |= chart_columns(columns, key, chart)
        figure = chart_figure(columns, key, chart, rotations=rotations)
        charts.append(Chart(key=key, title=chart.title, words=chart.words, figure=figure))
    assets = assets_held(held)
    columns |= held_columns(held, assets)
    charts.append(
        Chart(
            key="held",
            title="What was held",
            words="Shares of equity at each day's close.",
            figure=held_figure(columns, assets, rotations=rotations),
        )
    )
    return columns, charts


def _figure_rows(review: Review, shown: Sequence[str]) -> list[tuple[str, str, list[float | None]]]:
    benchmarks = [review.benchmarks[name] for name in shown]
    return [
        (
            title,
            kind,
            [
                review.figures[key],
                *(None if each is None else each.get(benchmark_key(key)) for each in benchmarks),
            ],
        )
        for title, key, kind in FIGURES
    ]


def _turnover(review: Review) -> str:
    days = review.record.decisions
    elapsed = (days[-1].day - days[0].day).days if days else 0
    return turnover_words(review.figures["turnover"], decision_days=len(days), elapsed=elapsed)


def _years(record: RunRecord) -> list[tuple[YearOfReturns, list[str], float | None]]:
    """Give each year with the tone of each month and the core's return beside it."""
    core = record.benchmarks.get("BTC") or {}
    core_by_year = {year.year: year.whole for year in returns_by_year(core.items())}
    own = returns_by_year((decision.day, decision.equity) for decision in record.decisions)
    return [(year, [_tone(month) for month in year.months], core_by_year.get(year.year)) for year in own]


def _tone(value: float | None) -> str:
    if not value:
        return ""
    depth = sum(abs(value) >= step for step in HEAT_STEPS)
    return f"{'gain' if value > 0 else 'loss'}-{depth}"


def _caveats(review: Review, aligned: Mapping[str, Any] | None) -> list[str]:
    synthetic = review.record.synthetic
    completed = sum(row.exit_day is not None for row in (review.rotations if review.rotates else review.round_trips))
    made_up = "The prices are made up: they show how the program works, and say nothing about real markets."
    return [
        *([made_up] if synthetic else []),
        rests_on(completed, rotates=review.rotates),
        *([excess_rests_on(aligned)] if aligned else []),
        *([claims_behind(review.study)] if review.study else [UNTESTED] if review.rotates else []),
        *filter(None, [hindsight(synthetic=synthetic)]),
        *([] if synthetic else ["The rules were written by people who had seen these years."]),
        "Fees and slippage are taken; how deep the order books of small coins are is not modelled: real fills can be "
        "worse.",
        NOT_ADVICE,
    ]
