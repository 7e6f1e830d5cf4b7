"""The cache on real files: fresh, updated, torn, damaged, unwritable, and under two writers at once."""

import hashlib
import json
import multiprocessing
import os
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import TypeAlias

import fastparquet
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core.errors import DataError
from engine.core.market import BarSeries
from engine.data.cache import CachedBars, bar_form
from engine.data.cache_store import CacheStore, Entry, Key
from engine.data.digest import bars_sha256
from engine.data.failures import UnreachableError
from engine.data.kinds import COINS, indices
from engine.data.sessions import NewYorkSessions
from tests.support.bars import bars_of, bars_on
from tests.support.fetchers import FakeClock, FakeFetcher, noon

FIRST = date(2024, 1, 1)
THIRTY = [100.0 + number for number in range(30)]
"""Closes of 1 to 30 January 2024."""


def cached(folder: Path, fetcher: FakeFetcher, clock: FakeClock) -> CachedBars:
    return CachedBars(provider="fake", quote="USDT", folder=folder, kind=COINS, connect=fetcher.connect, now=clock)


def filled(folder: Path) -> tuple[CachedBars, FakeFetcher, FakeClock]:
    """Give a cache that has fetched 30 bars on 31 January, with its provider's memory of it cleared."""
    fetcher, clock = FakeFetcher({"BTC": bars_of("BTC", FIRST, THIRTY)}), noon("2024-01-31")
    provider = cached(folder, fetcher, clock)
    provider.load("BTC")
    fetcher.asked.clear()
    return provider, fetcher, clock


def parquet(folder: Path) -> Path:
    return folder / "fake-BTC-USDT.parquet"


def description(folder: Path) -> Path:
    return folder / "fake-BTC-USDT.json"


def test_a_first_load_fetches_everything_and_says_where_it_comes_from(tmp_path: Path) -> None:
    fetcher, clock = FakeFetcher({"BTC": bars_of("BTC", FIRST, THIRTY)}), noon("2024-01-31")

    loaded = cached(tmp_path / "new" / "folder", fetcher, clock).load("BTC")

    assert fetcher.asked == [("BTC", None, date(2024, 1, 30))]
    assert loaded.bars.close.tolist() == THIRTY
    assert (loaded.source, loaded.fetched_at, loaded.notes) == ("fake BTC/USDT", clock.now, ())


def test_what_is_beside_the_bars_tells_their_origin(tmp_path: Path) -> None:
    filled(tmp_path)

    told = json.loads(description(tmp_path).read_text())

    assert {name: told[name] for name in ("provider", "symbol", "quote", "rows", "first", "last")} == {
        "provider": "fake",
        "symbol": "BTC",
        "quote": "USDT",
        "rows": 30,
        "first": "2024-01-01",
        "last": "2024-01-30",
    }
    assert told["fetched_at"] == "2024-01-31T12:00:00+00:00"
    assert told["sha256"] == bars_sha256(bars_of("BTC", FIRST, THIRTY))


def test_fresh_bars_are_read_without_the_network(tmp_path: Path) -> None:
    provider, fetcher, clock = filled(tmp_path)
    before = provider.load("BTC")

    def no_network() -> FakeFetcher:
        raise AssertionError("nothing has to be fetched")

    again = CachedBars(provider="fake", quote="USDT", folder=tmp_path, kind=COINS, connect=no_network, now=clock).load(
        "BTC"
    )

    assert fetcher.asked == []
    assert again.sha256 == before.sha256
    assert (again.fetched_at, again.notes) == (clock.now, ())


def test_an_update_asks_for_the_last_ten_bars_again(tmp_path: Path) -> None:
    provider, fetcher, clock = filled(tmp_path)
    fetcher.bars["BTC"] = bars_of("BTC", FIRST, [*THIRTY, 130, 131])
    clock.move(days=2)

    loaded = provider.load("BTC")

    # The last ten of 1 to 30 January begin on the 21st.
    assert fetcher.asked == [("BTC", date(2024, 1, 21), date(2024, 2, 1))]
    assert loaded.bars.close.tolist() == [*THIRTY, 130, 131]
    assert loaded.notes == ()
    assert loaded.sha256 == bars_sha256(bars_of("BTC", FIRST, [*THIRTY, 130, 131]))


