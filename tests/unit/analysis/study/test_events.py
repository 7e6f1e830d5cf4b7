"""Events, tops, rallies and dips on closes that can be followed with a pencil."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pytest

from engine.analysis.study.events import (
    Dip,
    Rally,
    dips,
    entries,
    highs,
    month_highs,
    rallies,
    records_of,
    thinned,
    tops,
)
from engine.analysis.study.lines import typical_alt
from engine.core.market import BarSeries
from tests.support.markets import coin_bars, index_bars

FIRST = date(2020, 1, 1)
ZERO = FIRST.toordinal()


def coin(closes: Sequence[float]) -> BarSeries:
    return coin_bars("BTC", FIRST, list(closes))


def flat(days: int, close: float) -> list[float]:
    return [close] * days


def test_a_record_is_above_every_close_before_and_the_first_close_is_none() -> None:
    assert records_of(coin([5, 5, 6, 4, 6, 7])).tolist() == [False, False, True, False, False, True]


def test_a_high_wants_so_many_days_since_the_record_before_it() -> None:
    bars = coin([5, 6, *flat(9, 1), 7, 8, *flat(10, 1), 9])
    assert [day - ZERO for day in highs(bars, 10).tolist()] == [11, 23]
    assert [day - ZERO for day in highs(bars, 11).tolist()] == [23]


def test_the_record_of_a_month_waits_for_the_months_last_weekday() -> None:
    # The months end on Friday 31 January, on Friday 28 February, and on Tuesday 31 March, which is not there yet.
    bars = index_bars("RUT", FIRST, [100.0 + k for k in range(64)])

    assert bars.last_day == date(2020, 3, 30)
    assert month_highs(bars).tolist() == [date(2020, 2, 28).toordinal()]


def test_a_state_is_entered_after_so_many_days_without() -> None:
    assert entries(np.array([1, 2, 5, 9, 13]), 3).tolist() == [1, 9, 13]


def test_thinned_events_are_at_least_a_horizon_after_the_last_kept() -> None:
    assert thinned(np.array([1, 5, 10, 11, 20, 21]), 10).tolist() == [1, 11, 21]


@pytest.mark.parametrize(
    ("closes", "closed", "still_open"),
    [
        # Halved, and below the top for 366 days: closed. For 365: none.
        ([1, 10, 5, *flat(364, 6), 11], (1,), ()),
        ([1, 10, 5, *flat(363, 6), 11], (), ()),
        # Not quite halved.
        ([1, 10, 5.01, *flat(400, 6), 11], (), ()),
        # Halved only after a higher close.
        ([1, 10, 11, 5.2, *flat(400, 6)], (2,), ()),
        # Never exceeded: open for a year, then a top.
        ([1, 10, 5, *flat(363, 6)], (), (1,)),
        ([1, 10, 5, *flat(364, 6)], (), (1,)),
        ([1, 10, 5, *flat(365, 6)], (1,), ()),
        # An equal close is not higher.
        ([1, 10, 5, *flat(100, 6), 10, *flat(300, 6)], (1,), ()),
    ],
)
def test_bear_market_tops(closes: list[float], closed: tuple[int, ...], still_open: tuple[int, ...]) -> None:
    bars = coin(closes)
    found = tops(bars, int(bars.ordinals[-1]))
    assert tuple(day - ZERO for day in found.closed) == closed
    assert tuple(day - ZERO for day in found.open) == still_open


def test_a_rally_starts_at_the_low_that_is_doubled_and_tops_at_the_high_that_is_halved() -> None:
    found = rallies(coin([4, 3, 5, 6, 9, 7, 4.5, 4, 6, 8, 7]))
    assert found == (
        Rally(start=ZERO + 1, top=ZERO + 4, ended=True),
        Rally(start=ZERO + 7, top=ZERO + 9, ended=False),
    )


def test_a_dip_lasts_until_its_high_is_back() -> None:
    assert dips(coin([10, 9.1, 9, 8, 10, 9.5])) == (Dip(day=ZERO + 2, days=2),)


def test_a_dip_of_a_year_ends_there_and_the_high_is_counted_anew() -> None:
    # After 365 days the high is 6, and 5.4 is a dip from it.
    found = dips(coin([10, 9, *flat(364, 5), 6, 5.4, 6]))
    assert found == (Dip(day=ZERO + 1, days=365), Dip(day=ZERO + 367, days=1))


def test_a_young_dip_without_an_end_is_left_out() -> None:
    assert dips(coin([10, 9, *flat(300, 5)])) == ()


def test_the_typical_alt_wants_three_coins_with_thirty_bars_and_the_day_before() -> None:
    doubling = [2.0**k for k in range(40)]
    holey: list[float | None] = [1.0] * 40
    holey[36] = None
    coins = [
        coin_bars("ETH", FIRST, doubling),
        coin_bars("SOL", FIRST, [1.0] * 40),
        coin_bars("BNB", FIRST, holey),
        coin_bars("XRP", date(2020, 1, 5), [1.0] * 36),
    ]
    days = np.arange(ZERO, ZERO + 40)

    line = typical_alt(coins, days)

    # Three coins have 30 bars before day 30, XRP before day 34: a third of ln 2 a day, then a quarter; on the days 36
    # and 37 BNB has no return, and three are left.
    third, quarter = np.log(2) / 3, np.log(2) / 4
    expected = np.cumsum([0, third, third, third, third, quarter, quarter, third, third, quarter, quarter])
    assert line.first == ZERO + 29
    assert line.values == pytest.approx(expected)


def test_the_typical_alt_ends_before_the_first_day_with_too_few_coins() -> None:
    holey: list[float | None] = [1.0] * 50
    holey[40] = None
    coins = [coin_bars("ETH", FIRST, [1.0] * 50), coin_bars("SOL", FIRST, [1.0] * 50), coin_bars("BNB", FIRST, holey)]

    line = typical_alt(coins, np.arange(ZERO, ZERO + 50))

    assert (line.first, line.last) == (ZERO + 29, ZERO + 39)
