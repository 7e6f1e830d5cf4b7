"""The oracle itself, on cases small enough to be worked out by hand."""

import csv
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.oracle import (
    Account,
    Bar,
    OracleError,
    evaluate_index,
    evaluate_weeks,
    performance,
    simulate,
    years_earlier,
)

FIXED = {"mode": "fixed", "level": 10.0, "buffer": 0.0, "tolerance": 0.0, "confirm_sessions": 2, "loss_sessions": 2}
MONDAY = date(2024, 1, 1)


def closes_from(first: date, values: Sequence[float]) -> dict[date, float]:
    return {first + timedelta(days=i): value for i, value in enumerate(values)}


def test_a_breakout_is_confirmed_by_closes_in_a_row_and_lost_by_closes_in_a_row() -> None:
    # Sessions:      0  1   2  3   4   5  6   7  8  9  10
    closes = [9.0, 11, 10, 11, 12, 9, 10, 9, 9, 11, 9]

    facts = evaluate_index(closes_from(MONDAY, closes), FIXED)

    # The run of session 1 ends at 2 (10 is not above 10); 3 and 4 confirm; 5 is one below, 6 is on the support and
    # sets the count back; 7 and 8 lose it; the run of 9 ends at 10.
    assert [fact.support for fact in facts] == [None] * 4 + [10.0] * 4 + [None] * 3
    assert [fact.lost for fact in facts] == [False] * 8 + [True, False, False]
    assert facts[5].breakout_session == MONDAY + timedelta(days=4)


def auto_rules(**changes: object) -> dict[str, object]:
    rules = {"lookback_years": 2, "min_age_weeks": 4, "buffer": 0.0, "tolerance": 0.0}
    return {**rules, "mode": "auto", "level": None, "confirm_sessions": 1, "loss_sessions": 3, **changes}


def test_a_ceiling_is_defined_once_252_sessions_are_old_enough() -> None:
    closes = closes_from(MONDAY, [100.0] * 279 + [101.0] * 2)

    facts = evaluate_index(closes, auto_rules())

    # Day i sees days 0 to i - 28: 252 of them from i = 279 on.
    assert [fact.support for fact in facts[277:]] == [None, None, 100.0, 100.0]


def test_a_breakout_is_lifted_out_of_a_new_base_only() -> None:
    # 100 for long, then 110 (a breakout on 100) for two days, 105 for four weeks and a day, then 111 and 112.
    closes = closes_from(MONDAY, [100.0] * 300 + [110.0] * 2 + [105.0] * 29 + [111.0, 112.0])

    facts = evaluate_index(closes, auto_rules())
    with_two_to_confirm = evaluate_index(closes, auto_rules(confirm_sessions=2))

    # At day 331 the ceiling is 110 (days 300 and 301 are 31 and 30 days old), above
    # which there was no close in the 28 days before.
    assert (facts[300].support, facts[330].support, facts[331].support) == (100.0, 100.0, 110.0)
    assert facts[331].breakout_session == MONDAY + timedelta(days=331)
    # Day 332 is above the same ceiling 110, but one close, 111, of the 28 days before was above it already.
    assert facts[332].breakout_session == MONDAY + timedelta(days=331)
    # Two closes: the run begins at 331 on 110 and is confirmed at 332.
    assert (with_two_to_confirm[331].support, with_two_to_confirm[332].support) == (100.0, 110.0)


def test_a_close_above_the_ceiling_that_is_not_the_first_out_of_its_base_does_not_lift() -> None:
    climb = closes_from(MONDAY, [100.0] * 300 + [110.0] * 2 + [120.0] * 28)
    second_attempt = closes_from(MONDAY, [100.0] * 300 + [110.0] * 2 + [120.0] + [105.0] * 26 + [121.0])

    # At day 329 the ceiling is 110 (day 301 is 28 days old). In the 28 days before, 27 closes were above it, or one.
    assert evaluate_index(climb, auto_rules())[329].support == 100.0
    assert evaluate_index(second_attempt, auto_rules())[329].support == 100.0


def test_the_29th_of_february_is_the_28th_in_a_common_year() -> None:
    assert years_earlier(date(2024, 2, 29), 5) == date(2019, 2, 28)
    assert years_earlier(date(2024, 2, 29), 4) == date(2020, 2, 29)


