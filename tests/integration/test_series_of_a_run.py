"""Where the series of a run come from: by name, by `data.macro`, and what one that cannot be had does.

Through the real libraries, against loopback servers that answer as FRED and Yahoo do; the coins are files.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.core.context import context_of
from engine.core.errors import ConfigError, DataError
from engine.core.rule import Named
from engine.core.strategy import Universe
from engine.data import yahoo
from engine.settings.config import Config
from engine.wiring.data.market import Market, load_market
from engine.wiring.data.sources import value_facts
from strategies.hold import HoldParams
from strategies.rules.reserve_management import ReserveManagement, ReserveManagementParams
from strategies.signals.setting import RotationSetting
from tests.support import fred_server, yahoo_server
from tests.support.binance_server import Canned
from tests.support.fred_server import NOT_FOUND, PAGE, FredServer
from tests.support.yahoo_server import YahooServer, session_row

NOON = datetime(2024, 5, 11, 12, tzinfo=UTC)
SESSIONS = [date(2024, 5, day) for day in (6, 7, 8, 9, 10)]
BARS = "date,open,high,low,close,volume\n" + "".join(
    f"{date(2024, 5, 1) + timedelta(days=day)},1,1,1,1,1\n" for day in range(10)
)


class Silent:
    """A progress bar that nobody sees."""

    def __call__(self, line: str) -> None:
        """Say nothing."""

    def expect(self, total: int) -> None:
        """Expect nothing."""

    def advance(self) -> None:
        """Count nothing."""


@dataclass
class Bench:
    """Both services, files of coins, and a configuration."""

    fred: FredServer
    yahoo: YahooServer
    folder: Path
    now: datetime = NOON
    data: dict[str, Any] = field(default_factory=dict)

    def load(self, *needed: str, shown: Sequence[str] = (), **data: Any) -> Market:
        values = {"crypto": "csv", "csv_dir": self.folder, "cache_dir": self.folder / "cache", **data}
        config = Config(strategy=HoldParams(), data=values, venue={"max_retries": 0})
        universe = Universe(core="BTC", assets=("BTC",), series=needed, shown_series=tuple(shown))
        return load_market(config, universe, now=lambda: self.now, progress=Silent())

    def write(self, name: str, text: str) -> None:
        (self.folder / "macro").mkdir(exist_ok=True)
        (self.folder / "macro" / f"{name}.csv").write_text(text)

    @property
    def macro(self) -> Path:
        return self.folder / "macro"


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    fred, served = FredServer(), YahooServer()
    fred.values["WALCL"] = {"2024-05-01": "7362000", "2024-05-08": "7353000"}
    fred.values["NFCI"] = {"2024-05-03": "-0.5"}
    for ticker in ("IWM", "^VIX"):
        served.rows[ticker] = [session_row(day, 200.0 + n, volume=5) for n, day in enumerate(SESSIONS)]
    served.zones["^VIX"] = "America/Chicago"
    real = yahoo.YahooBars
    monkeypatch.setattr(
        yahoo, "YahooBars", lambda **named: real(**{**named, "base_url": served.url, "sleep": _no_sleep})
    )
    monkeypatch.setattr("engine.wiring.data.providers.time.sleep", _no_sleep)
    for coin in ("BTC", "ETH"):
        (tmp_path / f"{coin}.csv").write_text(BARS)
    with fred_server.running(fred), yahoo_server.running(served):
        monkeypatch.setattr("engine.data.fred.PRODUCTION_URL", fred.url)
        yield Bench(fred, served, tmp_path)


def _no_sleep(seconds: float) -> None:
    """Wait for nobody."""


def test_a_macro_series_comes_from_fred_and_is_known_when_it_came_out(bench: Bench) -> None:
    market = bench.load("WALCL")

    series = market.history.values_of("WALCL")
    assert series.values.tolist() == [7362000.0, 7353000.0]
    assert [str(at) for at in series.known_at] == ["2024-05-02T20:30:00", "2024-05-09T20:30:00"]
    assert value_facts(market.values["WALCL"]) == {
        "source": "fred WALCL",
        "synthetic": False,
        "first": "2024-05-01",
        "last": "2024-05-08",
        "bars": 2,
        "missing": 0,
        "sha256": market.values["WALCL"].sha256,
        "fetched_at": "2024-05-11T12:00:00+00:00",
        "remark": None,
    }


def test_a_us_symbol_comes_as_bars_with_its_volume(bench: Bench) -> None:
    bars = bench.load("IWM", index="yahoo").history["IWM"]

    assert (bars.close.tolist(), bars.volume.tolist()) == ([200.0, 201.0, 202.0, 203.0, 204.0], [5.0] * 5)
    assert str(bars.known_at[-1]) == "2024-05-10T20:00:00"


def test_the_index_of_volatility_is_dated_in_chicago(bench: Bench) -> None:
    market = bench.load("VIX", "VIX_CBOE")

    assert market.history["VIX"].last_day == market.history.values_of("VIX_CBOE").last_day == date(2024, 5, 10)
    assert str(market.history.values_of("VIX_CBOE").known_at[-1]) == "2024-05-10T20:15:00"


def test_an_adjusted_close_is_another_series_than_the_close(bench: Bench) -> None:
    market = bench.load("IWM", "IWM_ADJCLOSE")

    # The server adjusts to half.
    assert market.history.values_of("IWM_ADJCLOSE").values.tolist() == [100.0, 100.5, 101.0, 101.5, 102.0]
    assert market.history.values_of("IWM").values.tolist() == [200.0, 201.0, 202.0, 203.0, 204.0]
    assert market.values["IWM_ADJCLOSE"].remark == "rescaled at dividends"


def test_a_close_that_has_none_is_no_observation(bench: Bench) -> None:
    bench.yahoo.rows["HG=F"] = [
        session_row(SESSIONS[0], 4.5),
        yahoo_server.nulled(session_row(SESSIONS[1], 4.6)),
        session_row(SESSIONS[2], 4.7),
    ]

    assert bench.load("COPPER_CLOSE").history.values_of("COPPER_CLOSE").values.tolist() == [4.5, 4.7]


def test_a_revised_history_says_so(bench: Bench) -> None:
    assert value_facts(bench.load("NFCI").values["NFCI"])["remark"] == "revised history"


def test_a_coin_that_is_not_traded_is_looked_at_as_the_others_are(bench: Bench) -> None:
    (bench.folder / "SOL.csv").write_text(BARS)

    assert bench.load("SOL").loaded["SOL"].source == "csv SOL.csv"


def test_given_a_folder_auto_asks_no_network(bench: Bench) -> None:
    bench.write("WALCL", "date,value\n2024-05-01,1\n")

    market = bench.load("WALCL", macro_dir=bench.macro)

    assert (market.values["WALCL"].source, bench.fred.requests) == ("csv WALCL.csv", [])
    with pytest.raises(DataError, match=r"^NFCI: data\.macro is auto, and NFCI\.csv is not in data\.macro_dir \("):
        bench.load("NFCI", macro_dir=bench.macro)


def test_beside_a_folder_a_series_may_name_its_own_source(bench: Bench) -> None:
    bench.write("WALCL", "date,value\n2024-05-01,1\n")
    bench.fred.values["UNRATE"] = {"2024-03-01": "3.8"}

    market = bench.load(
        "WALCL", "UNRATE", macro_dir=bench.macro, series={"UNRATE": {"source": "fred", "kind": "monthly"}}
    )

    assert {name: values.source for name, values in market.values.items()} == {
        "WALCL": "csv WALCL.csv",
        "UNRATE": "fred UNRATE",
    }
    # 45 days later, the 15th of April, at its end.
    assert str(market.history.values_of("UNRATE").known_at[0]) == "2024-04-16T00:00:00"


def test_a_series_of_the_users_own_is_a_file(bench: Bench) -> None:
    bench.write("IWM_FLOW", "date,value\n2024-05-08,-12.5\n")

    market = bench.load("IWM_FLOW", macro_dir=bench.macro)

    assert str(market.history.values_of("IWM_FLOW").known_at[0]) == "2024-05-10T00:00:00"


@pytest.mark.parametrize("name", ["BTC_ETF_FLOW", "TGA_DTS", "IWM_FLOW"])
def test_what_only_a_file_has_says_where_to_put_it(bench: Bench, name: str) -> None:
    wanted = rf"^{name}: no free source: put {name}\.csv into data\.macro_dir \("
    with pytest.raises(DataError, match=wanted + r"that is null\)"):
        bench.load(name)
    bench.write("OTHER", "date,value\n")
    with pytest.raises(DataError, match=wanted):
        bench.load(name, macro_dir=bench.macro)


def test_a_file_that_is_not_there_is_named_with_the_keys_that_want_it(bench: Bench) -> None:
    bench.write("OTHER", "date,value\n")

    with pytest.raises(DataError, match=r"^WALCL: data\.macro is csv, and WALCL\.csv is not in data\.macro_dir \("):
        bench.load("WALCL", macro="csv", macro_dir=bench.macro)


def test_a_misspelt_series_is_answered_with_the_nearest(bench: Bench) -> None:
    with pytest.raises(DataError, match=r"^WALCLL: no such series is known; did you mean WALCL\? one of your own is a"):
        bench.load("WALCLL")


def test_a_series_that_is_only_shown_ends_nothing_and_says_why_it_is_absent(bench: Bench) -> None:
    bench.fred.canned.extend([Canned(status=403)] * 9)

    market = bench.load(shown=["WALCL", "BTC_ETF_FLOW"])

    assert list(market.history.absent) == ["WALCL", "BTC_ETF_FLOW"]
    assert not len(market.history.values_of("WALCL"))
    assert "WALCL: is absent: fred WALCL: FRED does not serve this address (HTTP 403)" in market.notes


def test_a_series_that_is_needed_ends_the_run(bench: Bench) -> None:
    bench.fred.canned.extend([Canned(status=403)] * 9)

    with pytest.raises(DataError, match="FRED does not serve this address") as caught:
        bench.load("WALCL")
    assert caught.value.exit_code == 3


def test_a_series_that_is_old_ends_nothing(bench: Bench) -> None:
    bench.fred.values["WALCL"] = {"2019-05-01": "1"}

    assert bench.load("WALCL").history.values_of("WALCL").last_day == date(2019, 5, 1)


def test_auto_takes_what_the_cache_holds_where_the_network_fails_and_says_so(bench: Bench) -> None:
    bench.load("WALCL")
    bench.now += timedelta(days=3)
    bench.fred.canned.extend([Canned(status=403)] * 9)

    market = bench.load("WALCL")

    assert len(market.history.values_of("WALCL")) == 2
    assert any("taken from the cache, because the network failed" in note for note in market.notes)
    with pytest.raises(DataError, match="FRED does not serve this address"):
        bench.load("WALCL", macro="fred")


def test_on_the_sample_every_series_is_of_it(bench: Bench) -> None:
    market = bench.load("WALCL", "IWM", "BTC_ETF_FLOW", crypto="sample", macro_dir=bench.macro)

    assert market.synthetic
    assert {values.source for values in market.values.values()} == {"synthetic sample"}
    assert bench.fred.requests == []


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"crypto": "sample", "macro": "fred"}, r"^data\.crypto sample with data\.macro fred: synthetic and real bars"),
        ({"macro": "sample"}, r"^data\.macro sample with data\.crypto csv: synthetic and real bars are never mixed"),
    ],
)
def test_real_series_beside_made_up_bars_are_refused_and_the_other_way_round(
    bench: Bench, data: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        bench.load("WALCL", **data)
    # Where nobody looks at a series it does not matter where one would come from.
    assert bench.load(**{**data, "crypto": "csv"}).values == {}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Canned(body=PAGE, content_type="text/html"), "is not a series"),
        (Canned(status=429, body=PAGE, content_type="text/html"), "FRED answers HTTP 429"),
        (NOT_FOUND, "FRED has no such series"),
        (Canned(status=403, body=PAGE, content_type="text/html"), "FRED does not serve this address"),
        (Canned(body="observation_date,WALCL\n2024-05-01,.\n", content_type="application/csv"), "holds no value"),
        (
            Canned(body="observation_date,WALCL\n2024-05-01,7", content_type="application/csv"),
            "there is none of 4 weeks",
        ),
    ],
    ids=["HTML", "429", "404", "403", "a dot", "cut short"],
)
def test_whatever_fred_answers_a_system_is_unknown_in_a_sentence(bench: Bench, answer: Canned, reason: str) -> None:
    bench.fred.canned.extend([answer] * 9)
    system = ReserveManagement(ReserveManagementParams(), RotationSetting(core="BTC", index="RUT", basket={}))
    market = bench.load(shown=["WALCL"], macro="fred")

    context = context_of([Named(name="it", rule=system)], [], market.history, market.history["BTC"])
    (read,) = context.on(date(2024, 5, 10)).reads

    assert (read.state, read.value) == ("unknown", None)
    assert reason in read.reason
    assert "\n" not in read.reason
