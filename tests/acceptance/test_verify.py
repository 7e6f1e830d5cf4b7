"""`python -m engine verify RUN`, as typed."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from engine.core.errors import DataError
from engine.core.events import DayDecided, Event, RunEnded, RunStarted
from engine.journal.codec import EventCodec
from engine.journal.sqlite import SqliteJournal
from engine.record.projections import decided_days, decision_lines
from strategies.hold import HoldState
from tests.support.command import ROOT, run_command
from tests.support.journal_writer import AT

NAME = "paper-hold-simulated"


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run folder of four records, and the hash of the last."""

    folder: Path
    head: str

    @property
    def out(self) -> Path:
        return self.folder.parent

    def tamper(self, script: str) -> None:
        with closing(sqlite3.connect(self.folder / "journal.sqlite")) as connection:
            connection.executescript(script)


def decided(day: date) -> Event:
    return DayDecided(
        day=day,
        state="HOLD",
        next_state="HOLD",
        reason="hold",
        evidence={},
        targets={"BTC": 0.5},
        changed=False,
        equity=Decimal(100),
        cash=Decimal(100),
        core_close=Decimal(42000),
        memory=HoldState(),
    )


@pytest.fixture
def run(tmp_path: Path) -> Run:
    folder = tmp_path / NAME
    folder.mkdir()
    with SqliteJournal(folder / "journal.sqlite", EventCodec(HoldState), at=AT) as journal:
        journal.append_all([RunStarted(first_day=date(2024, 1, 1), cash=Decimal(100), quote="USDT", core="BTC")])
        journal.append_all([decided(date(2024, 1, 1)), decided(date(2024, 1, 2))])
        journal.append_all([RunEnded(last_day=date(2024, 1, 2))])
        return Run(folder=folder, head=journal.head.hash)


def test_a_whole_journal_exits_0_with_its_records_days_and_head(run: Run) -> None:
    outcome = run_command("verify", NAME, "--out", run.out)

    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert outcome.stdout.splitlines() == [
        f"{run.folder / 'journal.sqlite'}: every record follows from the one before",
        "records  4",
        "days     2024-01-01 to 2024-01-02",
        f"head     {run.head}",
    ]


def test_the_run_may_be_named_by_its_path_and_silenced(run: Run) -> None:
    outcome = run_command("verify", run.folder, "--quiet", "--set", "venue.name=simulated")

    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (0, "", "")


def test_a_journal_that_is_being_written_can_be_verified(run: Run) -> None:
    with SqliteJournal(run.folder / "journal.sqlite", EventCodec(HoldState), at=AT) as journal:
        journal.append_all([decided(date(2024, 1, 3))])
        outcome = run_command("verify", run.folder, "--head", run.head.upper())
        journal.append_all([decided(date(2024, 1, 4))])

    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert "days     2024-01-01 to 2024-01-03" in outcome.stdout
    assert "noted    record 4, 1 written since" in outcome.stdout


def test_a_tampered_journal_exits_5_with_one_sentence_that_names_the_first_broken_record(run: Run) -> None:
    run.tamper("""UPDATE records SET body = replace(body, '"equity":"100"', '"equity":"900"') WHERE seq = 3""")

    outcome = run_command("verify", NAME, "--out", run.out)

    assert (outcome.exit_code, outcome.stdout) == (5, "")
    assert outcome.stderr == (
        f"error: {run.folder / 'journal.sqlite'}: record 3 was altered: its type or body is not what was written\n"
    )


