"""The figures of a run, from its decisions and fills."""

import json
import statistics
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from engine.core.events import DayDecided
from engine.core.order import RESET_BUY_BACK, Fill, Side
from engine.record.projections import rotations_of
from engine.record.summary import RunFacts, summary_of
from tests.support.fakes import DAY, decided, fill_of

# The keys of the public interface.
INTERFACE = {
    "mode", "name", "config_sha256", "synthetic", "data_sources", "first_day", "last_day", "start_equity",
    "final_equity", "total_return", "cagr", "volatility", "max_drawdown", "sharpe", "sortino", "calmar", "turnover",
    "fees_paid", "rotations", "days_rotated", "benchmarks", "days",
}  # fmt: skip


def days_of(*states_and_equity: tuple[str, str, str]) -> list[DayDecided]:
    return [
        decided(DAY + timedelta(days=n), before, after, equity=equity)
        for n, (before, after, equity) in enumerate(states_and_equity)
    ]


DAYS = days_of(
    ("CORE", "CORE", "100"), ("CORE", "ROTATED", "110"), ("ROTATED", "ROTATED", "99"), ("ROTATED", "CORE", "108.9")
)


def summary(
    days: Sequence[DayDecided],
    fills: Sequence[Fill] = (),
    *,
    label: str = "",
    settings: dict[str, Any] | None = None,
    **curves: Any,
) -> dict[str, Any]:
    facts = RunFacts(
        mode="backtest",
        name="bot",
        strategy="rotation",
        config_sha256="ab",
        version="1",
        synthetic=True,
        data_sources={"BTC": {"source": "csv"}},
        notes=("moved",),
        benchmark_equity=curves,
        label=label,
        settings=settings or {},
    )
    return summary_of(facts, days=days, fills=fills, rotations=rotations_of(days))


def test_every_key_of_the_interface_is_there() -> None:
    assert summary(DAYS).keys() >= INTERFACE


def test_what_the_run_is_stands_as_it_was_told() -> None:
    told = summary(DAYS)

    assert (told["mode"], told["name"], told["synthetic"], told["config_sha256"]) == ("backtest", "bot", True, "ab")
    assert (told["first_day"], told["last_day"], told["notes"]) == ("2024-01-01", "2024-01-04", ["moved"])


def test_label_and_settings_stand_as_they_were_told_and_null_is_no_label() -> None:
    told = summary(DAYS, label="mine", settings={"strategy.hold_weeks": 12})

    assert (told["label"], told["settings"]) == ("mine", {"strategy.hold_weeks": 12})
    assert (summary(DAYS)["label"], summary(DAYS)["settings"]) == (None, {})


def test_figures_are_of_the_equity_from_the_first_day_to_the_last() -> None:
    figures = summary(DAYS)

    # The curve of test_performance.py.
    assert (figures["start_equity"], figures["final_equity"]) == (100.0, 108.9)
    assert figures["total_return"] == pytest.approx(0.089)
    assert figures["max_drawdown"] == pytest.approx(-0.1)


def test_growth_counts_calendar_days_when_a_day_has_no_decision() -> None:
    days = [decided(date(2022, 1, 1) + timedelta(days=n), equity="100") for n in range(179)]
    days.append(decided(date(2024, 1, 1), equity="144"))

    assert summary(days)["cagr"] == pytest.approx(0.2)


def test_figures_of_a_year_are_null_where_there_are_too_few_days_of_benchmarks_too() -> None:
    # The run of nine days that came to 369,126,469 percent a year.
    days = days_of(*[("CORE", "CORE", str(100 + n)) for n in range(9)])

    figures = summary(days, BTC=np.arange(100.0, 109.0))

    assert figures["days"] == 9
    for told in (figures, figures["benchmarks"]["BTC"]):
        assert [told[name] for name in ("cagr", "calmar", "volatility", "sharpe", "sortino")] == [None] * 5
    assert figures["total_return"] == pytest.approx(0.08)
    assert figures["turnover"] == 0


def test_turnover_and_fees_are_of_all_fills() -> None:
    fills = [
        fill_of("ETH", Side.BUY, "2", "100", fee="0.2"),
        fill_of("ETH", Side.SELL, "2", "150", fee="0.3"),
    ]

    figures = summary(days_of(*[("CORE", "CORE", "100")] * 366), fills)

    # 500 traded within 365 days on an average of 100.
    assert figures["turnover"] == pytest.approx(5)
    assert figures["fees_paid"] == pytest.approx(0.5)


def test_what_a_reset_made_the_bot_buy_back_is_no_turnover_and_no_fee() -> None:
    own = fill_of("ETH", Side.BUY, "2", "100", fee="0.2")
    back = fill_of("ETH", Side.BUY, "2", "100", fee="0.002", fee_asset="ETH", reason=RESET_BUY_BACK)
    days = days_of(*[("CORE", "CORE", "100")] * 366)

    with_reset, without = summary(days, [own, back]), summary(days, [own])

    assert (with_reset["turnover"], with_reset["fees_paid"]) == (without["turnover"], 0.2)


def test_fees_in_several_assets_are_told_by_asset() -> None:
    fills = [
        fill_of("ETH", Side.BUY, "2", "100", fee="0.2"),
        fill_of("ETH", Side.BUY, "2", "100", fee="0.01", fee_asset="BNB"),
        fill_of("ETH", Side.BUY, "2", "100", fee="0.02", fee_asset="BNB"),
    ]

    assert summary(DAYS, fills)["fees_paid"] == {"USDT": 0.2, "BNB": pytest.approx(0.03)}
    assert summary(DAYS)["fees_paid"] == 0


def test_days_are_rotated_that_begin_in_the_state() -> None:
    ended, begun = summary(DAYS), summary(DAYS[:2])

    assert (ended["rotations"], ended["days_rotated"]) == (1, 2)
    assert (begun["rotations"], begun["days_rotated"]) == (1, 0)


def test_a_benchmark_has_figures_over_the_same_days_or_is_null() -> None:
    # Sixty times over: four days up by a fifth and back.
    days = days_of(*[("CORE", "CORE", "100")] * 240)
    curve = np.array([100.0, 120.0, 120.0, 90.0] * 60)

    benchmarks = summary(days, BTC=curve, ETH=None)["benchmarks"]

    assert benchmarks["ETH"] is None
    assert benchmarks["BTC"]["return"] == pytest.approx(-0.1)
    assert benchmarks["BTC"]["max_drawdown"] == pytest.approx(-0.25)
    assert benchmarks["BTC"]["cagr"] == pytest.approx(0.9 ** (365 / 239) - 1)
    returns = [0.2, 0.0, -0.25, 1 / 9] * 59 + [0.2, 0.0, -0.25]
    mean, deviation = statistics.fmean(returns), statistics.stdev(returns)
    assert benchmarks["BTC"]["sharpe"] == pytest.approx(mean / deviation * 365**0.5)


def test_a_run_of_one_day_has_no_ratios_and_is_json() -> None:
    figures = summary(DAYS[:1])

    assert (figures["total_return"], figures["cagr"], figures["turnover"]) == (0.0, None, None)
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
