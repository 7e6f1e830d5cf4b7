"""Series of FRED against a loopback server that answers as its download does, with what can go wrong."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.core.errors import DataError
from engine.data.cached_values import CachedValues
from engine.data.dated_values import DatedValues
from engine.data.failures import UnreachableError
from engine.data.fred import FredValues
from engine.data.series_table import series_rule
from engine.ports import LoadedValues
from tests.support.binance_server import Canned
from tests.support.fred_server import NOT_FOUND, PAGE, FredServer, running
from tests.support.patience import PATIENCE_SECONDS, SILENCE_SECONDS

WALCL = {"2024-12-18": "6889058", "2024-12-25": "6885963", "2025-01-01": "6852347"}


@dataclass
class Bench:
    """A provider on a server, with what it slept and said."""

    server: FredServer
    max_retries: int = 2
    timeout_seconds: float = PATIENCE_SECONDS
    waits: list[float] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def provider(self) -> FredValues:
        return FredValues(
            base_url=self.server.url,
            max_retries=self.max_retries,
            timeout_seconds=self.timeout_seconds,
            sleep=self.waits.append,
            progress=self.lines.append,
            remark=self.remarks.append,
            environment={},
        )

    def fetch(self, id: str = "WALCL", name: str = "WALCL") -> DatedValues:
        return self.provider().fetch(name, id)


@pytest.fixture
def bench() -> Iterator[Bench]:
    server = FredServer()
    server.values["WALCL"] = WALCL
    with running(server):
        yield Bench(server)


def values(of: DatedValues) -> dict[str, float]:
    return {str(day): value for day, value in zip(of.days, of.value.tolist(), strict=True)}


def test_a_whole_series_comes_with_one_request_and_no_key(bench: Bench) -> None:
    found = bench.fetch()

    assert values(found) == {"2024-12-18": 6889058.0, "2024-12-25": 6885963.0, "2025-01-01": 6852347.0}
    assert bench.server.requests == [{"id": "WALCL"}]
    assert bench.lines == ["fred WALCL: 3 values, to 2025-01-01"]


def test_its_name_here_may_be_another_than_there(bench: Bench) -> None:
    bench.server.values["BAMLH0A0HYM2"] = {"2025-01-02": "2.84"}

    found = bench.fetch("BAMLH0A0HYM2", "HY_OAS")

    assert (found.name, values(found)) == ("HY_OAS", {"2025-01-02": 2.84})


@pytest.mark.parametrize("head", ["observation_date", "DATE"])
def test_a_day_without_a_value_is_no_observation_however_it_is_written(bench: Bench, head: str) -> None:
    bench.server.date_head = head
    bench.server.values["DGS2"] = {"2025-01-01": ".", "2025-01-02": "4.25", "2025-01-03": ""}

    assert values(bench.fetch("DGS2")) == {"2025-01-02": 4.25}


def test_a_page_in_place_of_a_series_may_be_gone_a_moment_later(bench: Bench) -> None:
    bench.server.canned.append(Canned(body=PAGE, content_type="text/html"))

    assert len(bench.fetch()) == 3
    assert bench.waits == [0.5]
    assert "the answer (HTTP 200) is not a series: '<!DOCTYPE html> <html>" in bench.lines[0]


def test_a_page_every_time_is_a_host_that_is_not_there(bench: Bench) -> None:
    bench.server.canned.extend([Canned(body=PAGE, content_type="text/html")] * 3)

    with pytest.raises(UnreachableError, match=r"^fred WALCL: the answer .* is not a series: .*given up after 3 tries"):
        bench.fetch()


def test_the_series_of_another_id_is_not_taken_for_it(bench: Bench) -> None:
    bench.server.canned.extend([Canned(body="observation_date,WRESBAL\n2025-01-01,1\n")] * 3)

    with pytest.raises(UnreachableError, match="is not a series: 'observation_date,WRESBAL"):
        bench.fetch()


def test_a_series_that_there_is_not_is_no_silence(bench: Bench) -> None:
    with pytest.raises(DataError, match=r"^fred NONE: FRED has no such series$") as caught:
        bench.fetch("NONE")

    assert not isinstance(caught.value, UnreachableError)
    assert bench.waits == []


def test_a_pause_that_is_asked_for_is_kept(bench: Bench) -> None:
    bench.server.canned.append(Canned(status=429, body="slow down", headers={"Retry-After": "7"}))

    assert len(bench.fetch()) == 3
    assert bench.waits == [7.0]


def test_a_long_pause_ends_the_fetch(bench: Bench) -> None:
    bench.server.canned.append(Canned(status=429, headers={"Retry-After": "4000"}))

    with pytest.raises(UnreachableError, match=r"HTTP 429; it may be asked again in 4000 seconds"):
        bench.fetch()


@pytest.mark.parametrize("status", [500, 503, 504])
def test_an_error_of_the_server_is_tried_again(bench: Bench, status: int) -> None:
    bench.server.canned.append(Canned(status=status, body=PAGE, content_type="text/html"))

    assert len(bench.fetch()) == 3
    assert bench.lines[0] == f"fred WALCL: FRED answers HTTP {status}; trying again in 0.5 seconds"


@pytest.mark.parametrize("status", [403, 451])
def test_an_address_that_is_not_served_is_not_asked_again(bench: Bench, status: int) -> None:
    bench.server.canned.append(Canned(status=status, body=PAGE, content_type="text/html"))

    with pytest.raises(UnreachableError, match=rf"FRED does not serve this address \(HTTP {status}\)"):
        bench.fetch()
    assert len(bench.server.requests) == 1


def test_a_broken_connection_is_tried_again(bench: Bench) -> None:
    bench.server.canned.append(Canned(reset=True))

    assert len(bench.fetch()) == 3
    assert "broke off its answer" in bench.lines[0]


@pytest.mark.parametrize("answer", [Canned(silence=True), Canned(drips=True)])
def test_an_answer_is_held_to_its_time(bench: Bench, answer: Canned) -> None:
    bench.timeout_seconds, bench.max_retries = SILENCE_SECONDS, 0
    bench.server.canned.append(answer)

    with pytest.raises(UnreachableError, match=r"venue\.timeout_seconds"):
        bench.fetch()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("2025-01-01,1\n2025-01-32,2", "a row is not readable: '2025-01-32,2'; given up after 1 try"),
        ("2025-01-01,many", "a row is not readable: '2025-01-01,many'"),
        ("2025-01-02,1\n2025-01-01,2", "row 2: date 2025-01-01 comes after 2025-01-02; dates must ascend"),
        ("2025-01-02,1\n2025-01-02,2", "row 2: date 2025-01-02 is given twice"),
        ("2025-01-02,inf", r"row 1 \(2025-01-02\): value inf is not a number"),
    ],
)
def test_a_row_that_cannot_be_is_an_error_of_the_series(bench: Bench, rows: str, said: str) -> None:
    bench.max_retries = 0
    bench.server.canned.append(Canned(body=f"observation_date,WALCL\n{rows}\n"))

    with pytest.raises(DataError, match=said) as caught:
        bench.fetch()
    assert not isinstance(caught.value, UnreachableError)


def test_a_vintage_is_asked_for_by_its_day(bench: Bench) -> None:
    bench.server.vintages["WALCL", "2025-01-03"] = {"2025-01-01": "6852000"}

    assert values(bench.fetch("WALCL@2025-01-03")) == {"2025-01-01": 6852000.0}
    assert bench.server.requests == [{"id": "WALCL", "vintage_date": "2025-01-03"}]
    assert bench.remarks == []


def test_a_vintage_that_was_not_given_is_said(bench: Bench) -> None:
    assert len(bench.fetch("WALCL@2025-01-03")) == 3
    assert bench.remarks == [
        "fred WALCL: the vintage of 2025-01-03 was asked for and not given; the values are those of today"
    ]


@dataclass
class Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now


def cached(bench: Bench, folder: Path, clock: Clock, *, source: str | None = None) -> CachedValues:
    provider = CachedValues(
        provider="fred",
        folder=folder,
        rule_of=lambda name: series_rule(name, source=source),
        connect=bench.provider,
        now=clock,
    )
    bench.remarks.clear()
    return provider


def listed(loaded: LoadedValues) -> list[float]:
    return list(loaded.series.values.tolist())


JANUARY = datetime(2025, 1, 5, 12, tzinfo=UTC)


def test_a_day_asks_once(bench: Bench, tmp_path: Path) -> None:
    clock = Clock(JANUARY)
    first = cached(bench, tmp_path, clock).load("WALCL")
    clock.now = datetime(2025, 1, 5, 23, 59, tzinfo=UTC)

    again = cached(bench, tmp_path, clock).load("WALCL")

    assert len(bench.server.requests) == 1
    assert (listed(again), again.sha256, again.source) == (listed(first), first.sha256, "fred WALCL")
    assert again.fetched_at == JANUARY
    # 2025-01-01 is a holiday and a Wednesday; its balance sheet came out on the Thursday.
    assert str(again.series.known_at[-1]) == "2025-01-02T21:30:00"


def test_the_next_day_sees_what_came_out_and_says_what_was_revised(bench: Bench, tmp_path: Path) -> None:
    cached(bench, tmp_path, Clock(JANUARY)).load("WALCL")
    bench.server.values["WALCL"] = {**WALCL, "2024-12-25": "6886000", "2025-01-08": "6853923"}

    loaded = cached(bench, tmp_path, Clock(datetime(2025, 1, 10, 0, 1, tzinfo=UTC))).load("WALCL")

    assert listed(loaded) == [6889058.0, 6886000.0, 6852347.0, 6853923.0]
    assert loaded.notes == ("fred WALCL: the provider revised the value of 2024-12-25",)


def test_a_value_that_was_withdrawn_is_gone_and_said(bench: Bench, tmp_path: Path) -> None:
    cached(bench, tmp_path, Clock(JANUARY)).load("WALCL")
    bench.server.values["WALCL"] = {day: cell for day, cell in WALCL.items() if day != "2024-12-25"}

    loaded = cached(bench, tmp_path, Clock(datetime(2025, 1, 10, tzinfo=UTC))).load("WALCL")

    assert listed(loaded) == [6889058.0, 6852347.0]
    assert loaded.notes == ("fred WALCL: the provider withdrew the value of 2024-12-25",)


def test_what_lies_before_the_first_value_that_is_still_given_is_kept(bench: Bench, tmp_path: Path) -> None:
    cached(bench, tmp_path, Clock(JANUARY)).load("WALCL")
    bench.server.values["WALCL"] = {"2025-01-01": "6852347", "2025-01-08": "6853923"}

    loaded = cached(bench, tmp_path, Clock(datetime(2025, 1, 10, tzinfo=UTC))).load("WALCL")

    assert (listed(loaded), loaded.notes) == ([6889058.0, 6885963.0, 6852347.0, 6853923.0], ())


def test_a_series_that_is_always_revised_says_so_once_and_not_each_time(bench: Bench, tmp_path: Path) -> None:
    bench.server.values["NFCI"] = {"2024-12-27": "-0.60"}
    cached(bench, tmp_path, Clock(JANUARY)).load("NFCI")
    bench.server.values["NFCI"] = {"2024-12-27": "-0.61"}

    loaded = cached(bench, tmp_path, Clock(datetime(2025, 1, 10, tzinfo=UTC))).load("NFCI")

    assert (listed(loaded), loaded.notes, loaded.remark) == ([-0.61], (), "revised history")


def test_a_vintage_that_was_not_given_is_said_of_what_the_cache_holds_too(bench: Bench, tmp_path: Path) -> None:
    provider = CachedValues(
        provider="fred",
        folder=tmp_path,
        rule_of=lambda name: series_rule(name, source="fred:WALCL@2025-01-03"),
        connect=lambda: FredValues(
            base_url=bench.server.url,
            max_retries=0,
            timeout_seconds=PATIENCE_SECONDS,
            sleep=bench.waits.append,
            progress=bench.lines.append,
            remark=provider.remark,
            environment={},
        ),
        now=Clock(JANUARY),
    )

    for loaded in (provider.load("WALCL"), provider.load("WALCL")):
        assert "was asked for and not given" in loaded.notes[0]
        assert loaded.source == "fred WALCL@2025-01-03"
    assert len(bench.server.requests) == 1


def test_what_the_cache_holds_is_given_however_old_and_its_age_is_said(bench: Bench, tmp_path: Path) -> None:
    cached(bench, tmp_path, Clock(JANUARY)).load("WALCL")

    stored = cached(bench, tmp_path, Clock(datetime(2025, 6, 1, tzinfo=UTC))).stored("WALCL")

    assert stored is not None
    assert stored.notes == ("fred WALCL: values of the cache, fetched 2025-01-05 12:00 UTC",)
    assert cached(bench, tmp_path, Clock(JANUARY)).stored("DFF") is None


def test_a_damaged_entry_is_said_and_fetched_anew(bench: Bench, tmp_path: Path) -> None:
    cached(bench, tmp_path, Clock(JANUARY)).load("WALCL")
    (tmp_path / "fred-WALCL.parquet").write_bytes(b"PAR1")

    loaded = cached(bench, tmp_path, Clock(JANUARY)).load("WALCL")

    assert len(loaded.series) == 3
    assert loaded.notes[0].startswith("fred WALCL: the cache entry is not used, because")


def test_a_host_that_was_silent_is_left_alone_for_the_next_series(bench: Bench, tmp_path: Path) -> None:
    bench.max_retries = 0
    bench.server.canned.append(Canned(status=403))
    provider = cached(bench, tmp_path, Clock(JANUARY))

    for name in ("WALCL", "DFF"):
        with pytest.raises(UnreachableError):
            provider.load(name)

    assert len(bench.server.requests) == 1


def test_a_series_without_any_value_is_an_error(bench: Bench, tmp_path: Path) -> None:
    bench.server.values["WALCL"] = {"2025-01-01": "."}

    with pytest.raises(DataError, match=r"^fred WALCL: holds no value$"):
        cached(bench, tmp_path, Clock(JANUARY)).load("WALCL")


def test_a_folder_that_cannot_be_written_is_said(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    loaded = cached(bench, tmp_path / "file", Clock(JANUARY)).load("WALCL")

    assert "not kept, because the cache folder" in loaded.notes[-1]


def test_a_run_that_fetches_nothing_imports_no_library_of_the_network() -> None:
    code = "import sys; import engine.data.fred; print('requests' in sys.modules)"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert said.strip() == "False"


def test_another_ids_absence_is_told_apart(bench: Bench) -> None:
    bench.server.canned.append(NOT_FOUND)

    with pytest.raises(DataError, match="FRED has no such series"):
        bench.fetch()
