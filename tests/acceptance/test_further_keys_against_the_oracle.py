"""Exits, re-entry, baskets, sizing, tranches: against the independent implementation, on random markets with faults."""

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import call_command, only_run_folder
from tests.support.oracle import OracleRun, simulate
from tests.support.oracle_agreement import assert_agrees
from tests.support.oracle_further import FurtherMachine
from tests.support.random_market import write_random_market

# What runs here is measured by other tests too; measuring takes as long again as the tests.
pytestmark = pytest.mark.no_cover

SEASON = {"confirmation_lost": {"of": {"season": {"months": [3, 4, 9]}}, "days": 3}}
ALTS = {"confirmation_lost": {"of": {"not": {"any": ["blue_sky", {"altseason": {"days": 20, "share": 0.5}}]}}}}
SKY = {"confirmation_lost": {"of": "blue_sky", "days": 12}}
EXITS: Mapping[str, tuple[int, list[Any], set[str]]] = {
    "death cross": (7, ["macd_death_cross", "time_exit"], {"macd_death_cross"}),
    "trailing support": (32, [{"trailing_support": {"weeks": 3, "sessions": 2}}, "time_exit"], {"trailing_support"}),
    "drawdown": (20, ["support_lost", {"basket_drawdown": {"limit": 0.1}}], {"basket_drawdown", "support_lost"}),
    "stop": (14, ["time_exit", {"basket_stop": {"limit": 0.05}}], {"basket_stop", "time_exit"}),
    "confirmations lost": (
        20,
        [SEASON, ALTS, SKY, "time_exit"],
        {"confirmation_lost", "confirmation_lost#2", "confirmation_lost#3"},
    ),
    "none": (30, [], {"open"}),
}


def agreed(folder: Path, seed: int, further: Mapping[str, Any], risk: Mapping[str, Any] | None = None) -> OracleRun:
    """Run a random market with further keys through the program and the oracle, and have them agree."""
    made = write_random_market(folder, seed)
    config = {
        **made,
        "strategy": {**made["strategy"], **further},
        **({} if risk is None else {"risk": risk}),
        "data": {"crypto": "csv", "index": "csv", "csv_dir": str(folder)},
    }
    path = folder / "config.yaml"
    path.write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML

    outcome = call_command("backtest", path, "--no-report", "--quiet", "--out", folder / "logs")

    assert (outcome.exit_code, outcome.stderr) == (0, ""), outcome
    oracle = simulate(folder, config, FurtherMachine)
    assert_agrees(only_run_folder(folder / "logs"), oracle)
    return oracle


@pytest.mark.parametrize("name", EXITS)
def test_exits_end_rotations_on_the_same_days_for_the_same_reasons(name: str, tmp_path: Path) -> None:
    seed, exits, reasons = EXITS[name]

    run = agreed(tmp_path, seed, {"exits": exits})

    assert {rotation["exit_reason"] for rotation in run.rotations} >= reasons


@pytest.mark.parametrize("seed", [2, 14, 20, 30])
def test_a_breakout_again_lets_a_spent_cross_count_after_a_loss_of_support(seed: int, tmp_path: Path) -> None:
    run = agreed(tmp_path, seed, {"reentry": "breakout_again"})

    pairs = [pair for pair in pairwise(run.rotations) if pair[1]["cross_week"] <= pair[0]["exit_day"]]
    assert pairs
    assert {before["exit_reason"] for before, _ in pairs} == {"support_lost"}


