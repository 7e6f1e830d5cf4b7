"""The backtest command against the independent implementation of the specification, day by day.

On the real prices where they are at hand, with many settings, and on random markets with faults.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import call_command, only_run_folder
from tests.support.oracle import simulate
from tests.support.oracle_agreement import assert_agrees
from tests.support.random_market import write_random_market

# What runs here is measured by other tests too; measuring takes as long again as the tests.
pytestmark = pytest.mark.no_cover

ROOT = Path(__file__).resolve().parents[2]
PRICES = Path(os.environ.get("PRICES_DIR") or ROOT.parent / "shared" / "data" / "prices")
SEEDS = (0, 1, 2, 4, 6, 9, 11, 13, 24, 30, 32, 45, 107, 123)
"""Chosen among 130 so that a small change of nearly any clause, made in the oracle, changes one of these runs."""
needs_prices = pytest.mark.skipif(not (PRICES / "RUT.csv").exists(), reason="the real prices are not at hand")

STRATEGIES: Mapping[str, Mapping[str, Any]] = {
    "default": {},
    "fixed level": {"breakout": {"mode": "fixed", "level": 2400}},
    "fixed level, below most": {"breakout": {"mode": "fixed", "level": 1550.5, "tolerance": 0.02}, "hold_weeks": 9},
    "exit to cash": {"exit_to": "cash"},
    "exit to cash, short": {"exit_to": "cash", "hold_weeks": 4, "rebalance_drift": 0.07},
    "core in the basket": {"basket": {"ETH": 0.3, "BTC": 0.4}, "basket_equal": ["SOL", "LINK"]},
    "two fixed weights": {"basket": {"XRP": 0.25, "ETH": 0.75}, "basket_equal": []},
    "no ETH": {"basket": {"XRP": 0.5}, "basket_equal": ["LINK", "DOGE"]},
    "equal weights": {"basket": {}, "basket_equal": ["DOGE", "ADA", "ETH"]},
    "rebalance at 0.05": {"rebalance_drift": 0.05},
    "rebalance at 0.1, core in the basket": {"rebalance_drift": 0.1, "basket": {"BTC": 0.2, "ETH": 0.5}},
    "fast macd": {"macd": {"fast": 5, "slow": 13, "signal": 4}},
    "macd valid for 2 weeks": {"macd": {"valid_weeks": 2, "warmup_weeks": 150}},
    "macd valid for 60 weeks": {"macd": {"valid_weeks": 60, "warmup_weeks": 35}},
    "buffer and tolerance": {"breakout": {"buffer": 0.01, "tolerance": 0.02}},
    "one session": {"breakout": {"confirm_sessions": 1, "loss_sessions": 1}},
    "five sessions": {"breakout": {"confirm_sessions": 5, "loss_sessions": 5}},
    "breakout valid for 20 weeks": {"breakout": {"valid_weeks": 20}},
    "lookback of 2 years": {"breakout": {"lookback_years": 2, "min_age_weeks": 4}},
    "lookback of 10 years": {"breakout": {"lookback_years": 10, "min_age_weeks": 52}},
    "hold for 4 weeks": {"hold_weeks": 4},
    "hold for 26 weeks": {"hold_weeks": 26},
    "history of 1 day": {"min_history_days": 1},
    "history of 1000 days": {"min_history_days": 1000},
    "no reserve": {"cash_reserve": 0.0},
}
REST: Mapping[str, Mapping[str, Any]] = {
    "no costs": {"costs": {"commission": 0.0, "slippage": 0.0}},
    "no costs, no reserve": {"costs": {"commission": 0.0, "slippage": 0.0}, "strategy": {"cash_reserve": 0.0}},
    "cash 50": {"account": {"cash": 50}},
    "cash 300, drift": {"account": {"cash": 300}, "strategy": {"rebalance_drift": 0.02}},
    "coarse lots": {
        "account": {"instruments": {"ETH": {"lot_step": 1}, "BNB": {"lot_step": 5, "minimum_notional": 900}}}
    },
    "split orders": {"account": {"instruments": {"ETH": {"lot_step": 0.0001, "maximum_quantity": 50}}}},
    "window": {"window": {"from": "2019-05-05", "to": "2021-02-03"}},
    "window before the warm-up": {"window": {"from": "2013-05-01", "to": "2018-12-24"}},
}
DELISTED: Mapping[str, Mapping[str, Any]] = {
    "at once": {"strategy": {"delisted_after_days": 1, "delisting_penalty": 0.0}},
    "after two weeks": {"strategy": {"delisted_after_days": 14}},
    "while its sell waits": {
        "strategy": {"delisted_after_days": 75, "delisting_penalty": 0.9},
        "account": {"sell_wait_days": 400},
    },
    "while its sell is stuck, drift": {
        "strategy": {"delisted_after_days": 75, "delisting_penalty": 0.25, "rebalance_drift": 0.05, "exit_to": "cash"}
    },
}
KILLED: Mapping[str, tuple[Mapping[str, Any], tuple[str, str]]] = {
    "in a rotation": (
        {"window": {"from": "2021-08-22", "to": "2022-06-30"}, "risk": {"max_drawdown": 0.2}},
        ("2021-09-20", "ROTATED"),
    ),
    "in the core": (
        {"window": {"from": "2020-06-01", "to": "2022-06-30"}, "risk": {"max_drawdown": 0.3}},
        ("2021-05-17", "CORE"),
    ),
    "out of cash, drift": (
        {
            "window": {"from": "2020-10-01", "to": "2022-06-30"},
            "strategy": {"exit_to": "cash", "rebalance_drift": 0.05},
            "risk": {"max_drawdown": 0.4},
        },
        ("2022-05-09", "CORE"),
    ),
}
"""Each with the day on which it acts, and the state before it."""
VARIANTS = {name: {"strategy": strategy} for name, strategy in STRATEGIES.items()} | dict(REST)


def run_backtest(config: Mapping[str, Any], prices: Path, folder: Path, *options: str) -> Path:
    """Run the command and give its run folder."""
    sources = {"crypto": "csv", "index": "csv", "csv_dir": str(prices)}
    path = folder / "config.yaml"
    path.write_text(json.dumps({**config, "data": sources}), encoding="utf-8")  # JSON is YAML

    outcome = call_command("backtest", path, "--no-report", "--quiet", "--out", folder / "logs", *options)

    assert (outcome.exit_code, outcome.stderr) == (0, ""), outcome
    return only_run_folder(folder / "logs")


@needs_prices
@pytest.mark.parametrize("variant", list(VARIANTS) if "WHOLE_MATRIX" in os.environ else list(VARIANTS)[::3])
def test_the_backtest_agrees_with_the_oracle_on_the_real_prices(variant: str, tmp_path: Path) -> None:
    config = VARIANTS[variant]

    run_folder = run_backtest(config, PRICES, tmp_path)

    assert_agrees(run_folder, simulate(PRICES, config))


@needs_prices
def test_the_window_of_the_command_line_agrees_with_the_oracle(tmp_path: Path) -> None:
    run_folder = run_backtest(
        {"window": {"from": "2024-01-01"}}, PRICES, tmp_path, "--from", "2020-11-02", "--to", "2021-12-05"
    )

    assert_agrees(run_folder, simulate(PRICES, {"window": {"from": "2020-11-02", "to": "2021-12-05"}}))


@needs_prices
@pytest.mark.parametrize("variant", list(DELISTED) if "WHOLE_MATRIX" in os.environ else list(DELISTED)[1::2])
def test_a_backtest_that_sells_what_is_delisted_agrees_with_the_oracle(variant: str, tmp_path: Path) -> None:
    # Three coins end while they are held: in the rotations of 2019, 2020 and 2021.
    ends = {"XRP": "2019-03-01", "ADA": "2021-01-15", "SOL": "2021-10-01"}
    prices = tmp_path / "prices"
    prices.mkdir()
    for path in PRICES.glob("*.csv"):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        end = ends.get(path.stem, "9")
        (prices / path.name).write_text("".join(line for line in lines if line[:10] <= end or line[0] == "d"))
    config = {"window": {"from": "2018-01-01", "to": "2022-06-30"}, **DELISTED[variant]}

    run_folder = run_backtest(config, prices, tmp_path)

    wanted = simulate(prices, config)
    assert_agrees(run_folder, wanted)
    assert {fill["asset"] for fill in wanted.fills if fill["reason"] == "delisted"} == {"XRP", "ADA", "SOL"}


@pytest.mark.parametrize(
    ("seed", "further"),
    [
        # Coins drop out, are sold, come back within months, and are bought again.
        (20, {"strategy": {"delisted_after_days": 3}}),
        (7, {"strategy": {"delisted_after_days": 2, "delisting_penalty": 0.1}, "risk": {"max_drawdown": 0.6}}),
    ],
)
def test_coins_that_drop_out_of_a_random_market_are_booked_as_the_oracle_books_them(
    seed: int, further: Mapping[str, Mapping[str, Any]], tmp_path: Path
) -> None:
    made = write_random_market(tmp_path, seed)
    config = {**made, **further, "strategy": {**made["strategy"], **further["strategy"]}}

    run_folder = run_backtest(config, tmp_path, tmp_path)

    wanted = simulate(tmp_path, config)
    assert_agrees(run_folder, wanted)
    sold = [fill["asset"] for fill in wanted.fills if fill["reason"] == "delisted"]
    assert sold


@needs_prices
@pytest.mark.parametrize("variant", KILLED)
def test_a_backtest_with_a_kill_switch_agrees_with_the_oracle(variant: str, tmp_path: Path) -> None:
    config, (day, state) = KILLED[variant]

    run_folder = run_backtest(config, PRICES, tmp_path)

    wanted = simulate(PRICES, config)
    assert_agrees(run_folder, wanted)
    (killed,) = [each for each in wanted.decisions if each["reason"] == "kill_switch"]
    assert (killed["day"], killed["state"], killed["next_state"]) == (day, state, "CASH")


@pytest.mark.parametrize("seed", SEEDS)
def test_the_backtest_agrees_with_the_oracle_on_a_random_market(seed: int, tmp_path: Path) -> None:
    config = write_random_market(tmp_path, seed)

    run_folder = run_backtest(config, tmp_path, tmp_path)

    assert_agrees(run_folder, simulate(tmp_path, config))


def test_the_random_markets_exercise_every_reason_and_every_trouble(tmp_path: Path) -> None:
    reasons: set[str] = set()
    delays: set[int] = set()
    for seed in SEEDS:
        run = simulate(tmp_path, write_random_market(tmp_path, seed))
        reasons |= {decision["reason"] for decision in run.decisions}
        delays |= {(fill["day"] - fill["decision_day"]).days for fill in run.fills}

    assert reasons == {"start", "hold", "entry", "support_lost", "time_exit", "golden_cross", "rebalance"}
    assert {1, 2, 3} <= delays
