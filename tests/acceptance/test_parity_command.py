"""The command `parity` as typed: every difference has a cause; with a broken live path, the first one is named."""

import csv
import dataclasses
import json
import shutil
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.core.money import floor_to_step
from engine.core.order import Side
from engine.trading.session import Session
from engine.venues.answers import Candle, Outcome
from engine.venues.binance.spot import BinanceSpot
from engine.wiring.data.live_market import VenueCandles
from tests.support.command import (
    PRICES,
    ROOT,
    call_command,
    error_sentence,
    only_run_folder,
    run_command,
    small_configuration,
    write_small_market,
)
from tests.support.command import (
    Outcome as Ended,
)

SHIPPED = ROOT / "config" / "rotation.yaml"
CAUSES = {"filter rounding", "fill price model", "fees in base coin", "data revision", "timing", "state", "delisting"}
FIRST_DAY, ENTRY_DAY = date(2015, 5, 25), date(2015, 11, 15)
"""Of the small market: the end of the warm-up, and the first rotation, as the backtest has them."""


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market")
    write_small_market(folder)
    return folder


def configuration(folder: Path, market: Path, **changes: Any) -> Path:
    path = folder / "small.yaml"
    path.write_text(yaml.safe_dump(small_configuration(market) | changes), encoding="utf-8")
    return path


def typed(config: Path, out: Path, *more: str) -> Ended:
    return call_command("parity", config, "--from", "2015-01-05", "--to", "2016-01-15", "--out", out, *more)


def summary_in(out: Path) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads((only_run_folder(out) / "summary.json").read_text(encoding="utf-8"))
    return summary


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


SPAN = ("--from", "2015-11-10", "--to", "2016-01-10")
"""The rotation of 2015-11-15, which ends on 2015-12-27."""


def test_what_a_backtest_sells_as_delisted_and_a_live_run_leaves_has_a_cause(tmp_path: Path, market: Path) -> None:
    shutil.copytree(market, tmp_path / "prices")
    path = tmp_path / "prices" / "ETH.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if line[:10] <= "2015-12-05" or line[0] == "d"), encoding="utf-8")
    config = configuration(tmp_path, tmp_path / "prices")

    ended = typed(config, tmp_path / "out", *SPAN, "--set", "strategy.delisted_after_days=7")

    assert ended.exit_code == 0, ended
    found = summary_in(tmp_path / "out")
    assert found["unexplained"] == 0
    assert found["causes"]["delisting"]["decision"] > 0
    # The live run holds at its last close what the backtest sold at half of it.
    assert found["live_excess_bp"] > 5000
    folder = only_run_folder(tmp_path / "out")
    assert [
        row["decision_day"] for row in rows_of(folder / "backtest" / "fills.csv") if row["reason"] == "delisted"
    ] == ["2015-12-12"]


def test_a_kill_switch_that_acts_in_a_rotation_acts_alike_on_both_paths(tmp_path: Path, market: Path) -> None:
    ended = typed(configuration(tmp_path, market), tmp_path / "out", *SPAN, "--set", "risk.max_drawdown=0.027")

    assert ended.exit_code == 0, ended
    folder = only_run_folder(tmp_path / "out")
    decisions = [
        [json.loads(line) for line in (folder / run / "decisions.jsonl").read_text(encoding="utf-8").splitlines()]
        for run in ("backtest", "live")
    ]
    assert summary_in(tmp_path / "out")["unexplained"] == 0
    assert [[each["day"] for each in run if each["reason"] == "kill_switch"] for run in decisions] == [
        ["2015-11-16"]
    ] * 2
    assert [run[-1]["state"] for run in decisions] == ["CASH", "CASH"]


def test_the_small_market_has_a_cause_for_every_difference(tmp_path: Path, market: Path) -> None:
    ended = typed(configuration(tmp_path, market), tmp_path / "out")

    assert ended.exit_code == 0, ended.stderr
    assert "differences: none unexplained" in ended.stdout
    summary = summary_in(tmp_path / "out")
    # 25 May 2015 to 15 January 2016, both included; BTC bought, sold for ETH, and bought again.
    assert (summary["first_day"], summary["decision_days"]) == ("2015-05-25", 236)
    assert (summary["orders"], summary["fills"], summary["unexplained"]) == (5, 5, 0)
    assert set(summary["causes"]) == CAUSES | {"unexplained"}
    # Three buys pay in the coin, five fills come 60 seconds (live.grace_seconds) after the open.
    differences = rows_of(only_run_folder(tmp_path / "out") / "differences.csv")
    assert sum(row["what"].endswith(": fee") for row in differences) == 3
    assert sum(row["what"].endswith(": instant") for row in differences) == 5
    # A lot step of 0.00001 BTC in 300 is a third of a thousandth of a basis point: rounding explains next to nothing.
    assert abs(summary["causes"]["filter rounding"]["equity_bp"]) < 0.01
    shares = sum(row["equity_bp"] for row in summary["causes"].values())
    assert shares == pytest.approx(summary["live_excess_bp"], abs=1e-6)


