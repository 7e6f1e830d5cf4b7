"""Buy and hold at the same costs, worked out by hand."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from engine.core.benchmarks import hold_equity, tradable_weights
from engine.core.fills import Costs
from engine.core.ledger import Ledger
from engine.core.market import BarSeries
from engine.core.planner import Planner
from tests.support.fakes import instrument
from tests.support.markets import coin_bars, history_of

FIRST = date(2024, 1, 1)
FOUR_DAYS = [FIRST + timedelta(days=n) for n in range(4)]


def held(targets: dict[str, float], *markets: BarSeries, costs: tuple[str, str] = ("0.1", "0.1")) -> list[float]:
    assets = [bars.symbol for bars in markets]
    planner = Planner(
        account="hold",
        instruments={asset: instrument(asset) for asset in assets},
        costs=Costs(commission=Decimal(costs[0]), slippage=Decimal(costs[1])),
        trading_order=assets,
    )
    start = Ledger(quote="USDT", cash=Decimal(1000))
    equity = hold_equity(targets, history=history_of(*markets), planner=planner, start=start, days=FOUR_DAYS)
    return [float(value) for value in equity]


def test_it_is_bought_at_the_next_open_with_costs_and_marked_at_each_close() -> None:
    bars = coin_bars("BTC", FIRST, [100.0, 90.0, 120.0, 80.0], opens=[1.0, 80.0, 1.0, 1.0])

    equity = held({"BTC": 0.9}, bars)

    # 900 / (100 * 1.2) = 7.5, at 80 * 1.1 = 88: 660, with a commission of 66. 274 are left.
    assert equity == [1000.0, 274 + 7.5 * 90, 274 + 7.5 * 120, 274 + 7.5 * 80]


def test_a_buy_is_trimmed_to_the_cash_when_the_open_gaps_up() -> None:
    bars = coin_bars("BTC", FIRST, [100.0, 200.0, 200.0, 200.0], opens=[1.0, 200.0, 1.0, 1.0])

    equity = held({"BTC": 1.0}, bars)

    # 1000 / 120 = 8.33 -> 8.3 ordered; at 220 and 10 % a unit costs 242: 1000 / 242 -> 4.1, which costs 992.2.
    assert equity == [1000.0] + [pytest.approx(7.8 + 4.1 * 200)] * 3


def test_an_asset_without_a_bar_on_the_next_day_is_bought_at_its_next_one_and_marked_at_its_last_close() -> None:
    late = coin_bars("ETH", FIRST, [10.0, None, 20.0], opens=[10.0, None, 20.0])
    bars = coin_bars("BTC", FIRST, [100.0, 100.0, 110.0, 120.0])

    equity = held({"BTC": 0.5, "ETH": 0.5}, bars, late, costs=("0", "0"))

    # 5 BTC at 100; 50 ETH wanted at 10, of which 25 at 20 use up the 500 that are left.
    assert equity == [1000.0, 1000.0, 5 * 110 + 25 * 20, 5 * 120 + 25 * 20]


def test_an_asset_without_a_further_bar_is_never_bought() -> None:
    delisted = coin_bars("ETH", FIRST, [10.0])

    assert held({"ETH": 0.5}, delisted) == [1000.0] * 4


def test_a_bar_after_the_last_day_buys_nothing() -> None:
    late = coin_bars("ETH", FIRST, [10.0, None, None, None, 10.0])

    assert held({"ETH": 0.5}, late) == [1000.0] * 4


def test_weights_are_renormalised_over_what_is_tradable_on_the_day() -> None:
    history = history_of(
        coin_bars("ETH", FIRST, [1.0] * 4),
        coin_bars("SOL", FIRST, [None, 1.0, 1.0, 1.0]),
        coin_bars("BNB", FIRST, [1.0, 1.0, 1.0, None, 1.0]),
        coin_bars("ADA", FIRST, [None, None, 1.0, 1.0]),
    )
    weights = {"ETH": 0.5, "SOL": 0.125, "BNB": 0.125, "ADA": 0.125, "XRP": 0.125}

    # On the fourth day: BNB has no bar, ADA only two of three bars wanted, XRP no series.
    tradable = tradable_weights(weights, history, FOUR_DAYS[3], min_history_days=3)

    assert tradable == {"ETH": 0.8, "SOL": 0.2}


def test_nothing_tradable_gives_no_weights() -> None:
    history = history_of(coin_bars("ETH", FIRST, [1.0]))

    assert tradable_weights({"ETH": 1.0}, history, FIRST - timedelta(days=1), min_history_days=1) == {}
