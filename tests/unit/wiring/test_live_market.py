"""Bars for a live run: what is asked for, what is kept, and what of it may be known."""

import os
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from engine.core.errors import DataError
from engine.core.market import BarSeries
from engine.core.strategy import Universe
from engine.ports import LoadedSeries
from engine.venues.answers import Candle
from engine.wiring.data.live_market import CsvFilesUpTo, ProvidedBars, Snapshots, VenueBars
from tests.support.markets import coin_bars, index_bars

FIRST = date(2024, 1, 1)
"""A Monday."""


def candle(day: date, close: str = "1.5") -> Candle:
    return Candle(day=day, open="1", high="2", low="0.5", close=close, volume="10")


def on(number: int) -> date:
    return FIRST + timedelta(days=number - 1)


class FakeExchange:
    """Candles of days that a test lists, and what was asked for."""

    def __init__(self, *days: int) -> None:
        self.days = list(days)
        self.close = "1.5"
        self.asked: list[tuple[str, date, date]] = []

    def __call__(self, since: Mapping[str, date], until: date) -> Mapping[str, Sequence[Candle]]:
        self.asked += [(asset, first, until) for asset, first in since.items()]
        return {
            asset: [candle(on(number), self.close) for number in self.days if first <= on(number) <= until]
            for asset, first in since.items()
        }


class FakeProvider:
    """A provider whose series a test sets, and how often each was loaded."""

    def __init__(self, **series: BarSeries) -> None:
        self.series: Mapping[str, BarSeries] = series
        self.loads: list[str] = []

    def load(self, symbol: str) -> LoadedSeries:
        self.loads.append(symbol)
        return LoadedSeries(bars=self.series[symbol], source="test", sha256="")


def days_of(bars: BarSeries) -> list[int]:
    return [ordinal - FIRST.toordinal() + 1 for ordinal in bars.ordinals.tolist()]


def test_candles_are_asked_for_once_and_then_only_what_is_new() -> None:
    exchange = FakeExchange(1, 2, 3, 4)
    bars = VenueBars(exchange)

    seen = [days_of(bars.up_to("ETH", on(number))) for number in (2, 2, 4)]

    assert seen == [[1, 2], [1, 2], [1, 2, 3, 4]]
    # Always one day more: that the next candle is open says that the one before is over.
    assert exchange.asked == [("ETH", date(2010, 1, 1), on(3)), ("ETH", on(3), on(5))]


def test_a_candle_is_asked_for_again_until_the_next_one_is_open() -> None:
    exchange = FakeExchange(1, 2)
    bars = VenueBars(exchange)

    forming = bars.up_to("ETH", on(2)).close.tolist()
    exchange.close = "1.75"
    exchange.days = [1, 2, 3]
    over = bars.up_to("ETH", on(2)).close.tolist()
    exchange.close = "1.9"

    assert (forming, over) == ([1.5, 1.5], [1.5, 1.75])
    assert bars.up_to("ETH", on(2)).close.tolist() == over


def test_a_core_candle_of_an_earlier_day_is_over_only_once_another_follows() -> None:
    exchange = FakeExchange(1, 2)
    bars = VenueBars(exchange, core="BTC")

    # A clock that is two days ahead says that the fourth is over, while the second is forming.
    ahead = [days_of(bars.up_to(asset, on(4))) for asset in ("BTC", "ETH")]
    at_its_end = days_of(bars.up_to("BTC", on(2)))
    exchange.days = [1, 2, 3]
    later = days_of(bars.up_to("BTC", on(2)))

    assert (ahead, at_its_end, later) == ([[1], [1, 2]], [1, 2], [1, 2])


def test_a_candle_that_was_not_there_is_asked_for_again() -> None:
    exchange = FakeExchange(1)
    bars = VenueBars(exchange)

    before = days_of(bars.up_to("ETH", on(2)))
    exchange.days = [1, 2]

    assert (before, days_of(bars.up_to("ETH", on(2)))) == ([1], [1, 2])


def test_a_coin_that_is_not_listed_yet_has_no_bars_until_it_is() -> None:
    exchange = FakeExchange()
    bars = VenueBars(exchange)

    before = len(bars.up_to("ETH", on(2)))
    exchange.days = [3]

    assert (before, days_of(bars.up_to("ETH", on(3)))) == (0, [3])