def test_a_short_series_is_updated_from_its_first_bar(tmp_path: Path) -> None:
    fetcher, clock = FakeFetcher({"BTC": bars_of("BTC", FIRST, [1, 2, 3])}), noon("2024-01-04")
    provider = cached(tmp_path, fetcher, clock)
    provider.load("BTC")
    clock.move(days=1)
    fetcher.bars["BTC"] = bars_of("BTC", FIRST, [1, 2, 3, 4])

    assert provider.load("BTC").bars.close.tolist() == [1, 2, 3, 4]
    assert fetcher.asked[-1] == ("BTC", FIRST, date(2024, 1, 4))


def test_a_revised_bar_is_replaced_and_told(tmp_path: Path) -> None:
    provider, fetcher, clock = filled(tmp_path)
    fetcher.bars["BTC"] = bars_of("BTC", FIRST, [*THIRTY[:28], 200.0, *THIRTY[29:], 130.0])
    clock.move(days=1)

    loaded = provider.load("BTC")

    assert loaded.bars.close.tolist() == [*THIRTY[:28], 200.0, *THIRTY[29:], 130.0]
    assert loaded.notes == ("fake BTC/USDT: the provider revised the bar of 2024-01-29",)
    assert provider.load("BTC").notes == ()


def test_many_revisions_are_told_in_one_line(tmp_path: Path) -> None:
    provider, fetcher, clock = filled(tmp_path)
    fetcher.bars["BTC"] = bars_of("BTC", FIRST, [*THIRTY[:25], *(close * 1.1 for close in THIRTY[25:]), 130.0])
    clock.move(days=1)

    assert provider.load("BTC").notes == (
        "fake BTC/USDT: the provider revised the bar of 2024-01-26, 2024-01-27, 2024-01-28 and 2 more",
    )


def test_rounding_in_single_precision_is_no_revision(tmp_path: Path) -> None:
    provider, fetcher, clock = filled(tmp_path)
    fetcher.bars["BTC"] = bars_of("BTC", FIRST, [close * (1 + 1e-8) for close in [*THIRTY, 130.0]])
    clock.move(days=1)

    assert provider.load("BTC").notes == ()


def test_when_the_oldest_bar_asked_for_again_differs_everything_is_fetched_anew(tmp_path: Path) -> None:
    provider, fetcher, clock = filled(tmp_path)
    halved = [close / 2 for close in [*THIRTY, 130.0]]
    fetcher.bars["BTC"] = bars_of("BTC", FIRST, halved)
    clock.move(days=1)

    loaded = provider.load("BTC")

    assert [since for _, since, _ in fetcher.asked] == [date(2024, 1, 21), None]
    assert loaded.bars.close.tolist() == halved
    assert loaded.notes == (
        "fake BTC/USDT: fetched anew as a whole, because the bar of 2024-01-21 is no longer what it was",
    )


def test_when_the_oldest_bar_asked_for_again_is_gone_everything_is_fetched_anew(tmp_path: Path) -> None:
    provider, fetcher, clock = filled(tmp_path)
    fetcher.bars["BTC"] = bars_of("BTC", date(2024, 1, 25), THIRTY)
    clock.move(days=1)

    assert provider.load("BTC").bars.first_day == date(2024, 1, 25)


def test_a_bar_that_the_provider_no_longer_gives_stays(tmp_path: Path) -> None:
    provider, fetcher, clock = filled(tmp_path)
    days = [str(FIRST + timedelta(days=offset)) for offset in range(29)]
    fetcher.bars["BTC"] = bars_on("BTC", days, THIRTY[:29])
    clock.move(days=1)

    loaded = provider.load("BTC")

    assert loaded.bars.close.tolist() == THIRTY
    assert loaded.notes == ("fake BTC/USDT: the last bar is of 2024-01-30; 2024-01-31 is due",)


