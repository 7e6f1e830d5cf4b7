"""What a configuration changes is told by keys, against the default of its own strategy."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.strategy import StrategyParams
from engine.settings.changed import changed_settings
from engine.settings.reading import build_config, read_values, with_assignments
from engine.settings.registry import params_of

ROOT = Path(__file__).resolve().parents[3]


def settings_of(*assignments: str, values: dict[str, Any] | None = None) -> dict[str, Any]:
    return changed_settings(build_config(with_assignments(values or {}, assignments), params_of))


def test_the_default_changes_nothing_written_out_or_not() -> None:
    assert settings_of() == {}
    assert settings_of(values=read_values(ROOT / "config" / "rotation.yaml")) == {}


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        ("strategy.hold_weeks=12", {"strategy.hold_weeks": 12}),
        ("strategy.macd.fast=10", {"strategy.macd.fast": 10}),
        ("strategy.basket={SOL: 1.0}", {"strategy.basket": {"SOL": 1.0}}),
        ("strategy.basket_equal=[BNB, SOL]", {"strategy.basket_equal": ["BNB", "SOL"]}),
        ("costs.commission=0.002", {"costs.commission": "0.002"}),
        ("window.from=2019-01-01", {"window.from": "2019-01-01"}),
        ("risk.max_drawdown=0.3", {"risk.max_drawdown": 0.3}),
        ("name=mine", {"name": "mine"}),
        ("notify=['json://secret']", {}),
        ("strategy.name=hold", {}),
    ],
)
def test_a_key_is_told_with_its_value(assignment: str, expected: dict[str, Any]) -> None:
    assert settings_of(assignment) == expected


def test_the_order_of_a_basket_counts() -> None:
    baskets = ("ETH: 0.5, SOL: 0.5", "SOL: 0.5, ETH: 0.5")
    one, other = (settings_of(f"strategy.basket={{{basket}}}", "strategy.basket_equal=[]") for basket in baskets)

    assert [[*each["strategy.basket"]] for each in (one, other)] == [["ETH", "SOL"], ["SOL", "ETH"]]


@given(st.integers(1, 60), st.integers(0, 30), st.sampled_from(["core", "cash"]))
def test_what_is_told_makes_the_same_configuration_of_the_default(weeks: int, wait: int, exit_to: str) -> None:
    asked = [f"strategy.hold_weeks={weeks}", f"account.sell_wait_days={wait}", f"strategy.exit_to={exit_to}"]
    config = build_config(with_assignments({}, asked), params_of)

    told = [f"{key}={value}" for key, value in changed_settings(config).items()]

    assert build_config(with_assignments({}, told), params_of) == config


def test_of_a_strategy_without_a_default_every_key_counts_but_its_name() -> None:
    class NeedyParams(StrategyParams):
        name: str = "needy"
        coin: str
        weight: float = 1.0

    config = build_config({"strategy": {"name": "needy", "coin": "BTC"}}, lambda _: NeedyParams)

    assert changed_settings(config) == {"strategy.coin": "BTC", "strategy.weight": 1.0}