def test_what_several_coins_lack_is_asked_for_with_the_first_and_at_each_look_anew() -> None:
    exchange = FakeExchange(1, 2)
    bars = VenueBars(exchange, together=("BTC", "ETH", "SOL"))
    looked = [[days_of(bars.up_to(asset, on(2))) for asset in ("BTC", "ETH")] for _ in range(2)]

    # The second is forming: it is asked for at each look, of all, and what nobody took of the first is not kept.
    assert looked == [[[1, 2], [1, 2]]] * 2
    assert [asset for asset, _, _ in exchange.asked] == ["BTC", "ETH", "SOL"] * 2
    assert [since for _, since, _ in exchange.asked[3:]] == [on(2), on(2), date(2010, 1, 1)]
    # A coin that is none of them is asked for alone.
    bars.up_to("XRP", on(2))
    assert exchange.asked[6:] == [("XRP", date(2010, 1, 1), on(3))]


def test_candles_become_the_nearest_floats_and_are_checked() -> None:
    bars = VenueBars(lambda since, until: {"ETH": [candle(on(1), "1.1")]}).up_to("ETH", on(1))
    assert (bars.symbol, bars.close.tolist()) == ("ETH", [1.1])

    with pytest.raises(DataError, match="venue ETH"):
        VenueBars(lambda since, until: {"ETH": [candle(on(1), "0")]}).up_to("ETH", on(1))


def test_a_provider_is_asked_once_a_day_that_is_there_and_again_while_it_is_not() -> None:
    provider = FakeProvider(ETH=coin_bars("ETH", FIRST, [1.0, 1.0]))
    bars = ProvidedBars(provider)

    for number in (1, 1, 2, 2, 3, 3):
        bars.up_to("ETH", on(number))

    # The third day is missing, so it is looked for each time.
    assert len(provider.loads) == 4


def test_a_provider_without_bars_is_asked_again() -> None:
    empty = coin_bars("ETH", FIRST, [1.0]).take(0)
    provider = FakeProvider(ETH=empty)
    bars = ProvidedBars(provider)

    assert [len(bars.up_to("ETH", on(1))) for _ in range(2)] == [0, 0]
    assert len(provider.loads) == 2


def test_a_file_is_read_again_only_when_it_changed(tmp_path: Path) -> None:
    file = tmp_path / "RUT.csv"
    file.write_text("", encoding="utf-8")
    os.utime(file, ns=(1, 1))
    provider = FakeProvider(RUT=index_bars("RUT", FIRST, [1000.0]))
    bars = CsvFilesUpTo(provider, tmp_path)

    for number in (1, 2, 3):
        bars.up_to("RUT", on(number))
    unchanged = len(provider.loads)
    os.utime(file, ns=(2, 2))
    bars.up_to("RUT", on(3))

    assert (unchanged, len(provider.loads)) == (1, 2)


class Fixed:
    """Series that are always the same, whatever day is asked for."""

    def __init__(self, *series: BarSeries) -> None:
        self._series = {bars.symbol: bars for bars in series}

    def up_to(self, symbol: str, day: date) -> BarSeries:
        return self._series[symbol]


def snapshots(index: BarSeries) -> Snapshots:
    coins = Fixed(*(coin_bars(asset, FIRST, [1.0] * 9) for asset in ("BTC", "ETH")))
    return Snapshots(Universe(core="BTC", assets=("BTC", "ETH"), indices=("RUT",)), coins, Fixed(index))


def test_a_snapshot_holds_every_series_and_nothing_that_is_not_known_yet() -> None:
    history = snapshots(index_bars("RUT", FIRST, [1000.0] * 7)).history_at(on(3))

    assert {symbol: days_of(history[symbol]) for symbol in history} == {
        "BTC": [1, 2, 3],
        "ETH": [1, 2, 3],
        "RUT": [1, 2, 3],
    }


@pytest.mark.parametrize(("sessions", "may_come"), [(1, True), (2, True), (3, False)])
def test_a_session_may_still_come_while_the_series_has_no_later_one(sessions: int, may_come: bool) -> None:
    gathered = snapshots(index_bars("RUT", FIRST, [1000.0] * sessions))
    gathered.history_at(on(2))

    assert gathered.may_still_come("RUT", on(2)) is may_come


def test_an_index_without_any_session_may_still_come() -> None:
    gathered = snapshots(index_bars("RUT", FIRST, [1000.0]).take(0))
    gathered.history_at(on(2))

    assert gathered.may_still_come("RUT", on(2))
