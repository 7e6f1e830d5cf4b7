"""Bad bars are refused with their place; gaps are counted and told."""

import re
from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pytest

from engine.core.errors import DataError
from engine.core.market import Floats
from engine.data.checks import check_bars, crypto_gaps, index_gaps
from tests.support.bars import bars_of, bars_on

THREE_DAYS = ("2024-01-01", "2024-01-02", "2024-01-03")
GOOD: dict[str, list[float]] = {
    "open": [10, 11, 12],
    "high": [12, 13, 14],
    "low": [9, 10, 11],
    "close": [11, 12, 13],
    "volume": [1, 1, 1],
}


def check(days: Sequence[str] = THREE_DAYS, changed: Mapping[str, list[float]] | None = None) -> None:
    """Check three good bars with some columns changed."""
    columns: dict[str, Floats] = {
        name: np.array(column, dtype=np.float64) for name, column in (GOOD | dict(changed or {})).items()
    }
    check_bars(days=np.array(days, dtype="datetime64[D]"), **columns, place=lambda row: f"row {row}")


def refused(days: Sequence[str] = THREE_DAYS, changed: Mapping[str, list[float]] | None = None) -> str:
    """Check as above, and give the refusal."""
    with pytest.raises(DataError) as refusal:
        check(days, changed)
    return str(refusal.value)


def test_good_bars_pass() -> None:
    check()


def test_bars_without_volume_pass() -> None:
    check(changed={"volume": [np.nan, 0, np.nan]})


def test_no_bars_at_all_pass() -> None:
    none = np.array([], dtype=np.float64)
    check_bars(
        days=np.array([], dtype="datetime64[D]"), open=none, high=none, low=none, close=none, volume=none, place=str
    )


def test_a_row_out_of_order_is_named_with_the_date_before_it() -> None:
    assert refused(["2024-01-02", "2024-01-03", "2024-01-01"]) == (
        "row 2: date 2024-01-01 comes after 2024-01-03; dates must ascend and be unique"
    )


def test_a_duplicate_day_is_named() -> None:
    assert refused(["2024-01-01", "2024-01-02", "2024-01-02"]).startswith("row 2: date 2024-01-02 is given twice")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 0.0, -1.0])
@pytest.mark.parametrize("name", ["open", "high", "low", "close"])
def test_a_price_that_is_no_positive_number_is_refused(name: str, bad: float) -> None:
    message = refused(changed={name: [GOOD[name][0], bad, GOOD[name][2]]})

    assert message == f"row 1 (2024-01-02): {name} {bad} is not a positive number"


def test_high_below_low_is_refused() -> None:
    assert refused(changed={"high": [12, 9.5, 14]}) == "row 1 (2024-01-02): high 9.5 is below low 10.0"


def test_a_close_beyond_the_high_by_more_than_the_tolerance_is_refused() -> None:
    # Half a percent above the high of 12 is 12.06.
    check(changed={"close": [12.05, 12, 13]})
    assert (
        refused(changed={"close": [12.07, 12, 13]})
        == "row 0 (2024-01-01): close 12.07 lies outside low 9.0 and high 12.0"
    )


def test_an_open_below_the_low_by_more_than_the_tolerance_is_refused() -> None:
    # Half a percent below the low of 11 is 10.945.
    check(changed={"open": [10, 11, 10.95]})
    assert refused(changed={"open": [10, 11, 10.94]}).startswith("row 2 (2024-01-03): open 10.94 lies outside")


@pytest.mark.parametrize("bad", [-1.0, np.inf])
def test_an_impossible_volume_is_refused(bad: float) -> None:
    assert re.match(r"row 1 \(2024-01-02\): volume -?(1\.0|inf) is", refused(changed={"volume": [1, bad, 1]}))


def test_a_coin_without_holes_has_no_gaps() -> None:
    gaps = crypto_gaps(bars_of("BTC", date(2024, 1, 1), [1, 2, 3]))

    assert (gaps.missing, gaps.lines) == (0, ())


def test_each_hole_of_a_coin_is_one_line_and_counts_its_days() -> None:
    # 3 January is missing, then 5 to 7: 1 + 3 days.
    bars = bars_on("BTC", ["2024-01-01", "2024-01-02", "2024-01-04", "2024-01-08"], [1, 2, 3, 4])

    gaps = crypto_gaps(bars)

    assert gaps.missing == 4
    assert gaps.lines == (
        "BTC: no bar on 2024-01-03 (1 day)",
        "BTC: no bar on 2024-01-05 to 2024-01-07 (3 days)",
    )


def test_an_index_misses_only_sessions_and_only_between_its_first_and_last_bar() -> None:
    # Thursday 4 to Friday 12 January; missing: Friday 5, Monday 8 (one run over the weekend), Wednesday 10.
    january = ["03", "04", "05", "08", "09", "10", "11", "12", "16"]
    sessions = np.array([f"2024-01-{day}" for day in january], dtype="datetime64[D]")
    bars = bars_on("RUT", ["2024-01-04", "2024-01-09", "2024-01-11", "2024-01-12"], [1, 2, 3, 4])

    gaps = index_gaps(bars, sessions)

    assert gaps.missing == 3
    assert gaps.lines == (
        "RUT: no bar on 2024-01-05 to 2024-01-08 (2 sessions)",
        "RUT: no bar on 2024-01-10 (1 session)",
    )


def test_empty_series_have_no_gaps() -> None:
    none = bars_of("BTC", date(2024, 1, 1), [])

    assert crypto_gaps(none).missing == 0
    assert index_gaps(none, np.array(["2024-01-03"], dtype="datetime64[D]")).missing == 0
