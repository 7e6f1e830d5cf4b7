"""Several runs side by side: figures, labels told apart, and who did not see the same bars."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import DataError
from engine.record.review.plain import plain_runs
from engine.record.review.side_by_side import ComparedRun, compared_records, numbered, other_bars
from engine.record.run_record import read_run
from tests.support.run_folders import write_backtest, write_paper

DAYS = [date(2024, 1, day) for day in (1, 2, 3, 4)]


def run(label: str = "a", **changes: Any) -> ComparedRun:
    plain = ComparedRun(
        label=label,
        settings={},
        summary={"total_return": 0.1, "benchmarks": {"BTC": {"return": 0.3}}},
        rotations=(),
        days=DAYS,
        equity=[100.0, 110.0, 0.0, 120.0],
        cash=[100.0, 11.0, 0.0, 30.0],
        held=[None, 100.0, 50.0, 200.0],
        asked={"crypto": "csv"},
    )
    return replace(plain, **changes)


def saw(label: str, **digests: str) -> ComparedRun:
    return run(label, summary={"data_sources": {symbol: {"sha256": digest} for symbol, digest in digests.items()}})


def test_exposure_is_the_mean_of_what_is_not_cash_over_the_days_with_equity() -> None:
    assert run().exposure == pytest.approx((0.0 + 0.9 + 0.75) / 3)
    assert run(cash=[None] * 4).exposure is None


@given(st.lists(st.tuples(st.floats(1, 1e6), st.floats(0, 1)), min_size=1, max_size=30))
def test_exposure_lies_between_the_least_and_the_greatest_share(rows: list[tuple[float, float]]) -> None:
    equity = [value for value, _ in rows]
    cash = [value * share for value, share in rows]

    shown = run(days=DAYS[:1] * len(rows), equity=equity, cash=cash, held=equity).exposure

    assert shown is not None
    shares = [1 - share for _, share in rows]
    assert min(shares) - 1e-9 <= shown <= max(shares) + 1e-9


def test_excess_is_over_holding_bitcoin() -> None:
    assert run().excess == pytest.approx(-0.2)
    assert run(summary={"total_return": 0.1, "benchmarks": {"BTC": None}}).excess is None


def test_relative_equity_begins_at_one_where_both_are_known() -> None:
    assert run().relative == [(DAYS[1], 1.0), (DAYS[3], pytest.approx((120 / 200) / (110 / 100)))]


def test_a_second_one_of_a_label_has_a_number() -> None:
    assert numbered(["a", "b", "a", "a"]) == ["a", "b", "a#2", "a#3"]


@given(st.lists(st.sampled_from(["a", "a#2", "b", "a#2#2"]), max_size=8))
def test_labels_are_told_apart_whatever_they_are(labels: list[str]) -> None:
    told = numbered(labels)

    assert len(set(told)) == len(labels)
    assert all(name.startswith(label) for name, label in zip(told, labels, strict=True))


def test_who_did_not_see_the_same_bars_is_said_in_one_line_for_all_symbols() -> None:
    runs = [saw("a", BTC="1", RUT="2", ETH="5"), saw("b", BTC="9", RUT="8"), saw("c", BTC="1", RUT="2")]

    assert other_bars(runs) == ["not the same bars of BTC, RUT, though `data` is the same: a, c / b"]


def test_bars_of_another_section_of_data_may_differ_and_a_late_key_has_its_default() -> None:
    one, other = saw("a", BTC="1"), saw("b", BTC="2")

    assert other_bars([one, replace(other, asked={"crypto": "yahoo"})]) == []
    assert other_bars([one, replace(other, asked=None)]) == []
    assert other_bars([one, replace(other, asked={"crypto": "csv", "macro": "auto"})]) != []


def test_finished_runs_are_read_back_as_rows(tmp_path: Path) -> None:
    names = [f"backtest-rotation-2024010{number}T000000Z" for number in (6, 7, 8)]

    rows = compared_records([read_run(write_backtest(tmp_path, name=name)) for name in names])

    assert [row.label for row in rows] == names
    cash, equity = (1000.0, 90.0, 229.0, 228.0, 286.0), (1000.0, 1080.0, 1110.0, 1188.0, 1286.0)
    assert (*rows[0].equity,) == equity
    shares = [1 - mine / whole for mine, whole in zip(cash, equity, strict=True)]
    assert rows[0].exposure == pytest.approx(sum(shares) / 5)
    assert (rows[0].entered, rows[0].left) == (1, 1)
    plain = plain_runs(rows)
    assert {"label", "settings", "summary", "rotations"} <= plain[0].keys()
    assert plain[0]["rotations"][0]["entry_day"] == "2024-01-02"


def test_a_folder_of_before_says_nothing_of_its_keys(tmp_path: Path) -> None:
    record = read_run(write_backtest(tmp_path))
    summary = {key: value for key, value in record.summary.items() if key not in ("label", "settings")}

    (row,) = compared_records([replace(record, summary=summary)])

    assert row.settings is None


def test_a_run_that_goes_on_is_no_row(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not finished"):
        compared_records([read_run(write_paper(tmp_path))])
