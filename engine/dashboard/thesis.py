"""What a run saw of the thesis, as a part of its page."""

from engine.record.context_record import RunContext


def board_of(context: RunContext | None) -> str:
    """Write the board; empty where a run computed nothing of it."""
    if context is None:
        return ""
    from engine.report.html.board import board_part  # noqa: PLC0415 - of most runs there is none

    return board_part(context)
