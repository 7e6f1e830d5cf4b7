"""What a run saw of the thesis, as a part of its page."""

from pathlib import Path

from engine.record.context_record import RunContext


def board_of(context: RunContext | None, out: Path, *, synthetic: bool) -> str:
    """Write the board; empty where a run computed nothing of it.

    Args:
        out: the folder of all runs, in which studies are; synthetic: whether the run's prices are made up.
    """
    if context is None:
        return ""
    # Of most runs there is none.
    from engine.record.study_verdicts import latest_verdicts  # noqa: PLC0415
    from engine.report.html.board import board_part  # noqa: PLC0415

    return board_part(context, latest_verdicts(out, synthetic=synthetic))
