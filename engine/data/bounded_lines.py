"""Reads a file of lines, and stops at one that is too long to be one: a gigabyte without a line end is no CSV."""

from pathlib import Path

from engine.machine.regular_files import regular

LONGEST_LINE_BYTES = 65_536
PIECE_BYTES = 1 << 20


class LongLineError(Exception):
    """A line is longer than `LONGEST_LINE_BYTES`.

    Attributes:
        line: its number, from 1.
    """

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line} is longer than {LONGEST_LINE_BYTES:,} bytes")
        self.line = line


def read_lines(path: Path) -> bytes:
    """Give the content of a file whose lines end with a line feed, a carriage return, or both.

    Raises:
        LongLineError: before more than that line and a piece of the file is read.
        OSError: it cannot be read.
    """
    content = bytearray()
    line_begins = 0
    with regular(path).open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            content += piece
            line_begins = _begin_of_last_line(content, line_begins)
    return bytes(content)


def _begin_of_last_line(content: bytearray, begin: int) -> int:
    """Walk from line to line, as few of them as needed, from one that begins at `begin`."""
    while len(content) - begin > LONGEST_LINE_BYTES:
        end = begin + LONGEST_LINE_BYTES + 1
        last = max(content.rfind(mark, begin, end) for mark in (b"\n", b"\r"))
        if last < 0:
            raise LongLineError(_line_at(content, begin))
        begin = last + 1
    return begin


def _line_at(content: bytearray, position: int) -> int:
    before = bytes(content[:position])
    return before.replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n") + 1
