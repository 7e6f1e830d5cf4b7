"""What a paper run's summary says of its bars: as they were seen, with where they are from."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from engine.core.market import BarSeries
from engine.core.strategy import Universe
from engine.data.digest import bars_sha256
from engine.ports import LoadedSeries
from engine.wiring.data.live_market import CsvFilesUpTo, ProvidedBars, SeriesUpTo, Snapshots, VenueBars
from engine.wiring.data.sources import live_sources, source_facts
from tests.support.markets import coin_bars, index_bars

FIRST = date(2024, 1, 1)
"""A Monday, and a holiday in New York."""
FETCHED = datetime(2024, 1, 9, tzinfo=UTC)
UNIVERSE = Universe(core="BTC", assets=("BTC",), indices=("RUT",))


class Provider:
    """Gives each series as if it had been fetched."""

    def __init__(self, *series: BarSeries) -> None:
        self._series = {bars.symbol: bars for bars in series}

    def load(self, symbol: str) -> LoadedSeries:
        return LoadedSeries(bars=self._series[symbol], source=f"vendor {symbol}", sha256="other", fetched_at=FETCHED)


def described(coins: SeriesUpTo, index: SeriesUpTo, *, last: int) -> Mapping[str, Mapping[str, object]]:
    snapshots = Snapshots(UNIVERSE, coins, index)
    history = snapshots.history_at(FIRST + timedelta(days=last - 1))
    return live_sources(history, UNIVERSE, snapshots, coins="venue", index="csv", synthetic=False)


def test_bars_are_described_as_they_were_seen_on_the_last_day(tmp_path: Path) -> None:
    # One day is missing among those seen; the provider goes on for a day longer.
    coin = coin_bars("BTC", FIRST, [1.0, 2.0, None, 3.0, 4.0])
    # New York's first session of the year is the second of January; the third has no bar.
    index = index_bars("RUT", FIRST + timedelta(days=1), [1000.0, None, 1000.0])

    sources = described(ProvidedBars(Provider(coin)), CsvFilesUpTo(Provider(index), tmp_path), last=4)

    assert sources["BTC"] == {
        "source": "vendor BTC",
        "synthetic": False,
        "first": "2024-01-01",
        "last": "2024-01-04",
        "bars": 3,
        "missing": 1,
        "sha256": bars_sha256(coin.take(3)),
        "fetched_at": "2024-01-09T00:00:00+00:00",
    }
    told = sources["RUT"]
    assert (told["source"], told["first"], told["last"], told["missing"]) == (
        "vendor RUT",
        "2024-01-02",
        "2024-01-04",
        1,
    )


def test_a_weekend_is_missing_in_a_coin_and_not_in_an_index() -> None:
    friday, closes = date(2024, 1, 5), [1.0, None, None, 1.0]
    coin, index = coin_bars("BTC", friday, closes), index_bars("RUT", friday, [1000.0, 1000.0])

    sources = described(ProvidedBars(Provider(coin)), ProvidedBars(Provider(index)), last=8)

    assert (sources["BTC"]["missing"], sources["RUT"]["missing"]) == (2, 0)


def test_candles_of_the_venue_are_named_by_the_configuration_and_may_be_none_yet() -> None:
    unlisted = VenueBars(lambda since, until: dict.fromkeys(since, ()))
    index = index_bars("RUT", FIRST, [1000.0])

    coin = described(unlisted, ProvidedBars(Provider(index)), last=2)["BTC"]

    assert (coin["source"], coin["first"], coin["last"], coin["bars"], coin["missing"]) == ("venue", None, None, 0, 0)
    assert coin["fetched_at"] is None


def test_a_paper_run_says_of_its_bars_what_a_backtest_says() -> None:
    bars = coin_bars("BTC", FIRST, [1.0])
    of_backtest = source_facts(LoadedSeries(bars=bars, source="csv BTC.csv", sha256=bars_sha256(bars)))

    of_paper = described(ProvidedBars(Provider(bars)), ProvidedBars(Provider(index_bars("RUT", FIRST, [1.0]))), last=1)

    assert list(of_paper["BTC"]) == list(of_backtest)