def weeks_of(values: Sequence[float]) -> dict[date, float]:
    return closes_from(MONDAY, [value for value in values for _ in range(7)])


def test_a_golden_cross_is_named_by_its_sunday_and_needs_the_warm_up() -> None:
    rules = {"fast": 1, "slow": 3, "signal": 3, "warmup_weeks": 2}
    closes = weeks_of([100, 100, 80, 120])

    facts = evaluate_weeks(closes, rules)
    warming_up = evaluate_weeks(closes, {**rules, "warmup_weeks": 4})

    # EMA(1) is the close, EMA(3) halves the distance: slow 100 100 90 105, macd 0 0 -10 15, signal 0 0 -5 5.
    assert [(fact.macd, fact.signal) for fact in facts] == [(0, 0), (0, 0), (-10, -5), (15, 5)]
    assert [fact.cross_week for fact in facts] == [None, None, None, date(2024, 1, 28)]
    assert warming_up[-1].cross_week is None


def test_a_week_without_a_bar_is_an_error() -> None:
    closes = {day: close for day, close in weeks_of([1, 2, 3]).items() if not 7 <= (day - MONDAY).days < 14}

    with pytest.raises(OracleError, match="2024-01-14"):
        evaluate_weeks(closes, {"fast": 1, "slow": 3, "signal": 3, "warmup_weeks": 2})


def market(bars: Mapping[int, tuple[str, str]]) -> dict[date, Bar]:
    return {
        MONDAY + timedelta(days=i): Bar(float(last), Decimal(first), Decimal(last)) for i, (first, last) in bars.items()
    }


def account(cash: str, markets: Mapping[str, Mapping[date, Bar]], *, least: str = "5") -> Account:
    return Account(
        sell_wait_days=2,
        cash=Decimal(cash),
        assets=list(markets),
        markets=markets,
        instruments={asset: (Decimal("0.1"), Decimal(least), None) for asset in markets},
        commission=Decimal("0.1"),
        slippage=Decimal("0.1"),
    )


def test_a_buy_is_sized_with_its_costs_and_trimmed_to_the_cash_at_the_fill() -> None:
    book = account("100", {"BTC": market({0: ("10", "10"), 1: ("20", "20")})})
    book.close_day(MONDAY)

    book.aim({"BTC": Decimal(1)}, MONDAY, "start")
    ordered = book.waiting[0].quantity
    book.open_day(MONDAY + timedelta(days=1))

    # 100 / (10 * 1.2) = 8.33 -> 8.3 ordered; the fill price is 20 * 1.1 = 22, with commission 24.2: 100 / 24.2 -> 4.1.
    assert ordered == Decimal("8.3")
    assert book.held["BTC"] == Decimal("4.1")
    assert book.cash == 100 - Decimal("4.1") * 22 - Decimal("4.1") * 22 / 10


def test_buys_wait_until_the_sells_of_the_same_decision_have_filled() -> None:
    book = account(
        "0",
        {
            "BTC": market({0: ("10", "10"), 1: ("10", "10"), 2: ("10", "10")}),
            "ETH": market({0: ("10", "10"), 2: ("10", "10")}),
        },
    )
    book.held["ETH"] = Decimal(10)
    book.close_day(MONDAY)

    book.aim({"BTC": Decimal("0.5")}, MONDAY, "time_exit")
    book.open_day(MONDAY + timedelta(days=1))
    waiting_without_a_bar = [order.side for order in book.waiting]
    book.open_day(MONDAY + timedelta(days=2))

    # ETH has no bar on the first day. Sold at 9 less 10 %: 81. Bought 50 / 12 -> 4.1 at 11 plus 10 %: 49.61.
    assert waiting_without_a_bar == ["sell", "buy"]
    assert [(fill["asset"], fill["side"]) for fill in book.fills] == [("ETH", "sell"), ("BTC", "buy")]
    assert book.cash == Decimal(81) - Decimal("49.61")


def test_nothing_is_sent_below_the_minimum_notional() -> None:
    book = account("100", {"BTC": market({0: ("10", "10")})}, least="84")
    book.close_day(MONDAY)

    book.aim({"BTC": Decimal(1)}, MONDAY, "start")

    assert book.waiting == []  # 8.3 at 10 are 83