def test_a_bar_that_is_not_final_is_not_kept(tmp_path: Path) -> None:
    class Eager(FakeFetcher):
        def fetch(self, symbol: str, *, since: date | None, until: date) -> BarSeries:
            return super().fetch(symbol, since=since, until=until + timedelta(days=1))

    fetcher = Eager({"BTC": bars_of("BTC", FIRST, THIRTY)})

    loaded = cached(tmp_path, fetcher, noon("2024-01-30")).load("BTC")

    assert loaded.bars.last_day == date(2024, 1, 29)


def test_gaps_of_a_series_with_a_cache_are_told(tmp_path: Path) -> None:
    fetcher = FakeFetcher({"BTC": bars_on("BTC", ["2024-01-01", "2024-01-03"], [1, 2])})

    for _ in range(2):
        loaded = cached(tmp_path, fetcher, noon("2024-01-04")).load("BTC")
        assert (loaded.missing, loaded.gaps) == (1, ("BTC: no bar on 2024-01-02 (1 day)",))


def test_an_index_is_fresh_until_half_an_hour_after_the_next_bell(tmp_path: Path) -> None:
    # Friday 12 January 2024; Monday 15 is a holiday; Tuesday's bell rings at 21:00 UTC.
    kind = indices(NewYorkSessions().between)
    days = ["2024-01-11", "2024-01-12", "2024-01-16"]
    fetcher = FakeFetcher({"RUT": bars_on("RUT", days, [1, 2, 3], kind=kind)})
    clock = noon("2024-01-16")
    provider = CachedBars(provider="fake", quote="", folder=tmp_path, kind=kind, connect=fetcher.connect, now=clock)

    assert provider.load("RUT").bars.last_day == date(2024, 1, 12)
    clock.move(minutes=9 * 60 + 29)
    assert provider.load("RUT").bars.last_day == date(2024, 1, 12)
    assert len(fetcher.asked) == 1
    clock.move(minutes=1)
    loaded = provider.load("RUT")

    assert loaded.bars.last_day == date(2024, 1, 16)
    assert str(loaded.bars.known_at[-1]) == "2024-01-16T21:00:00"
    assert (loaded.source, loaded.missing) == ("fake RUT", 0)
    assert (tmp_path / "fake-RUT.parquet").exists()


def test_a_failed_fetch_is_an_error_and_leaves_the_entry_alone(tmp_path: Path) -> None:
    provider, fetcher, clock = filled(tmp_path)
    before = parquet(tmp_path).read_bytes(), description(tmp_path).read_bytes()
    clock.move(days=1)
    fetcher.failure = DataError("fake BTC: refused")

    with pytest.raises(DataError, match="fake BTC: refused"):
        provider.load("BTC")

    assert (parquet(tmp_path).read_bytes(), description(tmp_path).read_bytes()) == before


def test_stored_bars_are_given_without_the_network_and_their_age_is_told(tmp_path: Path) -> None:
    provider, fetcher, clock = filled(tmp_path)
    fresh = provider.stored("BTC")
    clock.move(days=3)
    stale = provider.stored("BTC")

    assert fresh is not None
    assert fresh.notes == ()
    assert stale is not None
    assert stale.bars.close.tolist() == THIRTY
    assert stale.notes == (
        "fake BTC/USDT: stale: bars of the cache, fetched 2024-01-31 12:00 UTC, end on 2024-01-30; 2024-02-02 is due",
    )
    assert provider.stored("ETH") is None
    assert fetcher.asked == []


def test_a_silent_provider_is_not_asked_for_the_next_series_until_some_minutes_have_passed(tmp_path: Path) -> None:
    fetcher, clock = FakeFetcher({"ETH": bars_of("ETH", FIRST, THIRTY)}), noon("2024-01-31")
    fetcher.failure = UnreachableError("fake: cannot be reached")
    provider = cached(tmp_path, fetcher, clock)

    for symbol in ("BTC", "ETH"):
        with pytest.raises(UnreachableError, match="cannot be reached"):
            provider.load(symbol)
    assert [symbol for symbol, _, _ in fetcher.asked] == ["BTC"]

    fetcher.failure = None
    clock.move(minutes=5)
    assert len(provider.load("ETH").bars) == 30


