"""The board of the thesis as a part of a page, the same in the report and on the dashboard: plain HTML and SVG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from types import MappingProxyType

from engine.core.context_rows import NO_PHASE, PhaseWeek, SystemFacts, SystemRead, transitions
from engine.record.context_record import RunContext, spans
from engine.report.board_words import (
    board_number,
    counts_words,
    group_of,
    phase_name,
    phase_title,
    rows_text,
    score_words,
    verdict_words,
)
from engine.report.html.templates import render

WIDTH, HEIGHT = 1000, 160
"""Of the drawing of the phases; strips are as wide."""
MARGIN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A piece of a strip, from left to right of WIDTH."""

    x: float
    width: float
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemLine:
    """A system as it is shown: its texts, and its days as a strip."""

    facts: SystemFacts
    read: SystemRead
    lamp: str
    value: str
    threshold: str
    distance: str
    rows: str
    words: str
    verdict: str
    bars: Sequence[Bar]
    share: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseDrawing:
    """The phases over time: a line a score, pieces of the phase that stood, and the matrix of its changes.

    Attributes:
        lines: by phase, the first one first, as paths.
        zero: the height of a score of 0.
        matrix: by phase that was left or kept, how often which one followed.
    """

    lines: Sequence[str]
    zero: float
    low: float
    high: float
    bars: Sequence[Bar]
    first: date
    last: date
    matrix: Sequence[Sequence[int]]


def board_part(context: RunContext, verdicts: Mapping[str, str] = MappingProxyType({})) -> str:
    """Write the board of a run's last day with its history.

    Args:
        verdicts: by row of the thesis, that of the last study.
    """
    board = context.board
    pairs = list(zip(board.facts, board.reads, strict=True))
    groups = [
        (group, counts_words(read for _, read in members), [_line(context, *pair, verdicts) for pair in members])
        for group, found in groupby(pairs, key=lambda pair: group_of(pair[0]))
        for members in [list(found)]
    ]
    names = [phase_name(board.phase_names, number) for number in range(1, len(board.phase_names) + 1)]
    return render(
        "board.html.j2",
        context=context,
        groups=groups,
        width=WIDTH,
        height=HEIGHT,
        phase=phase_title(board),
        names=names,
        scores=[] if board.phase is None else score_words(board.phase, board.phase_names),
        drawing=_drawing(context.weeks),
    )


def _line(context: RunContext, facts: SystemFacts, read: SystemRead, verdicts: Mapping[str, str]) -> SystemLine:
    first, last = context.first_day, context.last_day
    days = (last - first).days + 1
    pieces = spans(context, facts.name)
    lit = sum((end - begin).days + 1 for begin, end, state in pieces if state == "lit")
    return SystemLine(
        facts=facts,
        read=read,
        lamp="caution" if facts.caution and read.holds else read.state,
        value=board_number(read.value),
        threshold=board_number(read.threshold),
        distance=board_number(read.distance),
        rows=rows_text(facts.rows),
        words=_words(facts, read),
        verdict=verdict_words(facts, verdicts),
        bars=[
            _bar((begin - first).days, (end - begin).days + 1, days, "caution" if _warns(facts, state) else state)
            for begin, end, state in pieces
            if state != "unlit"
        ],
        share=f"lit on {lit / days:.0%} of the days from {first} to {last}",
    )


def _words(facts: SystemFacts, read: SystemRead) -> str:
    """Give the sentence without since when, which stands beside it, and with what has to be said of the system."""
    words = f"unknown: {read.reason}" if read.holds is None else read.sentence.replace(f", since {read.since}", "")
    return words if not facts.remark or facts.remark in words else f"{words} ({facts.remark})"


def _warns(facts: SystemFacts, state: str) -> bool:
    return facts.caution and state == "lit"


def _bar(begin: int, length: int, of: int, state: str) -> Bar:
    # Half a unit at least: one day of many years is to be seen.
    return Bar(x=round(begin / of * WIDTH, 2), width=max(round(length / of * WIDTH, 2), 0.5), state=state)


def _drawing(weeks: Sequence[PhaseWeek]) -> PhaseDrawing | None:
    known = [score for week in weeks for score in week.scores if score is not None]
    if len(weeks) < 2 or not known:  # noqa: PLR2004 - a line has two ends
        return None
    low, high = min(known), max(known)
    reach = (high - low) or 1.0

    def height(score: float) -> float:
        return round(HEIGHT - MARGIN - (score - low) / reach * (HEIGHT - 2 * MARGIN), 1)

    begin, days = weeks[0].sunday, (weeks[-1].sunday - weeks[0].sunday).days or 1
    at = [round((week.sunday - begin).days / days * WIDTH, 1) for week in weeks]
    lines = []
    for place in range(len(weeks[0].scores)):
        path, is_drawn = "", False
        for x, week in zip(at, weeks, strict=True):
            score = week.scores[place]
            path += "" if score is None else f"{'L' if is_drawn else 'M'}{x} {height(score)}"
            is_drawn = score is not None
        lines.append(path)
    runs = [(phase, list(found)) for phase, found in groupby(zip(at, weeks, strict=True), key=_shown_phase)]
    step = WIDTH / len(weeks)
    return PhaseDrawing(
        lines=lines,
        zero=height(min(max(0.0, low), high)),
        low=low,
        high=high,
        bars=[
            Bar(x=found[0][0], width=round(min(found[-1][0] + step, WIDTH) - found[0][0], 2), state=str(phase))
            for phase, found in runs
            if phase != NO_PHASE
        ],
        first=begin,
        last=weeks[-1].sunday,
        matrix=transitions(weeks),
    )


def _shown_phase(at: tuple[float, PhaseWeek]) -> int:
    _, week = at
    return NO_PHASE if week.leader == NO_PHASE else week.phase
