"""The runs below a folder: their order, what each came to, and why one cannot be read."""

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from engine.core.errors import ConfigError
from engine.core.events import Event
from engine.journal.lock import only_writer
from engine.journal.sqlite import JOURNAL_FILE
from engine.record.paper_folder import write_projections
from engine.record.projections import decided_days, decision_lines
from engine.record.run_list import entry_of, find_run, list_runs, newest_run
from tests.support.run_folders import BACKTEST, PAPER, decided, story, summary, write_backtest, write_paper

LATER, LATEST = "backtest-b-20240107T000000Z", "backtest-a-20240107T000000Z-2"


def names(out: Path) -> list[str]:
    return [entry.folder.name for entry in list_runs(out)]


def touch(folder: Path, seconds: int) -> None:
    """Give every file of a folder a time of its last change."""
    for path in folder.iterdir():
        os.utime(path, (seconds, seconds))


def test_backtest_is_told_by_its_summary(tmp_path: Path) -> None:
    entry = entry_of(write_backtest(tmp_path))

    assert (entry.mode, entry.name, entry.problem) == ("backtest", "rotation", "")
    assert (entry.first_day, entry.last_day) == (date(2024, 1, 1), date(2024, 1, 5))
    assert entry.total_return == pytest.approx(0.286)
    # Bitcoin ends where it began.
    assert entry.excess == pytest.approx(0.286)
    assert (entry.rotations, entry.synthetic, entry.writer) == (1, False, None)


def test_paper_run_is_told_by_its_journal(tmp_path: Path) -> None:
    folder = write_paper(tmp_path)
    with only_writer(folder / JOURNAL_FILE):
        entry = entry_of(folder)

    assert (entry.mode, entry.name, entry.rotations) == ("paper", "rotation-simulated", 1)
    assert entry.total_return == pytest.approx(0.286)
    assert entry.excess is None
    assert entry.writer == os.getpid()


def paper_with_files(out: Path, events: Sequence[Event] | None = None) -> Path:
    """Write the folder of a paper run as its bot leaves it."""
    told = story() if events is None else list(events)
    folder = write_paper(out, events=told)
    write_projections(folder, told, summary(told, mode="paper"))
    return folder


AHEAD = [*story()[:-2], decided(5, next_state="ROTATED", reason="entry")]
"""A rotation that the last day went into, and no order of it is filled yet."""


@pytest.mark.parametrize("events", [story(), AHEAD, story()[:2], story()[:1]], ids=["whole", "ahead", "first", "none"])
def test_paper_run_is_told_the_same_by_its_files_and_by_its_journal(tmp_path: Path, events: list[Event]) -> None:
    by_journal = entry_of(write_paper(tmp_path / "a", events=events))
    folder = write_paper(tmp_path / "b", events=events)
    lines = decision_lines(decided_days(events))
    (folder / "decisions.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    by_files = entry_of(folder)

    assert replace(by_files, folder=by_journal.folder, at=by_journal.at) == by_journal


def test_paper_run_whose_summary_is_current_has_its_excess(tmp_path: Path) -> None:
    entry = entry_of(paper_with_files(tmp_path))

    assert (entry.problem, entry.name, entry.rotations, entry.synthetic) == ("", "rotation", 1, False)
    assert entry.excess == pytest.approx(0.286)


def test_paper_run_whose_summary_is_behind_has_no_excess(tmp_path: Path) -> None:
    folder = paper_with_files(tmp_path, story()[:-2])
    lines = decision_lines(decided_days(story()))
    (folder / "decisions.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    assert (entry_of(folder).last_day, entry_of(folder).excess) == (date(2024, 1, 5), None)


def test_line_that_the_bot_is_writing_now_is_not_read_yet(tmp_path: Path) -> None:
    folder = paper_with_files(tmp_path)
    with (folder / "decisions.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"day": "2024-01-0')

    assert (entry_of(folder).last_day, entry_of(folder).problem) == (date(2024, 1, 5), "")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (JOURNAL_FILE, b"not a journal" * 1000, "is damaged or no journal"),
        (JOURNAL_FILE, b"", "is no journal"),
        ("decisions.jsonl", b"{}\n", "a line is no decision"),
        ("decisions.jsonl", b"[" * 50_000 + b"\n", "a line is no decision"),
        ("decisions.jsonl", b"\xff\n", "a line is no decision"),
        ("summary.json", b'{"mode": "paper", "last_day": "2024-01-05", "benchmarks": {"BTC": 7}}', "is damaged"),
    ],
)
def test_damaged_paper_run_says_why(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    folder = paper_with_files(tmp_path)
    (folder / name).write_bytes(content)

    assert words in entry_of(folder).problem
    assert str(tmp_path) not in entry_of(folder).problem


def test_newest_first_by_the_time_in_the_name_and_the_number_behind_it(tmp_path: Path) -> None:
    for name in (LATER, BACKTEST, LATEST):
        write_backtest(tmp_path, name=name)

    assert names(tmp_path) == [LATEST, LATER, BACKTEST]


def test_paper_run_counts_from_its_last_change(tmp_path: Path) -> None:
    write_backtest(tmp_path)
    folder = write_paper(tmp_path)

    touch(folder, 1_700_000_000)
    assert names(tmp_path) == [BACKTEST, PAPER]
    touch(folder, 1_710_000_000)
    assert names(tmp_path) == [PAPER, BACKTEST]


def test_digits_that_are_no_time_are_no_harm(tmp_path: Path) -> None:
    write_backtest(tmp_path, name="backtest-rotation-20249999T999999Z")

    assert len(list_runs(tmp_path)) == 1


def test_files_and_folders_in_the_making_are_left(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("runs", encoding="utf-8")
    (tmp_path / ".backtest-rotation-abc").mkdir()

    assert list_runs(tmp_path) == []


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda folder: (folder / "summary.json").unlink(), "has no summary.json"),
        (lambda folder: (folder / "summary.json").write_text('{"mode": "backtest"}'), "it has no 'name'"),
        (lambda folder: (folder / "summary.json").write_text('{"mode": "back'), "summary.json: is damaged"),
        (lambda folder: (folder / "summary.json").write_text('{"mode": "x", "schema": 99}'), "newer version"),
        (lambda folder: (folder / "decisions.jsonl").unlink(), "has no decisions.jsonl"),
        (lambda folder: (folder / "decisions.jsonl").write_text("\n"), "from no day to no day"),
        (lambda folder: (folder / "equity.csv").write_text("day,equity\n2024-01-04,1\n"), "to 2024-01-04"),
        (lambda folder: (folder / "fills.csv").write_text("a,b\n"), "fills.csv: is damaged"),
    ],
)
def test_damaged_folder_says_why_and_the_rest_of_the_list_works(tmp_path: Path, harm: object, words: str) -> None:
    whole = write_backtest(tmp_path)
    broken = write_backtest(tmp_path, name=LATER)
    assert callable(harm)
    harm(broken)

    entries = list_runs(tmp_path)

    assert [entry.folder for entry in entries] == [broken, whole]
    assert words in entries[0].problem
    assert str(tmp_path) not in entries[0].problem
    assert entries[1].problem == ""


