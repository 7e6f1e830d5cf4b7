"""Reading a configuration file, and laying `--set` over it."""

import textwrap
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.core.errors import ConfigError
from engine.settings.reading import read_values, with_assignments


def write(folder: Path, text: str) -> Path:
    path = folder / "bot.yaml"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def unreadable(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        read_values(path)
    return str(caught.value).removeprefix(str(path))


def test_a_file_is_read_as_plain_values(tmp_path: Path) -> None:
    path = write(tmp_path, "name: 这是测试\nwindow: {from: 2020-01-31}\n")

    assert read_values(path) == {"name": "这是测试", "window": {"from": date(2020, 1, 31)}}
    assert read_values(write(tmp_path, "# nothing but a comment\n")) == {}


def test_unreadable_yaml_is_an_error_with_its_line(tmp_path: Path) -> None:
    sentence = unreadable(write(tmp_path, "name: rotation\nstrategy:\n  basket: {ETH: 0.5\nwindow: {}\n"))

    assert sentence.startswith(", line 4, column ")
    assert "not readable as YAML" in sentence
    assert "\n" not in sentence


def test_a_tab_is_an_error_with_its_line(tmp_path: Path) -> None:
    assert unreadable(write(tmp_path, "strategy:\n\tname: rotation\n")).startswith(", line 2, column 1: not readable")


@pytest.mark.parametrize("text", ["a: 1\nb: 2\na: 3\n", "x:\n  a: 1\n  a: 1\n"])
def test_a_key_that_is_given_twice_is_an_error(tmp_path: Path, text: str) -> None:
    sentence = unreadable(write(tmp_path, text))

    assert "key 'a' is given twice" in sentence
    assert ", line " in sentence


def test_a_day_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    assert "not readable as YAML: " in unreadable(write(tmp_path, "window: {from: 2024-02-30}\n"))


@pytest.mark.parametrize(("text", "kind"), [("[1, 2]\n", "a list"), ("rotation\n", "'rotation'"), ("0x3\n", "0x3")])
def test_a_file_without_keys_is_an_error(tmp_path: Path, text: str, kind: str) -> None:
    assert unreadable(write(tmp_path, text)).startswith(f": holds {kind}; keys with values")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: " + "[" * 100_000, ", line 1, column "),
        ("a: " + "x" * 1_000_001, ": has more than 1,000,000 bytes"),
        ("name: !!bool 7\n", ", line 1, column 7: not readable as YAML: '7' is not allowed with !!bool"),
    ],
    ids=["deep", "long", "tag"],
)
def test_what_is_beyond_a_bound_is_an_error_of_the_file(tmp_path: Path, text: str, words: str) -> None:
    assert unreadable(write(tmp_path, text)).startswith(words)


def test_a_missing_file_a_folder_and_a_binary_file_are_errors(tmp_path: Path) -> None:
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"name: \xff\xfe")

    assert unreadable(tmp_path / "none.yaml").startswith(": cannot be read: No such file or directory")
    assert unreadable(tmp_path).startswith(": cannot be read: Is a directory")
    assert unreadable(binary).startswith(": is not UTF-8 text (byte 6)")


@pytest.mark.parametrize(
    ("assignment", "path", "value"),
    [
        ("name=other", ["name"], "other"),
        ("strategy.hold_weeks=12", ["strategy", "hold_weeks"], 12),
        ("strategy.macd.fast=5", ["strategy", "macd", "fast"], 5),
        ("strategy.basket_equal=[SOL, BNB]", ["strategy", "basket_equal"], ["SOL", "BNB"]),
        ("strategy.basket_equal=[]", ["strategy", "basket_equal"], []),
        ("strategy.rebalance_drift=null", ["strategy", "rebalance_drift"], None),
        ("strategy.rebalance_drift=", ["strategy", "rebalance_drift"], None),
        ("window.to=2020-12-31", ["window", "to"], date(2020, 12, 31)),
        ("venue.base_url=http://127.0.0.1:80", ["venue", "base_url"], "http://127.0.0.1:80"),
        ("data.csv_dir=a=b", ["data", "csv_dir"], "a=b"),
        ("account.cash=1_000", ["account", "cash"], "1_000"),
        ("strategy.hold_weeks=012", ["strategy", "hold_weeks"], 12),
        ("strategy.core=NO", ["strategy", "core"], "NO"),
        ("new.section.key=1", ["new", "section", "key"], 1),
    ],
)
def test_an_assignment_sets_any_yaml_value_at_a_path(assignment: str, path: list[str], value: object) -> None:
    result: Any = with_assignments({"strategy": {"macd": {"slow": 26}}}, [assignment])

    for key in path:
        result = result[key]
    assert result == value


def test_an_assignment_leaves_its_neighbours_and_what_was_given_as_they_are() -> None:
    given = {"strategy": {"macd": {"fast": 12, "slow": 26}}}

    result = with_assignments(given, ["strategy.macd.fast=5"])

    assert result == {"strategy": {"macd": {"fast": 5, "slow": 26}}}
    assert given == {"strategy": {"macd": {"fast": 12, "slow": 26}}}


def test_a_mapping_replaces_the_whole_mapping() -> None:
    result = with_assignments({"strategy": {"basket": {"ETH": 0.5, "SOL": 0.1}}}, ["strategy.basket={BNB: 0.2}"])

    assert result == {"strategy": {"basket": {"BNB": 0.2}}}


def test_a_later_assignment_wins_and_a_section_that_is_null_is_made() -> None:
    result = with_assignments({"window": None}, ["window.to=2020-01-01", "window.to=2021-01-01"])

    assert result == {"window": {"to": date(2021, 1, 1)}}


@pytest.mark.parametrize(
    ("assignment", "sentence"),
    [
        ("hold_weeks", "--set 'hold_weeks': key.path=value is wanted"),
        ("=3", "--set '=3': key.path=value is wanted"),
        ("strategy..fast=3", "--set 'strategy..fast=3': key.path=value is wanted"),
        ("strategy.core.x=3", "--set 'strategy.core.x=3': strategy.core is 'BTC', not a section with keys"),
        ("name=[1", "--set name, line "),
        ("window.to=2020-02-30", "--set window.to, line 1, column 1: not readable as YAML: "),
        ("strategy.basket={ETH: 0.1, ETH: 0.2}", "--set strategy.basket, line 1"),
    ],
)
def test_an_assignment_of_another_form_is_an_error(assignment: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        with_assignments({"strategy": {"core": "BTC"}}, [assignment])

    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)
