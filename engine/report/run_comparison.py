"""Two runs side by side on the terminal, in 80 columns."""

import json
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.record.record_rows import RotationRow
from engine.record.review.comparison import ABSENT, AMOUNTS, COUNTS, Comparison, Pair, RotationPair
from engine.record.run_record import RunRecord
from engine.report.figures import FIGURES, NOT_AVAILABLE, PERCENT, few_days_words, signed_percent
from engine.report.printable import printable
from engine.report.synthetic import framed
from engine.report.tables import plain_table

TITLES: Mapping[str, str] = {
    **{key: title for title, key, _ in FIGURES},
    "start_equity": "start equity",
    "final_equity": "final equity",
    "turnover": "turnover a year",
    "decision_days": "decision days",
    "days_rotated": "days rotated",
}
OF_ROTATIONS = ("rotations", "days_rotated")
MOST_ROWS = 20


def print_comparison(console: Console, comparison: Comparison) -> None:
    """Print a comparison."""
    runs = comparison.first, comparison.second
    is_synthetic = any(run.synthetic for run in runs)
    with framed(console, synthetic=is_synthetic):
        for letter, run in zip("AB", runs, strict=True):
            console.print(Text(f"{letter}  ", style="dim").append(printable(run.name), style="not dim bold"))
            console.print(Text(f"   {_span(run)}{' (synthetic)' if run.synthetic else ''}"))
        console.print(Text(_days(comparison)))
        console.print()
        console.print(_figures(comparison))
        for letter, run in zip("AB", runs, strict=True):
            few_days = few_days_words(len(run.decisions)) if run.decisions else ""
            if few_days:
                console.print(Text(f"{NOT_AVAILABLE}  {letter}: {few_days}", style="dim"))
        _print_configuration(console, comparison)
        if comparison.rotates:
            _print_rotations(console, comparison)
        _print_states(console, comparison)


def _span(run: RunRecord) -> str:
    days = run.decisions
    return f"{days[0].day} to {days[-1].day}, {len(days):,} decision days" if days else "no day is decided yet"


def _days(comparison: Comparison) -> str:
    if not comparison.only_first and not comparison.only_second:
        return f"both decide the same {comparison.common_days:,} days"
    return (
        f"{comparison.common_days:,} days are decided by both, {comparison.only_first:,} by A alone, "
        f"{comparison.only_second:,} by B alone: the figures are of different days"
    )


def _figures(comparison: Comparison) -> Table:
    table = plain_table("", "A", "B", "B - A", right=("A", "B", "B - A"))
    shown = (pair for pair in comparison.figures if comparison.rotates or pair.name not in OF_ROTATIONS)
    for pair in shown:
        difference = NOT_AVAILABLE if pair.difference is None else _figure(pair, pair.difference, signed=True)
        table.add_row(
            TITLES.get(pair.name, pair.name),
            _figure(pair, pair.first),
            _figure(pair, pair.second),
            Text(difference, style="dim" if not pair.difference else ""),
        )
    return table


def _figure(pair: Pair, value: float | None, *, signed: bool = False) -> str:
    if value is None:
        return NOT_AVAILABLE
    sign = "+" if signed else ""
    if pair.name in PERCENT:
        return f"{value:{sign},.1%}"
    return f"{value:{sign},.0f}" if pair.name in (*COUNTS, *AMOUNTS) else f"{value:{sign},.2f}"


def _print_configuration(console: Console, comparison: Comparison) -> None:
    differences = comparison.configuration
    if differences is None:
        known = {True: "the same, by its digest", False: "another, by its digest", None: "not known"}
        console.print(
            Text("\nConfiguration: ", style="bold").append(
                f"{known[comparison.same_configuration]}; a folder does not hold it", style="not bold"
            )
        )
    elif not differences:
        console.print(Text("\nConfiguration: ", style="bold").append("the same", style="not bold"))
    else:
        table = plain_table("key", right=())
        console.print(Text("\nConfiguration", style="bold"))
        table.columns[0].overflow = "fold"
        for title in "AB":
            table.add_column(title, overflow="fold")
        for difference in differences:
            values = (difference.first, difference.second)
            shown = (ABSENT if value == ABSENT else json.dumps(value, ensure_ascii=False) for value in values)
            table.add_row(*(Text(printable(text)) for text in (difference.key, *shown)))
        console.print(table)


def _print_rotations(console: Console, comparison: Comparison) -> None:
    both = sum(pair.first is not None and pair.second is not None for pair in comparison.rotations)
    count = len(comparison.rotations)
    words = f": {both} of {count} begin on the same day" if count else ": none"
    console.print(Text(f"\nRotations{words}", style="bold"))
    figures = ("A", "B", "B - A")
    table = plain_table("entry", "exit A", "exit B", *figures, right=figures)
    table.add_column("reasons", overflow="fold")
    for pair in comparison.rotations:
        reasons = dict.fromkeys(printable(row.exit_reason) for row in (pair.first, pair.second) if row is not None)
        table.add_row(
            str(pair.entry_day), _exit(pair.first), _exit(pair.second), *_returns(pair), Text(" / ".join(reasons))
        )
    if count:
        console.print(table)


def _exit(rotation: RotationRow | None) -> str:
    return "none" if rotation is None else str(rotation.exit_day or NOT_AVAILABLE)


def _returns(pair: RotationPair) -> tuple[str, str, str]:
    first, second = (None if row is None else row.total_return for row in (pair.first, pair.second))
    difference = None if first is None or second is None else second - first
    return signed_percent(first), signed_percent(second), signed_percent(difference)


def _print_states(console: Console, comparison: Comparison) -> None:
    stretches = comparison.states
    days = sum(stretch.days for stretch in stretches)
    count = f"{days:,}" if days else "none"
    share = f", {days / comparison.common_days:.1%} of the common ones" if days else ""
    more = f" (the last {MOST_ROWS} of {len(stretches)} stretches)" if len(stretches) > MOST_ROWS else ""
    console.print(Text(f"\nDays in another state: {count}{share}{more}", style="bold"))
    table = plain_table("from", "to", "days", "A", "B", right=("days",))
    for stretch in stretches[-MOST_ROWS:]:
        names = (Text(printable(stretch.first)), Text(printable(stretch.second)))
        table.add_row(str(stretch.since), str(stretch.until), f"{stretch.days:,}", *names)
    if stretches:
        console.print(table)
