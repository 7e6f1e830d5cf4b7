"""What a live run looks at beside coins and indices: cut at the day's end, asked for once a day, absent, said."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from engine.core.calendar import instants_after
from engine.core.errors import DataError
from engine.core.market import BarSeries
from engine.core.series import SeriesKind, ValueSeries
from engine.core.strategy import Universe
from engine.data.dated_values import dated_values, values_sha256
from engine.ports import LoadedSeries, LoadedValues
from engine.settings.config import Config
from engine.wiring.data.live_market import Snapshots
from engine.wiring.data.sources import live_sources
from engine.wiring.live.live_further import LiveFurther
from engine.wiring.live.live_series import check_files, live_series
from strategies.hold import HoldParams
from tests.support.markets import coin_bars, index_bars

FIRST = date(2024, 1, 1)
"""A Monday."""
UNIVERSE = Universe(core="BTC", assets=("BTC",), series=("WALCL", "IWM", "ETH"), shown_series=("DFF",))


def on(number: int) -> date:
    return FIRST + timedelta(days=number - 1)


def values(count: int) -> ValueSeries:
    """Give a value a day, each known at the end of the day after."""
    days = np.arange(np.datetime64(FIRST, "D"), np.datetime64(on(count + 1), "D"))
    return ValueSeries(
        name="WALCL",
        kind=SeriesKind.DAILY,
        ordinals=np.arange(FIRST.toordinal(), on(count + 1).toordinal()),
        values=np.arange(1.0, count + 1),
        known_at=instants_after(days) + np.timedelta64(1, "D").astype("timedelta64[s]"),
    )


@dataclass
class Sources:
    """Gives what a test sets; a DataError in its place is raised."""

    given: dict[str, LoadedSeries | LoadedValues | DataError]
    asked: list[str] = field(default_factory=list)

    def load(self, name: str) -> LoadedSeries | LoadedValues:
        self.asked.append(name)
        found = self.given[name]
        if isinstance(found, DataError):
            raise found
        return found

    def is_file(self, name: str) -> bool:
        return name == "WALCL"


class Coins:
    def up_to(self, symbol: str, day: date) -> BarSeries:
        return coin_bars(symbol, FIRST, [1.0] * 9)


@pytest.fixture
def sources() -> Sources:
    return Sources(
        {
            "WALCL": LoadedValues(series=values(9), source="fred WALCL", sha256="of all", remark="revised history"),
            "IWM": LoadedSeries(bars=index_bars("IWM", FIRST, [200.0] * 7), source="yahoo IWM", sha256=""),
            "DFF": DataError("no network"),
        }
    )


def snapshots(sources: Sources, *, has_begun: Callable[[], bool] = lambda: False) -> Snapshots:
    further = LiveFurther(cast("Any", sources), Coins())
    return Snapshots(UNIVERSE, Coins(), Coins(), further, has_begun=has_begun)


def test_a_snapshot_holds_what_was_published_by_the_end_of_the_day(sources: Sources) -> None:
    history = snapshots(sources).history_at(on(3))

    assert history.values_of("WALCL").values.tolist() == [1.0, 2.0]
    assert (history["IWM"].last_day, history["ETH"].last_day) == (on(3), on(3))
    assert history.absent == {"DFF": "no network"}


def test_a_source_is_asked_once_a_day_and_again_where_it_failed(sources: Sources) -> None:
    gathered = snapshots(sources)

    for day in (on(3), on(3), on(4)):
        gathered.history_at(day)

    assert [sources.asked.count(name) for name in ("WALCL", "IWM", "DFF", "ETH")] == [2, 2, 3, 0]


def test_before_a_run_has_begun_what_is_needed_has_to_be_there(sources: Sources) -> None:
    sources.given["WALCL"] = DataError("fred WALCL: FRED has no such series")

    with pytest.raises(DataError, match="FRED has no such series"):
        snapshots(sources).history_at(on(3))

    history = snapshots(sources, has_begun=lambda: True).history_at(on(3))
    assert history.absent == {"WALCL": "fred WALCL: FRED has no such series", "DFF": "no network"}
    assert not len(history.values_of("WALCL"))


def test_the_summary_describes_values_as_they_were_seen(sources: Sources) -> None:
    gathered = snapshots(sources)
    history = gathered.history_at(on(3))

    told = live_sources(history, UNIVERSE, gathered, coins="venue", index="auto", synthetic=False)

    seen = history.values_of("WALCL")
    days = np.array([on(1), on(2)], dtype="datetime64[D]")
    assert told["WALCL"] == {
        "source": "fred WALCL",
        "synthetic": False,
        "first": "2024-01-01",
        "last": "2024-01-02",
        "bars": 2,
        "missing": 0,
        "sha256": values_sha256(dated_values("WALCL", days=days, value=seen.values)),
        "fetched_at": None,
        "remark": "revised history",
    }
    # A share has no bar at weekends and on the first of January; it is no coin with holes.
    assert (told["IWM"]["source"], told["IWM"]["missing"]) == ("yahoo IWM", 0)
    assert list(told) == ["BTC", "IWM", "ETH", "WALCL"]


def live(folder: Path, universe: Universe, **data: Any) -> tuple[Any, Any, LiveFurther | None]:
    values = {"crypto": "csv", "index": "csv", "csv_dir": folder, "cache_dir": folder, **data}
    config = Config(strategy=HoldParams(), data=cast("Any", values))
    nobody: Any = SimpleNamespace(progress=None, wait=None, quiet=None)
    return live_series(config, universe, nobody, nobody, now=lambda: datetime(2024, 1, 3, tzinfo=UTC))


def _hold() -> Any:
    from strategies.hold import HoldParams

    return HoldParams()


def test_a_run_that_looks_at_nothing_further_has_nothing_to_ask(tmp_path: Path) -> None:
    assert live(tmp_path, Universe(core="BTC", assets=("BTC",)))[2] is None


def test_a_file_of_a_series_is_read_before_any_exchange_is_asked(tmp_path: Path) -> None:
    (tmp_path / "BTC.csv").write_text("date,open,high,low,close,volume\n2024-01-01,1,2,1,2,9\n")
    universe = Universe(core="BTC", assets=("BTC",), series=("WALCL",))
    found = live(tmp_path, universe, macro_dir=tmp_path)

    with pytest.raises(DataError, match=r"WALCL\.csv is not in data\.macro_dir"):
        check_files(universe, *found, has_begun=False)
    check_files(universe, *found, has_begun=True)
    (tmp_path / "WALCL.csv").write_text("date,value\n2024-01-01,many\n")
    with pytest.raises(DataError, match=r"WALCL\.csv, line 2: value 'many' is not a plain number"):
        check_files(universe, *found, has_begun=False)


def test_beside_made_up_prices_every_series_is_made_up(tmp_path: Path) -> None:
    universe = Universe(core="BTC", assets=("BTC",), series=("WALCL", "IWM"))
    coins, index, further = live(tmp_path, universe, crypto="sample", index="sample", macro_dir=tmp_path)

    history = Snapshots(universe, coins, index, further).history_at(date(2024, 5, 1))

    assert further is not None
    assert {getattr(further.loaded(name), "source", "") for name in ("WALCL", "IWM")} == {"synthetic sample"}
    assert history.values_of("WALCL").last_day == date(2024, 4, 24)
