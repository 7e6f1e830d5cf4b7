"""The backtest command as a user types it: what it prints, the run folder it writes, and how its figures hang together.

What is decided on which day is compared with an independent implementation in test_against_the_oracle.py.
"""

import csv
import json
import math
import pkgutil
import re
import shutil
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

import strategies
import strategies.signals.macd
from tests.support.command import (
    ROOT,
    Outcome,
    call_command,
    entries_below,
    error_sentence,
    no_network,
    only_run_folder,
    run_command,
    small_configuration,
    write_small_market,
)

SHIPPED = ROOT / "config" / "rotation.yaml"
SAMPLE = ("--set", "data.crypto=sample", "--set", "data.index=sample")
RECORD = ("decisions.jsonl", "fills.csv", "rotations.csv", "equity.csv")
"""What depends on the configuration and the bars alone, to the byte."""
WIDTH = 80
DAYS_A_YEAR = 365
COMMISSION, SLIPPAGE, RESERVE = Decimal("0.001"), Decimal("0.0005"), Decimal("0.005")

# The names of the public interface, once more.
SUMMARY_KEYS = (
    "mode", "name", "config_sha256", "synthetic", "data_sources", "first_day", "last_day", "start_equity",
    "final_equity", "total_return", "cagr", "volatility", "max_drawdown", "sharpe", "sortino", "calmar", "turnover",
    "fees_paid", "rotations", "days_rotated", "benchmarks",
)  # fmt: skip
DECISION_KEYS = ("day", "state", "next_state", "reason", "index", "macd", "targets", "equity")
INDEX_KEYS = ("session", "close", "in_breakout", "support")
MACD_KEYS = ("week", "macd", "signal", "cross_week", "in_force")
HEADERS = {
    "fills.csv": (
        "time,decision_day,symbol,side,quantity,price,notional,fee,fee_asset,order_id,client_order_id,reason"
    ),
    "rotations.csv": (
        "rotation,entry_day,exit_day,exit_reason,breakout_session,cross_week,weeks_held,start_equity,end_equity,"
        "return,core_return,excess"
    ),
    "equity.csv": "day,equity,cash,state",
}
REASONS = {"start", "hold", "entry", "support_lost", "time_exit", "golden_cross", "rebalance"}


@dataclass(frozen=True, kw_only=True)
class Run:
    """A finished command, the folder it was typed in, and its run folder, read."""

    outcome: Outcome
    folder: Path
    run_folder: Path

    @property
    def summary(self) -> dict[str, Any]:
        summary: dict[str, Any] = json.loads(self.text("summary.json"))
        return summary

    @property
    def decisions(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text("decisions.jsonl").splitlines()]

    def text(self, name: str) -> str:
        return (self.run_folder / name).read_text(encoding="utf-8")

    def rows(self, name: str) -> list[dict[str, str]]:
        return list(csv.DictReader(self.text(name).splitlines()))

    def bars(self, asset: str) -> dict[str, dict[str, Decimal]]:
        with (self.folder / "prices" / f"{asset}.csv").open(newline="", encoding="utf-8") as lines:
            return {
                row["date"]: {"open": Decimal(row["open"]), "close": Decimal(row["close"])}
                for row in csv.DictReader(lines)
            }


