"""The sample market: always the same, well-formed, and shaped like a market."""

import hashlib
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from engine.core.calendar import Days, days_between
from engine.core.errors import DataError
from engine.core.market import BarSeries, Floats
from engine.data.checks import check_bars, crypto_gaps
from engine.data.sample import SampleBars
from engine.data.sample_noise import noise, splitmix64
from engine.data.sample_regimes import LAST_DAY, MARKETS, PHASES, phase_column

ROOT = Path(__file__).resolve().parents[3]
COINS = ("BTC", "ETH", "SOL", "BNB", "XRP", "ADA", "AVAX", "LINK", "DOGE")

# A change here changes every figure that a user sees on the sample: it must be meant. It comes of the program itself:
# what it pins is that every supported Python and numpy agree.
MARKET_SHA256 = "8e93a980c13a1f1f0fcd7d02774d550c1b7b2f59d4bea56a2675b2bb42ff44d4"

# The first numbers of SplitMix64 from seed 1234567, as published for checking implementations (Rosetta Code,
# "Pseudo-random numbers/Splitmix64").
PUBLISHED = [
    6457827717110365317,
    3203168211198807973,
    9817491932198370423,
    4593380528125082431,
    16408922859458223821,
]


def weekdays(first: date, last: date) -> Days:
    days = days_between(first, last)
    return days[np.is_busday(days)]


def bars_of(symbol: str) -> BarSeries:
    return SampleBars(weekdays).load(symbol).bars


def weekly_returns(symbol: str, first: str) -> Floats:
    bars = bars_of(symbol)
    fridays = (bars.days >= np.datetime64(first)) & np.is_busday(bars.days, weekmask="0000100")
    return np.diff(np.log(bars.close[fridays]))


def correlation(one: str, other: str, first: str) -> float:
    return float(np.corrcoef(weekly_returns(one, first), weekly_returns(other, first))[0, 1])


def yearly_volatility(symbol: str, first: str, stop: str) -> float:
    bars = bars_of(symbol)
    inside = (bars.days >= np.datetime64(first)) & (bars.days < np.datetime64(stop))
    days_a_year = 252 if symbol == "RUT" else 365
    return float(np.diff(np.log(bars.close[inside])).std() * days_a_year**0.5)


def deepest_fall(symbol: str) -> float:
    close = bars_of(symbol).close
    return float((close / np.maximum.accumulate(close) - 1).min())


def test_the_market_is_the_same_to_the_last_bit_on_every_machine() -> None:
    provider = SampleBars(weekdays)

    digests = "\n".join(f"{symbol} {provider.load(symbol).sha256}" for symbol in ("RUT", *COINS))

    assert hashlib.sha256(digests.encode()).hexdigest() == MARKET_SHA256


def test_chance_is_the_published_splitmix64_sequence() -> None:
    assert splitmix64(1234567, 5).tolist() == PUBLISHED


def test_shocks_have_mean_zero_and_deviation_one_and_the_rest_fills_its_range() -> None:
    drawn = noise(1, 100_000)

    # Four standard errors of 100,000 draws: 4 / sqrt(100,000) = 0.013 for the mean.
    assert abs(drawn.shock.mean()) < 0.013
    assert abs(drawn.shock.std() - 1) < 0.02
    assert ((drawn.gap > -1) & (drawn.gap < 1)).all()
    assert abs(drawn.gap.mean()) < 0.013
    for column in (drawn.reach_up, drawn.reach_down, drawn.trade):
        assert ((column > 0) & (column < 1)).all()
        assert abs(column.mean() - 0.5) < 0.005


def test_noise_of_the_first_days_does_not_depend_on_the_days_after() -> None:
    assert noise(7, 50).shock.tolist() == noise(7, 80).shock[:50].tolist()


def test_neighbouring_seeds_give_unrelated_noise() -> None:
    assert abs(np.corrcoef(noise(7, 50_000).shock, noise(8, 50_000).shock)[0, 1]) < 0.02


def test_a_series_says_that_it_is_synthetic_and_complete() -> None:
    loaded = SampleBars(weekdays).load("ETH")

    assert loaded.synthetic
    assert loaded.source == "synthetic sample"
    assert loaded.missing == 0
    assert loaded.fetched_at is None


def test_an_unknown_symbol_is_answered_with_the_list_of_what_there_is() -> None:
    with pytest.raises(DataError, match=r"^TAO: the synthetic sample has no such series; it has RUT, BTC, .*AVAX$"):
        SampleBars(weekdays).load("TAO")


@pytest.mark.parametrize("symbol", ["RUT", *COINS])
def test_bars_pass_the_checks_of_every_provider(symbol: str) -> None:
    bars = bars_of(symbol)

    check_bars(
        days=bars.days,
        open=bars.open,
        high=bars.high,
        low=bars.low,
        close=bars.close,
        volume=bars.volume,
        place=lambda row: f"{symbol} row {row}",
    )
    # The checks let vendors round; the sample needs no such leave.
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()
    assert (bars.volume > 0).all()


