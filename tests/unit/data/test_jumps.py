"""Jumps between neighbouring closes beyond what a market does."""

from datetime import date, timedelta

import pytest

from engine.core.market import BarSeries
from engine.data.jumps import Jump, jump_words, jumps_of
from engine.data.kinds import COINS, indices, us_symbols
from engine.data.sessions import NewYorkSessions
from tests.support.bars import bars_of, bars_on

FIRST = date(2024, 1, 1)
SESSIONS = NewYorkSessions().between


def jumps(*closes: float, largest_move: float = 10.0, until: date = date.max) -> list[Jump]:
    return list(jumps_of(bars_of("ADA", FIRST, closes), largest_move=largest_move, until=until))


@pytest.mark.parametrize(
    ("closes", "is_jump"),
    [
        ((1.0, 10.0), False),
        ((1.0, 10.1), True),
        ((10.0, 1.0), False),
        ((10.1, 1.0), True),
        ((0.00001, 0.8), True),
        ((100.0, 492.0), False),  # DOGE on 2021-01-28
    ],
)
def test_a_coin_may_move_ten_times_either_way(closes: tuple[float, float], is_jump: bool) -> None:
    assert bool(jumps(*closes, largest_move=COINS.largest_move)) is is_jump


@pytest.mark.parametrize(
    ("ratio", "of_index", "of_us_symbol"),
    # RUT, NVDA and the VIX at their largest, then beyond each bound.
    [(1.17, False, False), (1.51, True, False), (2.16, True, False), (3.01, True, True), (0.66, True, False)],
)
def test_indices_and_us_symbols_have_bounds_of_their_own(ratio: float, of_index: bool, of_us_symbol: bool) -> None:
    closes = (100.0, 100.0 * ratio)

    assert bool(jumps(*closes, largest_move=indices(SESSIONS).largest_move)) is of_index
    assert bool(jumps(*closes, largest_move=us_symbols(SESSIONS).largest_move)) is of_us_symbol


def test_a_jump_is_told_with_its_day_and_factor() -> None:
    (up,) = jumps(1.0, 1.0, 80_000.0)
    (down,) = jumps(1.0, 0.04)

    assert str(up) == (
        "ADA: jump of the price: the close of 2024-01-03 is 80,000 times that of 2024-01-02; no market of its kind "
        "moves by more than 10 times: something else under its name, or a new unit"
    )
    assert "the close of 2024-01-02 is 1/25.00 of that of 2024-01-01" in str(down)


def test_neighbours_are_the_bars_that_there_are_whatever_lies_between() -> None:
    bars = bars_on("ADA", ["2020-12-31", "2021-01-17"], [0.18, 30_240.0])

    (jump,) = jumps_of(bars, largest_move=10.0, until=date.max)

    assert (jump.before, jump.day, round(jump.ratio)) == (date(2020, 12, 31), date(2021, 1, 17), 168_000)


def test_what_lies_after_the_last_day_is_not_looked_at() -> None:
    assert jumps(1.0, 1.0, 80_000.0, until=FIRST + timedelta(days=1)) == []
    assert len(jumps(1.0, 1.0, 80_000.0, until=FIRST + timedelta(days=2))) == 1


@pytest.mark.parametrize("count", [0, 1])
def test_a_series_without_neighbours_has_no_jumps(count: int) -> None:
    bars: BarSeries = bars_of("ADA", FIRST, [1.0] * count)

    assert jumps_of(bars, largest_move=10.0, until=date.max) == []


def test_many_jumps_of_a_series_are_three_sentences_and_a_number() -> None:
    # Up and down, six closes: five jumps, the last on 6 January.
    words = list(jump_words([*jumps(1.0, 100.0, 1.0, 100.0, 1.0, 100.0), *jumps_of_eth()]))

    assert [line.split(":")[0] for line in words] == ["ADA", "ADA", "ADA", "ADA", "ETH"]
    assert words[3] == "ADA: jumps of the price 2 times more, the last time on 2024-01-06"


def jumps_of_eth() -> list[Jump]:
    return list(jumps_of(bars_of("ETH", FIRST, [1.0, 20.0]), largest_move=10.0, until=date.max))