@pytest.fixture(scope="session")
def small_desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with a small market and a configuration for it."""
    folder = tmp_path_factory.mktemp("desk")
    write_small_market(folder / "prices", coins=("BTC", "ETH", "SOL"))
    values = small_configuration(Path("prices"))
    values["strategy"] |= {"basket": {"ETH": 0.6}, "basket_equal": ["SOL", "BTC"]}
    (folder / "bot.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    return folder


@pytest.fixture
def desk(small_desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a copy of the small desk the working directory."""
    shutil.copytree(small_desk, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def small_run(small_desk: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run the small market in a process of its own, its configuration and its prices named from the folder it is in."""
    folder = tmp_path_factory.mktemp("small") / "desk"
    shutil.copytree(small_desk, folder)
    outcome = run_command("backtest", "bot.yaml", folder=folder)
    assert outcome.exit_code == 0, outcome.stderr
    return Run(outcome=outcome, folder=folder, run_folder=only_run_folder(folder / "logs"))


@pytest.fixture(scope="session")
def newcomers_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run what the README's first command runs, on a machine without network and without a cache."""
    folder = tmp_path_factory.mktemp("newcomer")
    home = folder / "home"
    home.mkdir()
    with no_network(home) as environment:
        outcome = run_command(
            "backtest", "config/rotation.yaml", "--out", folder / "runs", environment=environment | {"LC_ALL": "C"}
        )
    assert outcome.exit_code == 0, outcome.stderr
    return Run(outcome=outcome, folder=folder, run_folder=only_run_folder(folder / "runs"))


def backtest_here(folder: Path, *options: str) -> Run:
    """Run `bot.yaml` of the working directory in this process."""
    out = folder / f"out{len(list(folder.glob('out*')))}"
    outcome = call_command("backtest", "bot.yaml", "--out", out, *options)
    assert (outcome.exit_code, outcome.stderr) == (0, ""), outcome
    return Run(outcome=outcome, folder=folder, run_folder=only_run_folder(out))


# ---- the sample, without network


def test_without_a_network_the_run_is_on_the_sample_and_says_so_first_and_last(newcomers_run: Run) -> None:
    lines = newcomers_run.outcome.stdout.splitlines()

    assert "synthetic" in lines[0]
    assert "synthetic" in lines[-1]
    assert newcomers_run.summary["synthetic"] is True
    assert {source["synthetic"] for source in newcomers_run.summary["data_sources"].values()} == {True}


def test_without_a_network_the_run_says_why_the_sample_was_taken(newcomers_run: Run) -> None:
    (note,) = newcomers_run.summary["notes"]

    assert "could not be had" in note
    assert "cannot be reached" in note
    assert "cannot be reached" in " ".join(newcomers_run.outcome.stdout.split())
    assert "Traceback" not in newcomers_run.outcome.stderr


def test_on_the_sample_the_rotation_fires_and_ends_for_every_reason(newcomers_run: Run) -> None:
    rotations = newcomers_run.rows("rotations.csv")

    assert len(rotations) >= 6
    assert {"support_lost", "time_exit"} <= {rotation["exit_reason"] for rotation in rotations}


def test_the_sample_can_be_asked_for(newcomers_run: Run, tmp_path: Path) -> None:
    outcome = call_command("backtest", SHIPPED, *SAMPLE, "--out", tmp_path)

    assert (outcome.exit_code, outcome.stderr) == (0, "")
    lines = outcome.stdout.splitlines()
    assert "synthetic" in lines[0]
    assert "synthetic" in lines[-1]
    assert record_of(only_run_folder(tmp_path)) == record_of(newcomers_run.run_folder)


def test_runs_in_other_places_with_other_hashes_are_the_same_to_the_byte(newcomers_run: Run, tmp_path: Path) -> None:
    for seed, folder in (("1", ROOT), ("4242", tmp_path)):
        outcome = run_command(
            *("backtest", SHIPPED, *SAMPLE, "--out", tmp_path / seed),
            folder=folder,
            environment={"PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo" if seed == "1" else "America/New_York"},
        )
        assert outcome.exit_code == 0, outcome.stderr

    one, other = only_run_folder(tmp_path / "1"), only_run_folder(tmp_path / "4242")
    assert record_of(one) == record_of(other) == record_of(newcomers_run.run_folder)
    assert (one / "summary.json").read_bytes() == (other / "summary.json").read_bytes()
    assert (one / "run.log").read_bytes() == (other / "run.log").read_bytes()


def test_the_sample_fits_80_columns(newcomers_run: Run) -> None:
    assert_fits(newcomers_run.outcome.stdout)


@pytest.mark.parametrize(
    "name", [module.name for module in pkgutil.iter_modules(strategies.__path__) if not module.ispkg]
)
def test_every_strategy_runs(name: str, tmp_path: Path) -> None:
    outcome = call_command("backtest", SHIPPED, *SAMPLE, "--set", f"strategy={{name: {name}}}", "--out", tmp_path)

    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert_fits(outcome.stdout)
    run = Run(outcome=outcome, folder=tmp_path, run_folder=only_run_folder(tmp_path))
    assert run.decisions[0]["reason"] == "start"
    assert run.rows("fills.csv")
    assert len(run.rows("equity.csv")) == len(run.decisions)


# ---- the run folder


def test_a_macd_that_ta_does_not_confirm_ends_the_run(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    true = strategies.signals.macd.exponential_average
    monkeypatch.setattr(
        "strategies.signals.macd.exponential_average", lambda values, span: true([*values[:1], *values[:-1]], span)
    )

    sentence = error_sentence(call_command("backtest", "bot.yaml", "--no-report", "--quiet"), exit_code=5)

    assert "BTC: the MACD of week 2, " in sentence


def test_real_bars_are_not_called_synthetic(small_run: Run) -> None:
    assert small_run.outcome.stderr == ""
    assert "synthetic" not in small_run.outcome.stdout
    assert small_run.summary["synthetic"] is False


def test_the_run_folder_is_under_logs_and_named_by_mode_name_and_instant(small_run: Run) -> None:
    assert small_run.run_folder.parent == small_run.folder / "logs"
    assert re.fullmatch(r"backtest-rotation-\d{8}T\d{6}Z", small_run.run_folder.name)
    assert f"files: logs/{small_run.run_folder.name}" in small_run.outcome.stdout.splitlines()


def test_the_run_folder_holds_the_files_of_the_interface_with_their_columns(small_run: Run) -> None:
    names = {path.name for path in small_run.run_folder.iterdir()}

    assert {"summary.json", "run.log", *RECORD} <= names
    assert not {name for name in names if name.startswith(".")}
    for name, header in HEADERS.items():
        assert f"{small_run.text(name).splitlines()[0]},".startswith(f"{header},")
    assert set(SUMMARY_KEYS) <= small_run.summary.keys()
    for decision in small_run.decisions:
        assert set(DECISION_KEYS) <= decision.keys()
        assert set(INDEX_KEYS) <= decision["index"].keys()
        assert set(MACD_KEYS) <= decision["macd"].keys()


def test_the_summary_says_what_was_run(small_run: Run) -> None:
    summary = small_run.summary

    assert (summary["mode"], summary["name"]) == ("backtest", "rotation")
    assert re.fullmatch("[0-9a-f]{64}", summary["config_sha256"])
    assert list(summary["data_sources"]) == ["BTC", "ETH", "SOL", "RUT"]
    # 20 weeks from Monday 2015-01-05; the prices end on Sunday 2017-12-31: 952 days, none missing.
    assert (summary["first_day"], summary["last_day"]) == ("2015-05-25", "2017-12-31")
    assert len(small_run.decisions) == (date(2017, 12, 31) - date(2015, 5, 25)).days + 1


def test_every_day_is_decided_once_and_each_file_agrees_on_it(small_run: Run) -> None:
    decisions, equity = small_run.decisions, small_run.rows("equity.csv")

    days = [date(2015, 5, 25) + timedelta(days=n) for n in range(952)]
    assert [decision["day"] for decision in decisions] == [str(day) for day in days]
    assert [(row["day"], row["state"], float(row["equity"])) for row in equity] == [
        (decision["day"], decision["state"], decision["equity"]) for decision in decisions
    ]
    assert {decision["reason"] for decision in decisions} <= REASONS
    assert all(before["next_state"] == after["state"] for before, after in pairwise(decisions))


def test_no_decision_shows_a_week_or_a_session_after_its_day(small_run: Run) -> None:
    for decision in small_run.decisions:
        assert decision["index"]["session"] <= decision["day"]
        assert decision["macd"]["week"] <= decision["day"]
        assert (decision["macd"]["cross_week"] or "") <= decision["macd"]["week"]


def test_the_ratios_are_those_of_the_daily_equity(small_run: Run) -> None:
    equity = [float(row["equity"]) for row in small_run.rows("equity.csv")]

    assert_figures(small_run.summary, ratios_of(equity, days=951))


def test_amounts_are_those_of_the_fills(small_run: Run) -> None:
    fills, equity = small_run.rows("fills.csv"), small_run.rows("equity.csv")
    summary = small_run.summary

    traded = math.fsum(float(fill["notional"]) for fill in fills)
    average = statistics.fmean(float(row["equity"]) for row in equity)
    assert summary["turnover"] == pytest.approx(traded / average / (951 / DAYS_A_YEAR))
    assert summary["fees_paid"] == pytest.approx(float(sum(Decimal(fill["fee"]) for fill in fills)))
    assert summary["start_equity"] == float(equity[0]["equity"]) == 100_000
    assert summary["final_equity"] == float(equity[-1]["equity"])
    assert summary["rotations"] == len(small_run.rows("rotations.csv"))
    assert summary["days_rotated"] == sum(row["state"] == "ROTATED" for row in equity) > 0


def test_every_fill_is_at_the_next_open_with_the_costs_of_the_configuration(small_run: Run) -> None:
    for fill in small_run.rows("fills.csv"):
        asset, _, quote = fill["symbol"].partition("/")
        day = date.fromisoformat(fill["decision_day"]) + timedelta(days=1)
        worse = 1 + SLIPPAGE if fill["side"] == "buy" else 1 - SLIPPAGE
        notional = Decimal(fill["quantity"]) * Decimal(fill["price"])

        assert fill["time"] == f"{day}T00:00:00Z"
        assert Decimal(fill["price"]) == small_run.bars(asset)[str(day)]["open"] * worse
        assert Decimal(fill["notional"]) == notional
        assert (Decimal(fill["fee"]), fill["fee_asset"], quote) == (notional * COMMISSION, "USDT", "USDT")
        assert fill["reason"] in REASONS


def test_cash_and_equity_of_every_day_are_those_of_the_fills_up_to_it(small_run: Run) -> None:
    bars = {asset: small_run.bars(asset) for asset in ("BTC", "ETH", "SOL")}
    fills = small_run.rows("fills.csv")
    cash, filled = Decimal(100_000), Counter[str]()
    quantities: dict[str, Decimal] = dict.fromkeys(bars, Decimal(0))
    for row in small_run.rows("equity.csv"):
        for fill in (fill for fill in fills if fill["time"][:10] == row["day"]):
            sign = 1 if fill["side"] == "buy" else -1
            quantities[fill["symbol"].partition("/")[0]] += sign * Decimal(fill["quantity"])
            cash -= sign * Decimal(fill["notional"]) + Decimal(fill["fee"])
            filled[fill["reason"]] += 1
        worth = sum(quantity * bars[asset][row["day"]]["close"] for asset, quantity in quantities.items())

        assert cash >= 0
        assert min(quantities.values()) >= 0
        assert float(row["cash"]) == pytest.approx(float(cash), abs=1e-8)
        assert float(row["equity"]) == pytest.approx(float(cash + worth), abs=1e-8)
    assert sum(filled.values()) == len(fills)
    assert {"start", "entry", "time_exit"} <= filled.keys()


def test_rotations_are_the_decisions_that_enter_and_leave(small_run: Run) -> None:
    decisions, rotations = small_run.decisions, small_run.rows("rotations.csv")
    closes, equity_by_day = small_run.bars("BTC"), {d["day"]: d["equity"] for d in decisions}

    entries = [d["day"] for d in decisions if d["state"] != "ROTATED" == d["next_state"]]
    exits = [(d["day"], d["reason"]) for d in decisions if d["state"] == "ROTATED" != d["next_state"]]
    assert [rotation["entry_day"] for rotation in rotations] == entries
    assert [(r["exit_day"], r["exit_reason"]) for r in rotations] == [
        *exits,
        *[("", "open")] * (len(entries) - len(exits)),
    ]
    assert [rotation["rotation"] for rotation in rotations] == [str(n + 1) for n in range(len(rotations))]
    for rotation in rotations:
        first, last = rotation["entry_day"], rotation["exit_day"] or decisions[-1]["day"]
        start, end = equity_by_day[first], equity_by_day[last]
        gained, core = end / start - 1, float(closes[last]["close"] / closes[first]["close"]) - 1

        assert (float(rotation["start_equity"]), float(rotation["end_equity"])) == (start, end)
        assert float(rotation["return"]) == pytest.approx(gained)
        assert float(rotation["core_return"]) == pytest.approx(core)
        assert float(rotation["excess"]) == pytest.approx(gained - core)
        weeks = (date.fromisoformat(last) - date.fromisoformat(first)).days / 7
        assert float(rotation["weeks_held"]) == pytest.approx(weeks, abs=1e-6)
        assert rotation["breakout_session"] <= first
        assert rotation["cross_week"] <= first


@pytest.mark.parametrize(("coin", "lot_step"), [("BTC", "0.00001"), ("ETH", "0.0001")])
def test_a_benchmark_buys_once_at_the_first_open_and_holds(small_run: Run, coin: str, lot_step: str) -> None:
    bars = small_run.bars(coin)
    days = [row["day"] for row in small_run.rows("equity.csv")]

    wanted = 100_000 * (1 - RESERVE) / (bars[days[0]]["close"] * (1 + COMMISSION + SLIPPAGE))
    quantity = wanted.quantize(Decimal(lot_step), rounding=ROUND_DOWN)
    left = 100_000 - quantity * bars[days[1]]["open"] * (1 + SLIPPAGE) * (1 + COMMISSION)
    equity = [100_000.0, *(float(left + quantity * bars[day]["close"]) for day in days[1:])]

    figures = small_run.summary["benchmarks"][coin]
    wanted_figures = ratios_of(equity, days=951)
    assert left >= 0
    assert figures["return"] == pytest.approx(wanted_figures["total_return"])
    assert figures["max_drawdown"] == pytest.approx(wanted_figures["max_drawdown"])
    assert figures["sharpe"] == pytest.approx(wanted_figures["sharpe"])


def test_the_benchmarks_are_btc_eth_and_the_basket_and_null_where_not_tradable(desk: Path) -> None:
    (desk / "prices" / "ETH.csv").unlink()
    options = ("--set", "strategy.basket={SOL: 1.0}", "--set", "strategy.basket_equal=[]")

    benchmarks = backtest_here(desk, *options).summary["benchmarks"]

    assert list(benchmarks) == ["BTC", "ETH", "basket"]
    assert benchmarks["ETH"] is None
    assert benchmarks["BTC"]["return"] != benchmarks["basket"]["return"]


def test_the_log_tells_every_decision_that_changes_something_and_every_fill(small_run: Run) -> None:
    lines = small_run.text("run.log").splitlines()

    changes = [decision for decision in small_run.decisions if decision["reason"] != "hold"]
    for decision in changes:
        words = f"{decision['day']} {decision['state']} -> {decision['next_state']}: {decision['reason']}"
        assert sum(words in line for line in lines) == 1, words
    assert sum(" filled " in line for line in lines) == len(small_run.rows("fills.csv"))
    assert all(re.match(r"\d{4}-\d{2}-\d{2}T00:00:00Z (INFO|WARNING) ", line) for line in lines)


# ---- options


def test_from_and_to_win_over_the_file_and_over_set(desk: Path) -> None:
    options = ("--from", "2016-02-03", "--to", "2016-09-10", "--set", "window={from: 2017-01-01, to: 2017-02-01}")

    run = backtest_here(desk, *options)

    days = [row["day"] for row in run.rows("equity.csv")]
    assert (days[0], days[-1], len(days)) == ("2016-02-03", "2016-09-10", 221)
    assert (run.summary["first_day"], run.summary["last_day"]) == ("2016-02-03", "2016-09-10")
    assert run.summary["notes"] == []


def test_signals_use_all_the_history_before_from(desk: Path, small_run: Run) -> None:
    run = backtest_here(desk, "--from", "2016-02-03")

    whole = {decision["day"]: (decision["index"], decision["macd"]["macd"]) for decision in small_run.decisions}
    assert all((d["index"], d["macd"]["macd"]) == whole[d["day"]] for d in run.decisions)


def test_a_from_before_the_end_of_the_warm_up_is_moved_there_and_the_run_says_so(desk: Path) -> None:
    run = backtest_here(desk, "--from", "2015-02-01")

    assert run.summary["first_day"] == "2015-05-25"
    assert "2015-02-01 is moved to 2015-05-25" in " ".join(run.outcome.stdout.split())
    assert any("2015-02-01 is moved to 2015-05-25" in note for note in run.summary["notes"])
    assert "2015-02-01 is moved to 2015-05-25" in run.text("run.log")


def test_an_account_too_small_for_any_order_is_told_so_and_not_in_the_log_alone(desk: Path) -> None:
    run = backtest_here(desk, "--set", "account.cash=4")

    assert run.rows("fills.csv") == []
    (note,) = [note for note in run.summary["notes"] if "too small" in note]
    assert "nothing was traded at all" in note
    assert "is below the minimum of 5" in note
    assert note in " ".join(run.outcome.stdout.split())


def test_a_single_day_can_be_run(desk: Path) -> None:
    run = backtest_here(desk, "--from", "2016-02-03", "--to", "2016-02-03")

    assert [decision["reason"] for decision in run.decisions] == ["start"]
    assert run.rows("fills.csv") == []
    assert (run.summary["total_return"], run.summary["sharpe"], run.summary["calmar"]) == (0, None, None)


def test_orders_decided_on_the_last_day_are_reported_as_pending(desk: Path, small_run: Run) -> None:
    entry = small_run.rows("rotations.csv")[1]["entry_day"]
    (held,) = (f for f in small_run.rows("fills.csv") if f["decision_day"] == entry and f["side"] == "sell")

    run = backtest_here(desk, "--to", entry)

    pending = [line for line in run.outcome.stdout.splitlines() if line.startswith("pending: ")]
    # The core is part of the basket: 20 % of it stays.
    assert pending[0] == f"pending: sell {held['quantity']} BTC/USDT (entry)"
    assert [line.split()[1:4:2] for line in pending[1:]] == [["buy", "ETH/USDT"], ["buy", "SOL/USDT"]]
    assert run.decisions[-1]["next_state"] == "ROTATED"
    assert not [fill for fill in run.rows("fills.csv") if fill["decision_day"] == entry]
    assert run.text("run.log").splitlines()[-1].count("still pending: ") == 3


def test_a_pending_quantity_is_written_without_zeros_at_its_end(desk: Path) -> None:
    lots = "account.instruments={BTC: {lot_step: 0.5, minimum_notional: 5}}"

    run = backtest_here(desk, "--from", "2016-02-03", "--to", "2016-02-03", "--set", lots)

    (pending,) = [line for line in run.outcome.stdout.splitlines() if line.startswith("pending: ")]
    assert re.fullmatch(r"pending: buy \d+(\.[1-9])? BTC/USDT \(start\)", pending)


def test_set_wins_over_the_file_and_the_last_one_wins(desk: Path) -> None:
    run = backtest_here(desk, "--set", "name=first", "--set", "account.cash=250", "--set", "name=second")

    assert run.run_folder.name.startswith("backtest-second-")
    assert (run.summary["name"], run.summary["start_equity"]) == ("second", 250)


def test_out_names_the_parent_of_the_run_folder_and_makes_it(desk: Path) -> None:
    for _ in range(2):
        outcome = call_command("backtest", "bot.yaml", "--out", "some/where")
        assert outcome.exit_code == 0

    assert len(list((desk / "some/where").iterdir())) == 2
    assert not (desk / "logs").exists()


def test_quiet_prints_nothing_and_writes_the_same(desk: Path, small_run: Run) -> None:
    run = backtest_here(desk, "--quiet")

    assert run.outcome.stdout == ""
    assert record_of(run.run_folder) == record_of(small_run.run_folder)


def test_no_report_writes_no_report(desk: Path) -> None:
    run = backtest_here(desk, "--no-report")

    assert not (run.run_folder / "report.html").exists()
    assert {"summary.json", "run.log", *RECORD} <= {path.name for path in run.run_folder.iterdir()}


def test_the_prices_and_the_configuration_stay_as_they_were(desk: Path) -> None:
    before = entries_below(desk)

    backtest_here(desk)

    after = entries_below(desk)
    assert {name: after[name] for name in before} == before
    assert {name.split("/")[0] for name in after.keys() - before.keys()} == {"out0"}


def test_a_configuration_as_windows_editors_save_it_is_read(desk: Path, small_run: Run) -> None:
    text = (desk / "bot.yaml").read_text(encoding="utf-8")
    (desk / "bot.yaml").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())

    assert record_of(backtest_here(desk).run_folder) == record_of(small_run.run_folder)


# ---- the terminal


def test_colours_are_shown_where_wanted_and_not_with_no_color(small_desk: Path, tmp_path: Path) -> None:
    command = ("backtest", "bot.yaml", "--out", tmp_path)

    coloured = run_command(*command, folder=small_desk, environment={"FORCE_COLOR": "1", "TERM": "xterm"})
    plain = run_command(*command, folder=small_desk, environment={"FORCE_COLOR": "1", "TERM": "xterm", "NO_COLOR": "1"})

    colour = re.compile(r"\x1b\[(?:\d+;)*(?:3\d|4\d|9\d|10\d)(?:;\d+)*m")
    assert colour.search(coloured.stdout)
    assert not colour.search(plain.stdout)


def test_without_a_terminal_nothing_but_text_is_printed(small_run: Run) -> None:
    assert "\x1b" not in small_run.outcome.stdout
    assert "\r" not in small_run.outcome.stdout


def test_an_output_that_knows_ascii_alone_gets_question_marks(small_desk: Path, tmp_path: Path) -> None:
    outcome = run_command(
        *("backtest", "bot.yaml", "--out", tmp_path), folder=small_desk, environment={"PYTHONIOENCODING": "ascii"}
    )

    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert outcome.stdout.isascii()


def test_the_output_shows_rotations_figures_and_how_little_they_rest_on(small_run: Run) -> None:
    text = small_run.outcome.stdout
    words = " ".join(text.split())
    rotations = small_run.rows("rotations.csv")

    for rotation in rotations:
        (line,) = (line for line in text.splitlines() if f" {rotation['entry_day']} " in line)
        cells = line.split()
        assert cells[0] == rotation["rotation"]
        assert cells[3] == rotation["exit_reason"]
        shown = [f"{float(rotation[key]):+.1%}" for key in ("return", "core_return", "excess")]
        assert cells[-3:] == shown
    ended = sum(rotation["exit_day"] != "" for rotation in rotations)
    assert "2015-05-25 to 2017-12-31" in text.splitlines()[0]
    assert f"{small_run.summary['total_return']:.1%}" in words
    assert f"rest on {ended} completed rotations" in words
    assert "hindsight" in words
    assert "BTC ETH SOL RUT from csv" in words


def test_the_longest_names_and_the_largest_figures_fit_80_columns(desk: Path) -> None:
    # Twelve letters of an asset and twelve of the quote are the longest that exchanges list.
    core, coin, index = "WRAPPEDBTCXX", "1000000PEPEX", "RUSSELL2000X"
    for old, new in (("BTC", core), ("ETH", coin), ("RUT", index)):
        (desk / "prices" / f"{old}.csv").rename(desk / "prices" / f"{new}.csv")
    values = small_configuration(Path("prices"))
    values["name"] = "a-name-of-sixty-four-letters-" + 35 * "x"
    values["strategy"] |= {"core": core, "index": index, "basket": {coin: 1.0}, "basket_equal": []}
    values["account"] = {
        "cash": 12345678901234,
        "quote": "QUOTEQUOTEQQ",
        "instruments": {core: {"lot_step": 1e-8}, coin: {"lot_step": 1e-8}},
    }
    (desk / "bot.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")

    for options in ((), ("--to", "2016-05-22")):
        run = backtest_here(desk, *options)

        assert_fits(run.outcome.stdout)
        assert any(core in line for line in run.outcome.stdout.splitlines())


def test_the_small_run_fits_80_columns_with_its_folder(small_run: Run) -> None:
    assert max(map(len, small_run.outcome.stdout.splitlines())) <= WIDTH


# ---- config, help, version


def test_config_show_prints_a_configuration_that_is_the_one_in_force(desk: Path) -> None:
    shown = call_command("config", "show", "bot.yaml", "--set", "strategy.hold_weeks=7")

    values = yaml.safe_load(shown.stdout)
    (desk / "shown.yaml").write_text(shown.stdout, encoding="utf-8")
    again = call_command("config", "show", "shown.yaml")
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert (values["strategy"]["hold_weeks"], values["strategy"]["basket"]) == (7, {"ETH": 0.6})
    assert (values["costs"]["commission"], values["window"]["to"]) == ("0.001", None)
    assert again.stdout == shown.stdout


def test_config_show_prints_every_key_of_the_shipped_file() -> None:
    shipped, shown = yaml.safe_load(SHIPPED.read_text(encoding="utf-8")), call_command("config", "show", SHIPPED)

    assert sorted(key_paths(yaml.safe_load(shown.stdout))) == sorted(key_paths(shipped))
    as_json = call_command("config", "show", SHIPPED, "--json")
    assert json.loads(as_json.stdout) == yaml.safe_load(shown.stdout)


def test_a_configuration_that_was_shown_runs_as_the_one_it_was_shown_of(desk: Path, small_run: Run) -> None:
    shown = call_command("config", "show", "bot.yaml")
    (desk / "bot.yaml").write_text(shown.stdout, encoding="utf-8")

    run = backtest_here(desk)

    assert run.summary["config_sha256"] == small_run.summary["config_sha256"]
    assert record_of(run.run_folder) == record_of(small_run.run_folder)


def test_config_schema_prints_a_json_schema_with_every_section() -> None:
    printed = call_command("config", "schema")

    schema = json.loads(printed.stdout)
    assert (printed.exit_code, printed.stderr) == (0, "")
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert set(yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))) == schema["properties"].keys()