def test_bars_of_the_past_are_asked_for_once(tmp_path: Path) -> None:
    # The provider has nothing from 11 January on, which makes it no less complete.
    fetcher, clock = FakeFetcher({"BTC": bars_of("BTC", FIRST, THIRTY[:10])}), noon("2024-06-01")
    provider = cached(tmp_path, fetcher, clock)

    for _ in range(2):
        assert len(provider.load_settled("BTC", date(2024, 1, 20)).bars) == 10
    assert fetcher.asked == [("BTC", None, date(2024, 1, 20))]


def test_that_a_provider_has_no_such_bars_is_believed_for_a_day(tmp_path: Path) -> None:
    fetcher, clock = FakeFetcher({}), noon("2024-01-31")

    for _ in range(2):
        with pytest.raises(DataError, match="fake SOL: no such market"):
            cached(tmp_path, fetcher, clock).load_settled("SOL", date(2024, 1, 20))
    assert len(fetcher.asked) == 1
    assert cached(tmp_path, fetcher, clock).stored("SOL") is None

    clock.move(days=1)
    fetcher.bars["SOL"] = bars_of("SOL", FIRST, THIRTY)
    assert len(cached(tmp_path, fetcher, clock).load_settled("SOL", date(2024, 1, 20)).bars) == 20


def test_a_remembered_absence_does_not_stop_a_plain_load(tmp_path: Path) -> None:
    fetcher, clock = FakeFetcher({}), noon("2024-01-31")
    provider = cached(tmp_path, fetcher, clock)
    with pytest.raises(DataError):
        provider.load_settled("BTC", date(2024, 1, 20))
    fetcher.bars["BTC"] = bars_of("BTC", FIRST, THIRTY)

    assert len(provider.load("BTC").bars) == 30


def test_silence_is_not_remembered_as_absence(tmp_path: Path) -> None:
    fetcher, clock = FakeFetcher({"BTC": bars_of("BTC", FIRST, THIRTY)}), noon("2024-01-31")
    fetcher.failure = UnreachableError("fake: cannot be reached")
    with pytest.raises(UnreachableError):
        cached(tmp_path, fetcher, clock).load_settled("BTC", date(2024, 1, 20))
    fetcher.failure = None

    assert len(cached(tmp_path, fetcher, clock).load_settled("BTC", date(2024, 1, 20)).bars) == 20


def truncate(folder: Path) -> None:
    parquet(folder).write_bytes(parquet(folder).read_bytes()[:200])


def flip(folder: Path) -> None:
    content = bytearray(parquet(folder).read_bytes())
    content[300] ^= 1
    parquet(folder).write_bytes(bytes(content))


Damage: TypeAlias = Callable[[Path], object]


def replace_by_folder(folder: Path) -> None:
    parquet(folder).unlink()
    parquet(folder).mkdir()


def change(**values: object) -> Damage:
    def apply(folder: Path) -> None:
        told = json.loads(description(folder).read_text()) | values
        description(folder).write_text(json.dumps(told))

    return apply


def lose(name: str) -> Damage:
    def apply(folder: Path) -> None:
        told = json.loads(description(folder).read_text())
        del told[name]
        description(folder).write_text(json.dumps(told))

    return apply


def foreign(content: bytes) -> Damage:
    """Put other bytes there, with their digest."""

    def apply(folder: Path) -> None:
        parquet(folder).write_bytes(content)
        change(file_sha256=hashlib.sha256(content).hexdigest())(folder)

    return apply


