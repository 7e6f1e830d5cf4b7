"""The backtest command against the independent implementation of the specification, day by day.

On the real prices where they are at hand, with many settings, and on random markets with faults.
"""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.oracle import OracleRun, simulate
from tests.support.random_market import write_random_market

# What runs here is measured by other tests too; measuring takes as long again as the tests.
pytestmark = pytest.mark.no_cover

ROOT = Path(__file__).resolve().parents[2]
PRICES = Path(os.environ.get("PRICES_DIR") or ROOT.parent / "shared" / "data" / "prices")
SEEDS = (0, 1, 2, 4, 6, 9, 11, 13, 24, 30, 32, 45, 107, 123)
"""Chosen among 130 so that a small change of nearly any clause, made in the oracle, changes one of these runs."""
RELATIVE = 1e-6
ROUNDING = 1e-8
"""The files give cash with eight decimals."""

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
    """Run the command as a user does and give its run folder."""
    sources = {"crypto": "csv", "index": "csv", "csv_dir": str(prices)}
    path = folder / "config.yaml"
    path.write_text(json.dumps({**config, "data": sources}), encoding="utf-8")  # JSON is YAML
    command = [
        sys.executable,
        "-m",
        "engine",
        "backtest",
        str(path),
        "--no-report",
        "--out",
        str(folder / "logs"),
        *options,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (run_folder,) = (folder / "logs").iterdir()
    return run_folder


def assert_agrees(run_folder: Path, oracle: OracleRun) -> None:
    lines = (run_folder / "decisions.jsonl").read_text(encoding="utf-8").splitlines()
    decisions = [json.loads(line) for line in lines]
    _assert_same("decision", [_judgement(d) for d in decisions], [_judgement(d) for d in oracle.decisions])
    _assert_close("decision", [_measures(d) for d in decisions], [_measures(d) for d in oracle.decisions])
    found = _whole_orders([_fill(row) for row in _rows(run_folder / "fills.csv")])
    _assert_same("fill", found, _whole_orders([_oracle_fill(fill) for fill in oracle.fills]))

    rotations = _rows(run_folder / "rotations.csv")
    wanted = [{key: "" if value is None else str(value) for key, value in row.items()} for row in oracle.rotations]
    _assert_same("rotation", [_spell(row) for row in rotations], [_spell(row) for row in wanted])
    _assert_close("rotation", [_gains(row) for row in rotations], [_gains(row) for row in wanted])

    equity = _rows(run_folder / "equity.csv")
    _assert_same("equity", [(row["day"], row["state"]) for row in equity], [(str(r[0]), r[3]) for r in oracle.equity])
    _assert_close(
        "equity",
        [{"day": row["day"], "equity": row["equity"], "cash": row["cash"]} for row in equity],
        [{"day": str(row[0]), "equity": row[1], "cash": row[2]} for row in oracle.equity],
    )
    summary = json.loads((run_folder / "summary.json").read_text(encoding="utf-8"))
    assert (summary["first_day"], summary["last_day"]) == (str(oracle.first_day), str(oracle.last_day))
    for name, measured in oracle.benchmarks.items():
        found = summary["benchmarks"][name]
        assert (found is None) == (measured is None), f"benchmark {name}: {found} instead of {measured}"
        if measured is not None:
            for key, value in measured.items():
                expected = value if value is None else pytest.approx(value, rel=RELATIVE, abs=ROUNDING)
                assert found[key] == expected, f"benchmark {name}: {key}"


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def _judgement(decision: Mapping[str, Any]) -> dict[str, Any]:
    index, macd = decision["index"], decision["macd"]
    judgement = {
        **{key: decision[key] for key in ("day", "state", "next_state", "reason")},
        **{key: index[key] for key in ("session", "close", "in_breakout", "support")},
        **{key: macd[key] for key in ("week", "cross_week", "in_force")},
        "assets": [symbol.partition("/")[0] for symbol in decision["targets"]],
    }
    if decision["state"] == "ROTATED":
        # Whether the cross that a rotation uses is spent at its entry or at its exit, the specification leaves open;
        # no decision depends on it.
        del judgement["in_force"]
    return judgement


def _measures(decision: Mapping[str, Any]) -> dict[str, Any]:
    macd = decision["macd"]
    weights = {symbol.partition("/")[0]: weight for symbol, weight in decision["targets"].items()}
    return {
        "day": decision["day"],
        **weights,
        **{key: macd[key] for key in ("macd", "signal")},
        "equity": decision["equity"],
    }


def _fill(row: Mapping[str, str]) -> dict[str, Any]:
    return {
        "day": row["time"][:10],
        "asset": row["symbol"].partition("/")[0],
        **{key: row[key] for key in ("decision_day", "side", "reason")},
        **{key: Decimal(row[key]) for key in ("quantity", "price", "notional", "fee")},
    }


def _oracle_fill(fill: Mapping[str, Any]) -> dict[str, Any]:
    return {**fill, "day": str(fill["day"]), "decision_day": str(fill["decision_day"])}


def _whole_orders(fills: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Add up the parts of an order: the specification says that large ones are split, not how."""
    orders: list[dict[str, Any]] = []
    for fill in fills:
        if orders and all(orders[-1][key] == fill[key] for key in ("day", "decision_day", "asset", "side")):
            orders[-1] |= {key: orders[-1][key] + fill[key] for key in ("quantity", "notional", "fee")}
        else:
            orders.append(dict(fill))
    return orders


def _spell(row: Mapping[str, str]) -> dict[str, str]:
    return {
        key: row[key] for key in ("rotation", "entry_day", "exit_day", "exit_reason", "breakout_session", "cross_week")
    }


def _gains(row: Mapping[str, str]) -> dict[str, str]:
    columns = ("weeks_held", "start_equity", "end_equity", "return", "core_return", "excess")
    return {"entry_day": row["entry_day"], **{key: row[key] for key in columns}}


def _assert_same(what: str, found: Sequence[object], wanted: Sequence[object]) -> None:
    for mine, theirs in zip(found, wanted, strict=False):
        assert mine == theirs, f"first {what} that differs"
    assert len(found) == len(wanted), f"number of {what} rows"


def _assert_close(what: str, found: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]]) -> None:
    for mine, theirs in zip(found, wanted, strict=True):
        (name, place), *numbers = theirs.items()
        for key, value in numbers:
            assert float(mine[key]) == pytest.approx(float(value), rel=RELATIVE, abs=ROUNDING), (
                f"{what} {name} {place}: {key}"
            )


@needs_prices
@pytest.mark.parametrize("variant", VARIANTS)
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
@pytest.mark.parametrize("variant", DELISTED)
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