COINS = ["DOGE", "ETH", "SOL", "BTC", "LINK", "XRP", "ADA"]
MIXED = {"basket": {"ETH": 0.3, "SOL": 0.2}, "basket_equal": ["XRP", "BNB", "LINK", "BTC"]}
BASKETS: Mapping[str, tuple[int, Mapping[str, Any]]] = {
    "equal": (7, {"weights": "equal", **MIXED}),
    "inverse volatility": (20, {"weights": "inverse_volatility", **MIXED}),
    "inverse volatility, kept": (4, {"weights": {"inverse_volatility": {"days": 20, "keep_fixed": True}}, **MIXED}),
    "momentum": (28, {"weights": {"momentum": {"days": 30, "top": 2}}, **MIXED}),
    "momentum, kept": (14, {"weights": {"momentum": {"days": 5, "top": 2, "keep_fixed": True}}, **MIXED}),
    "all kept": (7, {"weights": {"momentum": {"keep_fixed": True}}, "basket": {"ETH": 0.6, "ADA": 0.4}}),
    "liquid": (32, {"universe": {"liquid": {"candidates": COINS, "top": 3, "days": 40}}}),
    "liquid momentum": (
        20,
        {"universe": {"liquid": {"candidates": COINS, "top": 4}}, "weights": {"momentum": {"days": 120, "top": 2}}},
    ),
    "liquid, lost when few beat": (
        28,
        {
            "universe": {"liquid": {"candidates": COINS[:5], "top": 2, "days": 10}},
            "weights": "inverse_volatility",
            "exits": [{"confirmation_lost": {"of": {"altseason": {"days": 9, "share": 0.4}}, "days": 2}}, "time_exit"],
        },
    ),
}


@pytest.mark.parametrize("name", BASKETS)
def test_baskets_hold_the_same_coins_with_the_same_weights(name: str, tmp_path: Path) -> None:
    seed, further = BASKETS[name]

    run = agreed(tmp_path, seed, further)

    assert len({tuple(decision["targets"].items()) for decision in run.decisions}) >= 3


SIZED: Mapping[str, tuple[int, Mapping[str, Any], float]] = {
    "rotation": (7, {}, 0.4),
    "drift": (28, {"rebalance_drift": 0.05}, 0.3),
    "drift, cash": (32, {"weights": {"momentum": {"days": 20}}}, 0.5),
}


@pytest.mark.parametrize("name", SIZED)
def test_targets_are_scaled_to_the_volatility_once_a_change(name: str, tmp_path: Path) -> None:
    seed, further, target = SIZED[name]

    run = agreed(tmp_path, seed, further, {"volatility_target": target})

    sums = {round(sum(decision["targets"].values()), 6) for decision in run.decisions}
    assert len(sums) >= 5


PARTS: Mapping[str, tuple[int, Mapping[str, Any], Mapping[str, Any] | None]] = {
    "entry": (7, {"tranches": {"entry": 4}}, None),
    "exit": (14, {"tranches": {"exit": 3}}, None),
    "both, drift": (28, {"tranches": {"entry": 2, "exit": 5}, "rebalance_drift": 0.05}, None),
    "more weeks than are held": (32, {"tranches": {"entry": 30, "exit": 30}, "hold_weeks": 6}, None),
    "with all else": (
        20,
        {
            "tranches": {"entry": 3, "exit": 2},
            "exits": ["support_lost", {"basket_drawdown": {"limit": 0.15}}, "macd_death_cross", "time_exit"],
            "reentry": "breakout_again",
            "universe": {"liquid": {"candidates": COINS, "top": 4}},
            "weights": {"inverse_volatility": {"days": 30}},
            "rebalance_drift": 0.08,
        },
        {"volatility_target": 0.5},
    ),
}


@pytest.mark.parametrize("name", PARTS)
def test_a_change_in_parts_trades_a_week_apart(name: str, tmp_path: Path) -> None:
    seed, further, risk = PARTS[name]

    run = agreed(tmp_path, seed, further, risk)

    later = [d for d in run.decisions if d["reason"] not in ("hold", "rebalance") and d["state"] == d["next_state"]]
    assert len(later) >= 4


LIMITS: Mapping[str, tuple[int, Mapping[str, Any], set[str]]] = {
    "delisted in mid-tranche": (28, {"volatility_target": 0.8}, {"delisted", "entry", "time_exit"}),
    "killed in mid-tranche": (7, {"max_drawdown": 0.3}, {"delisted", "entry", "kill_switch"}),
}


@pytest.mark.parametrize("name", LIMITS)
def test_parts_know_of_coins_that_are_delisted_and_of_the_kill_switch(name: str, tmp_path: Path) -> None:
    seed, risk, reasons = LIMITS[name]
    parts = {"tranches": {"entry": 9, "exit": 9}, "delisted_after_days": 3, "delisting_penalty": 0.4}

    run = agreed(tmp_path, seed, parts, risk)

    assert reasons <= {fill["reason"] for fill in run.fills}
