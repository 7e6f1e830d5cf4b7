"""Orders of two runs, led from one to the other: worked out by hand where a sale becomes a buy."""

from decimal import Decimal

import pytest

from engine.analysis.comparison.books import Books
from engine.analysis.comparison.decisions import Mind
from engine.analysis.comparison.differences import Cause, Difference
from engine.analysis.comparison.gaps import AccountGaps, by_cause
from engine.analysis.comparison.orders import order_pairs
from engine.analysis.comparison.policy import OrderPair
from engine.analysis.comparison.step_reader import steps_of
from engine.analysis.comparison.steps import RunSteps
from engine.analysis.comparison.tolerant import tolerant
from engine.core.events import DayDecided, Event, OrderPlanned
from engine.core.fills import Costs
from engine.core.ledger import Ledger
from engine.core.planner import Planner
from tests.support.fakes import DAY, ScriptedStrategy, instrument
from tests.support.markets import coin_bars, history_of

HISTORY = history_of(coin_bars("ETH", DAY, [10.0, 10.0]))
FEE = Difference(day=DAY, kind="fill", what="a fee", cause=Cause.FEES)
PRICE = Difference(day=DAY, kind="fill", what="a price", cause=Cause.PRICE)


def planned(planner: Planner, ledger: Ledger) -> RunSteps:
    """Cut a run that decides 65 % in ETH at 10, plans for it, and decides the next day."""
    closes = {"ETH": Decimal(10)}
    first, later = (
        DayDecided(
            day=day,
            state="CORE",
            next_state="CORE",
            reason="entry",
            evidence={},
            targets={"ETH": 0.65},
            changed=day == DAY,
            equity=ledger.equity(closes),
            cash=ledger.cash,
            core_close=Decimal(10),
            memory=None,
            closes=closes,
        )
        for day in (DAY, DAY.replace(day=2))
    )
    plan = planner.plan(first.targets, ledger=ledger, closes=closes, day=DAY, reason="entry")
    orders: list[Event] = [OrderPlanned(order=order) for order in (*plan.sells, *plan.buys)]
    return steps_of([first, *orders, later], ledger)


def pair_of(gaps: AccountGaps, *, commission: str = "0", held: tuple[int, int] = (660, 640)) -> OrderPair:
    """Size both runs, each with an equity of 10,000; give what comes of it where such gaps lie between them."""
    costs = Costs(commission=Decimal(commission), slippage=Decimal(0))
    rules = {"ETH": instrument("ETH", step="0.00001")}
    planner = Planner(account="bot", instruments=rules, costs=costs, trading_order=("ETH",))
    ours, theirs = (
        planned(planner, Ledger(quote="USDT", cash=Decimal(10_000 - 10 * each), positions={"ETH": Decimal(each)}))
        for each in held
    )
    strategy = ScriptedStrategy(["ETH"], [])
    minds = [Mind(strategy=strategy, observations=strategy)]
    policy = tolerant(ours, theirs, minds=minds, planner=planner, costs_at=lambda _: costs)
    books = Books(ours, theirs, history=HISTORY, planner=planner, policy=policy)
    books.gaps.cash.update(gaps.cash)
    books.gaps.held.update(gaps.held)
    (pair,) = order_pairs(books, DAY, ours.steps[0], theirs.steps[0])
    assert sum(pair.planned.values()) == pytest.approx(pair.quantity - pair.live_quantity, abs=1e-9)
    return pair


@pytest.mark.parametrize(("commission", "live", "gap"), [("0", 10.0, -20.0), ("0.001", 9.99, -19.99)])
def test_where_a_sale_becomes_a_buy_the_gap_is_worth_the_slope_between_the_two(
    commission: str, live: float, gap: float
) -> None:
    """The worked example of `orders`: a fee took 20 coins and left their 200 in cash."""
    pair = pair_of(AccountGaps(cash={FEE: -200.0}, held={"ETH": {FEE: 20.0}}), commission=commission)

    assert pair.quantity == -10.0
    assert pair.live_quantity == pytest.approx(live, abs=1e-4)
    assert by_cause(pair.planned)[Cause.FEES] == pytest.approx(gap, abs=1e-4)


def test_each_of_several_differences_gets_its_part_by_that_one_slope() -> None:
    gaps = AccountGaps(cash={FEE: -150.0, PRICE: -50.0}, held={"ETH": {FEE: 15.0, PRICE: 5.0}})

    amounts = by_cause(pair_of(gaps).planned)

    assert amounts[Cause.FEES] == pytest.approx(-15.0)
    assert amounts[Cause.PRICE] == pytest.approx(-5.0)


def test_differences_that_cancel_are_each_worth_what_a_coin_costs() -> None:
    # One took 20 coins, another brought them back: nothing differs, and no slope can be read off the two orders.
    gaps = AccountGaps(cash={FEE: -200.0, PRICE: 200.0}, held={"ETH": {FEE: 20.0, PRICE: -20.0}})

    amounts = by_cause(pair_of(gaps, held=(660, 660)).planned)

    assert amounts[Cause.FEES] == pytest.approx(-20.0)
    assert amounts[Cause.PRICE] == pytest.approx(20.0)


def test_an_account_that_its_fills_do_not_come_to_is_unexplained() -> None:
    # No gap is known, and yet the live run holds 20 coins less.
    amounts = pair_of(AccountGaps()).planned

    (origin,) = [each for each, amount in amounts.items() if abs(amount) > 1]
    assert (origin.cause, origin.what) == (None, "ETH sized by another account than its fills come to")