@pytest.mark.parametrize("symbol", ["RUT", *COINS])
def test_an_open_is_near_the_close_before(symbol: str) -> None:
    bars = bars_of(symbol)

    assert np.abs(bars.open[1:] / bars.close[:-1] - 1).max() < 0.01


@pytest.mark.parametrize("symbol", ["RUT", *COINS])
def test_prices_have_six_significant_digits(symbol: str) -> None:
    for price in bars_of(symbol).close.tolist():
        assert float(f"{price:.6g}") == price


@pytest.mark.parametrize("symbol", COINS)
def test_a_coin_has_a_bar_every_day_from_its_listing_to_the_common_end(symbol: str) -> None:
    bars = bars_of(symbol)

    assert crypto_gaps(bars).missing == 0
    assert bars.last_day == date(2026, 6, 30)
    assert str(bars.known_at[-1]) == "2026-07-01T00:00:00"


def test_the_market_spans_fourteen_years_and_some_coins_are_listed_late() -> None:
    first_days = {symbol: bars_of(symbol).first_day for symbol in COINS}

    # A Monday, so that week 1 of the core is whole.
    assert first_days["BTC"] == date(2012, 1, 2)
    assert LAST_DAY - first_days["BTC"] >= timedelta(days=14 * 365 + 4)
    assert all(first_days[symbol] > first_days["BTC"] for symbol in COINS[1:])
    # Later than the default window's first day, inside the span that the strategy decides on.
    assert first_days["SOL"] == date(2020, 4, 13)
    assert first_days["AVAX"] == date(2020, 9, 22)


def test_the_index_is_old_enough_for_a_ceiling_before_the_first_coin() -> None:
    # Five years of lookback end 26 weeks before: full by mid-2012 at the latest.
    assert bars_of("RUT").first_day == date(2007, 1, 1)


def test_another_calendar_of_sessions_leaves_the_closes_of_the_others_where_they_were() -> None:
    fridays = SampleBars(lambda first, last: weekdays(first, last)[4::5]).load("RUT").bars
    every = bars_of("RUT")

    rows = np.searchsorted(every.days, fridays.days)
    assert fridays.days[0] == np.datetime64("2007-01-05")
    assert fridays.close.tolist() == every.close[rows].tolist()


def test_two_loads_share_no_column() -> None:
    provider = SampleBars(weekdays)
    spoiled = provider.load("BTC").bars
    before = spoiled.close[0]
    spoiled.close[:] = 1.0
    spoiled.days[:] = spoiled.days[0]

    again = provider.load("BTC").bars
    assert again.close[0] == before
    assert again.last_day == LAST_DAY


def test_phases_ascend_and_cover_every_market() -> None:
    firsts = [phase.first_day for phase in PHASES]

    assert firsts == sorted(set(firsts))
    assert firsts[0] == min(market.first_day for market in MARKETS.values())
    assert firsts[-1] < LAST_DAY


def test_a_phase_begins_on_its_first_day() -> None:
    days = np.array(["2020-02-29", "2020-03-01", "2020-04-30", "2020-05-01"], dtype="datetime64[D]")

    assert phase_column(days, "index_drift").tolist() == [0.32, -1.6, -1.6, 0.5]


@pytest.mark.parametrize("symbol", COINS[1:])
def test_coins_move_with_the_leader_but_not_in_step(symbol: str) -> None:
    assert 0.5 < correlation("BTC", symbol, "2020-10-01") < 0.95


def test_coins_and_index_are_loosely_linked() -> None:
    assert 0.05 < correlation("RUT", "BTC", "2018-01-01") < 0.5


def test_volatility_of_coins_falls_with_time_and_exceeds_the_index() -> None:
    early, late = (
        yearly_volatility("BTC", "2012-01-02", "2018-01-01"),
        yearly_volatility("BTC", "2023-01-01", "2026-07-01"),
    )

    assert 0.7 < early < 1.0
    assert 0.4 < late < 0.6
    assert 0.15 < yearly_volatility("RUT", "2007-01-01", "2026-07-01") < 0.25
    assert yearly_volatility("SOL", "2023-01-01", "2026-07-01") > late


def test_markets_crash_and_come_back() -> None:
    index = bars_of("RUT").close

    assert deepest_fall("BTC") < -0.7
    assert deepest_fall("RUT") < -0.35
    assert all(deepest_fall(symbol) < -0.75 for symbol in COINS[1:])
    assert index[-1] > 2 * index[0]


def test_bars_are_made_without_pandas() -> None:
    script = (
        "import sys; from engine.data.sample import SampleBars; from engine.data.sessions import NewYorkSessions;"
        "sample = SampleBars(NewYorkSessions().between); sample.load('SOL'); sample.load('RUT');"
        "print('pandas' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["False"]
