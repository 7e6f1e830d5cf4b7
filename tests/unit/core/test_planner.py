"""From targets to orders, by the sizing rules of the specification, worked out by hand."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from engine.core.fills import Costs
from engine.core.instrument import Instrument
from engine.core.ledger import Ledger
from engine.core.order import Side
from engine.core.planner import Plan, Planner, SkippedOrder
from tests.support.fakes import DAY, instrument

ASSETS = ("BTC", "ETH", "SOL")
BUY, SELL = Side.BUY, Side.SELL


def plan(
    targets: Mapping[str, float],
    *,
    cash: str = "0",
    held: Mapping[str, str] | None = None,
    closes: Mapping[str, str],
    rules: Mapping[str, Instrument] | None = None,
    costs: tuple[str, str] = ("0.001", "0.0005"),
    account: str = "bot",
) -> Plan:
    planner = Planner(
        account=account,
        instruments=rules or {asset: instrument(asset, step="0.001") for asset in closes},
        costs=Costs(commission=Decimal(costs[0]), slippage=Decimal(costs[1])),
        trading_order=[asset for asset in ASSETS if asset in closes],
    )
    positions = {asset: Decimal(quantity) for asset, quantity in (held or {}).items()}
    return planner.plan(
        targets,
        ledger=Ledger(quote="USDT", cash=Decimal(cash), positions=positions),
        closes={asset: Decimal(close) for asset, close in closes.items()},
        day=DAY,
        reason="entry",
    )


def traded(a_plan: Plan) -> list[tuple[str, Side, Decimal]]:
    return [(order.asset, order.side, order.quantity) for order in (*a_plan.sells, *a_plan.buys)]


def test_a_buy_sets_its_costs_aside_and_is_rounded_down_to_the_lot_step() -> None:
    # 1000 * 0.995 = 995; a unit costs 100 * (1 + 0.001 + 0.0005) = 100.15; 995 / 100.15 = 9.93509...
    bought = plan({"BTC": 0.995}, cash="1000", closes={"BTC": "100"})

    assert traded(bought) == [("BTC", BUY, Decimal("9.935"))]


def test_a_buy_is_of_what_is_missing_to_the_wanted_value() -> None:
    # Equity 500 + 5 * 100 = 1000, wanted 800, held 500: 300 / 100.15 = 2.99550...
    bought = plan({"BTC": 0.8}, cash="500", held={"BTC": "5"}, closes={"BTC": "100"})

    assert traded(bought) == [("BTC", BUY, Decimal("2.995"))]


def test_a_partial_sale_is_sized_without_the_costs() -> None:
    # Equity 1000, wanted 200, held 500: 300 / 100 = 3 exactly; with the divisor of a buy it would be 2.995.
    sold = plan({"BTC": 0.2}, cash="500", held={"BTC": "5"}, closes={"BTC": "100"})

    assert traded(sold) == [("BTC", SELL, Decimal("3"))]


def test_a_partial_sale_is_rounded_down_to_the_lot_step() -> None:
    # Equity 700 + 3 * 70 = 910, wanted 91, held 210: 119 / 70 = 1.7 exactly; wanted 100.1: 109.9 / 70 = 1.57.
    rules = {"BTC": instrument("BTC", step="0.1")}

    exactly = plan({"BTC": 0.1}, cash="700", held={"BTC": "3"}, closes={"BTC": "70"}, rules=rules)
    rounded = plan({"BTC": 0.11}, cash="700", held={"BTC": "3"}, closes={"BTC": "70"}, rules=rules)

    assert traded(exactly) == [("BTC", SELL, Decimal("1.7"))]
    assert traded(rounded) == [("BTC", SELL, Decimal("1.5"))]


def test_an_asset_without_a_target_is_sold_whole() -> None:
    sold = plan({}, held={"BTC": "3.1415"}, closes={"BTC": "70"})

    assert traded(sold) == [("BTC", SELL, Decimal("3.141"))]


def test_nothing_is_traded_where_the_targets_are_met_to_the_digit() -> None:
    met = plan({"BTC": 0.5}, cash="500", held={"BTC": "5"}, closes={"BTC": "100"})

    assert (met.sells, met.buys, met.skipped) == ((), (), ())


def test_sells_come_before_buys_and_each_in_trading_order_core_first() -> None:
    change = plan(
        {"SOL": 0.4, "ETH": 0.3, "BTC": 0.2},
        cash="100",
        held={"ETH": "4", "BTC": "5"},
        closes={"BTC": "100", "ETH": "100", "SOL": "10"},
    )
    back = plan({}, held={"SOL": "1", "ETH": "1", "BTC": "1"}, closes={"BTC": "100", "ETH": "100", "SOL": "10"})

    assert [(asset, side) for asset, side, _ in traded(change)] == [("BTC", SELL), ("ETH", SELL), ("SOL", BUY)]
    assert [order.asset for order in back.sells] == ["BTC", "ETH", "SOL"]


def test_buys_come_in_trading_order_whatever_the_order_of_the_targets() -> None:
    bought = plan({"SOL": 0.3, "ETH": 0.3, "BTC": 0.3}, cash="1000", closes={"BTC": "9", "ETH": "9", "SOL": "9"})

    assert [order.asset for order in bought.buys] == ["BTC", "ETH", "SOL"]


def test_an_order_below_the_minimum_notional_at_the_close_is_skipped_and_says_why() -> None:
    # 0.05 * 100 / 10.015 = 0.49925... -> 0.499 at 10 are 4.99.
    rules = {"ETH": instrument("ETH", step="0.001", least="5")}

    skipped = plan({"ETH": 0.05}, cash="100", closes={"ETH": "10"}, rules=rules)

    assert traded(skipped) == []
    (order,) = skipped.skipped
    assert (order.asset, order.side, order.quantity) == ("ETH", BUY, Decimal("0.499"))
    assert order.message == "notional 4.9900 is below the minimum of 5"


def test_an_order_of_exactly_the_minimum_notional_is_sent() -> None:
    rules = {"ETH": instrument("ETH", step="0.001", least="4.99")}

    assert traded(plan({"ETH": 0.05}, cash="100", closes={"ETH": "10"}, rules=rules)) == [
        ("ETH", BUY, Decimal("0.499"))
    ]


def test_an_order_of_less_than_one_lot_step_is_skipped_and_says_why() -> None:
    rules = {"ETH": instrument("ETH", step="0.00001", least="0")}

    (order,) = plan({}, held={"ETH": "0.000009"}, closes={"ETH": "10"}, rules=rules).skipped

    assert (order.side, order.quantity) == (SELL, Decimal("0"))
    assert order.message == "less than one lot step of 0.00001"


def test_a_skipped_order_leaves_the_others_as_they_are() -> None:
    change = plan({"ETH": 0.9}, cash="1000", held={"BTC": "0.01"}, closes={"BTC": "100", "ETH": "100"})

    # Equity 1001, wanted 900.9: 900.9 / 100.15 = 8.99550...; the BTC are worth 1.
    assert traded(change) == [("ETH", BUY, Decimal("8.995"))]
    assert [order.asset for order in change.skipped] == ["BTC"]


def test_an_order_above_the_largest_market_quantity_is_split_into_even_parts() -> None:
    rules = {"ETH": instrument("ETH", step="0.1", most="4")}

    split = plan({}, held={"ETH": "10"}, closes={"ETH": "10"}, rules=rules)

    # Three parts: 10 / 3 -> 3.3, 6.7 / 2 -> 3.3, and 3.4.
    assert [order.quantity for order in split.sells] == [Decimal("3.3"), Decimal("3.3"), Decimal("3.4")]
    assert [order.client_order_id for order in split.sells] == [f"bot-20240101-ETH-s{part}-1" for part in (1, 2, 3)]


def test_an_order_of_the_largest_market_quantity_is_not_split() -> None:
    rules = {"ETH": instrument("ETH", step="0.1", most="10")}

    assert len(plan({}, held={"ETH": "10"}, closes={"ETH": "10"}, rules=rules).sells) == 1


@given(units=st.integers(1, 3 * 10**5), most=st.integers(1, 10**6).filter(lambda most: most > 300))
def test_parts_add_up_and_none_is_above_the_largest_quantity(units: int, most: int) -> None:
    rules = {"ETH": instrument("ETH", step="0.01", least="0", most=str(Decimal(most) / 100))}

    parts = plan({}, held={"ETH": str(Decimal(units) / 100)}, closes={"ETH": "10"}, rules=rules).sells

    assert sum(part.quantity for part in parts) == Decimal(units) / 100
    assert all(0 < part.quantity <= Decimal(most) / 100 for part in parts)
    assert len({part.client_order_id for part in parts}) == len(parts)


def test_a_thousand_orders_are_planned_for_a_coin_and_what_is_beyond_them_is_named() -> None:
    # 1001 pieces of 2: a thousand of them, and 2 for the next decision days.
    rules = {"ETH": instrument("ETH", step="1", most="2")}

    made = plan({}, held={"ETH": "2002"}, closes={"ETH": "10"}, rules=rules)

    assert [order.quantity for order in made.sells] == [Decimal(2)] * 1000
    assert made.beyond == (
        SkippedOrder(
            asset="ETH",
            side=Side.SELL,
            quantity=Decimal(2),
            message="the market takes 2 at once, and 1000 orders are sent a day",
        ),
    )


def test_pieces_of_a_largest_quantity_off_the_grid_are_on_the_step() -> None:
    # 2.02219723 BTC on a step of 0.00001 are 2.02219: 5 BTC are three pieces of at most that.
    rules = {"BTC": instrument("BTC", step="0.00001", most="2.02219723")}

    made = plan({}, held={"BTC": "5"}, closes={"BTC": "50000"}, rules=rules)

    assert [str(order.quantity) for order in made.sells] == ["1.66666", "1.66667", "1.66667"]
    assert made.beyond == ()


def test_no_part_is_above_a_largest_quantity_that_is_no_multiple_of_the_lot_step() -> None:
    # 21 are two parts of 10.5 at most; on a step of 1 that is three parts of 10 at most.
    rules = {"ETH": instrument("ETH", step="1", most="10.5")}

    parts = plan({}, held={"ETH": "21"}, closes={"ETH": "10"}, rules=rules).sells

    assert [part.quantity for part in parts] == [Decimal(7)] * 3


def test_an_asset_outside_the_list_is_traded_after_those_in_it() -> None:
    planner = Planner(
        account="bot",
        instruments={asset: instrument(asset) for asset in ("BTC", "ZEC", "APE")},
        costs=Costs(commission=Decimal(0), slippage=Decimal(0)),
        trading_order=["BTC"],
    )
    ledger = Ledger(quote="USDT", cash=Decimal(0), positions={asset: Decimal(2) for asset in ("ZEC", "APE", "BTC")})

    sold = planner.plan({}, ledger=ledger, closes=dict.fromkeys(planner.instruments, Decimal(10)), day=DAY, reason="x")

    assert [order.asset for order in sold.sells] == ["BTC", "APE", "ZEC"]


def test_orders_carry_symbol_day_reason_and_a_name() -> None:
    (order,) = plan({"BTC": 0.5}, cash="1000", closes={"BTC": "100"}, account="my bot").buys

    assert (order.symbol, order.decision_day, order.reason) == ("BTC/USDT", DAY, "entry")
    assert order.client_order_id.endswith("-20240101-BTC-b1-1")


@given(
    weights=st.lists(st.floats(0, 0.333), min_size=3, max_size=3),
    held=st.lists(st.integers(0, 10**6), min_size=3, max_size=3),
    closes=st.lists(st.floats(1e-4, 1e5), min_size=3, max_size=3),
    cash=st.integers(0, 10**6),
)
def test_at_unchanged_prices_a_plan_never_sells_more_than_held_nor_buys_above_the_target(
    weights: list[float], held: list[int], closes: list[float], cash: int
) -> None:
    positions = {asset: Fraction(units, 1000) for asset, units in zip(ASSETS, held, strict=True)}
    prices = {asset: Fraction(repr(close)) for asset, close in zip(ASSETS, closes, strict=True)}
    targets = dict(zip(ASSETS, weights, strict=True))

    planned = plan(
        targets,
        cash=str(cash),
        held={asset: str(Decimal(units) / 1000) for asset, units in zip(ASSETS, held, strict=True) if units},
        closes={asset: repr(close) for asset, close in zip(ASSETS, closes, strict=True)},
    )

    equity = cash + sum(positions[asset] * prices[asset] for asset in ASSETS)
    for order in planned.sells:
        assert Fraction(order.quantity) <= positions[order.asset]
        left = (positions[order.asset] - Fraction(order.quantity)) * prices[order.asset]
        assert left >= equity * Fraction(repr(targets[order.asset]))
    for order in planned.buys:
        reached = (positions[order.asset] + Fraction(order.quantity)) * prices[order.asset]
        assert reached <= equity * Fraction(repr(targets[order.asset]))
