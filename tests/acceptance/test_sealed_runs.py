"""Every run keeps a journal, and a changed file of any run is named by `verify` and by `review`."""

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import yaml

from engine.core.events import RunEnded, RunStarted
from engine.journal.sqlite import JOURNAL_FILE, read_content
from engine.record.file_check import altered_in
from engine.record.projections import booked_fills, decided_days, decision_lines, fill_rows
from tests.support.command import call_command, error_sentence, only_run_folder, small_configuration, write_small_market
from tests.support.rehearsal import Rehearsal


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a backtest of the small market."""
    return _backtest(tmp_path_factory.mktemp("made"))


def _backtest(folder: Path) -> Path:
    market = folder.parent / "market"
    if not market.exists():
        write_small_market(market)
    folder.mkdir(exist_ok=True)
    (folder / "small.yaml").write_text(yaml.safe_dump(small_configuration(market)), encoding="utf-8")
    outcome = call_command("backtest", folder / "small.yaml", "--out", folder / "out")
    assert outcome.exit_code == 0, outcome
    return only_run_folder(folder / "out")


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / made.name))


def test_a_backtest_writes_its_journal_and_its_files_are_what_it_makes_of_them(run: Path) -> None:
    outcome = call_command("verify", run)

    events = read_content(run / JOURNAL_FILE).events
    days = decided_days(events)
    assert isinstance(events[0], RunStarted)
    assert isinstance(events[-1], RunEnded)
    assert list(decision_lines(days)) == (run / "decisions.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [",".join(row) for row in fill_rows(booked_fills(events))]
    assert rows == (run / "fills.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert f"records  {len(events) + 1}" in outcome.stdout.splitlines()
    assert f"days     {days[0].day} to {days[-1].day}" in outcome.stdout.splitlines()


def test_equal_backtests_have_equal_journals(made: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    again = _backtest(tmp_path_factory.mktemp("again"))
    files = [path.name for path in made.iterdir()]

    different = [name for name in files if (made / name).read_bytes() != (again / name).read_bytes()]

    assert JOURNAL_FILE in files
    assert different == []


def _cell(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


ALTERATIONS: dict[str, Callable[[Path], object]] = {
    "decisions.jsonl": lambda run: _cell(run / "decisions.jsonl", '"reason": "hold"', '"reason": "held"'),
    "fills.csv": lambda run: _cell(run / "fills.csv", ",buy,", ",sell,"),
    "rotations.csv": lambda run: _cell(run / "rotations.csv", "2017-09-14", "2017-09-15"),
    "equity.csv": lambda run: _cell(run / "equity.csv", "hold_BTC", "hold_ETH"),
    "summary.json": lambda run: _cell(run / "summary.json", '"synthetic": false', '"synthetic": true'),
    "config.json": lambda run: _cell(run / "config.json", '"hold_weeks": 6', '"hold_weeks": 7'),
    "run.log": lambda run: _cell(run / "run.log", "INFO", "WARNING"),
}


@pytest.mark.parametrize("name", ALTERATIONS)
def test_a_changed_file_is_named_by_verify_and_by_review(name: str, run: Path) -> None:
    ALTERATIONS[name](run)

    sentence = error_sentence(call_command("verify", run), exit_code=5)
    reviewed = json.loads(call_command("review", run, "--json").stdout)

    assert f"{run}: {name}: " in sentence
    assert any(name in warned["text"] for warned in reviewed["warnings"])


@pytest.mark.parametrize("name", ALTERATIONS)
def test_a_file_that_is_gone_is_named_by_verify(name: str, run: Path) -> None:
    (run / name).unlink()

    assert f"{run}: {name}: is not there any more" in error_sentence(call_command("verify", run), exit_code=5)


def test_a_report_that_was_made_again_is_no_finding(run: Path) -> None:
    (run / "report.html").write_text("another", encoding="utf-8")

    assert call_command("verify", run).exit_code == 0


def test_a_paper_run_is_sealed_at_its_ordered_end_and_goes_on(tmp_path: Path) -> None:
    market = tmp_path / "market"
    write_small_market(market)
    configuration = {key: value for key, value in small_configuration(market).items() if key != "data"}
    days = date(2015, 11, 10), date(2015, 11, 20), date(2015, 12, 1)
    with Rehearsal(market, tmp_path / "out", configuration, days=days[:2]).open() as one:
        assert one.run().exit_code == 0
    folder = one.folder
    first = read_content(folder / JOURNAL_FILE)
    sealed = first.seal
    assert first.is_sealed
    assert sealed is not None
    assert altered_in(folder) == ()

    with Rehearsal(market, tmp_path / "out", configuration, days=days[1:]).open() as two:
        assert two.run().exit_code == 0
    second = read_content(folder / JOURNAL_FILE)

    assert second.seal != sealed
    assert len(second.events) > len(first.events)
    assert altered_in(folder) == ()
    # The log only grows: what it said before is held to it for good.
    _cell(folder / "run.log", "INFO", "WARNING")
    assert altered_in(folder) == ("run.log: is not what it was when the run ended",)