def test_folder_that_holds_no_run_of_its_own_is_listed_as_such(tmp_path: Path) -> None:
    folder = tmp_path / "parity-rotation-20240107T000000Z"
    folder.mkdir()
    (folder / "summary.json").write_text('{"mode": "parity", "name": "rotation", "synthetic": true}')

    (entry,) = list_runs(tmp_path)

    assert (entry.mode, entry.name, entry.is_run, entry.synthetic, entry.problem) == (
        "parity",
        "rotation",
        False,
        True,
        "",
    )


def test_newest_run_is_one_that_can_be_read(tmp_path: Path) -> None:
    write_backtest(tmp_path)
    broken = write_backtest(tmp_path, name=LATER)
    (broken / "summary.json").unlink()

    entry, damaged = newest_run(tmp_path)

    assert (entry.folder.name, [each.folder for each in damaged]) == (BACKTEST, [broken])


def test_no_run_at_all_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no run"):
        newest_run(tmp_path)
    with pytest.raises(ConfigError, match="No such file"):
        newest_run(tmp_path / "missing")


def test_run_is_found_by_path_and_by_name(tmp_path: Path) -> None:
    folder = write_backtest(tmp_path)

    assert find_run(BACKTEST, tmp_path) == folder
    assert find_run(str(folder), tmp_path / "elsewhere") == folder


@pytest.mark.parametrize("run", ["rotation", "backtest-rotation-20240106T000001Z", "BACKTEST-rot"])
def test_unknown_run_is_answered_with_the_nearest_name(tmp_path: Path, run: str) -> None:
    write_backtest(tmp_path)

    with pytest.raises(ConfigError, match=f"did you mean {BACKTEST}"):
        find_run(run, tmp_path)


@pytest.mark.parametrize("run", ["", " ", "x" * 5000, "a\0b", "summary.json"])
def test_name_that_cannot_be_one_is_one_sentence(tmp_path: Path, run: str) -> None:
    write_backtest(tmp_path)

    with pytest.raises(ConfigError, match="there is no such folder"):
        find_run(run, tmp_path)


def test_folder_of_two_runs_names_them(tmp_path: Path) -> None:
    write_backtest(tmp_path / "parity-x", name="backtest")
    write_paper(tmp_path / "parity-x", name="live", events=story())

    with pytest.raises(ConfigError, match="holds two runs"):
        find_run("parity-x", tmp_path)
    assert find_run("parity-x/live", tmp_path).name == "live"


def test_what_was_computed_without_a_run_is_not_listed(tmp_path: Path) -> None:
    for name in ("context-rotation-20260101T000000Z", "study-rotation-20260101T000000Z", "compare-20260101T000000Z"):
        (tmp_path / name).mkdir()
    (tmp_path / "something-else").mkdir()

    assert [entry.folder.name for entry in list_runs(tmp_path)] == ["something-else"]
