"""What the sample has beside its markets: always the same, every series of the table, and moved by its phases."""

import hashlib
import subprocess
import sys
from datetime import date

import numpy as np
import pytest

from engine.core.calendar import Days, days_between
from engine.core.errors import DataError
from engine.core.market import BarSeries, Floats
from engine.core.series import SeriesKind, ValueSeries
from engine.data.checks import check_bars
from engine.data.kinds import US_SYMBOLS
from engine.data.sample import SampleBars
from engine.data.sample_regimes import LAST_DAY, PHASES
from engine.data.sample_series import SampleShares, SampleValues
from engine.data.series_table import SERIES, series_rule

# A change here changes what a user sees on the sample: it must be meant. It pins that every Python and numpy agree.
SERIES_SHA256 = "96116587e072ae968b67f97aec56b307ff94c48ab0002489ff588b4d84da60d7"


def weekdays(first: date, last: date) -> Days:
    days = days_between(first, last)
    return days[np.is_busday(days)]


def values(name: str) -> ValueSeries:
    return SampleValues(weekdays, series_rule).load(name).series


def mean_over(name: str, first: date, stop: date) -> float:
    series = values(name)
    inside = (series.ordinals >= first.toordinal()) & (series.ordinals < stop.toordinal())
    return float(series.values[inside].mean())


def test_it_is_the_same_to_the_last_bit_on_every_machine() -> None:
    shares, series = SampleShares(weekdays), SampleValues(weekdays, series_rule)

    digests = [shares.load(symbol).sha256 for symbol in US_SYMBOLS] + [series.load(name).sha256 for name in SERIES]

    assert hashlib.sha256("\n".join(digests).encode()).hexdigest() == SERIES_SHA256


@pytest.mark.parametrize("symbol", US_SYMBOLS)
def test_every_us_symbol_has_bars_that_can_be(symbol: str) -> None:
    loaded = SampleShares(weekdays).load(symbol)
    bars = loaded.bars

    check_bars(
        days=bars.days, open=bars.open, high=bars.high, low=bars.low, close=bars.close, volume=bars.volume,
        place=lambda row: f"{symbol}, row {row}",
    )  # fmt: skip
    assert (loaded.synthetic, bars.first_day, bars.last_day) == (True, date(2007, 1, 1), LAST_DAY)


@pytest.mark.parametrize("name", SERIES)
def test_every_series_of_the_table_is_there_in_its_own_rhythm(name: str) -> None:
    loaded = SampleValues(weekdays, series_rule).load(name)
    series = loaded.series

    assert (loaded.synthetic, loaded.source, series.kind) == (True, "synthetic sample", SERIES[name].kind)
    assert np.isfinite(series.values).all()
    longest = {SeriesKind.DAILY: 4, SeriesKind.WEEKLY: 7, SeriesKind.MONTHLY: 31}[series.kind]
    assert np.diff(series.ordinals).max() <= longest
    assert (LAST_DAY - series.last_day).days < longest


def test_balance_sheets_are_of_wednesdays_and_conditions_of_fridays() -> None:
    assert set((values("WALCL").ordinals % 7).tolist()) == {3}
    assert set((values("NFCI").ordinals % 7).tolist()) == {5}
    assert {date.fromordinal(day).day for day in values("M2SL").ordinals.tolist()} == {1}


@pytest.mark.parametrize("name", ["HY_OAS", "NFCI", "VIX_CBOE"])
def test_fear_is_higher_in_the_phases_in_which_the_index_moves_most(name: str) -> None:
    # The crash of 2020 against the quiet year before the second winter.
    crash, quiet = (
        mean_over(name, date(2020, 3, 15), date(2020, 5, 1)),
        mean_over(name, date(2017, 4, 1), date(2018, 1, 1)),
    )

    assert crash > quiet


def test_rates_rise_while_the_index_advances_and_fall_while_it_falls() -> None:
    rate = values("DFF")
    at = {date.fromordinal(day): value for day, value in zip(rate.ordinals.tolist(), rate.values.tolist(), strict=True)}

    assert at[date(2009, 3, 1)] < at[date(2007, 10, 1)] - 1
    assert at[date(2021, 6, 1)] > at[date(2020, 5, 1)]


def test_money_is_plentiful_while_coins_rise() -> None:
    rising = next(phase.first_day for phase in PHASES if phase.coin_drift > 1.5)
    falling = next(phase.first_day for phase in PHASES if phase.coin_drift < -1)

    def change(first: date) -> float:
        return mean_over("WALCL", date(first.year, 11, 1), date(first.year, 12, 1)) - mean_over(
            "WALCL", date(first.year, 3, 1), date(first.year, 4, 1)
        )

    assert change(rising) > change(falling)


def test_small_caps_follow_the_index_and_gold_does_not() -> None:
    def returns(bars: BarSeries) -> Floats:
        return np.diff(bars.close) / bars.close[:-1]

    index = returns(SampleBars(weekdays).load("RUT").bars)
    small, gold = (returns(SampleShares(weekdays).load(symbol).bars) for symbol in ("IWM", "GLD"))

    assert np.corrcoef(index, small)[0, 1] > 0.99
    assert abs(np.corrcoef(index, gold)[0, 1]) < 0.3


def test_what_it_has_not_is_an_error_that_names_what_there_is() -> None:
    with pytest.raises(DataError, match=r"^UNRATE: the synthetic sample has no such series; it has IWM_ADJCLOSE, "):
        values("UNRATE")
    with pytest.raises(DataError, match=r"^TSLA: the synthetic sample has no such series; it has IWM, SPY, "):
        SampleShares(weekdays).load("TSLA")


def test_a_run_that_looks_at_none_of_it_does_not_even_import_it() -> None:
    seen = "[name for name in sys.modules if name.endswith(('sample_series', 'publication'))]"
    code = f"import sys; import engine.wiring.backtest.backtest; print({seen})"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert said.strip() == "[]"
