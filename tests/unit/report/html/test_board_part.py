"""The board as a part of a page, out of the events of a run."""

import re
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from engine.core.context_rows import PhaseWeek, SystemFacts, SystemRead
from engine.core.events import ContextSeen
from engine.record.context_file import context_rows
from engine.record.context_record import run_context, spans
from engine.report.html.board import WIDTH, board_part

FIRST = date(2024, 1, 1)
STATES = {"lit": True, "unlit": False, "unknown": None}


def read(name: str, state: str, **more: object) -> SystemRead:
    return SystemRead(name=name, holds=STATES[state], **more)  # type: ignore[arg-type]


def seen(day: int, *reads: SystemRead, **more: object) -> ContextSeen:
    return ContextSeen(day=FIRST + timedelta(days=day), reads=reads, **more)  # type: ignore[arg-type]


def test_a_run_that_saw_nothing_has_no_board() -> None:
    assert run_context([]) is None


@given(st.lists(st.sampled_from(sorted(STATES)), min_size=1, max_size=40))
def test_rows_of_states_cover_every_day_once_and_so_do_the_rows_of_the_file(states: list[str]) -> None:
    events = [seen(day, read("some", state), whole=True) for day, state in enumerate(states)]
    context = run_context(events)
    assert context is not None

    covered = [
        (begin + timedelta(days=n), state)
        for begin, end, state in spans(context, "some")
        for n in range((end - begin).days + 1)
    ]

    assert covered == [(FIRST + timedelta(days=n), state) for n, state in enumerate(states)]
    assert [row[3] for row in context_rows(events)] == [state for _, _, state in spans(context, "some")]


def test_the_last_board_is_shown_with_what_the_systems_are() -> None:
    facts = (
        SystemFacts(name="a", group="flows", rows=("000-17",)),
        SystemFacts(name="b", group="cautions", caution=True, remark="a proxy"),
    )
    first = seen(0, read("a", "unlit"), read("b", "unlit"), facts=facts)
    last = seen(9, read("a", "lit", sentence="<b>up</b>, since 2024-01-10"), read("b", "lit"), whole=True)
    context = run_context([first, last])
    assert context is not None

    page = board_part(context)

    assert page.index("flows") < page.index("cautions")
    assert "000-17" in page
    assert "&lt;b&gt;up&lt;/b&gt;" in page
    assert "(a proxy)" in page
    # The last of ten days, at the right end; a caution has another colour.
    tenth = WIDTH / 10
    assert re.findall(r'<rect class="(\w+)" x="([\d.]+)" y="0" width="([\d.]+)"', page) == [
        ("lit", str(WIDTH - tenth), str(tenth)),
        ("caution", str(WIDTH - tenth), str(tenth)),
    ]
    assert "lit on 10% of the days from 2024-01-01 to 2024-01-10" in page


def test_phases_are_drawn_with_their_scores_and_the_matrix_of_their_changes() -> None:
    weeks = tuple(
        PhaseWeek(sunday=FIRST + timedelta(weeks=n), phase=phase, leader=phase, scores=(0.5, -1.0, 2.0))
        for n, phase in enumerate((1, 1, 2, 3))
    )
    of = seen(30, read("phase", "lit"), whole=True, phases=weeks, phase_names=("one", "two", "three"))
    context = run_context([of])
    assert context is not None

    page = board_part(context)

    assert "phase 3: three" in page
    assert page.count('<path class="p') == 3
    assert "1 one +0.50, 2 two -1.00, 3 three +2.00" in page
    assert re.findall(r"<td>(\d)</td>", page) == ["1", "1", "0", "0", "0", "1", "0", "0", "0"]


def test_a_single_week_is_told_and_not_drawn() -> None:
    weeks = (PhaseWeek(sunday=FIRST, phase=1, leader=0, scores=(None, 0.0, 0.0)),)
    context = run_context([seen(6, read("phase", "unknown"), whole=True, phases=weeks, phase_names=("a", "b", "c"))])
    assert context is not None

    page = board_part(context)

    assert "phase: unknown" in page
    assert "<path" not in page
