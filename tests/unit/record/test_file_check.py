"""Files that are not what the journal makes of them are named; files that only lag are not."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.core.events import DayDecided, Event, OrderFilled
from engine.record.file_check import altered_files
from engine.record.paper_folder import write_projections
from engine.record.projections import decided_days
from engine.record.sealing import file_contents
from tests.support.run_folders import BTC, story, summary

FILES = ("decisions.jsonl", "fills.csv", "rotations.csv", "equity.csv", "summary.json")
CONFIG: dict[str, Any] = {"account": {"cash": "1000", "quote": "USDT"}, "strategy": {"name": "rotation", "core": "BTC"}}


def write(folder: Path, events: Sequence[Event]) -> None:
    """Write the files as a paper run does."""
    if decided_days(events):
        count = len(decided_days(events))
        write_projections(folder, events, summary(events, mode="paper"), {"BTC": np.array(BTC[:count]), "ETH": None})


def file_texts(folder: Path) -> Mapping[str, str]:
    return {name: content.decode("utf-8", "surrogateescape") for name, content in file_contents(folder).items()}


def found(folder: Path, events: Sequence[Event] | None = None) -> list[str]:
    return list(altered_files(file_texts(folder), story() if events is None else events))


def prefixes() -> list[int]:
    """Give how many events there were after each act."""
    return list(range(1, len(story()) + 1))


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_files_as_they_were_written_are_what_the_journal_makes_of_them(tmp_path: Path) -> None:
    write(tmp_path, story())
    (tmp_path / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")

    assert sorted(file_texts(tmp_path)) == sorted((*FILES, "config.json"))
    assert found(tmp_path) == []


@pytest.mark.parametrize("count", prefixes())
def test_files_that_lag_are_no_finding_whenever_they_were_written(tmp_path: Path, count: int) -> None:
    write(tmp_path, story()[:count])

    assert found(tmp_path) == []


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("count", [5, 12, 13])
def test_a_crash_between_two_files_is_no_finding(tmp_path: Path, name: str, count: int) -> None:
    write(tmp_path, story()[:count])
    old = (tmp_path / name).read_bytes()
    write(tmp_path, story())
    (tmp_path / name).write_bytes(old)

    assert found(tmp_path) == []


def test_a_line_that_a_crash_cut_off_is_no_finding(tmp_path: Path) -> None:
    write(tmp_path, story())
    whole = (tmp_path / "decisions.jsonl").read_text(encoding="utf-8")

    for length in {*range(0, len(whole), 23), whole.index("\n"), whole.index("\n") + 1, len(whole) - 1}:
        assert altered_files({"decisions.jsonl": whole[:length]}, story()) == ()
    assert altered_files({"decisions.jsonl": whole[:-9] + "0"}, story()) == (
        "decisions.jsonl: line 5 is not what the journal makes of it",
    )


@pytest.mark.parametrize("missing", FILES)
def test_a_file_that_is_not_there_is_no_finding(tmp_path: Path, missing: str) -> None:
    write(tmp_path, story())
    (tmp_path / missing).unlink()

    assert found(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        ("decisions.jsonl", '"equity": 1110.0', '"equity": 9110.0', "line 3 is not what the journal makes of it"),
        ("decisions.jsonl", '"reason": "entry"', '"reason": "hold"', "line 2 is not what the journal makes of it"),
        ("decisions.jsonl", '"state"', '"estate"', "line 1 is not what the journal makes of it"),
        ("fills.csv", ",101,", ",91,", "row 1 is not what the journal makes of it"),
        ("fills.csv", "time,", "instant,", "its columns are not those that the journal makes"),
        ("equity.csv", "1188.0", "1288.0", "row 4 is not what the journal makes of it"),
        ("rotations.csv", "time_exit", "support_lost", "row 1 is not what the journal makes of it"),
        ("rotations.csv", "1080.0", "1000.0", "row 1 is not what the journal makes of it"),
        ("summary.json", '"final_equity": 1286.0', '"final_equity": 1.0', "final_equity is not what the journal makes of it"),  # noqa: E501
        ("summary.json", '"rotations": 1', '"rotations": 2', "rotations is not what the journal makes of it"),
        ("summary.json", '"decision_days": 5', '"decision_days": 50', "is not what the journal makes of it"),
        ("summary.json", "{", "", "is not what the journal makes of it"),
    ],
)  # fmt: skip
def test_a_change_is_named_with_its_place(tmp_path: Path, name: str, old: str, new: str, problem: str) -> None:
    write(tmp_path, story())
    rewrite(tmp_path / name, old, new)

    assert found(tmp_path) == [f"{name}: {problem}"]


def test_an_open_rotation_that_never_stood_so_is_named(tmp_path: Path) -> None:
    write(tmp_path, story()[:13])
    rewrite(tmp_path / "rotations.csv", "1110.0", "1111.0")

    assert found(tmp_path) == ["rotations.csv: row 1 is not what the journal makes of it"]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("decisions.jsonl", "has 5 lines, and the journal makes 4"),
        ("fills.csv", "row 5 is not what the journal makes of it"),
        ("equity.csv", "has 5 rows, and the journal makes 4"),
    ],
)
def test_files_that_are_ahead_of_a_journal_put_back_are_named(tmp_path: Path, name: str, problem: str) -> None:
    write(tmp_path, story())
    earlier = [event for event in story() if not (isinstance(event, DayDecided) and event.day.day == 5)][:-1]
    if name == "fills.csv":
        rewrite(tmp_path / name, ",12,", ",13,")
        problem = "row 4 is not what the journal makes of it"

    assert altered_files({name: (tmp_path / name).read_text(encoding="utf-8")}, earlier) == (f"{name}: {problem}",)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("decisions.jsonl", lambda text: "".join(_without("cash", line) for line in text.splitlines())),
        ("equity.csv", lambda text: text.replace("state", "hold_state", 1)),
        ("fills.csv", lambda text: "".join(line.rpartition(",")[0] + "\n" for line in text.splitlines())),
        ("fills.csv", lambda text: text.replace(",101,", ",101.00,")),
        ("summary.json", lambda text: text.replace('"sharpe": null', '"sharpe": 1.5', 1)),
        ("summary.json", lambda text: text.replace('"days_rotated"', '"more"', 1)),
    ],
)
def test_files_of_another_version_are_no_finding(tmp_path: Path, name: str, change: Callable[[str], str]) -> None:
    write(tmp_path, story())
    text = (tmp_path / name).read_text(encoding="utf-8")
    changed = change(text)
    (tmp_path / name).write_text(changed, encoding="utf-8")

    assert found(tmp_path) == []


def _without(key: str, line: str) -> str:
    return json.dumps({name: value for name, value in json.loads(line).items() if name != key}) + "\n"


@pytest.mark.parametrize(
    ("section", "key", "value", "problem"),
    [
        ("account", "cash", "2000", "account.cash is 2000, and the run began with 1000"),
        ("account", "quote", "EUR", "account.quote is EUR, and the run began with USDT"),
        ("strategy", "core", "ETH", "strategy.core is ETH, and the run began with BTC"),
    ],
)
def test_a_configuration_that_the_run_did_not_begin_with_is_named(
    tmp_path: Path, section: str, key: str, value: str, problem: str
) -> None:
    changed = {**CONFIG, section: {**CONFIG[section], key: value}}
    (tmp_path / "config.json").write_text(json.dumps(changed), encoding="utf-8")
    assert found(tmp_path) == [f"config.json: {problem}"]

    # A change that --accept-config took has its predecessor written down.
    line = json.dumps({"until": "2024-01-03T00:00:00+00:00", "records": 3, "config": CONFIG})
    (tmp_path / "config-history.jsonl").write_text(f"{line}\n", encoding="utf-8")
    assert found(tmp_path) == []


def test_numbers_of_a_configuration_are_compared_as_numbers(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(
        json.dumps({"account": {"cash": 1000.0}, "strategy": "hold"}), encoding="utf-8"
    )

    assert found(tmp_path) == []


def test_what_is_no_text_is_named(tmp_path: Path) -> None:
    write(tmp_path, story())
    for name in FILES:
        content = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(content.replace(b"2024", b"\xff\xfe24", 1))

    assert [line.partition(":")[0] for line in found(tmp_path)] == list(FILES)


def test_two_fee_assets_are_compared_one_by_one(tmp_path: Path) -> None:
    events = story()
    place = next(place for place, event in enumerate(events) if isinstance(event, OrderFilled))
    filled = events[place]
    assert isinstance(filled, OrderFilled)
    events[place] = OrderFilled(fill=replace(filled.fill, fee_asset="BNB", fee=Decimal("0.5")))
    write(tmp_path, events)
    assert found(tmp_path, events) == []

    rewrite(tmp_path / "summary.json", '"BNB": 0.5', '"BNB": 0.25')
    assert found(tmp_path, events) == ["summary.json: fees_paid is not what the journal makes of it"]
