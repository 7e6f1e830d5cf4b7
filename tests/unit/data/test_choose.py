"""Where bars come from: one provider, or auto's route, all real or all synthetic."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import pytest

from engine.core.errors import ConfigError, DataError
from engine.core.market import BarSeries
from engine.data.choose import Choice, ExtendedBars, StaleAllowed, load_all, spliced
from engine.data.digest import bars_sha256
from engine.data.failures import UnreachableError
from engine.ports import LoadedSeries, MarketData
from tests.support.bars import bars_of, bars_on

LISTED = date(2024, 1, 11)


def loaded(source: str, bars: BarSeries, *notes: str) -> LoadedSeries:
    return LoadedSeries(bars=bars, source=source, sha256=bars_sha256(bars), notes=notes)


@dataclass
class FakeCached:
    """A cached provider: what the network gives, what the cache holds, and what it was asked.

    Attributes:
        bad: what the provider refuses, although it can be reached.
    """

    network: dict[str, LoadedSeries] = field(default_factory=dict)
    kept: dict[str, LoadedSeries] = field(default_factory=dict)
    asked: list[tuple[str, date | None]] = field(default_factory=list)
    bad: tuple[str, ...] = ()

    def load(self, symbol: str) -> LoadedSeries:
        return self._give(symbol, None)

    def load_settled(self, symbol: str, until: date) -> LoadedSeries:
        return self._give(symbol, until)

    def stored(self, symbol: str) -> LoadedSeries | None:
        return self.kept.get(symbol)

    def _give(self, symbol: str, until: date | None) -> LoadedSeries:
        self.asked.append((symbol, until))
        if symbol in self.bad:
            raise DataError(f"{symbol}: no such market")
        if symbol not in self.network:
            raise UnreachableError(f"{symbol}: no answer")
        return self.network[symbol]


def recent_bars(count: int = 40) -> LoadedSeries:
    return loaded("binance BTC", bars_of("BTC", LISTED, [100.0] * count))


def older_bars(close: float = 101.0, count: int = 40) -> LoadedSeries:
    """Forty bars from 1 January: ten before the listing, thirty in common."""
    return loaded("yahoo BTC", bars_of("BTC", date(2024, 1, 1), [50.0] * 10 + [close] * (count - 10)))


def test_older_bars_are_put_before_the_first_of_the_exchange() -> None:
    result = ExtendedBars(FakeCached({"BTC": recent_bars()}), FakeCached({"BTC": older_bars()})).load("BTC")

    assert result.bars.close.tolist() == [50.0] * 10 + [100.0] * 40
    assert str(result.bars.known_at[0]) == "2024-01-02T00:00:00"
    assert result.notes == ("BTC: yahoo BTC before 2024-01-11, binance BTC from then on",)
    assert result.source == "yahoo BTC to 2024-01-10, binance BTC from 2024-01-11"
    assert result.sha256 == bars_sha256(result.bars)
    assert result.missing == 0


def test_the_older_provider_is_asked_for_the_first_thirty_common_days_and_no_more() -> None:
    older = FakeCached({"BTC": older_bars()})

    ExtendedBars(FakeCached({"BTC": recent_bars()}), older).load("BTC")

    # 30 days from 11 January: the last is 9 February.
    assert older.asked == [("BTC", date(2024, 2, 9))]


def test_a_coin_listed_yesterday_asks_no_further_than_its_last_bar() -> None:
    older = FakeCached({"BTC": older_bars()})

    ExtendedBars(FakeCached({"BTC": recent_bars(2)}), older).load("BTC")

    assert older.asked == [("BTC", date(2024, 1, 12))]


def test_a_hole_at_the_splice_is_counted_as_a_gap() -> None:
    days = ["2024-01-01", "2024-01-08", "2024-01-11", "2024-01-12"]
    older = loaded("yahoo BTC", bars_on("BTC", days, [50.0, 50.0, 100.0, 100.0]))

    result = spliced(recent_bars(), older)

    # 2 to 7 January are six days, 9 and 10 two.
    assert result.missing == 8
    assert result.gaps[1] == "BTC: no bar on 2024-01-09 to 2024-01-10 (2 days)"


def test_another_coin_under_the_same_letters_is_not_spliced() -> None:
    result = spliced(recent_bars(), older_bars(close=3.0))

    assert result.bars.first_day == LISTED
    assert result.notes == (
        "BTC: begins on 2024-01-11, not extended: yahoo BTC and binance BTC differ by 97% (median)",
    )


@pytest.mark.parametrize(("close", "extended"), [(104.9, True), (105.1, False), (95.1, True), (94.9, False)])
def test_closes_may_differ_by_five_percent(close: float, extended: bool) -> None:
    assert (len(spliced(recent_bars(), older_bars(close=close)).bars) == 50) is extended


def test_bars_without_a_day_in_common_are_not_spliced() -> None:
    result = spliced(recent_bars(), older_bars(count=10))

    assert result.bars.first_day == LISTED
    assert "have no day in common" in result.notes[0]


def test_a_provider_that_is_not_older_changes_nothing() -> None:
    recent = recent_bars()

    assert spliced(recent, loaded("yahoo BTC", bars_of("BTC", LISTED, [100.0] * 5))) is recent


def test_a_coin_that_the_older_provider_does_not_have_stays_as_it_is_and_says_so() -> None:
    result = ExtendedBars(FakeCached({"BTC": recent_bars()}), FakeCached()).load("BTC")

    assert len(result.bars) == 40
    assert result.notes == ("BTC: begins on 2024-01-11, not extended: BTC: no answer",)


def test_older_bars_out_of_the_cache_do_when_their_provider_fails() -> None:
    result = ExtendedBars(FakeCached({"BTC": recent_bars()}), FakeCached(kept={"BTC": older_bars()})).load("BTC")

    assert len(result.bars) == 50


def test_without_the_exchange_there_is_no_series() -> None:
    with pytest.raises(DataError, match="BTC: no answer"):
        ExtendedBars(FakeCached(), FakeCached({"BTC": older_bars()})).load("BTC")


def test_stored_bars_are_spliced_too() -> None:
    both = ExtendedBars(FakeCached(kept={"BTC": recent_bars()}), FakeCached(kept={"BTC": older_bars()}))
    recent_alone = ExtendedBars(FakeCached(kept={"BTC": recent_bars()}), FakeCached())
    older_alone = ExtendedBars(FakeCached(), FakeCached(kept={"BTC": older_bars()}))

    stored, alone = both.stored("BTC"), recent_alone.stored("BTC")

    assert stored is not None
    assert len(stored.bars) == 50
    assert alone is not None
    assert len(alone.bars) == 40
    assert older_alone.stored("BTC") is None


def test_stale_bars_are_taken_when_the_network_fails_and_said_aloud() -> None:
    stale = loaded("binance BTC", bars_of("BTC", LISTED, [1.0]), "BTC: stale")

    result = StaleAllowed(FakeCached(kept={"BTC": stale})).load("BTC")

    assert result.notes == ("BTC: stale", "BTC: taken from the cache, because the network failed: BTC: no answer")


def test_bars_of_the_network_are_preferred_to_stale_ones() -> None:
    stale = loaded("binance BTC", bars_of("BTC", LISTED, [1.0]))

    assert StaleAllowed(FakeCached({"BTC": recent_bars()}, kept={"BTC": stale})).load("BTC").notes == ()


def test_without_network_and_cache_there_is_no_series() -> None:
    with pytest.raises(DataError, match="BTC: no answer"):
        StaleAllowed(FakeCached()).load("BTC")


def test_what_a_provider_that_was_reached_refuses_is_not_taken_from_the_cache() -> None:
    stale = loaded("binance BTC", bars_of("BTC", LISTED, [1.0]), "BTC: stale")

    with pytest.raises(DataError, match="BTC: no such market"):
        StaleAllowed(FakeCached(kept={"BTC": stale}, bad=("BTC",))).load("BTC")


class Sample:
    """The synthetic market: it has everything but `MATICC`."""

    def load(self, symbol: str) -> LoadedSeries:
        if symbol == "MATICC":
            raise DataError("MATICC: the synthetic sample has no such series")
        return replace(loaded("sample", bars_of(symbol, LISTED, [1.0])), synthetic=True)


def real(*symbols: str) -> FakeCached:
    return FakeCached({symbol: loaded("real", bars_of(symbol, LISTED, [2.0])) for symbol in symbols})


def choices(
    crypto: tuple[str, MarketData | None], index: tuple[str, MarketData | None], coins: Sequence[str] = ("BTC", "ETH")
) -> list[Choice]:
    return [
        Choice(key="data.crypto", name=crypto[0], provider=crypto[1], symbols=coins),
        Choice(key="data.index", name=index[0], provider=index[1], symbols=["RUT"]),
    ]


def test_every_series_is_loaded_from_the_provider_of_its_kind() -> None:
    coins, indices = real("BTC", "ETH"), real("RUT")

    result = load_all(choices(("csv", coins), ("yahoo", indices)), sample=Sample, progress=print)

    assert list(result) == ["BTC", "ETH", "RUT"]
    assert [symbol for symbol, _ in coins.asked] == ["BTC", "ETH"]
    assert [symbol for symbol, _ in indices.asked] == ["RUT"]


def test_a_symbol_named_twice_is_loaded_once() -> None:
    coins = real("BTC")

    load_all(choices(("csv", coins), ("csv", real("RUT")), coins=["BTC", "BTC"]), sample=Sample, progress=print)

    assert len(coins.asked) == 1


def test_when_one_series_of_auto_cannot_be_reached_all_come_from_the_sample() -> None:
    told: list[str] = []

    result = load_all(choices(("auto", real("BTC", "ETH")), ("auto", real())), sample=Sample, progress=told.append)

    assert {symbol: series.synthetic for symbol, series in result.items()} == {"BTC": True, "ETH": True, "RUT": True}
    assert result["BTC"].notes == ("synthetic sample taken, because real bars could not be had: RUT: no answer",)
    assert told == ["no real bars: RUT: no answer"]


@pytest.mark.parametrize("refused", ["ETH", "RUT"])
def test_a_series_that_is_refused_never_leads_to_the_sample(refused: str) -> None:
    coins, indices = real("BTC", "ETH"), real("RUT")
    coins.bad = indices.bad = (refused,)

    with pytest.raises(DataError, match=f"{refused}: no such market"):
        load_all(choices(("auto", coins), ("auto", indices)), sample=Sample, progress=print)


def test_a_coin_that_the_provider_does_not_know_is_named_before_an_index_that_cannot_be_reached() -> None:
    coins = real("BTC")
    coins.bad = ("MATICC",)

    with pytest.raises(DataError, match="MATICC: no such market"):
        load_all(choices(("auto", coins), ("auto", real()), coins=["BTC", "MATICC"]), sample=Sample, progress=print)


def test_a_coin_that_the_sample_does_not_have_is_named_with_the_reason_for_the_sample() -> None:
    with pytest.raises(DataError) as refused:
        load_all(choices(("auto", real()), ("auto", real()), coins=["BTC", "MATICC"]), sample=Sample, progress=print)

    assert str(refused.value) == (
        "MATICC: the synthetic sample has no such series; it was to be taken, because real bars could not be had: "
        "BTC: no answer"
    )


def test_real_bars_of_auto_are_all_real() -> None:
    result = load_all(choices(("auto", real("BTC", "ETH")), ("auto", real("RUT"))), sample=Sample, progress=print)

    assert not any(series.synthetic for series in result.values())


@pytest.mark.parametrize(("crypto", "index"), [("csv", "auto"), ("auto", "yahoo"), ("binance", "yahoo")])
def test_a_provider_that_was_chosen_is_never_left_for_the_sample(crypto: str, index: str) -> None:
    with pytest.raises(DataError, match="RUT: no answer"):
        load_all(choices((crypto, real("BTC", "ETH")), (index, real())), sample=Sample, progress=print)


@pytest.mark.parametrize(("crypto", "index"), [("sample", "sample"), ("sample", "auto"), ("auto", "sample")])
def test_where_the_sample_is_chosen_auto_is_the_sample_as_well(crypto: str, index: str) -> None:
    coins, indices = real("BTC", "ETH"), real("RUT")

    result = load_all(choices((crypto, coins), (index, indices)), sample=Sample, progress=print)

    assert all(series.synthetic for series in result.values())
    assert result["BTC"].notes == ()
    assert coins.asked == indices.asked == []


@pytest.mark.parametrize(
    ("crypto", "index", "sentence"),
    [
        ("sample", "csv", "data.crypto sample with data.index csv: synthetic and real bars are never mixed"),
        ("binance", "sample", "data.index sample with data.crypto binance: synthetic and real bars are never mixed"),
    ],
)
def test_the_sample_beside_real_bars_is_refused(crypto: str, index: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        load_all(choices((crypto, real("BTC", "ETH")), (index, real("RUT"))), sample=Sample, progress=print)


def test_a_choice_without_a_provider_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"data\.crypto: venue has no provider of bars in this command"):
        load_all(choices(("venue", None), ("auto", real("RUT"))), sample=Sample, progress=print)
