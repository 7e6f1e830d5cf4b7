"""What a run saw of the thesis, as a part of its page."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.record.context_record import RunContext


def board_of(context: RunContext | None, out: Path, *, study: Mapping[str, Any] | None) -> str:
    """Write the board; empty where a run computed nothing of it.

    Args:
        out: the folder of all runs, in which studies are; study: the one that the run quotes.
    """
    if context is None:
        return ""
    # Of most runs there is none.
    from engine.record.study_verdicts import verdicts_in  # noqa: PLC0415
    from engine.report.html.board import board_part  # noqa: PLC0415

    return board_part(context, verdicts_in(out, study))