DAMAGES: dict[str, Damage] = {
    "parquet cut short": truncate,
    "parquet empty": lambda folder: parquet(folder).write_bytes(b""),
    "one bit flipped": flip,
    "parquet gone": lambda folder: parquet(folder).unlink(),
    "parquet a folder": replace_by_folder,
    "json gone": lambda folder: description(folder).unlink(),
    "json empty": lambda folder: description(folder).write_text(""),
    "json no json": lambda folder: description(folder).write_text("<html>"),
    "json not utf-8": lambda folder: description(folder).write_bytes(b"\xff\xfe{"),
    "json a list": lambda folder: description(folder).write_text("[1]"),
    "older format": change(format=0),
    "newer format": change(format=99),
    "other provider": change(provider="other"),
    "other digest": change(sha256="0" * 64),
    "no time zone": change(fetched_at="2024-01-31T12:00:00"),
    "no time": change(fetched_at="yesterday"),
    "no day": change(through=None),
    "a key missing": lose("file_sha256"),
    "not parquet at all": foreign(b"x"),
    "parquet by its first and last letters alone": foreign(b"PAR1 not really PAR1"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=list(DAMAGES))
def test_a_damaged_entry_counts_as_absent_and_is_fetched_again_and_told(tmp_path: Path, damage: Damage) -> None:
    provider, fetcher, _ = filled(tmp_path)
    damage(tmp_path)

    assert provider.stored("BTC") is None
    loaded = provider.load("BTC")

    assert fetcher.asked == [("BTC", None, date(2024, 1, 30))]
    assert loaded.bars.close.tolist() == THIRTY
    assert loaded.notes[0].startswith("fake BTC/USDT: the cache entry is not used, because ")


@pytest.mark.parametrize("file_before_the_crash", [0, 1])
def test_a_crash_in_the_middle_of_a_write_leaves_no_entry_that_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file_before_the_crash: int
) -> None:
    provider, fetcher, clock = filled(tmp_path)
    fetcher.bars["BTC"] = bars_of("BTC", FIRST, [*THIRTY, 130.0])
    clock.move(days=1)
    replaced: list[Path] = []
    real_replace = Path.replace

    class PowerCut(BaseException):
        pass

    def replace(self: Path, target: Path) -> Path:
        if len(replaced) == file_before_the_crash:
            raise PowerCut
        replaced.append(target)
        return real_replace(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", replace)
        with pytest.raises(PowerCut):
            provider.load("BTC")

    loaded = provider.load("BTC")

    assert loaded.bars.close.tolist() == [*THIRTY, 130.0]
    # Cut before the first file: the old entry stands and is updated. Between the two: the pair is torn and said to be.
    assert len(loaded.notes) == file_before_the_crash
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fake-BTC-USDT.json", "fake-BTC-USDT.parquet"]


def test_a_full_disk_is_a_note_and_leaves_the_old_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    provider, fetcher, clock = filled(tmp_path)
    fetcher.bars["BTC"] = bars_of("BTC", FIRST, [*THIRTY, 130.0])
    clock.move(days=1)

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        loaded = provider.load("BTC")

    assert loaded.bars.close.tolist() == [*THIRTY, 130.0]
    assert loaded.notes == (
        f"fake BTC/USDT: not kept, because the cache folder {tmp_path} cannot be written: No space left on device",
    )
    stored = provider.stored("BTC")
    assert stored is not None
    assert stored.bars.close.tolist() == THIRTY


def test_a_cache_folder_that_cannot_be_made_is_a_note(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    fetcher = FakeFetcher({"BTC": bars_of("BTC", FIRST, THIRTY)})

    loaded = cached(tmp_path / "file" / "cache", fetcher, noon("2024-01-31")).load("BTC")

    assert len(loaded.bars) == 30
    assert "cannot be written: Not a directory" in loaded.notes[-1]


def test_names_of_markets_do_not_leave_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    for symbol in ("^RUT", "../escape", "A/B", "Ü", "."):
        fetcher = FakeFetcher({symbol: bars_of(symbol, FIRST, THIRTY)})
        provider = cached(folder, fetcher, noon("2024-01-31"))
        provider.load(symbol)
        assert provider.stored(symbol) is not None
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]
    assert len(list(folder.iterdir())) == 10


prices = st.floats(min_value=1e-12, max_value=1e12, allow_nan=False)
volumes = st.floats(min_value=0, max_value=1e15) | st.just(float("nan"))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    days=st.lists(st.dates(min_value=date(1900, 1, 1), max_value=date(2200, 1, 1)), max_size=12, unique=True),
    data=st.data(),
)
def test_what_is_written_is_read_again_to_the_last_bit(tmp_path: Path, days: list[date], data: st.DataObject) -> None:
    columns = {
        name: np.array(
            data.draw(st.lists(prices if name != "volume" else volumes, min_size=len(days), max_size=len(days))),
            dtype=np.float64,
        )
        for name in ("open", "high", "low", "close", "volume")
    }
    bars = COINS.build("X", days=np.array(sorted(days), dtype="datetime64[D]"), **columns)
    key = Key(provider="p", symbol="X", quote="Q")
    entry = Entry(rows=bars, through=FIRST, fetched_at=noon("2024-01-01").now, sha256=bars_sha256(bars))

    CacheStore(tmp_path, bar_form(COINS)).write(key, entry)
    read = CacheStore(tmp_path, bar_form(COINS)).read(key)

    assert isinstance(read, Entry)
    assert np.array_equal(read.rows.days, bars.days)
    assert np.array_equal(read.rows.known_at, bars.known_at)
    for name, column in columns.items():
        assert getattr(read.rows, name).tobytes() == column.tobytes()
    assert (read.through, read.fetched_at, read.sha256) == (entry.through, entry.fetched_at, entry.sha256)


