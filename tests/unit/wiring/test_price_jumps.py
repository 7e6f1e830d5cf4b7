"""What a run makes of the jumps of its prices."""

from datetime import date

import pytest

from engine.core.errors import DataError
from engine.core.market import History
from engine.core.strategy import Universe
from engine.wiring.data.price_jumps import JumpWatch, jumps_in
from tests.support.markets import coin_bars, history_of, index_bars

UNIVERSE = Universe(core="BTC", assets=("BTC",), indices=("RUT",))
MONDAY, WEDNESDAY = date(2024, 1, 8), date(2024, 1, 10)


def history(*, coin: list[float | None], index: list[float | None]) -> History:
    return history_of(coin_bars("BTC", MONDAY, coin), index_bars("RUT", MONDAY, index))


QUIET = history(coin=[1.0, 9.0, 1.0], index=[100.0, 149.0, 100.0])
JUMPY = history(coin=[1.0, 11.0, 11.0], index=[100.0, 100.0, 151.0])


def test_each_series_is_held_to_the_bound_of_its_kind() -> None:
    assert jumps_in(QUIET, UNIVERSE, until=WEDNESDAY) == []
    assert [(jump.symbol, jump.day.day) for jump in jumps_in(JUMPY, UNIVERSE, until=WEDNESDAY)] == [
        ("BTC", 9),
        ("RUT", 10),
    ]


def test_a_live_run_says_each_jump_once() -> None:
    said: list[tuple[int, date]] = []
    watch = JumpWatch("note", UNIVERSE, lambda words, day: said.append((len(words), day)))

    tuesday = date(2024, 1, 9)
    for _ in range(2):
        watch.examine(JUMPY, tuesday)
    for _ in range(2):
        watch.examine(JUMPY, WEDNESDAY)

    assert said == [(1, tuesday), (1, WEDNESDAY)]


def test_a_run_that_refuses_jumps_ends_with_series_day_and_factor() -> None:
    watch = JumpWatch("error", UNIVERSE, lambda _words, _day: None)

    watch.examine(QUIET, WEDNESDAY)
    with pytest.raises(DataError) as refused:
        watch.examine(JUMPY, WEDNESDAY)

    assert str(refused.value).startswith(
        "BTC: jump of the price: the close of 2024-01-09 is 11.00 times that of 2024-01-08"
    )
    assert str(refused.value).endswith("; 1 more (data.jumps: error)")
