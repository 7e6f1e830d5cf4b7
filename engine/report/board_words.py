"""Words and numbers of the board that terminal and pages share."""

from collections.abc import Iterable, Mapping

from engine.core.context_rows import NO_PHASE, Board, PhaseWeek, SystemFacts, SystemRead
from engine.report.figures import NOT_AVAILABLE

OTHERS = "further conditions of the configuration"
LARGE, HUGE, WIDEST = 100, 10_000, 8
"""Numbers from which on two decimals, or none, are enough; characters that a number may have."""


def board_number(value: float | None) -> str:
    """Write a value, a threshold or a distance, in at most eight characters."""
    if value is None:
        return NOT_AVAILABLE
    if value == int(value) and abs(value) < HUGE:
        return f"{int(value)}"
    size = abs(value)
    text = f"{value:.4f}" if size < LARGE else f"{value:,.2f}" if size < HUGE else f"{value:,.0f}"
    return text if len(text) <= WIDEST else f"{value:.0f}" if len(f"{value:.0f}") <= WIDEST else f"{value:.2e}"


def rows_text(rows: tuple[str, ...]) -> str:
    """Name rows of the thesis; those in a row are named by their ends: `001-9 .. 001-12`."""
    parts = [row.split("-") for row in rows]
    if len(rows) > 3 and all(len(part) == 2 and part[1].isdigit() for part in parts):  # noqa: PLR2004 - fits the column
        numbers = [int(part[1]) for part in parts]
        if len({part[0] for part in parts}) == 1 and numbers == list(range(numbers[0], numbers[0] + len(rows))):
            return f"{rows[0]} .. {rows[-1]}"
    return " ".join(rows)


def group_of(facts: SystemFacts) -> str:
    """Name the group under which a system is shown."""
    return facts.group or OTHERS


def counts_words(reads: Iterable[SystemRead]) -> str:
    """Count how many are lit, of those that are known."""
    states = [read.state for read in reads]
    unknown = states.count("unknown")
    return f"{states.count('lit')} of {len(states)} lit" + (f", {unknown} unknown" if unknown else "")


def phase_title(board: Board) -> str:
    """Name the phase of a board."""
    phase = board.phase
    if phase is None or phase.leader == NO_PHASE:
        return "phase: unknown"
    return f"phase {phase.phase}: {phase_name(board.phase_names, phase.phase)}"


def phase_name(names: tuple[str, ...], phase: int) -> str:
    """Name a phase, as far as it has a name."""
    return names[phase - 1] if 0 < phase <= len(names) else f"phase {phase}"


def score_words(week: PhaseWeek, names: tuple[str, ...]) -> list[str]:
    """Say the score of each phase."""
    return [
        f"{number} {phase_name(names, number)} {NOT_AVAILABLE if score is None else f'{score:+.2f}'}"
        for number, score in enumerate(week.scores, start=1)
    ]


def series_by_remark(remarks: Mapping[str, str]) -> Mapping[str, list[str]]:
    """Give the series of which the same has to be said together."""
    names: dict[str, list[str]] = {}
    for name, remark in sorted(remarks.items()):
        names.setdefault(remark, []).append(name)
    return names


def verdict_words(facts: SystemFacts, verdicts: Mapping[str, str]) -> str:
    """Say what the last study found of a system's rows; empty where there is none."""
    found: dict[str, list[str]] = {}
    for row in facts.rows:
        if row in verdicts:
            found.setdefault(verdicts[row], []).append(row)
    return "; ".join(f"{' '.join(rows)} {verdict}" for verdict, rows in found.items())