def test_the_files_of_both_runs_are_kept_and_decide_alike(tmp_path: Path, market: Path) -> None:
    assert typed(configuration(tmp_path, market), tmp_path / "out").exit_code == 0

    folder = only_run_folder(tmp_path / "out")
    for name in ("decisions.jsonl", "fills.csv", "rotations.csv", "equity.csv", "summary.json"):
        assert (folder / "live" / name).exists()
        assert (folder / "backtest" / name).exists()
    live, backtest = (
        [json.loads(line) for line in (folder / run / "decisions.jsonl").read_text(encoding="utf-8").splitlines()]
        for run in ("live", "backtest")
    )
    assert [{**day, "equity": 0, "cash": 0} for day in live] == [{**day, "equity": 0, "cash": 0} for day in backtest]


def test_without_grace_nothing_is_a_matter_of_timing(tmp_path: Path, market: Path) -> None:
    ended = typed(configuration(tmp_path, market), tmp_path / "out", "--set", "live.grace_seconds=0")

    assert ended.exit_code == 0, ended.stderr
    timing = summary_in(tmp_path / "out")["causes"]["timing"]
    assert not any(timing.values())


def test_orders_that_wait_for_a_bar_are_executed_on_the_same_day(tmp_path: Path, market: Path) -> None:
    holed = shutil.copytree(market, tmp_path / "holed")
    lines = (holed / "ETH.csv").read_text(encoding="utf-8").splitlines()
    missing = tuple(str(ENTRY_DAY + timedelta(days=n)) for n in (1, 2))
    (holed / "ETH.csv").write_text("\n".join(line for line in lines if not line.startswith(missing)), encoding="utf-8")

    ended = typed(configuration(tmp_path, holed), tmp_path / "out")

    assert ended.exit_code == 0, ended.stderr
    fills = rows_of(only_run_folder(tmp_path / "out") / "live" / "fills.csv")
    assert next(row["time"][:10] for row in fills if row["symbol"] == "ETH/USDT") == "2015-11-18"


