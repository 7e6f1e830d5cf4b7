"""A run read back: the same from files and from a journal, and one clear sentence for whatever is wrong with it."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.core.errors import DataError
from engine.core.events import OrderFilled, OrderPlanned
from engine.core.order import Side
from engine.record.projections import FILL_COLUMNS
from engine.record.run_record import read_run, read_summary
from engine.record.summary import RECORD_SCHEMA
from tests.support.run_folders import (
    BACKTEST,
    day_number,
    decided,
    fill,
    order,
    story,
    write_backtest,
    write_paper,
)


def damaged(folder: Path) -> str:
    """Read a folder that cannot be read; give the sentence."""
    with pytest.raises(DataError) as found:
        read_run(folder)
    sentence = str(found.value)
    assert sentence.startswith(str(folder))
    assert "\n" not in sentence
    return sentence.removeprefix(str(folder))


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_files_and_journal_say_the_same(tmp_path: Path) -> None:
    backtest, paper = read_run(write_backtest(tmp_path)), read_run(write_paper(tmp_path))

    assert backtest.decisions == paper.decisions
    assert backtest.fills == paper.fills
    assert backtest.rotations == paper.rotations
    assert (backtest.mode, paper.mode) == ("backtest", "paper")
    assert (backtest.journal is None, paper.journal is None) == (True, False)


def test_rows_are_what_was_written(tmp_path: Path) -> None:
    record = read_run(write_backtest(tmp_path))

    assert [(row.day.day, row.state, row.next_state, row.reason) for row in record.decisions] == [
        (1, "CORE", "CORE", "start"),
        (2, "CORE", "ROTATED", "entry"),
        (3, "ROTATED", "ROTATED", "hold"),
        (4, "ROTATED", "CORE", "time_exit"),
        (5, "CORE", "CORE", "hold"),
    ]
    assert record.decisions[1].targets == {"ETH": 0.9}
    assert record.decisions[1].closes == {"BTC": 110.0, "ETH": 10.0}
    assert record.decisions[1].evidence == {"index": {"close": 2000.0}, "macd": None}
    first = record.fills[0]
    assert (first.asset, first.side, first.quantity, first.price) == ("BTC", Side.BUY, Decimal(9), Decimal(101))
    (rotation,) = record.rotations
    assert (rotation.entry_day, rotation.exit_day) == (date(2024, 1, 2), date(2024, 1, 4))
    assert rotation.total_return == pytest.approx(1188 / 1080 - 1)
    assert record.benchmarks["BTC"] == {
        date(2024, 1, day): close for day, close in enumerate((100, 110, 120, 90, 100), 1)
    }
    assert record.benchmarks["ETH"] is None


def test_further_columns_keys_and_files_are_left(tmp_path: Path) -> None:
    folder = write_backtest(tmp_path)
    expected = read_run(folder)
    for name in ("fills.csv", "rotations.csv", "equity.csv"):
        lines = (folder / name).read_text(encoding="utf-8").splitlines()
        (folder / name).write_text("\n".join(f"{line},more" for line in lines) + "\n", encoding="utf-8")
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    (folder / "summary.json").write_text(json.dumps({**summary, "more": 1}), encoding="utf-8")
    (folder / "more.txt").write_text("more", encoding="utf-8")

    record = read_run(folder)

    assert (record.fills, record.rotations, record.decisions) == (
        expected.fills,
        expected.rotations,
        expected.decisions,
    )


def test_folder_without_what_came_later_is_read(tmp_path: Path) -> None:
    folder = write_backtest(tmp_path)
    (folder / "run.log").unlink()
    (folder / "equity.csv").unlink()

    record = read_run(folder)

    assert (record.config, record.benchmarks) == (None, {})
    assert [event for event in record.events if isinstance(event, OrderPlanned)] == []


def test_paper_run_without_a_decision_is_read(tmp_path: Path) -> None:
    record = read_run(write_paper(tmp_path, events=story()[:1]))

    assert (record.decisions, record.fills, record.rotations, record.summary) == ((), (), (), {})


@pytest.mark.parametrize("name", ["summary.json", "decisions.jsonl", "fills.csv", "rotations.csv"])
def test_missing_file_is_named(tmp_path: Path, name: str) -> None:
    folder = write_backtest(tmp_path)
    (folder / name).unlink()

    assert f"has no {name}" in damaged(folder)


@pytest.mark.parametrize("name", ["summary.json", "decisions.jsonl", "fills.csv", "rotations.csv", "equity.csv"])
@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"[" * 100_000, b"\x00" * 500, b"1,2\n3", b"{}"])
def test_file_of_something_else_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    folder = write_backtest(tmp_path)
    (folder / name).write_bytes(content)

    assert name in damaged(folder)


@pytest.mark.parametrize("name", ["decisions.jsonl", "rotations.csv"])
def test_file_that_was_cut_off_between_lines_is_told(tmp_path: Path, name: str) -> None:
    folder = write_backtest(tmp_path)
    lines = (folder / name).read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / name).write_text("".join(lines[:-1]), encoding="utf-8")

    assert "half written or damaged" in damaged(folder)


@pytest.mark.parametrize("name", ["decisions.jsonl", "fills.csv", "rotations.csv"])
def test_file_that_was_cut_off_within_a_line_is_told(tmp_path: Path, name: str) -> None:
    folder = write_backtest(tmp_path)
    text = (folder / name).read_text(encoding="utf-8")
    (folder / name).write_text(text[: text.rindex("\n", 0, -1) + 12], encoding="utf-8")

    assert name in damaged(folder)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("fills.csv", ",9,101,", ",NaN,101,"),
        ("fills.csv", ",9,101,", ",Infinity,101,"),
        ("fills.csv", ",start,,", ",start,NaN,"),
        ("fills.csv", ",start,,", ",start,,inf"),
        ("fills.csv", "2024-01-02T00:00:01Z", "2024-01-02T00:00:01"),
        ("fills.csv", ",buy,", ",lend,"),
        ("rotations.csv", "1080.0", "nan"),
        ("decisions.jsonl", '"equity": 1080.0', '"equity": NaN'),
        ("decisions.jsonl", '"equity": 1080.0', '"equity": true'),
        ("decisions.jsonl", '"equity": 1080.0', '"equity": 1' + "0" * 400),
        ("decisions.jsonl", '"state": "CORE"', '"state": 7'),
        ("decisions.jsonl", '"targets": {"BTC": 0.9}', '"targets": ["BTC"]'),
        ("decisions.jsonl", '"reason": "entry", ', ""),
    ],
)
def test_value_that_is_none_is_named_with_its_row(tmp_path: Path, name: str, old: str, new: str) -> None:
    folder = write_backtest(tmp_path)
    rewrite(folder / name, old, new)

    assert f"/{name}: is damaged in row" in damaged(folder)


def test_impossible_value_of_a_journal_is_named_with_its_decision(tmp_path: Path) -> None:
    events = [story()[0], decided(1), decided(2, equity=Decimal(-1))]

    assert damaged(write_paper(tmp_path, events=events)) == (
        "/journal.sqlite: is damaged in decision 2: 'equity': -1.0 is below 0"
    )


def test_impossible_fill_of_a_journal_is_named(tmp_path: Path) -> None:
    bought = fill(order(day_number(1), "BTC", Side.BUY, "9", reason="start"), "101", fee="-1")
    events = [story()[0], decided(1), OrderFilled(fill=bought)]

    assert damaged(write_paper(tmp_path, events=events)) == (
        "/journal.sqlite: is damaged in fill 1: 'fee': -1 is below 0"
    )


def test_row_with_too_few_cells_is_named(tmp_path: Path) -> None:
    folder = write_backtest(tmp_path)
    rewrite(folder / "fills.csv", ",start,,", ",start,")

    assert damaged(folder) == "/fills.csv: is damaged in row 1: it has 13 cells, and there are 14 columns"


def test_missing_column_is_named(tmp_path: Path) -> None:
    folder = write_backtest(tmp_path)
    rewrite(folder / "fills.csv", "price,notional", "price")

    assert ", ".join(FILL_COLUMNS[:-2]) in damaged(folder)


@pytest.mark.parametrize("schema", [RECORD_SCHEMA + 1, "1", None])
def test_newer_version_is_told(tmp_path: Path, schema: object) -> None:
    assert "newer version" in damaged(write_backtest(tmp_path, changes={"schema": schema}))


def test_newer_journal_is_told(tmp_path: Path) -> None:
    import sqlite3
    from contextlib import closing

    folder = write_paper(tmp_path)
    with closing(sqlite3.connect(folder / "journal.sqlite")) as connection:
        connection.execute("UPDATE records SET body = replace(body, '\"schema\":2', '\"schema\":3')")
        connection.commit()

    assert "newer version" in damaged(folder)


def test_journal_that_is_none_is_told(tmp_path: Path) -> None:
    folder = write_paper(tmp_path)
    (folder / "journal.sqlite").write_bytes(b"no database" * 100)

    assert "journal.sqlite: is damaged or no journal" in damaged(folder)


def test_folder_that_is_none_and_folder_of_nothing(tmp_path: Path) -> None:
    assert "is no run folder" in damaged(tmp_path / "missing")
    (tmp_path / "empty").mkdir()
    assert "has no summary.json" in damaged(tmp_path / "empty")


def test_summary_of_something_else_is_told(tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text('{"name": "npm"}', encoding="utf-8")

    with pytest.raises(DataError, match="has no mode"):
        read_summary(tmp_path)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@example("a\u2028b")
@example("a\x85b\x1cc")
@example('a\r\n"b",')
@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_any_reason_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = write_backtest(tmp_path_factory.mktemp("any"), events=[story()[0], decided(1, reason=text), decided(2)])

    assert read_run(folder).decisions[0].reason == text


def test_name_is_the_folders(tmp_path: Path) -> None:
    assert read_run(write_backtest(tmp_path)).name == BACKTEST
