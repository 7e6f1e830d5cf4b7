"""A backtest on the terminal: fits 80 columns, says what the figures rest on."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from engine.core.money import plain
from engine.core.order import Order
from engine.record.record_rows import RotationRow
from engine.record.review.round_trips import RoundTrip
from engine.report.amounts import money
from engine.report.caveats import NOT_ADVICE, UNTESTED, claims_behind, excess_rests_on, hindsight, rests_on
from engine.report.figures import (
    FIGURES,
    NOT_AVAILABLE,
    benchmark_key,
    benchmark_titles,
    few_days_words,
    figure_words,
    turnover_words,
)
from engine.report.printable import printable
from engine.report.rounds import rounds_table
from engine.report.synthetic import framed

WIDTH = 80

DOUBTFUL = "WARNING: the prices jump (above): figures that rest on them mean nothing"
DOUBT_STYLE = "bold red"


def print_backtest(
    console: Console,
    *,
    summary: Mapping[str, Any],
    rotations: Sequence[RotationRow],
    trips: Sequence[RoundTrip],
    waiting: Sequence[Order],
    core: str,
    gaps: Sequence[str],
    folder: Path,
    has_report: bool,
    aligned: Mapping[str, Any] | None = None,
) -> None:
    """Print a backtest's summary.

    Args:
        summary: the content of `summary.json`.
        trips: round trips of positions, shown for a strategy without rotations.
        waiting: orders that were decided on the last day.
        gaps: missing bars in words.
        folder: where the files are; has_report: whether `report.html` is among them.
        aligned: as `aligned.json` has it; None where it was not computed.
    """
    with framed(console, synthetic=summary["synthetic"]):
        console.print(_header(summary))
        for line in _source_lines(summary["data_sources"]):
            console.print(Text(line, style="dim"))
        doubts = summary.get("doubts", ())
        print_doubts(console, doubts)
        for line in (*[note for note in summary["notes"] if note not in doubts], *_gap_lines(gaps)):
            console.print(Text(f"note: {line}", style="yellow"))
        console.print()
        rotates = bool(rotations) or bool(summary["rotates"])
        console.print(
            rounds_table(rotations, core, of_coins=False, title="Rotations") if rotates else _trips_table(trips, core)
        )
        console.print(_metrics_table(summary, benchmark_titles(summary["benchmarks"], rotates=rotates, core=core)))
        few_days = few_days_words(summary["decision_days"])
        if few_days:
            console.print(Text(f"{NOT_AVAILABLE}  {few_days}", style="dim"))
        console.print(_activity(summary))
        for each in summary.get("out_of_position", ()):
            share = "" if each["weight"] is None else f" ({each['weight']:.2%} of equity)"
            text = f"out of position: {each['asset']}{share} since {each['since']}: {each['reason']}"
            console.print(Text(text, style="yellow"))
        for order in waiting:
            console.print(Text(f"pending: {order.side.value} {plain(order.quantity)} {order.symbol} ({order.reason})"))
        ended = sum(row.exit_day is not None for row in (rotations if rotates else trips))
        console.print(Padding(Text(_caveat(summary, ended, aligned, rotates=rotates), style="italic"), (1, 0, 0, 0)))
        if doubts:
            console.print(Text(DOUBTFUL, style=DOUBT_STYLE))
        # A path is what people copy: it is never broken over two lines.
        console.print(Text(f"files: {folder}"), soft_wrap=True)
        if has_report:
            console.print(Text(f"report: {folder / 'report.html'}"), soft_wrap=True)


def print_doubts(console: Console, doubts: Sequence[str]) -> None:
    """Print what puts the figures of a run in doubt, louder than a note."""
    for line in doubts:
        console.print(Text(f"WARNING: {printable(line)}", style=DOUBT_STYLE))


def _header(summary: Mapping[str, Any]) -> Text:
    days = f"{summary['decision_days']:,} decision day{'s' if summary['decision_days'] != 1 else ''}"
    head = Text(f"{summary['name']}", style="bold")
    head.append(f"  {summary['first_day']} to {summary['last_day']}, {days}, ", style="none")
    head.append(f"{summary['start_equity']:,.0f} -> {summary['final_equity']:,.0f}", style="bold")
    return head


def _source_lines(sources: Mapping[str, Mapping[str, Any]]) -> list[str]:
    by_place: dict[str, list[str]] = {}
    for symbol, facts in sources.items():
        remark = f" ({facts['remark']})" if facts.get("remark") else ""
        by_place.setdefault(str(facts["source"]).replace(symbol, "*") + remark, []).append(symbol)
    return [f"data: {_few(symbols)} from {place}" for place, symbols in by_place.items()]


def _few(symbols: Sequence[str], most: int = 12) -> str:
    return " ".join(symbols) if len(symbols) <= most else f"{' '.join(symbols[:most])} and {len(symbols) - most} more"


def _gap_lines(gaps: Sequence[str], most: int = 4) -> list[str]:
    hidden = len(gaps) - most
    return [*gaps[:most], *([f"{hidden} more gaps, all in run.log"] if hidden > 0 else [])]


def _trips_table(trips: Sequence[RoundTrip], core: str, most: int = 12) -> Table:
    shown = trips[max(0, len(trips) - most) :]
    left = f", the last {len(shown)} of {len(trips):,}: review shows more" if len(shown) < len(trips) else ""
    return rounds_table(shown, core, of_coins=True, title=f"Round trips{left}")


def _metrics_table(summary: Mapping[str, Any], titles: Mapping[str, str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("")
    table.add_column(str(summary["name"])[:24], justify="right", style="bold")
    benchmarks: Mapping[str, Mapping[str, Any] | None] = summary["benchmarks"]
    for title in titles.values():
        table.add_column(title, justify="right")
    shown = [benchmarks[name] for name in titles]
    for title, key, _ in FIGURES:
        cells = [None if figures is None else figures[benchmark_key(key)] for figures in shown]
        table.add_row(title, *(figure_words(key, value) for value in (summary[key], *cells)))
    return table


def _activity(summary: Mapping[str, Any]) -> Text:
    fees = summary["fees_paid"]
    paid = money(fees) if isinstance(fees, int | float) else ", ".join(f"{v:,.8g} {a}" for a, v in fees.items())
    elapsed = (date.fromisoformat(summary["last_day"]) - date.fromisoformat(summary["first_day"])).days
    turnover = turnover_words(summary["turnover"], decision_days=summary["decision_days"], elapsed=elapsed)
    rotated = f", {summary['days_rotated']:,} days rotated" if summary["rotates"] or summary["rotations"] else ""
    return Text(f"turnover {turnover}, fees {paid}{rotated}")


def _caveat(summary: Mapping[str, Any], ended: int, aligned: Mapping[str, Any] | None, *, rotates: bool) -> str:
    study = summary.get("study")
    judged = claims_behind(study) if study else hindsight(synthetic=summary["synthetic"])
    if not study and rotates:
        judged = f"{judged} {UNTESTED}".strip()
    excess = excess_rests_on(aligned) if aligned else ""
    return " ".join(filter(None, (rests_on(ended, rotates=rotates), excess, judged, NOT_ADVICE)))
