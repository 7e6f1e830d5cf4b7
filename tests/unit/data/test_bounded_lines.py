"""A file of lines is read whole, or refused at the line that has no end."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.data import bounded_lines
from engine.data.bounded_lines import LONGEST_LINE_BYTES, LongLineError, read_lines

LONGEST = b"x" * LONGEST_LINE_BYTES


@pytest.mark.parametrize(
    "content", [b"", b"a\nb\n", b"a\r\nb\r\n", b"a\rb\r", LONGEST, LONGEST + b"\n" + LONGEST, (LONGEST + b"\r\n") * 40]
)
def test_a_file_of_lines_is_read_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "BTC.csv"
    path.write_bytes(content)

    assert read_lines(path) == content


@pytest.mark.parametrize(
    ("before", "line"), [(b"", 1), (b"a\n", 2), (b"a\r\n" * 3, 4), (b"a\r" * 3, 4), (LONGEST + b"\n", 2)]
)
def test_a_line_that_is_too_long_is_named(tmp_path: Path, before: bytes, line: int) -> None:
    path = tmp_path / "BTC.csv"
    path.write_bytes(before + LONGEST + b"x\nrest\n")

    with pytest.raises(LongLineError) as refusal:
        read_lines(path)
    assert refusal.value.line == line


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(st.integers(0, 30), max_size=20), piece=st.integers(1, 40))
def test_where_the_pieces_end_makes_no_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[int], piece: int
) -> None:
    monkeypatch.setattr(bounded_lines, "LONGEST_LINE_BYTES", 20)
    monkeypatch.setattr(bounded_lines, "PIECE_BYTES", piece)
    content = b"\n".join(b"x" * length for length in lines)
    path = tmp_path / "BTC.csv"
    path.write_bytes(content)
    too_long = next((number for number, length in enumerate(lines, start=1) if length > 20), None)

    if too_long is None:
        assert read_lines(path) == content
    else:
        with pytest.raises(LongLineError) as refusal:
            read_lines(path)
        assert refusal.value.line == too_long


def test_no_more_is_read_than_the_line_that_is_too_long(tmp_path: Path) -> None:
    path = tmp_path / "BTC.csv"
    with path.open("wb") as file:
        file.write(b"date,open,high,low,close\n")
        # A hole: a terabyte of zeros that takes no room on the disk, and would take it in memory.
        file.truncate(1 << 40)

    with pytest.raises(LongLineError, match=r"^line 2 is longer than 65,536 bytes$"):
        read_lines(path)
