"""The weekly MACD: weeks, the moving averages by a loop written by hand, and golden crosses."""

import platform
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import strategies.signals.macd
from engine.core.calendar import days_of
from engine.core.errors import CheckError, DataError
from strategies.signals.known import NOTHING, last_complete_weeks
from strategies.signals.macd import NEVER, MacdParams, exponential_average, weekly_closes, weekly_macd
from strategies.signals.macd_by_ta import hold_to_ta
from tests.support.markets import coin_bars

MONDAY = date(2024, 1, 1)
SMALL = MacdParams(fast=1, slow=3, signal=3, warmup_weeks=2)


def whole_weeks(closes: Sequence[float]) -> list[float | None]:
    """Give a close for each day, the one wanted on Sundays and another on the days before."""
    return [close if weekday == 6 else close + 1 for close in closes for weekday in range(7)]


def sunday(number: int) -> int:
    return MONDAY.toordinal() - 1 + 7 * number


def test_a_weeks_close_is_that_of_its_sunday() -> None:
    weeks, closes = weekly_closes(coin_bars("BTC", MONDAY, whole_weeks([10, 20])))

    assert days_of(weeks).tolist() == [date(2024, 1, 7), date(2024, 1, 14)]
    assert closes.tolist() == [10, 20]


def test_the_first_week_may_begin_on_any_day() -> None:
    weeks, closes = weekly_closes(coin_bars("BTC", date(2024, 1, 7), [7.0, 8.0, 9.0]))

    assert days_of(weeks).tolist() == [date(2024, 1, 7), date(2024, 1, 14)]
    assert closes.tolist() == [7, 9]


def test_without_a_bar_on_sunday_a_week_closes_with_its_last_bar() -> None:
    days = whole_weeks([10, 20, 30])
    days[12], days[13] = 19.5, None

    assert weekly_closes(coin_bars("BTC", MONDAY, days))[1].tolist() == [10, 19.5, 30]


def test_an_unfinished_week_stands_under_its_sunday_and_is_not_known_before_it() -> None:
    bars = coin_bars("BTC", MONDAY, whole_weeks([10, 20])[:10])

    weeks = weekly_closes(bars)[0]

    assert days_of(weeks).tolist() == [date(2024, 1, 7), date(2024, 1, 14)]
    # Monday to Saturday know no week; from Sunday on, through Wednesday, the first.
    assert last_complete_weeks(weeks, bars).tolist() == [NOTHING] * 6 + [0] * 4


def test_a_week_without_any_bar_is_an_error_that_names_it() -> None:
    days = whole_weeks([10, 20, 30, 40])
    days[7:14] = [None] * 7

    with pytest.raises(DataError, match=r"^BTC: has no bar in the week 2024-01-08 to 2024-01-14; "):
        weekly_closes(coin_bars("BTC", MONDAY, days))


def test_no_bar_at_all_is_an_error() -> None:
    with pytest.raises(DataError, match="BTC: has no bars"):
        weekly_closes(coin_bars("BTC", MONDAY, []))


def test_macd_and_golden_cross_of_four_weeks_by_hand() -> None:
    # EMA(1) is the close, EMA(3) halves the distance: slow 100 100 90 105, macd 0 0 -10 15, signal 0 0 -5 5.
    weekly = weekly_macd(coin_bars("BTC", MONDAY, whole_weeks([100, 100, 80, 120])), SMALL)

    assert weekly.macd.tolist() == [0, 0, -10, 15]
    assert weekly.signal.tolist() == [0, 0, -5, 5]
    assert weekly.above.tolist() == [False, False, False, True]
    assert weekly.cross.tolist() == [NEVER, NEVER, NEVER, sunday(4)]


def test_a_cross_counts_from_the_week_after_the_warm_up_on() -> None:
    bars = coin_bars("BTC", MONDAY, whole_weeks([100, 100, 80, 120]))

    in_week_four = [
        int(weekly_macd(bars, SMALL.model_copy(update={"warmup_weeks": weeks})).cross[3]) for weeks in (3, 4)
    ]

    assert in_week_four == [sunday(4), NEVER]


def test_a_cross_of_the_warm_up_is_not_made_up_for_later() -> None:
    # It rises through the line in week 4 and stays above it.
    bars = coin_bars("BTC", MONDAY, whole_weeks([100, 100, 80, 120, 200, 400]))

    weekly = weekly_macd(bars, SMALL.model_copy(update={"warmup_weeks": 4}))

    assert weekly.above.tolist()[3:] == [True] * 3
    assert set(weekly.cross.tolist()) == {NEVER}