# What fastparquet 2026.9 does with instants, numpy 2.5 warns of.
@pytest.mark.filterwarnings("ignore:The 'generic' unit:DeprecationWarning")
def test_an_entry_that_holds_instants_for_days_as_version_0_1_wrote_them_is_read(tmp_path: Path) -> None:
    bars = bars_of("X", date(1969, 12, 30), [1.5, 2.5, 3.5, 4.5])
    key = Key(provider="fake", symbol="BTC", quote="USDT")
    entry = Entry(rows=bars, through=FIRST, fetched_at=noon("2024-01-01").now, sha256=bars_sha256(bars))
    CacheStore(tmp_path, bar_form(COINS)).write(key, entry)

    columns = {name: getattr(bars, name) for name in ("open", "high", "low", "close", "volume")}
    frame = pd.DataFrame({"day": bars.days.astype("datetime64[ms]"), **columns})
    fastparquet.write(str(parquet(tmp_path)), frame, write_index=False, stats=False)
    said = json.loads(description(tmp_path).read_text(encoding="utf-8"))
    said["file_sha256"] = hashlib.sha256(parquet(tmp_path).read_bytes()).hexdigest()
    description(tmp_path).write_text(json.dumps(said), encoding="utf-8")

    read = CacheStore(tmp_path, bar_form(COINS)).read(key)

    assert isinstance(read, Entry)
    assert read.rows.days.tolist() == bars.days.tolist()


def write_often(folder: Path, closes: list[float], times: int) -> None:
    bars = bars_of("BTC", FIRST, closes)
    entry = Entry(rows=bars, through=FIRST, fetched_at=noon("2024-01-01").now, sha256=bars_sha256(bars))
    for _ in range(times):
        CacheStore(folder, bar_form(COINS)).write(Key(provider="fake", symbol="BTC", quote="USDT"), entry)


def test_two_writers_at_once_never_make_an_entry_that_is_neither_of_theirs(tmp_path: Path) -> None:
    one, other = [1.0] * 400, [2.0] * 500
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_often, args=(tmp_path, closes, 60)) for closes in (one, other)]
    key = Key(provider="fake", symbol="BTC", quote="USDT")
    whole = 0

    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        found = CacheStore(tmp_path, bar_form(COINS)).read(key)
        if isinstance(found, Entry):
            assert found.rows.close.tolist() in (one, other)
            whole += 1
    for writer in writers:
        writer.join()

    assert [writer.exitcode for writer in writers] == [0, 0]
    assert whole > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fake-BTC-USDT.json", "fake-BTC-USDT.parquet"]
    fetcher = FakeFetcher({"BTC": bars_of("BTC", FIRST, THIRTY)})
    assert len(cached(tmp_path, fetcher, noon("2024-01-31")).load("BTC").bars) in (30, 400, 500)


# ---- the calendar of an index

SESSIONS_OF_MAY = ["2024-05-22", "2024-05-23", "2024-05-24", "2024-05-28", "2024-05-29"]
DROPPED = "yahoo RUT: 1 row was dropped, of days when New York was closed and nothing was traded: 2024-05-27"


