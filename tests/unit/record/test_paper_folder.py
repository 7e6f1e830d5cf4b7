"""The folder of a paper run: what is appended, what is written again, and which configuration it is held to."""

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.core.errors import ConfigError, DataError
from engine.core.events import Event, OrderFilled
from engine.core.order import Side
from engine.journal.memory import MemoryJournal
from engine.record.paper_folder import (
    RUN_FILES,
    RecordedJournal,
    check_for_lost_journal,
    keep_config,
    sweep_leftovers,
    write_projections,
)
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
    journal.append_all([decided(NEXT_DAY)])

    assert first == ["2024-01-01"]
    assert days_in(tmp_path) == ["2024-01-01", "2024-01-02"]
    assert len(log) == 3
    assert list(journal) == [decided(), FILLED, decided(NEXT_DAY)]


def test_nothing_is_in_a_file_that_the_journal_has_not(tmp_path: Path) -> None:
    class FullJournal(MemoryJournal):
        def append_all(self, events: Sequence[Event]) -> None:
            raise DataError("the disk is full")

    journal = RecordedJournal(FullJournal(), [decided()], tmp_path, lambda _: None)

    with pytest.raises(DataError, match="the disk is full"):
        journal.append_all([decided(NEXT_DAY)])
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

    with pytest.raises(ConfigError, match=r"config\.json: is damaged: .*; --accept-config writes it anew"):
        keep_config(tmp_path, CONFIG, accept=False)


@pytest.mark.parametrize("content", ["[]", "7", "null", '{"name": '])
def test_a_record_of_the_configuration_that_is_none_is_damaged(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content, encoding="utf-8")

    with pytest.raises(ConfigError, match=r"config\.json: is damaged: .*; --accept-config"):
        keep_config(tmp_path, CONFIG, accept=False)


def test_a_record_of_the_configuration_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "config.json").mkdir()

    with pytest.raises(ConfigError, match=r"config\.json: cannot be read: Is a directory; --accept-config"):
        keep_config(tmp_path, CONFIG, accept=False)


def test_another_order_of_the_basket_is_refused_because_trades_follow_it(tmp_path: Path) -> None:
    keep_config(tmp_path, changed(strategy={"basket": {"ETH": 0.5, "SOL": 0.5}}), accept=False)

    with pytest.raises(ConfigError) as refusal:
        keep_config(tmp_path, changed(strategy={"basket": {"SOL": 0.5, "ETH": 0.5}}), accept=False)

    assert "the order of strategy.basket was ETH, SOL, is SOL, ETH" in str(refusal.value)
    assert "--accept-config" in str(refusal.value)


def test_another_order_that_means_nothing_is_no_change(tmp_path: Path) -> None:
    rules = {"ETH": {"lot_step": "1"}, "SOL": {"lot_step": "1"}}
    keep_config(tmp_path, changed(account={"instruments": rules}), accept=False)

    keep_config(tmp_path, changed(account={"instruments": dict(reversed(rules.items()))}), accept=False)


def test_what_could_not_be_written_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)

    with pytest.raises(DataError, match="No space left on device"):
        keep_config(tmp_path, CONFIG, accept=False)
    assert list(tmp_path.iterdir()) == []


def test_a_log_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    def full(lines: Iterable[Any]) -> None:
        raise OSError(28, "No space left on device")

    journal = RecordedJournal(MemoryJournal(), [], tmp_path, full)

    with pytest.raises(DataError, match="cannot be written: No space left on device"):
        journal.append_all([decided()])


@pytest.mark.parametrize("name", RUN_FILES)
def test_a_folder_with_files_of_a_run_and_no_journal_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("something\n", encoding="utf-8")

    with pytest.raises(DataError) as refusal:
        check_for_lost_journal(tmp_path)

    assert f"journal.sqlite is missing, though {name} of its run is there" in str(refusal.value)
    assert "put the journal back, or begin in another folder with --out" in str(refusal.value)


def test_a_folder_with_its_journal_is_not_refused(tmp_path: Path) -> None:
    for name in (*RUN_FILES, "journal.sqlite"):
        (tmp_path / name).write_text("something\n", encoding="utf-8")

    check_for_lost_journal(tmp_path)


def test_what_a_crash_before_the_first_event_leaves_is_no_obstacle(tmp_path: Path) -> None:
    check_for_lost_journal(tmp_path)
    for name in ("journal.sqlite.lock", "journal.sqlite.new", "config.json", ".config.json-abcd1234"):
        (tmp_path / name).write_text("{}", encoding="utf-8")
    for name in ("decisions.jsonl", "run.log"):
        (tmp_path / name).touch()

    check_for_lost_journal(tmp_path)


def test_temporary_files_of_ours_are_swept_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / ".files-ab_12xyz").mkdir()
    (tmp_path / ".files-ab_12xyz" / "fills.csv").write_text("half", encoding="utf-8")
    for name in (".config.json-abcd1234", ".decisions.jsonl-a1b2c3d4"):
        (tmp_path / name).write_text("half", encoding="utf-8")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / ".files-linked00").symlink_to(elsewhere, target_is_directory=True)
    for name in (".files-notes", ".files-abcd1234-of-mine"):
        (tmp_path / name).mkdir()
    kept = ["config.json", ".config.json-notes-of-mine", ".config.json-ABCD1234", "files-abcd1234", ".notes-abcd1234"]
    for name in kept:
        (tmp_path / name).write_text("kept", encoding="utf-8")

    sweep_leftovers(tmp_path)

    left = {path.name for path in tmp_path.iterdir()}
    assert left == {*kept, "elsewhere", ".files-linked00", ".files-notes", ".files-abcd1234-of-mine"}


def test_the_names_that_are_swept_are_those_that_are_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(Path, "replace", die)
        for write in (lambda: keep_config(tmp_path, CONFIG, accept=False), lambda: recorded(tmp_path)):
            with pytest.raises(KeyboardInterrupt):
                write()
    temporary: list[str] = []
    with monkeypatch.context() as noting:
        noting.setattr("engine.record.paper_folder.write_run_files", lambda folder, **_: temporary.append(folder.name))
        write_projections(tmp_path, [decided()], {})
    (tmp_path / temporary[0]).mkdir()
    made = sorted(path.name.rpartition("-")[0] for path in tmp_path.iterdir())

    sweep_leftovers(tmp_path)

    assert made == [".config.json", ".decisions.jsonl", ".files"]
    assert list(tmp_path.iterdir()) == []