def test_the_latest_cross_stands_until_the_next() -> None:
    weekly = weekly_macd(coin_bars("BTC", MONDAY, whole_weeks([100, 100, 80, 120, 60, 50, 200])), SMALL)

    assert weekly.above.tolist() == [False, False, False, True, False, False, True]
    assert weekly.cross.tolist() == [NEVER] * 3 + [sunday(4)] * 3 + [sunday(7)]


def test_a_flat_market_is_on_its_signal_line_and_rises_through_it() -> None:
    weekly = weekly_macd(coin_bars("BTC", MONDAY, whole_weeks([100, 100, 100, 101])), SMALL)

    assert weekly.cross.tolist() == [NEVER] * 3 + [sunday(4)]


def test_the_first_decision_day_is_the_monday_after_the_warm_up() -> None:
    weekly = weekly_macd(coin_bars("BTC", date(2024, 1, 7), [1.0] * 9), SMALL)

    # Week 1 is the one Sunday, week 2 ends on the 14th.
    assert weekly.first_day("BTC", 2) == date(2024, 1, 15)


def test_a_history_shorter_than_the_warm_up_is_an_error_that_counts_its_weeks() -> None:
    weekly = weekly_macd(coin_bars("BTC", MONDAY, [1.0] * 14), SMALL)

    with pytest.raises(DataError, match=r"^BTC: has 2 weeks up to 2024-01-14; the weekly MACD needs 3 before"):
        weekly.first_day("BTC", 3)


@pytest.mark.parametrize(
    "rules", [{"fast": 26}, {"fast": 30, "slow": 30}, {"fast": 0}, {"signal": 9.5}, {"slow": True}]
)
def test_spans_that_make_no_sense_are_refused(rules: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MacdParams(**rules)


def ema(values: Sequence[float], span: int) -> list[float]:
    smoothed = [values[0]]
    for value in values[1:]:
        smoothed.append(smoothed[-1] + 2 / (span + 1) * (value - smoothed[-1]))
    return smoothed


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="other processors fuse what pandas adds up")
@given(closes=st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=80), span=st.integers(1, 60))
def test_the_exponential_average_is_that_of_pandas_to_the_last_bit(closes: list[float], span: int) -> None:
    expected = pd.Series(closes).ewm(span=span, adjust=False).mean()

    assert exponential_average(closes, span).tolist() == expected.tolist()


def test_a_macd_that_is_not_that_of_ta_is_named_with_its_week(monkeypatch: pytest.MonkeyPatch) -> None:
    bars = coin_bars("BTC", MONDAY, whole_weeks([10, 20, 40, 30]))
    hold_to_ta(bars, SMALL)
    true = strategies.signals.macd.exponential_average
    monkeypatch.setattr(
        "strategies.signals.macd.exponential_average", lambda values, span: true([*values[:2], *values[1:-1]], span)
    )

    with pytest.raises(CheckError, match=r"BTC: the MACD of week 3, .* is not that of ta"):
        hold_to_ta(bars, SMALL)


@given(
    closes=st.lists(st.floats(1, 1e5), min_size=2, max_size=80),
    spans=st.tuples(st.integers(1, 12), st.integers(13, 26), st.integers(1, 9)),
    warmup=st.integers(1, 20),
)
def test_columns_agree_with_a_loop(closes: list[float], spans: tuple[int, int, int], warmup: int) -> None:
    fast, slow, smooth = spans
    params = MacdParams(fast=fast, slow=slow, signal=smooth, warmup_weeks=warmup)

    weekly = weekly_macd(coin_bars("BTC", MONDAY, whole_weeks(closes)), params)

    macd = [quick - late for quick, late in zip(ema(closes, fast), ema(closes, slow), strict=True)]
    signal = ema(macd, smooth)
    assert weekly.macd == pytest.approx(macd, rel=1e-9, abs=1e-7)
    assert weekly.signal == pytest.approx(signal, rel=1e-9, abs=1e-7)
    # The crosses are those of the columns themselves: a loop may round the last digit otherwise.
    latest = NEVER
    for week in range(1, len(closes)):
        rises = weekly.macd[week] - weekly.signal[week] > 0 >= weekly.macd[week - 1] - weekly.signal[week - 1]
        latest = sunday(week + 1) if rises and week + 1 > warmup else latest
        assert weekly.cross[week] == latest


def test_a_day_knows_its_week_from_sunday_on_over_many_weeks() -> None:
    bars = coin_bars("BTC", date(2024, 1, 3), [1.0] * 40)

    positions = last_complete_weeks(weekly_closes(bars)[0], bars)

    for row, position in enumerate(positions.tolist()):
        day = date(2024, 1, 3) + timedelta(days=row)
        assert position == (day - date(2024, 1, 7)).days // 7
    assert np.all(np.diff(positions) >= 0)