def test_a_venue_that_buys_one_percent_less_is_found_out(
    tmp_path: Path, market: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = BinanceSpot.place_market

    def short(self: BinanceSpot, *, symbol: str, side: Side, quantity: Decimal, client_order_id: str) -> Outcome:
        if side is Side.BUY:
            quantity = floor_to_step(quantity * Decimal("0.99"), Decimal("0.00001"))
        return honest(self, symbol=symbol, side=side, quantity=quantity, client_order_id=client_order_id)

    monkeypatch.setattr(BinanceSpot, "place_market", short)
    ended = typed(configuration(tmp_path, market), tmp_path / "out")

    assert ended.exit_code == 5
    # 299.65624 less 1 % is 296.65967...
    assert ended.stderr.splitlines()[-1].startswith(
        "error: 2015-05-26: fill: live buy 296.65967 BTC/USDT at 331.72, fee 0.29665967 BTC; by the rules 299.65624"
    )
    assert "unexplained" in ended.stdout


def test_an_order_that_nobody_booked_is_found_out_by_the_balance(
    tmp_path: Path, market: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = BinanceSpot.place_market

    def twice(self: BinanceSpot, *, symbol: str, side: Side, quantity: Decimal, client_order_id: str) -> Outcome:
        honest(self, symbol="BTC/USDT", side=Side.SELL, quantity=Decimal("0.1"), client_order_id=f"{client_order_id}-2")
        return honest(self, symbol=symbol, side=side, quantity=quantity, client_order_id=client_order_id)

    monkeypatch.setattr(BinanceSpot, "place_market", twice)
    ended = typed(configuration(tmp_path, market), tmp_path / "out")

    assert ended.exit_code == 5
    assert "2016-01-15: equity: the exchange holds " in ended.stderr
    assert "by the live ledger it is " in ended.stderr


def test_days_at_the_end_of_a_late_index_are_decided_without_waiting(tmp_path: Path, market: Path) -> None:
    late = shutil.copytree(market, tmp_path / "late")
    rows = (late / "RUT.csv").read_text(encoding="utf-8").splitlines()
    # Two sessions short of 15 January 2016; three are allowed (data.max_stale_sessions).
    kept = [row for row in rows if row.startswith("date") or row < "2016-01-14"]
    (late / "RUT.csv").write_text("\n".join(kept), encoding="utf-8")

    ended = typed(configuration(tmp_path, late), tmp_path / "out")

    assert ended.exit_code == 0, ended.stderr
    assert summary_in(tmp_path / "out")["last_day"] == "2016-01-15"


def test_a_session_that_skips_a_day_is_found_out(tmp_path: Path, market: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest, skipped = Session.decide, date(2015, 7, 4)

    def forgetful(self: Session, day: date, *rest: Any, **named: Any) -> None:
        if day == skipped and "plan_orders" in named:  # the live driver says so, history's does not
            self.standing = self.standing._replace(last_day=day)
        else:
            honest(self, day, *rest, **named)

    monkeypatch.setattr(Session, "decide", forgetful)
    ended = typed(configuration(tmp_path, market), tmp_path / "out")

    assert ended.exit_code == 5
    assert ended.stderr.splitlines()[-1] == ("error: 2015-07-04: decision: the live run decided nothing on this day")


def test_a_week_that_is_shifted_is_found_out(tmp_path: Path, market: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = VenueCandles.__call__

    def shifted(self: VenueCandles, since: Mapping[str, date], until: date) -> Mapping[str, Sequence[Candle]]:
        one_day = timedelta(days=1)
        earlier = {asset: first - one_day if first > FIRST_DAY else first for asset, first in since.items()}
        return {
            asset: [dataclasses.replace(candle, day=candle.day + one_day) for candle in candles]
            for asset, candles in honest(self, earlier, until - one_day).items()
        }

    monkeypatch.setattr(VenueCandles, "__call__", shifted)
    ended = typed(configuration(tmp_path, market), tmp_path / "out")

    assert ended.exit_code == 5
    assert ended.stderr.splitlines()[-1].startswith("error: 2015-05-25: decision: evidence is ")
    assert summary_in(tmp_path / "out")["unexplained"] > 100


def test_another_quote_currency_is_a_sentence(tmp_path: Path, market: Path) -> None:
    config = configuration(tmp_path, market, account={"quote": "EUR"})

    sentence = error_sentence(typed(config, tmp_path / "out", "--quiet"), exit_code=2)

    assert sentence == "account.quote: EUR is not allowed for `parity`; the practice exchange trades in USDT"
    assert list((tmp_path / "out").glob("*")) == []


def test_the_sample_market_has_a_cause_for_every_difference_and_is_said_to_be_synthetic(tmp_path: Path) -> None:
    ended = run_command(
        "parity", SHIPPED, "--from", "2019-12-01", "--to", "2020-05-01", "--out", tmp_path / "out",
        "--set", "data.crypto=sample", "--set", "data.index=sample",
    )  # fmt: skip

    assert ended.exit_code == 0, ended.stderr
    first, *_, last = ended.stdout.splitlines()
    assert "synthetic" in first
    assert "synthetic" in last
    summary = summary_in(tmp_path / "out")
    assert summary["synthetic"] is True
    # A rotation into the basket and back: nine coins, and the core twice more.
    assert summary["fills"] == 15
    assert max(map(len, ended.stdout.splitlines())) <= 80 or str(tmp_path) in max(ended.stdout.splitlines(), key=len)


@pytest.mark.skipif(not (PRICES / "RUT.csv").exists(), reason="the real prices are not at hand")
def test_real_history_has_a_cause_for_every_difference(tmp_path: Path) -> None:
    ended = run_command(
        "parity", SHIPPED, "--from", "2020-12-01", "--to", "2021-06-15", "--out", tmp_path / "out",
        "--set", "data.crypto=csv", "--set", "data.index=csv", "--set", f"data.csv_dir={PRICES}",
    )  # fmt: skip

    assert ended.exit_code == 0, ended.stderr
    summary = summary_in(tmp_path / "out")
    assert (summary["decision_days"], summary["unexplained"]) == (197, 0)
    assert summary["fills"] > 10