def test_without_arguments_the_commands_are_listed_and_the_exit_code_is_2() -> None:
    ran = run_command()

    assert ran.exit_code == 2
    assert re.search(r"^\s*backtest\b", ran.stdout + ran.stderr, flags=re.MULTILINE)
    assert len(ran.stderr.splitlines()) <= 3
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["backtest", "--help"], ["config", "--help"]])
def test_help_is_printed_and_fits_80_columns(arguments: Sequence[str]) -> None:
    helped = call_command(*arguments)

    assert (helped.exit_code, helped.stderr) == (0, "")
    assert helped.stdout.startswith("Usage: python -m engine")
    assert_fits(helped.stdout)


def test_the_help_of_backtest_names_every_option_of_the_interface() -> None:
    text = call_command("backtest", "--help").stdout

    for option in ("--from", "--to", "--set", "--out", "--quiet", "--no-report", "--help"):
        assert re.search(rf"{option}\b", text), option


def test_the_version_is_printed() -> None:
    printed = run_command("--version")

    assert (printed.exit_code, printed.stderr) == (0, "")
    assert re.fullmatch(r"engine \d+\.\d+\.\d+\n", printed.stdout)


@pytest.mark.parametrize("arguments", [["bactest", "x.yaml"], ["--nothing"], ["backtest", "x.yaml", "--nothing"]])
def test_an_unknown_command_or_option_is_an_error_of_one_line(arguments: Sequence[str]) -> None:
    assert "--help" in error_sentence(run_command(*arguments), exit_code=2)


