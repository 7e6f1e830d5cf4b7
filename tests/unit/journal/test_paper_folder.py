"""The folder of a paper run: what is appended, what is written again, and which configuration it is held to."""

import json
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.core.errors import ConfigError, DataError
from engine.core.events import Event, OrderFilled
from engine.core.order import Side
from engine.journal.memory import MemoryJournal
from engine.journal.paper_folder import RecordedJournal, keep_config, write_projections
from tests.support.fakes import DAY, decided, fill_of

NEXT_DAY = DAY + timedelta(days=1)
FILLED = OrderFilled(fill=fill_of("BTC", Side.BUY, "1", "100"))
CONFIG: dict[str, Any] = {
    "name": "rotation",
    "strategy": {"name": "rotation", "hold_weeks": 18, "macd": {"fast": 12}},
    "window": {"from": "2018-01-01"},
    "account": {"cash": "100000"},
    "data": {"crypto": "auto", "csv_dir": None, "cache_dir": None},
    "venue": {"name": "simulated", "base_url": None, "max_retries": 8, "timeout_seconds": 10},
    "live": {"poll_seconds": 20},
    "notify": [],
}


def days_in(folder: Path) -> list[str]:
    return [json.loads(line)["day"] for line in (folder / "decisions.jsonl").read_text(encoding="utf-8").splitlines()]


def recorded(folder: Path, events: Iterable[Event] = (), log: list[Any] | None = None) -> RecordedJournal:
    lines: list[Any] = [] if log is None else log
    return RecordedJournal(MemoryJournal(), events, folder, lines.extend)


def changed(**sections: Any) -> dict[str, Any]:
    return {key: {**value, **sections[key]} if key in sections else value for key, value in CONFIG.items()}


def test_a_decision_is_appended_as_the_day_is_decided_and_every_event_is_logged(tmp_path: Path) -> None:
    log: list[Any] = []
    journal = recorded(tmp_path, log=log)

    journal.append_all([decided(), FILLED])
    first = days_in(tmp_path)
    journal.append(decided(NEXT_DAY))

    assert first == ["2024-01-01"]
    assert days_in(tmp_path) == ["2024-01-01", "2024-01-02"]
    assert len(log) == 3
    assert list(journal) == [decided(), FILLED, decided(NEXT_DAY)]


def test_nothing_is_in_a_file_that_the_journal_has_not(tmp_path: Path) -> None:
    class FullJournal(MemoryJournal):
        def append(self, event: Event) -> None:
            raise DataError("the disk is full")

    journal = RecordedJournal(FullJournal(), [decided()], tmp_path, lambda _: None)

    with pytest.raises(DataError, match="the disk is full"):
        journal.append(decided(NEXT_DAY))
    assert (days_in(tmp_path), journal.events) == (["2024-01-01"], [decided()])


@pytest.mark.parametrize("left", ["", '{"day": "2024-01-01", "sta', '{"day": "1999-01-01"}\n'])
def test_lines_that_a_crash_cut_or_left_out_come_back_from_the_journal(tmp_path: Path, left: str) -> None:
    (tmp_path / "decisions.jsonl").write_text(left, encoding="utf-8")

    recorded(tmp_path, [decided(), decided(NEXT_DAY)])

    assert days_in(tmp_path) == ["2024-01-01", "2024-01-02"]


def test_the_other_files_are_written_again_whole_and_leave_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "equity.csv").write_text("old", encoding="utf-8")

    write_projections(tmp_path, [decided(), FILLED], {"mode": "paper"})

    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "decisions.jsonl",
        "equity.csv",
        "fills.csv",
        "rotations.csv",
        "summary.json",
    ]
    assert len((tmp_path / "equity.csv").read_text(encoding="utf-8").splitlines()) == 2
    assert "BTC/USDT,buy,1,100,100" in (tmp_path / "fills.csv").read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_written_is_named_in_one_sentence(tmp_path: Path) -> None:
    gone = tmp_path / "gone"

    with pytest.raises(DataError, match="gone: cannot be written: No such file or directory"):
        write_projections(gone, [decided()], {})
    with pytest.raises(DataError, match="gone: cannot be written"):
        recorded(gone)


def test_a_new_folder_takes_any_configuration_and_the_same_one_again(tmp_path: Path) -> None:
    keep_config(tmp_path, CONFIG, accept=False)
    keep_config(tmp_path, CONFIG, accept=False)

    assert json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))["strategy"]["hold_weeks"] == 18


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"strategy": {"hold_weeks": 17}}, "strategy.hold_weeks was 18, is 17"),
        ({"strategy": {"macd": {"fast": 11}}}, "strategy.macd.fast was 12, is 11"),
        ({"account": {"cash": "1"}}, "account.cash was '100000', is '1'"),
        ({"data": {"crypto": "csv"}}, "data.crypto was 'auto', is 'csv'"),
        ({"venue": {"name": "binance-demo"}}, "venue.name was 'simulated', is 'binance-demo'"),
        ({"strategy": {"more": True}}, "strategy.more was None, is True"),
    ],
)
def test_a_changed_configuration_is_refused_with_the_difference(
    tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    keep_config(tmp_path, CONFIG, accept=False)
    before = (tmp_path / "config.json").read_bytes()

    with pytest.raises(ConfigError) as refusal:
        keep_config(tmp_path, changed(**change), accept=False)

    assert told in str(refusal.value)
    assert "--accept-config" in str(refusal.value)
    assert (tmp_path / "config.json").read_bytes() == before


def test_many_differences_are_counted(tmp_path: Path) -> None:
    keep_config(tmp_path, CONFIG, accept=False)

    with pytest.raises(ConfigError, match=r"\(and 1 more\)"):
        keep_config(
            tmp_path,
            changed(strategy={"a": 1, "b": 2}, account={"cash": "1"}, data={"crypto": "csv"}),
            accept=False,
        )


@pytest.mark.parametrize(
    "change",
    [
        {"live": {"poll_seconds": 1}},
        {"window": {"from": "2020-01-01"}},
        {"data": {"cache_dir": "elsewhere"}},
        {"venue": {"base_url": "http://127.0.0.1:1", "max_retries": 1, "timeout_seconds": 1}},
    ],
)
def test_how_a_run_is_run_may_change(tmp_path: Path, change: dict[str, Any]) -> None:
    keep_config(tmp_path, CONFIG, accept=False)

    keep_config(tmp_path, changed(**change), accept=False)


def test_an_accepted_configuration_is_the_one_from_then_on(tmp_path: Path) -> None:
    later = changed(strategy={"hold_weeks": 17})
    keep_config(tmp_path, CONFIG, accept=False)

    keep_config(tmp_path, later, accept=True)
    keep_config(tmp_path, later, accept=False)

    with pytest.raises(ConfigError, match="was 17, is 18"):
        keep_config(tmp_path, CONFIG, accept=False)


def test_a_damaged_record_of_the_configuration_is_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"name": ', encoding="utf-8")

    with pytest.raises(ConfigError, match=r"config\.json: is damaged; --accept-config writes it anew"):
        keep_config(tmp_path, CONFIG, accept=False)
