"""Strategies are found by the names of their files."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import strategies
from engine.core.errors import ConfigError
from engine.settings.registry import params_of, strategy_factory, strategy_names
from strategies.hold import HoldParams
from strategies.macd_timing import MacdTiming


@pytest.fixture
def more_strategies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a folder whose files count as strategies."""
    monkeypatch.setattr(strategies, "__path__", [*strategies.__path__, str(tmp_path)])
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("strategies."):
            del sys.modules[name]


def test_strategies_are_the_files_of_their_folder_and_not_its_folders() -> None:
    assert {"rotation", "hold", "macd_timing"} <= set(strategy_names())
    assert not {"signals", "confirmations"} & set(strategy_names())


def test_a_strategy_is_the_class_named_after_its_file() -> None:
    assert strategy_factory("macd_timing") is MacdTiming
    assert params_of("hold") is HoldParams


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "rotatoin",
            r"strategy\.name: 'rotatoin' is not allowed; did you mean rotation\? found in strategies/: hold, ",
        ),
        ("zzz", r"strategy\.name: 'zzz' is not allowed; found in strategies/: hold, "),
        ("signals", r"strategy\.name: 'signals' is not allowed; "),
        ("../rotation", r"is not allowed; did you mean rotation\?"),
        ("", r"strategy\.name: '' is not allowed; found"),
    ],
)
def test_an_unknown_name_is_answered_with_the_right_ones(name: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        strategy_factory(name)


def test_a_new_file_is_a_new_strategy(more_strategies: Path) -> None:
    (more_strategies / "my_own.py").write_text(
        "from engine.core.strategy import StrategyParams\n\nclass MyOwn:\n    Params = StrategyParams\n",
        encoding="utf-8",
    )

    assert "my_own" in strategy_names()
    assert strategy_factory("my_own").__name__ == "MyOwn"  # type: ignore[attr-defined] # a class, found by name


@pytest.mark.parametrize(
    "text", ["", "class Other: ...\n", "class NoParams: ...\n", "class NoParams:\n    Params = int\n"]
)
def test_a_file_without_the_class_or_its_parameters_is_an_error(more_strategies: Path, text: str) -> None:
    (more_strategies / "no_params.py").write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError, match=r"strategies/no_params\.py has no class NoParams with a `Params`"):
        strategy_factory("no_params")


def test_a_file_that_begins_with_an_underscore_is_no_strategy(more_strategies: Path) -> None:
    (more_strategies / "_draft.py").write_text("", encoding="utf-8")

    assert "_draft" not in strategy_names()
