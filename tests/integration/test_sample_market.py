"""What the default strategy meets on the sample market, judged by the independent oracle and the real sessions."""

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from engine.core.market import BarSeries
from engine.data.checks import index_gaps
from engine.data.sample import SampleBars
from engine.data.sample_regimes import LAST_DAY, MARKETS
from engine.data.sessions import NewYorkSessions
from tests.support.oracle import OracleRun, simulate

Decision = Mapping[str, Any]


@pytest.fixture(scope="module")
def market() -> Mapping[str, BarSeries]:
    provider = SampleBars(NewYorkSessions().between)
    return {symbol: provider.load(symbol).bars for symbol in MARKETS}


@pytest.fixture(scope="module")
def folder(market: Mapping[str, BarSeries], tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("sample")
    for symbol, bars in market.items():
        columns = (bars.days, bars.open, bars.high, bars.low, bars.close, bars.volume)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        lines = ["date,open,high,low,close,volume", *(",".join(map(str, row)) for row in rows)]
        (directory / f"{symbol}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return directory


@pytest.fixture(scope="module")
def run(folder: Path) -> OracleRun:
    return simulate(folder, {})


@pytest.fixture(scope="module")
def cash_run(folder: Path) -> OracleRun:
    return simulate(folder, {"strategy": {"exit_to": "cash"}})


def ended(run: OracleRun) -> list[Decision]:
    return [rotation for rotation in run.rotations if rotation["exit_day"] is not None]


def as_date(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def test_the_index_has_a_bar_on_every_session_of_new_york_and_on_no_other_day(
    market: Mapping[str, BarSeries],
) -> None:
    bars = market["RUT"]
    sessions = NewYorkSessions().between(date(2007, 1, 1), LAST_DAY)

    assert index_gaps(bars, sessions).missing == 0
    assert bars.days.tolist() == sessions.tolist()
    # New Year's Day and the mourning day for President Ford: the first session of 2007 was 3 January.
    assert bars.first_day == date(2007, 1, 3)


def test_the_default_run_spans_the_whole_window(run: OracleRun) -> None:
    assert run.first_day == date(2018, 1, 1)
    assert run.last_day == LAST_DAY


def test_the_rotation_fires_at_least_six_times(run: OracleRun) -> None:
    assert len(ended(run)) >= 6


def test_rotations_end_for_both_reasons(run: OracleRun) -> None:
    reasons = [rotation["exit_reason"] for rotation in ended(run)]

    assert reasons.count("time_exit") >= 2
    assert reasons.count("support_lost") >= 2


def test_the_last_rotation_is_still_open(run: OracleRun) -> None:
    assert run.rotations[-1]["exit_reason"] == "open"


def test_rotations_win_and_lose_against_the_core(run: OracleRun) -> None:
    excess = [rotation["excess"] for rotation in ended(run)]

    assert sum(value > 0 for value in excess) >= 2
    assert sum(value < 0 for value in excess) >= 2


def test_out_of_cash_the_core_is_bought_back_on_a_golden_cross(cash_run: OracleRun) -> None:
    reasons = {decision["reason"] for decision in cash_run.decisions}

    assert reasons == {"start", "hold", "entry", "time_exit", "support_lost", "golden_cross"}


def test_a_cross_during_a_rotation_is_spent(run: OracleRun) -> None:
    crosses = {as_date(d["macd"]["cross_week"]) for d in run.decisions if d["macd"]["cross_week"] is not None}

    spent = [
        cross for rotation in ended(run) for cross in crosses if rotation["entry_day"] < cross <= rotation["exit_day"]
    ]

    assert spent


def test_a_cross_expires_unused_while_the_macd_is_still_above_its_signal(run: OracleRun) -> None:
    used = {rotation["cross_week"] for rotation in run.rotations}
    # Eight weeks are 56 days; on the 57th the cross is in force no more.
    expired = [
        as_date(today["macd"]["cross_week"])
        for yesterday, today in pairwise(run.decisions)
        if today["state"] == "CORE"
        and yesterday["macd"]["in_force"]
        and not today["macd"]["in_force"]
        and today["macd"]["macd"] > today["macd"]["signal"]
        and as_date(today["day"]) - as_date(today["macd"]["cross_week"]) == timedelta(days=57)
    ]

    assert set(expired) - used


def test_breakouts_are_won_lost_and_lifted(run: OracleRun) -> None:
    supports = [decision["index"]["support"] for decision in run.decisions]
    changes = [(before, after) for before, after in pairwise(supports) if before != after]

    won = [change for change in changes if change[0] is None]
    lost = [change for change in changes if change[1] is None]
    lifted = [(before, after) for before, after in changes if before is not None and after is not None]

    assert len(won) >= 3
    assert len(lost) >= 3
    assert lifted
    assert all(after > before for before, after in lifted)


def test_coins_listed_after_the_start_join_the_basket_later(run: OracleRun) -> None:
    baskets = [decision["targets"].keys() for decision in run.decisions if decision["reason"] == "entry"]

    assert not {"SOL", "AVAX"} & baskets[0]
    assert baskets[-1] >= {"SOL", "AVAX"}