def index_of(days: list[str]) -> BarSeries:
    return bars_on("RUT", days, [2000.0 + number for number in range(len(days))], kind=INDEX)


def cached_index(folder: Path, fetcher: FakeFetcher, now: str) -> CachedBars:
    return CachedBars(provider="yahoo", quote="", folder=folder, kind=INDEX, connect=fetcher.connect, now=noon(now))


INDEX = indices(NewYorkSessions().between)


class Remarking(FakeFetcher):
    """A provider that drops rows, and says so to whoever keeps the bars."""

    cache: CachedBars
    words: tuple[str, ...] = ()

    def fetch(self, symbol: str, *, since: date | None, until: date) -> BarSeries:
        for words in self.words:
            self.cache.remark(words)
        return super().fetch(symbol, since=since, until=until)


def test_what_the_provider_says_of_its_bars_stays_with_them(tmp_path: Path) -> None:
    fetcher = Remarking({"RUT": index_of(SESSIONS_OF_MAY[:4])})
    fetcher.words = ("yahoo ^RUT: 1 row was dropped",)
    fetcher.cache = first = cached_index(tmp_path, fetcher, "2024-05-29")
    assert first.load("RUT").notes == fetcher.words

    # Out of the cache, and after an update of the last bars in which nothing was dropped.
    fetcher.cache = again = cached_index(tmp_path, fetcher, "2024-05-29")
    assert again.load("RUT").notes == fetcher.words
    said, fetcher.words = fetcher.words, ()
    fetcher.bars["RUT"] = index_of(SESSIONS_OF_MAY)
    fetcher.cache = later = cached_index(tmp_path, fetcher, "2024-05-30")
    loaded = later.load("RUT")
    assert (len(loaded.bars), loaded.notes) == (5, said)


def test_a_bar_of_a_closed_day_is_an_error_and_not_kept(tmp_path: Path) -> None:
    # Memorial Day 2024 is Monday 27 May.
    fetcher = FakeFetcher({"RUT": index_of([*SESSIONS_OF_MAY[:3], "2024-05-27", "2024-05-28"])})

    with pytest.raises(DataError, match=r"^yahoo RUT \(2024-05-27\): New York was closed on that Monday$"):
        cached_index(tmp_path, fetcher, "2024-05-29").load("RUT")

    assert list(tmp_path.iterdir()) == []


def kept_by_an_older_program(folder: Path, bars: BarSeries, now: str) -> None:
    entry = Entry(rows=bars, through=bars.last_day, fetched_at=noon(now).now, sha256=bars_sha256(bars))
    CacheStore(folder, bar_form(COINS)).write(Key(provider="yahoo", symbol="RUT", quote=""), entry)


def test_an_old_entry_with_a_carried_row_is_used_without_it(tmp_path: Path) -> None:
    bars = index_of([*SESSIONS_OF_MAY[:3], "2024-05-27", "2024-05-28"])
    for column in (bars.open, bars.high, bars.low, bars.close):
        column[3] = bars.close[2]
    kept_by_an_older_program(tmp_path, bars, "2024-05-29")
    fetcher = FakeFetcher({}, UnreachableError("no network"))

    loaded = cached_index(tmp_path, fetcher, "2024-05-29").load("RUT")

    assert [str(day) for day in loaded.bars.days] == SESSIONS_OF_MAY[:4]
    assert loaded.notes == (DROPPED,)
    assert loaded.sha256 == bars_sha256(loaded.bars)
    assert loaded.missing == 0


def test_an_old_entry_with_a_bar_of_a_closed_day_is_fetched_anew(tmp_path: Path) -> None:
    kept_by_an_older_program(tmp_path, index_of([*SESSIONS_OF_MAY[:3], "2024-05-27", "2024-05-28"]), "2024-05-29")
    fetcher = FakeFetcher({"RUT": index_of(SESSIONS_OF_MAY[:4])})

    loaded = cached_index(tmp_path, fetcher, "2024-05-29").load("RUT")

    assert fetcher.asked == [("RUT", None, date(2024, 5, 28))]
    assert loaded.notes == (
        "yahoo RUT: the cache entry is not used, because yahoo RUT (2024-05-27): New York was closed on that Monday",
    )