def test_performance_is_of_daily_returns_with_the_sample_deviation() -> None:
    measured = performance([100.0, 110.0, 99.0, 108.9])

    # Returns 0.1, -0.1, 0.1: mean 1/30, deviation sqrt((2 * (2/30)^2 + (4/30)^2) / 2) = 2 / sqrt(300).
    assert measured["return"] == pytest.approx(0.089)
    assert measured["max_drawdown"] == pytest.approx(-0.1)
    assert measured["sharpe"] == pytest.approx((1 / 30) / (2 / 300**0.5) * 365**0.5)


def write_market(path: Path, closes: Mapping[date, float]) -> None:
    with path.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.writer(lines)
        writer.writerow(["date", "open", "high", "low", "close", "volume"])
        for day, close in closes.items():
            writer.writerow([day, close, close, close, close, 1])


def test_a_whole_rotation_by_hand(tmp_path: Path) -> None:
    weekdays = [MONDAY + timedelta(days=i) for i in range(1, 37) if i % 7 < 5 and i != 14]
    write_market(tmp_path / "BTC.csv", dict(list(weeks_of([100, 100, 80, 120, 120, 120]).items())[:37]))
    write_market(tmp_path / "RUT.csv", {day: 11.0 if day >= date(2024, 1, 25) else 9.0 for day in weekdays})
    write_market(tmp_path / "ETH.csv", closes_from(MONDAY, [10.0] * 30 + [12.0] * 7))
    write_market(tmp_path / "SOL.csv", closes_from(MONDAY, [20.0] * 37))
    write_market(tmp_path / "BNB.csv", closes_from(MONDAY, [10.0] * 37))

    run = simulate(
        tmp_path,
        {
            "strategy": {
                "basket": {"ETH": 0.5},
                "basket_equal": ["SOL", "BNB"],
                "min_history_days": 1,
                "breakout": FIXED,
                "macd": {"fast": 1, "slow": 3, "signal": 3, "valid_weeks": 8, "warmup_weeks": 2},
                "hold_weeks": 1,
                "cash_reserve": 0.0,
            },
            "account": {"cash": 1000},
            "costs": {"commission": 0.0, "slippage": 0.0},
        },
    )

    # The warm-up ends on Sunday the 14th. 12.5 BTC are bought at 80 and stand at 120 when the cross of the 28th meets
    # the breakout that was confirmed on Friday the 26th: 1500, half in 75 ETH, the rest in 18.75 SOL and 37.5 BNB.
    # A week later ETH has risen from 10 to 12: 1650, which buy 13.75 BTC.
    assert (run.first_day, run.last_day) == (date(2024, 1, 15), date(2024, 2, 6))
    assert [(d["day"], d["reason"]) for d in run.decisions if d["reason"] != "hold"] == [
        ("2024-01-15", "start"),
        ("2024-01-28", "entry"),
        ("2024-02-04", "time_exit"),
    ]
    assert [(f["day"].day, f["asset"], f["side"], f["quantity"]) for f in run.fills] == [
        (16, "BTC", "buy", Decimal("12.5")),
        (29, "BTC", "sell", Decimal("12.5")),
        (29, "ETH", "buy", Decimal(75)),
        (29, "SOL", "buy", Decimal("18.75")),
        (29, "BNB", "buy", Decimal("37.5")),
        (5, "ETH", "sell", Decimal(75)),
        (5, "SOL", "sell", Decimal("18.75")),
        (5, "BNB", "sell", Decimal("37.5")),
        (5, "BTC", "buy", Decimal("13.75")),
    ]
    (rotation,) = run.rotations
    assert (rotation["breakout_session"], rotation["cross_week"]) == (date(2024, 1, 26), date(2024, 1, 28))
    assert (rotation["start_equity"], rotation["end_equity"]) == (1500, 1650)
    assert rotation["return"] == pytest.approx(0.1)
    assert rotation["core_return"] == 0
    assert run.benchmarks["ETH"] is not None
    assert run.benchmarks["ETH"]["return"] == pytest.approx(0.2)
