"""Systems at the edges of their definitions, and what they say when something cannot be had; worked out by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from engine.core.calendar import days_between, instants_after, ordinals_of
from engine.core.market import BarSeries, History
from engine.core.reading import Reading
from engine.core.series import SeriesKind, ValueSeries
from strategies.rotating.rule_files import confirmation
from tests.support.markets import coin_bars, index_bars
from tests.support.rule_settings import setting_of

MONDAY = date(2024, 1, 1)
WEEK = timedelta(weeks=1)
WEEKLY = {"WALCL", "WTREGEN", "NFCI"}
FIXED: dict[str, Any] = {"breakout": {"mode": "fixed", "level": 100, "confirm_sessions": 1, "loss_sessions": 2}}
COINS = ("ETH", "SOL", "XRP", "ADA")
"""The basket: what it says of shares is worked out with four."""


def values(name: str, given: Sequence[float], *, first: date = MONDAY, kind: SeriesKind | None = None) -> ValueSeries:
    """Give one value a week from a Monday on, each known at the end of its day."""
    days = days_between(first, first + 7 * len(given) * timedelta(days=1) - timedelta(days=1))[::7]
    return ValueSeries(
        name=name,
        kind=kind or (SeriesKind.WEEKLY if name in WEEKLY else SeriesKind.DAILY),
        ordinals=ordinals_of(days),
        values=np.array(given, dtype=np.float64),
        known_at=instants_after(days),
    )


def weekly_bars(name: str, given: Sequence[float | None]) -> BarSeries:
    """Give an index with one session a week, on its Monday."""
    return index_bars(name, MONDAY, [each for value in given for each in (value, None, None, None, None)])


def history(*series: BarSeries | ValueSeries, days: int = 0, absent: Mapping[str, str] | None = None) -> History:
    """Put series together; the core has a bar on each of so many days from `MONDAY` on."""
    bars = {each.symbol: each for each in series if isinstance(each, BarSeries)}
    bars.setdefault("BTC", coin_bars("BTC", MONDAY, [1.0] * days))
    bars.setdefault("RUT", index_bars("RUT", MONDAY, [10.0] * days))
    others = {each.name: each for each in series if isinstance(each, ValueSeries)}
    empty = {coin: coin_bars(coin, MONDAY, []) for coin in COINS if coin not in bars}
    return History(series={**bars, **empty}, values=others, absent=absent or {})


def asked(choice: Any, of: History, day: date | None = None, **strategy: Any) -> Reading:
    """Ask a system on a day, the last one unless given."""
    keys = {"basket": {}, "basket_equal": list(COINS), "min_history_days": 1, **strategy}
    reading = confirmation(choice)(setting_of(keys)).rule.observe(of).at(day or of["BTC"].last_day)
    assert isinstance(reading, Reading)
    return reading


def state(choice: Any, of: History, day: date | None = None, **strategy: Any) -> tuple[str, Any]:
    reading = asked(choice, of, day, **strategy)
    return {True: "lit", False: "unlit", None: "unknown"}[reading.holds], reading.value


@pytest.mark.parametrize(
    ("choice", "series", "expected"),
    [
        ("tga_full", {"WTREGEN": [800_000.0]}, ("lit", 800_000)),
        ("tga_full", {"WTREGEN": [799_999.99]}, ("unlit", 799_999.99)),
        ("tga_falls", {"WTREGEN": [5.0, 1, 1, 1, 5]}, ("unlit", 0)),
        ("tga_falls", {"WTREGEN": [5.0, 9, 9, 9, 4]}, ("lit", -1)),
        ("reserve_management", {"WALCL": [0.0, 1, 1, 1, 40_000]}, ("lit", 40_000)),
        ("reserve_management", {"WALCL": [1.0, 1, 1, 1, 40_000]}, ("unlit", 39_999)),
        # 5.33 - 5.48 is -0.15000000000000036, and 5.48 - 5.33 as much above 0.15.
        ({"rate_cuts": {"weeks": 1}}, {"DFF": [5.48, 5.33]}, ("lit", -0.15)),
        ({"rate_cuts": {"weeks": 1}}, {"DFF": [5.47, 5.33]}, ("unlit", -0.14)),
        ({"tightening": {"weeks": 1}}, {"DFF": [5.33, 5.48], "WALCL": [2.0, 1]}, ("lit", 0.15)),
        ({"tightening": {"weeks": 1}}, {"DFF": [5.33, 5.48], "WALCL": [2.0, 2]}, ("unlit", 0.15)),
        ({"tightening": {"weeks": 1}}, {"DFF": [5.33, 5.47], "WALCL": [2.0, 1]}, ("unlit", 0.14)),
        ({"cheap_capital": {"weeks": 1}}, {"DGS2": [4.0, 4]}, ("unlit", 0)),
        ({"cheap_capital": {"weeks": 1}}, {"DGS2": [4.0, 3.99]}, ("lit", -0.01)),
        # 3,000 - 1,000 - 1,000 x 2.
        (
            {"net_liquidity": {"weeks": 1}},
            {"WALCL": [0.0, 3000], "WTREGEN": [0.0, 1000], "RRPONTSYD": [0.0, 2]},
            ("unlit", 0),
        ),
        (
            {"net_liquidity": {"weeks": 1}},
            {"WALCL": [0.0, 3000], "WTREGEN": [0.0, 1000], "RRPONTSYD": [0.0, 1.5]},
            ("lit", 500),
        ),
        ({"credit_easy": {"sessions": 2}}, {"HY_OAS": [3.0, 3], "NFCI": [9.0, -0.1]}, ("lit", 0)),
        ({"credit_easy": {"sessions": 2}}, {"HY_OAS": [3.0, 3], "NFCI": [-9.0, 0]}, ("unlit", 0)),
        # 3 over the mean 2, less 1.
        ({"credit_easy": {"sessions": 2}}, {"HY_OAS": [1.0, 3], "NFCI": [-1.0, -1]}, ("unlit", 0.5)),
        ({"eth_flows": {"sessions": 2}}, {"ETH_ETF_FLOW": [9.0, 5, -5]}, ("unlit", 0)),
        ({"btc_flows": {"sessions": 2}}, {"BTC_ETF_FLOW": [-9.0, 5, -4.9]}, ("lit", 0.1)),
        # 1.3 over the mean of 1.2, 1.3.
        (
            {"participation": {"sessions": 2}},
            {"IWC_ADJCLOSE": [1.2, 1.3], "IWM_ADJCLOSE": [1.0, 1]},
            ("lit", 0.04),
        ),
        ({"participation": {"sessions": 2}}, {"IWC_ADJCLOSE": [2.0, 1], "IWM_ADJCLOSE": [2.0, 1]}, ("unlit", 0)),
        # The record is one session old: within two, not within one. The first close is none.
        ({"value_record": {"within_sessions": 2}}, {"IWN_ADJCLOSE": [5.0, 6, 6]}, ("lit", 1)),
        ({"value_record": {"within_sessions": 1}}, {"IWN_ADJCLOSE": [5.0, 6, 6]}, ("unlit", 1)),
        ({"value_record": {"within_sessions": 9}}, {"IWN_ADJCLOSE": [5.0, 5, 4]}, ("unlit", None)),
    ],
)
def test_a_value_at_its_threshold_is_as_the_sign_says(
    choice: Any, series: Mapping[str, Sequence[float]], expected: tuple[str, Any]
) -> None:
    made = [values(name, given) for name, given in series.items()]

    assert state(choice, history(*made, days=7 * max(map(len, series.values())))) == expected


def test_the_regime_of_rates_is_named() -> None:
    def words(before: float, after: float) -> str:
        of = history(values("DFF", [before, after]), days=14)
        rule = confirmation({"rate_cuts": {"weeks": 1}})(setting_of({})).rule
        return rule.sentence(rule.observe(of).at(of["BTC"].last_day))

    assert (
        words(5.0, 4.85) == "the Federal Reserve is cutting: DFF changed by -0.15 points in 1 weeks, since 2024-01-08"
    )
    assert "hiking" in words(5.0, 5.15)
    assert "holding" in words(5.0, 5.14)


def test_money_has_to_grow_by_more_than_five_percent_on_the_same_month_a_year_before() -> None:
    def money(*given: tuple[str, float]) -> tuple[str, Any]:
        days = np.array([day for day, _ in given], dtype="datetime64[D]")
        series = ValueSeries(
            name="M2SL",
            kind=SeriesKind.MONTHLY,
            ordinals=ordinals_of(days),
            values=np.array([value for _, value in given]),
            known_at=instants_after(days),
        )
        return state("m2_grows", history(series, days=40))

    # 105 / 100 - 1 is 0.05000000000000004.
    assert money(("2023-01-01", 100.0), ("2024-01-01", 105.0)) == ("unlit", 0.05)
    assert money(("2023-01-01", 100.0), ("2024-01-01", 105.1)) == ("lit", 0.051)
    assert money(("2022-12-01", 1.0), ("2023-02-01", 1.0), ("2024-01-01", 105.0)) == ("unknown", None)


def test_small_caps_must_be_above_their_mean_and_tires_may_stand_still() -> None:
    flat = history(weekly_bars("IWM", [2, 2, 2]), weekly_bars("SPY", [1, 1, 1]), days=21)
    # 1 over the mean 4 / 3; and 1 over the 1 of two weeks before.
    tired = history(weekly_bars("NVDA", [1, 2, 1]), weekly_bars("SPY", [1, 1, 1]), days=21)
    gaining = history(weekly_bars("NVDA", [1, 3, 1.5]), weekly_bars("SPY", [1, 1, 1]), days=21)

    assert state({"small_over_large": {"weeks": 3}}, flat) == ("unlit", 0)
    assert state({"nvda_tires": {"weeks": 3, "momentum_weeks": 2}}, tired) == ("lit", -0.25)
    assert state({"nvda_tires": {"weeks": 3, "momentum_weeks": 2}}, gaining)[0] == "unlit"
    at_its_mean = history(weekly_bars("NVDA", [1, 1, 1]), weekly_bars("SPY", [1, 1, 1]), days=21)
    assert state({"nvda_tires": {"weeks": 3, "momentum_weeks": 2}}, at_its_mean) == ("unlit", 0)


def test_volatility_at_its_median_is_calm() -> None:
    for given, expected in (([1, 2, 2], ("lit", 0)), ([2, 2, 3], ("unlit", 0.5)), ([2, 3, 1], ("lit", -0.5))):
        of = history(weekly_bars("VIX", given), days=21)
        assert state({"calm": {"sessions": 3}}, of) == expected


def test_a_fall_must_be_more_than_the_tenth() -> None:
    # 1 - 90 / 100 is 0.09999999999999998.
    assert state("small_cap_weakness", history(index_bars("RUT", MONDAY, [100, 90]), days=2)) == ("unlit", 0.1)
    assert state("small_cap_weakness", history(index_bars("RUT", MONDAY, [100, 89]), days=2)) == ("lit", 0.11)


def test_a_record_counts_from_its_session_on_if_the_one_before_is_long_past() -> None:
    # Records on the 2nd, and on the 5th: three days later. The first close is none.
    index = index_bars("RUT", MONDAY, [10, 11, 10, 10, 12, 12])
    of = history(index, days=14)
    choice = {"record_after_drought": {"drought_days": 3, "valid_weeks": 1}}

    def day(number: int) -> tuple[str, Any]:
        return state(choice, of, date(2024, 1, number))

    assert (day(4), day(5), day(12), day(13)) == (("unlit", None), ("lit", 0), ("lit", 7), ("unlit", 8))
    assert state({"record_after_drought": {"drought_days": 4}}, of) == ("unlit", None)


def test_a_monthly_record_is_above_all_month_ends_before() -> None:
    # Sessions on Mondays: January ends with 11, February with 12, March has 13 and 12.
    of = history(weekly_bars("RUT", [20, 10, 10, 10, 11, 1, 1, 1, 12, 30, 30, 13, 12]), days=92)

    assert state("monthly_record", of, date(2024, 2, 28)) == ("unknown", None)
    assert state("monthly_record", of, date(2024, 2, 29)) == ("lit", 0.0909090909)
    assert state("monthly_record", of, date(2024, 3, 30)) == ("lit", 0.0909090909)
    assert state("monthly_record", of, date(2024, 3, 31)) == ("unlit", 0)


def test_a_month_without_a_session_is_left_out_before_and_not_known_when_it_is_the_last() -> None:
    of = history(weekly_bars("RUT", [10, None, None, None, 10, *[None] * 5, 11]), days=92)

    assert state("monthly_record", of, date(2024, 3, 1)) == ("unknown", None)
    assert state("monthly_record", of, date(2024, 3, 31)) == ("lit", 0.1)


def breakout(closes: Sequence[float | None], lows: Mapping[int, float]) -> History:
    index = index_bars("RUT", MONDAY, closes)
    low = np.array([lows.get(place, close) for place, close in enumerate(index.close.tolist())])
    return history(replace(index, low=low), days=28)


def test_a_retest_comes_after_a_close_away_from_the_support_touches_it_and_closes_above() -> None:
    # Broken out on the 1st at 101, near the support: no close away yet, so that the 2nd is no retest. Away on the 3rd;
    # the 4th closes above but does not touch 102, the 5th touches but closes at the support, the 8th is the retest.
    of = breakout([101, 101, 103, 103, 100, 103, 103], {3: 102.1, 4: 99, 5: 102})

    found = {day: state("retest_held", of, date(2024, 1, day), **FIXED) for day in (1, 2, 5, 7, 8, 10)}

    none = ("unlit", None)
    assert found == {1: none, 2: none, 5: none, 7: none, 8: ("lit", 0), 10: ("lit", 2)}
    last = date(2024, 1, 10)
    assert state({"retest_held": {"retest_weeks": 0}}, of, last, **FIXED) == none
    assert state({"retest_held": {"retest_weeks": 1}}, of, last, **FIXED)[0] == "lit"


def test_a_retest_is_asked_again_after_the_breakout_has_ended() -> None:
    # Lost on the 5th (two closes below), broken out again on the 8th: the retest of the 2nd is forgotten.
    of = breakout([103, 101, 103, 99, 99, 103, 103], {1: 101})

    assert [state("retest_held", of, date(2024, 1, day), **FIXED)[0] for day in (2, 4, 5, 9)] == [
        "lit", "lit", "unlit", "unlit",
    ]  # fmt: skip


def test_weekly_support_waits_for_the_end_of_a_week() -> None:
    of = breakout([99, 99, 101, 101, 102, 103, 103, 103, 103, 100], {})

    found = [state("weekly_support", of, date(2024, 1, day), **FIXED) for day in (2, 6, 7, 13, 14)]

    assert found == [("unlit", None), ("unlit", None), ("lit", 0.02), ("lit", 0.02), ("unlit", 0)]
    expired: dict[str, Any] = {"breakout": {**FIXED["breakout"], "valid_weeks": 0}}
    assert state("weekly_support", of, date(2024, 1, 7), **expired) == ("unlit", None)


def thrust(closes: Sequence[float], volumes: Sequence[float]) -> tuple[str, Any]:
    fund = replace(index_bars("IWM", MONDAY, closes), volume=np.array(volumes, dtype=np.float64))
    choice = {"volume_thrust": {"within_sessions": 2, "base_sessions": 2, "ratio": 1.5}}
    return state(choice, history(fund, days=len(closes)))


def test_a_thrust_is_a_high_volume_on_a_higher_close() -> None:
    assert thrust([1, 1, 2, 2], [10, 10, 15, 90]) == ("lit", 1.5)
    assert thrust([1, 1, 2, 2], [10, 10, 14, 90]) == ("unlit", 1.4)
    # 90 over the mean of 10 and 15.
    assert thrust([1, 1, 2, 3], [10, 10, 15, 90]) == ("lit", 7.2)
    assert thrust([9, 3, 2, 2], [10, 10, 90, 90]) == ("unlit", None)
    assert thrust([1, 1, 2, 2], [10, 0, 15, 90]) == ("unknown", None)
    assert thrust([1, 1, 2, 2], [np.nan, 10, 15, 90]) == ("unknown", None)
    assert thrust([1, 2, 2], [10, 10, 10]) == ("unknown", None)


def test_eth_leads_by_a_high_that_it_shares_or_by_its_ratio() -> None:
    def found(*weeks: float) -> tuple[str, Any]:
        eth = coin_bars("ETH", MONDAY, [value for value in weeks for _ in range(7)])
        return state({"eth_leads": {"weeks": 3, "ratio_weeks": 2}}, history(eth, days=7 * len(weeks)))

    assert found(4, 4, 4) == ("lit", 0)
    # 3 over the mean of 1 and 3.
    assert found(4, 1, 3) == ("lit", 0.5)
    assert found(4, 3, 3) == ("unlit", 0)
    assert found(1, 3) == ("unknown", None)


def coins(*closes: Sequence[float | None], days: int) -> History:
    return history(*(coin_bars(coin, MONDAY, list(each)) for coin, each in zip(COINS, closes, strict=True)), days=days)


def test_three_of_four_coins_are_an_altseason_and_a_tie_is_none() -> None:
    choice = {"altseason": {"days": 1}}

    assert state(choice, coins([1, 2], [1, 2], [1, 2], [1, 1], days=2)) == ("lit", 0.75)
    assert state(choice, coins([1, 2], [1, 2], [1, 1], [1, 1], days=2)) == ("unlit", 0.5)
    assert state(choice, coins([1, 2], [1, 2], [1, 2], [None, 2], days=2)) == ("lit", 1)
    assert state(choice, coins([1, 2], [1, 2], [1, None], [None, 2], days=2)) == ("unknown", None)


def test_alts_are_down_by_more_than_half_of_their_highest_week() -> None:
    choice = {"alts_down_only": {"weeks": 2}}

    def found(low: float) -> tuple[str, Any]:
        closes = [1.0] * 8 + [2.0] * 6 + [low] * 7
        return state(choice, coins(closes, closes, closes, closes, days=21))

    # The index stands at 2 at its highest week's end.
    assert (found(1.0), found(0.9)) == (("unlit", 0.5), ("lit", 0.55))
    at_its_mean = [1.0] * 8 + [2.0] * 6 + [0.9] * 14
    assert state(choice, coins(*[at_its_mean] * 4, days=28)) == ("unlit", 0.55)


def test_days_are_quiet_after_the_last_shock() -> None:
    params = {"days": 3, "volatility_days": 2, "lookback_days": 2, "quantile": 1.0, "drawdown": 0.25}
    # Nothing is above its own highest: only falls are shocks. Judged from the fourth day on (two volatilities).
    of = history(coin_bars("BTC", MONDAY, [8, 8, 8, 8, 6, 6, 6, 6, 6]))

    found = [state({"quiet_90": params}, of, MONDAY + timedelta(days=n)) for n in range(9)]

    none = ("unknown", None)
    assert found == [none, none, none, none, ("unlit", 0), ("unlit", 1), ("unlit", 2), ("lit", 3), ("lit", 4)]


def test_without_any_shock_it_is_quiet_once_so_many_days_have_been_judged() -> None:
    params = {"days": 3, "volatility_days": 2, "lookback_days": 2, "quantile": 1.0}
    of = history(days=9)

    found = [state({"quiet_90": params}, of, MONDAY + timedelta(days=n)) for n in (5, 6, 8)]

    # The fourth day is the first judged one.
    assert found == [("unknown", None), ("lit", None), ("lit", None)]


def test_a_day_without_a_value_of_the_basket_is_not_known() -> None:
    params = {"of": "basket", "days": 1, "volatility_days": 2, "lookback_days": 2, "quantile": 1.0}
    closes = [1.0] * 6 + [None, None, 1.0]
    of = coins(closes, closes, closes, closes, days=9)

    assert [state({"quiet_90": params}, of, MONDAY + timedelta(days=n))[0] for n in (5, 6, 8)] == [
        "lit", "unknown", "unknown",
    ]  # fmt: skip


def test_the_gap_is_the_smaller_one_while_the_index_is_near_its_highest() -> None:
    closes = [1.0, 2.0, 1.6]
    basket = [coin_bars(coin, MONDAY, closes) for coin in COINS]

    def found(core: float, index: float) -> tuple[str, Any]:
        of = history(coin_bars("BTC", MONDAY, [100, 100, core]), index_bars("RUT", MONDAY, [100, 100, index]), *basket)
        return state("lag_gap", of)

    # The basket is 20 % under its highest.
    assert found(85, 97) == ("lit", 0.15)
    assert found(86, 97) == ("unlit", 0.14)
    assert found(85, 96.9) == ("unlit", 0.15)
    assert found(70, 100) == ("lit", 0.2)


def test_timeframes_count_what_is_above_its_mean() -> None:
    choice = {"timeframes": {"days": 2, "weeks": 2, "months": 2, "at_least": 2}}
    # Of 60 days: the last day is higher, the last week is not complete, and February ends on the 60th.
    rising = history(coin_bars("BTC", MONDAY, [*[1.0] * 59, 2.0]))
    assert state(choice, rising) == ("lit", 2)
    assert state(choice, history(days=60)) == ("unlit", 0)
    assert state(choice, history(days=50)) == ("unknown", None)


def test_the_season_is_none_of_the_months_to_stay_out() -> None:
    of = history(days=270)

    found = [state("season", of, date(2024, month, 30)) for month in (5, 6, 8)]

    assert found == [("lit", 5), ("unlit", 6), ("unlit", 8)]
    assert asked("season", of).threshold is None


def outflow(index: Sequence[float], flows: Sequence[float], first: date) -> tuple[str, Any]:
    of = history(weekly_bars("RUT", index), values("IWM_FLOW", flows, first=first), days=7 * len(index))
    return state("small_cap_outflow", of)


def test_small_caps_lose_money_while_they_rise_over_a_year() -> None:
    # 53 weeks: D is Sunday 2025-01-05, and flows count that are dated after 2024-01-07.
    rising, first = [1.0] * 52 + [2.0], date(2024, 1, 1)

    assert outflow(rising, [99.0, *[1.0] * 51, -60.0], first) == ("lit", -9)
    assert outflow(rising, [99.0, *[1.0] * 51, -51.0], first) == ("unlit", 0)
    assert outflow([1.0] * 53, [99.0, *[1.0] * 51, -60.0], first) == ("unlit", -9)
    assert outflow(rising, [*[1.0] * 51, -60.0], first + WEEK) == ("unknown", None)


def test_the_correlation_is_of_weeks_on_common_dates_and_needs_deviations() -> None:
    closes = [value for value in (1.0, 2.0, 1.0, 2.0) for _ in range(7)]
    btc = coin_bars("BTC", MONDAY, closes)
    choice = {"correlation_back": {"of": "BTC", "to": "SPY", "weeks": 3, "level": 1.0}}

    assert state(choice, history(btc, weekly_bars("SPY", [1, 4, 1, 4]))) == ("lit", 1)
    assert state(choice, history(btc, weekly_bars("SPY", [4, 1, 4, 1]))) == ("unlit", -1)
    assert asked(choice, history(btc, weekly_bars("SPY", [1, 2, 4, 8]))).reason == (
        "a mean or a deviation by which it is divided is 0"
    )


def chain(spreads: Sequence[float], stocks: Sequence[float], small: Sequence[float], alts: float) -> tuple[str, Any]:
    basket = [coin_bars(coin, MONDAY, [*[1.0] * 280, *[alts] * 7]) for coin in COINS]
    of = history(
        values("HY_OAS", spreads), weekly_bars("SPY", stocks), weekly_bars("IWM", small), *basket, days=7 * len(stocks)
    )
    return state("chain", of)


def test_the_chain_counts_its_stages() -> None:
    flat = [1.0] * 41
    rising = [*[1.0] * 40, 2.0]

    assert chain(flat, flat, flat, 1.0) == ("unlit", 0)
    assert chain([*flat[:-1], 0.5], flat, flat, 1.0) == ("unlit", 1)
    # Stocks rise, and small caps twice as much.
    assert chain(flat, rising, [*[1.0] * 40, 4.0], 2.0) == ("lit", 3)
    assert chain([*flat[:-1], 0.5], rising, [*[1.0] * 40, 4.0], 2.0) == ("lit", 4)


def test_appetite_is_the_mean_of_four_scores() -> None:
    basket = [coin_bars(coin, MONDAY, [*[1.0] * 14, *[2.0] * 7]) for coin in COINS]
    choice = {"risk_appetite": {"weeks": 3}}

    def found(vix: Sequence[float], spread: Sequence[float]) -> tuple[str, Any]:
        of = history(
            weekly_bars("VIX", vix), values("HY_OAS", spread), weekly_bars("IWM", [1, 1, 2]),
            weekly_bars("SPY", [1, 1, 1]), *basket, days=21,
        )  # fmt: skip
        return state(choice, of)

    # Of a, a, a + b the last is 2 b / 3 above the mean, and the deviation b / the root of 3.
    score = 2 / 3**0.5
    assert found([1, 1, 2], [1, 1, 2]) == ("unlit", 0)
    assert found([2, 2, 1], [1, 1, 2]) == ("lit", round(score / 2, 10))
    assert found([1, 1, 1], [1, 1, 2]) == ("unknown", None)


@pytest.mark.parametrize(
    ("choice", "of", "reason"),
    [
        ("tga_full", history(days=7, absent={"WTREGEN": "nobody has it"}), "WTREGEN could not be had: nobody has it"),
        (
            {"tightening": {"weeks": 1}},
            history(values("DFF", [1.0, 9]), days=14, absent={"WALCL": "nobody has it"}),
            "WALCL could not be had: nobody has it",
        ),
        (
            "volume_thrust",
            history(days=7, absent={"IWM": "nobody has it"}),
            "IWM could not be had: nobody has it",
        ),
        (
            "small_over_large",
            history(weekly_bars("SPY", [1.0]), days=7, absent={"IWM": "nobody has it"}),
            "IWM could not be had: nobody has it",
        ),
        (
            {"correlation_back": {"of": "BTC", "to": "SPY"}},
            history(days=7, absent={"SPY": "nobody has it"}),
            "SPY could not be had: nobody has it",
        ),
        (
            {"correlation_back": {"of": "BTC", "to": "SPY"}},
            history(weekly_bars("SPY", [1.0]), days=23),
            "the last value of BTC/SPY is of 2024-01-01, which is stale",
        ),
        (
            "tga_full",
            history(values("WTREGEN", [9e5]), days=23),
            "the last value of WTREGEN is of 2024-01-01, which is stale",
        ),
        (
            "tga_full",
            history(values("WTREGEN", [9e5], first=date(2024, 2, 5)), days=7),
            "no value of WTREGEN is known yet",
        ),
        (
            "tga_falls",
            history(values("WTREGEN", [9.0, 9, 9, 9]), days=28),
            "WTREGEN: there is none of 4 weeks before the last one",
        ),
        (
            "eth_flows",
            history(values("ETH_ETF_FLOW", [1.0]), days=7),
            "ETH_ETF_FLOW: 20 values are wanted, and there are fewer",
        ),
        (
            {"small_over_large": {"weeks": 3}},
            history(weekly_bars("IWM", [1, None, 1]), weekly_bars("SPY", [1, 1, 1]), days=21),
            "IWM/SPY: 3 weeks are wanted, each with a value",
        ),
        (
            "blue_sky",
            history(index_bars("RUT", MONDAY, [1.0]), days=16),
            "the last value of RUT is of 2024-01-01, which is stale",
        ),
        ("altseason", history(days=7), "BTC has no bar 90 days before"),
        (
            {"altseason": {"days": 1}},
            history(days=7),
            "fewer than 3 coins of the basket have bars on the day and 1 before",
        ),
        ("lag_gap", history(days=7), "no value of basket is known yet"),
    ],
)
def test_what_cannot_be_had_is_not_known_and_the_reason_names_it(choice: Any, of: History, reason: str) -> None:
    reading = asked(choice, of)

    assert (reading.holds, reading.value, reading.distance, reading.reason) == (None, None, None, reason)


def test_a_system_needs_the_series_that_it_names_and_the_strategys_own_markets_stand_for_btc_and_rut() -> None:
    setting = setting_of({"core": "ETH", "index": "SPX", "basket": {"SOL": 1.0}})
    over = {"series": {"of": "BTC", "over": "RUT", "above": 0}}
    choices: list[Any] = ["rate_cuts", "btc_flows", "small_over_nasdaq", "quiet_90", "correlation_back", over]

    needs = [confirmation(choice)(setting).rule.needs for choice in choices]

    assert needs == [("DFF",), ("BTC_ETF_FLOW",), ("IWM", "QQQ"), (), ("SPX",), ("ETH", "SPX")]