@pytest.mark.parametrize(
    ("script", "named"),
    [
        (
            "CREATE TRIGGER quiet AFTER INSERT ON records BEGIN DELETE FROM records WHERE seq = 1; END",
            "trigger quiet on records",
        ),
        ("CREATE VIEW recorded AS SELECT * FROM records", "view recorded"),
        ("CREATE TABLE notes (text TEXT)", "table notes"),
        ("CREATE INDEX by_type ON records (type)", "index by_type on records"),
        (
            "CREATE TABLE a (x); CREATE TABLE b (x); CREATE TABLE c (x); CREATE TABLE d (x)",
            "table a, table b, table c and 1 more",
        ),
    ],
)
def test_what_is_no_journals_in_the_file_is_named_and_nothing_is_written_there(
    run: Run, script: str, named: str
) -> None:
    run.tamper(script)

    outcome = run_command("verify", NAME, "--out", run.out)

    path = run.folder / "journal.sqlite"
    assert (outcome.exit_code, outcome.stdout) == (5, "")
    assert outcome.stderr == f"error: {path}: holds what is no journal's: {named}\n"
    with pytest.raises(DataError, match=f"holds what may change what is written: {named}; put back a copy"):
        SqliteJournal(path, EventCodec(HoldState), at=AT)


def test_statistics_that_sqlite_keeps_for_itself_are_no_strangers(run: Run) -> None:
    run.tamper("ANALYZE")

    assert run_command("verify", NAME, "--out", run.out).exit_code == 0


def test_a_file_that_is_not_what_the_journal_makes_of_it_exits_5_and_names_it(run: Run) -> None:
    lines = "".join(f"{line}\n" for line in decision_lines(decided_days([decided(date(2024, 1, 1))])))
    decisions = run.folder / "decisions.jsonl"
    decisions.write_text(lines, encoding="utf-8")
    assert run_command("verify", NAME, "--out", run.out).exit_code == 0

    decisions.write_text(lines.replace("100.0", "900.0", 1), encoding="utf-8")
    (run.folder / "equity.csv").write_text("day,equity,cash,state\n2024-01-01,900.0,100.0,HOLD\n", encoding="utf-8")
    outcome = run_command("verify", NAME, "--out", run.out)

    assert (outcome.exit_code, outcome.stdout) == (5, "")
    assert outcome.stderr == (
        f"error: {run.folder}: decisions.jsonl: line 1 is not what the journal makes of it (and 1 more); "
        "the journal itself is whole\n"
    )


def test_a_tail_that_was_cut_off_is_told_by_the_noted_head(run: Run) -> None:
    run.tamper("DELETE FROM records WHERE seq = 4")

    assert run_command("verify", run.folder).exit_code == 0
    outcome = run_command("verify", run.folder, "--head", run.head)

    assert (outcome.exit_code, outcome.stdout) == (5, "")
    assert f"the noted head {run.head} is not in the chain of 3 records" in outcome.stderr
    assert len(outcome.stderr.splitlines()) == 1


def test_a_run_folder_without_a_journal_exits_3(tmp_path: Path) -> None:
    (tmp_path / "backtest-hold-20240101T000000Z").mkdir()

    outcome = run_command("verify", "backtest-hold-20240101T000000Z", "--out", tmp_path)

    assert (outcome.exit_code, outcome.stdout) == (3, "")
    assert outcome.stderr.endswith("journal.sqlite: there is no journal; backtests of older versions kept none\n")
    assert len(outcome.stderr.splitlines()) == 1


def test_a_file_that_is_no_journal_exits_3(run: Run) -> None:
    (run.folder / "journal.sqlite").write_bytes(b"not a database at all" * 100)

    outcome = run_command("verify", run.folder)

    assert outcome.exit_code == 3
    assert "is damaged or no journal" in outcome.stderr
    assert len(outcome.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere"], "RUN 'nowhere': there is no such folder"),
        ([str(ROOT), "--head", "abc"], "--head 'abc': 64 hexadecimal digits are wanted"),
        ([], "Missing argument 'RUN'"),
    ],
)
def test_wrong_usage_exits_2(arguments: list[str], sentence: str, tmp_path: Path) -> None:
    outcome = run_command("verify", *arguments, "--out", tmp_path)

    assert outcome.exit_code == 2
    assert sentence in outcome.stderr
    assert len(outcome.stderr.splitlines()) == 1