# ---- helpers


def record_of(run_folder: Path) -> dict[str, bytes]:
    return {name: (run_folder / name).read_bytes() for name in RECORD}


def assert_fits(text: str) -> None:
    """Check every line but the paths, which are for copying and never broken."""
    for line in text.splitlines():
        assert len(line) <= WIDTH or line.startswith(("files: ", "report: ")), line


def ratios_of(equity: Sequence[float], *, days: int) -> dict[str, float]:
    """Compute the interface's ratios in plain Python, in its own words."""
    returns = [after / before - 1 for before, after in pairwise(equity)]
    mean, years = statistics.fmean(returns), days / DAYS_A_YEAR
    deviation = statistics.stdev(returns)
    downside = math.sqrt(statistics.fmean(min(value, 0) ** 2 for value in returns))
    peak, drawdown = equity[0], 0.0
    for value in equity:
        peak = max(peak, value)
        drawdown = min(drawdown, value / peak - 1)
    growth = (equity[-1] / equity[0]) ** (1 / years) - 1
    return {
        "total_return": equity[-1] / equity[0] - 1,
        "cagr": growth,
        "volatility": deviation * math.sqrt(DAYS_A_YEAR),
        "max_drawdown": drawdown,
        "sharpe": mean / deviation * math.sqrt(DAYS_A_YEAR),
        "sortino": mean / downside * math.sqrt(DAYS_A_YEAR),
        "calmar": growth / -drawdown,
    }


def assert_figures(found: Mapping[str, Any], wanted: Mapping[str, float]) -> None:
    for key, value in wanted.items():
        assert found[key] == pytest.approx(value), key


def key_paths(values: Mapping[str, Any], above: str = "") -> list[str]:
    paths = []
    for key, value in values.items():
        below = key_paths(value, f"{above}{key}.") if isinstance(value, dict) and value else []
        paths += below or [f"{above}{key}"]
    return paths


def test_a_reader_that_goes_away_is_no_failure_of_the_run(tmp_path: Path) -> None:
    arguments = ["backtest", "config/rotation.yaml", "--out", str(tmp_path)]
    sample = ["--set", "data.crypto=sample", "--set", "data.index=sample"]
    run = subprocess.Popen(
        [sys.executable, "-m", "engine", *arguments, *sample], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert run.stdout is not None
    run.stdout.close()

    with run:
        said = run.stderr.read() if run.stderr else b""

    assert (run.returncode, said) == (0, b"")
    assert [folder.name.startswith("backtest-rotation-") for folder in tmp_path.iterdir()] == [True]
