"""Fills of two runs carried into the gaps between their accounts; whatever happens, the amounts add up to the gap."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analysis.comparison.books import Books
from engine.analysis.comparison.decisions import Mind
from engine.analysis.comparison.differences import Cause, Difference
from engine.analysis.comparison.fills import book_fills
from engine.analysis.comparison.gaps import AccountGaps, by_cause
from engine.analysis.comparison.policy import OrderPair
from engine.analysis.comparison.step_reader import steps_of
from engine.analysis.comparison.steps import RunSteps
from engine.analysis.comparison.tolerant import tolerant
from engine.core.events import DayDecided, Event, OrderFilled, OrderPlanned, OrderSent
from engine.core.fills import Costs
from engine.core.ledger import Ledger
from engine.core.order import Fill, Side
from engine.core.planner import Planner
from tests.support.fakes import DAY, ScriptedStrategy, instrument, order_of
from tests.support.markets import coin_bars, history_of

OPEN = datetime.combine(DAY, datetime.min.time(), tzinfo=UTC) + timedelta(days=1)
NOON = OPEN + timedelta(hours=12)
HISTORY = history_of(coin_bars("ETH", DAY, [100.0, 102.0], opens=[100.0, 100.0]))
"""From an open of 100 to a close of 102; at noon it is at 101."""
PLANNER = Planner(
    account="bot",
    instruments={"ETH": instrument("ETH", step="0.01")},
    costs=Costs(commission=Decimal(0), slippage=Decimal(0)),
    trading_order=("ETH",),
)
START = Ledger(quote="USDT", cash=Decimal(1_000_000), positions={"ETH": Decimal(1000)})


def by(cause: Cause | None, what: str) -> Difference:
    return Difference(day=DAY, kind="order", what=what, cause=cause)


def run_of(
    side: Side,
    *,
    ordered: str = "10",
    quantity: str = "10",
    price: str = "100",
    fee: str = "0",
    fee_asset: str = "USDT",
    at: datetime = OPEN,
) -> RunSteps:
    """Cut a run that orders once, and gets one fill for it."""
    order = order_of("ETH", side, ordered, name="bot-1-ETH-x1-1")
    amount, paid = Decimal(quantity), Decimal(price)
    fill = Fill(
        at=at,
        order_id="1",
        client_order_id=order.client_order_id,
        asset="ETH",
        symbol="ETH/USDT",
        side=side,
        quantity=amount,
        price=paid,
        notional=amount * paid,
        fee=Decimal(fee),
        fee_asset=fee_asset,
        decision_day=DAY,
        reason="entry",
    )
    days = [
        DayDecided(
            day=DAY + timedelta(days=later),
            state="CORE",
            next_state="CORE",
            reason="entry",
            evidence={},
            targets={"ETH": 0.5},
            changed=not later,
            equity=Decimal(0),
            cash=Decimal(0),
            core_close=Decimal(100),
            memory=None,
        )
        for later in (0, 1)
    ]
    filled: list[Event] = [OrderFilled(fill=fill)] if amount else []
    return steps_of([days[0], OrderPlanned(order=order), OrderSent(at=at, order=order), *filled, days[1]], START)


def booked(ours: RunSteps, theirs: RunSteps, planned: Mapping[Cause, float] | None = None) -> AccountGaps:
    """Book what two runs executed.

    Args:
        planned: the difference between their orders.
    """
    strategy = ScriptedStrategy(["ETH"], [])
    minds = [Mind(strategy=strategy, observations=strategy)]
    policy = tolerant(ours, theirs, minds=minds, planner=PLANNER, costs_at=lambda _: PLANNER.costs)
    books = Books(ours, theirs, history=HISTORY, planner=PLANNER, policy=policy)
    (step,), (live,) = ours.steps, theirs.steps
    amounts = {by(cause, "planned"): amount for cause, amount in (planned or {}).items()}
    book_fills(
        books,
        OrderPair(
            asset="ETH",
            day=DAY,
            ours=step,
            theirs=live,
            quantity=step.planned_of("ETH"),
            live_quantity=live.planned_of("ETH"),
            planned=amounts,
        ),
    )
    return books.gaps


def test_a_fee_in_the_coin_is_missing_there_and_left_in_the_cash() -> None:
    # History pays 1 USDT of 1000; the exchange keeps 0.01 of 10 ETH.
    gaps = booked(run_of(Side.BUY, fee="1"), run_of(Side.BUY, fee="0.01", fee_asset="ETH"))

    assert by_cause(gaps.held["ETH"]) == {Cause.FEES: pytest.approx(0.01)}
    assert by_cause(gaps.cash) == {Cause.FEES: pytest.approx(-1.0)}


def test_a_price_is_parted_into_the_instant_and_the_book() -> None:
    # 100 at the open, 101 at noon, 101.5 on the exchange's tick: ten coins cost 10 and 5 more.
    gaps = booked(run_of(Side.BUY), run_of(Side.BUY, price="101.5", at=NOON))

    assert by_cause(gaps.cash) == {Cause.TIMING: pytest.approx(10.0), Cause.PRICE: pytest.approx(5.0)}


def test_a_price_that_was_not_traded_that_day_is_unexplained_by_what_is_beyond() -> None:
    # The bar's high is 103.02, and a hundredth beyond is allowed: 104.0502, and 5.9498 more for each of ten coins.
    gaps = booked(run_of(Side.BUY), run_of(Side.BUY, price="110", at=NOON))

    assert by_cause(gaps.cash)[None] == pytest.approx(59.498)


def test_a_sale_of_a_smaller_holding_goes_back_to_what_made_it_smaller() -> None:
    ours, theirs = run_of(Side.SELL), run_of(Side.SELL, ordered="9.99", quantity="9.99")

    gaps = booked(ours, theirs, {Cause.FEES: -0.01})

    # 0.01 ETH less is sold, at 100.
    assert by_cause(gaps.held["ETH"]) == {Cause.FEES: pytest.approx(-0.01)}
    assert by_cause(gaps.cash) == {Cause.FEES: pytest.approx(1.0)}


def test_a_rest_that_is_too_little_for_another_order_is_filter_rounding() -> None:
    # An order that expired in part: 0.04 at 100 is worth 4, and 5 is the least.
    gaps = booked(run_of(Side.BUY), run_of(Side.BUY, quantity="9.96"))

    assert by_cause(gaps.held["ETH"]) == {Cause.FILTERS: pytest.approx(0.04)}
    assert by_cause(gaps.cash) == {Cause.FILTERS: pytest.approx(-4.0)}


@pytest.mark.parametrize("quantity", ["9", "11", "0"])
def test_a_fill_that_nothing_accounts_for_is_unexplained(quantity: str) -> None:
    gaps = booked(run_of(Side.BUY), run_of(Side.BUY, quantity=quantity))

    assert by_cause(gaps.held["ETH"]) == {None: pytest.approx(10 - float(quantity))}


@pytest.mark.parametrize(("quantity", "cause"), [("9998.98", Cause.PRICE), ("9998.97", None), ("9000", None)])
def test_a_buy_of_the_backtest_is_cut_to_the_cash_where_its_rule_says_so(quantity: str, cause: Cause | None) -> None:
    # 1,000,000 of cash at 100.01 pay for 9,999.00009... on the lot step 9,999.00; at 100.0102 for 9,998.98.
    ours = run_of(Side.BUY, ordered="10000", quantity=quantity, price="100.0102")
    theirs = run_of(Side.BUY, ordered="10000", quantity="10000", price="100")

    gaps = booked(ours, theirs)

    assert by_cause(gaps.held["ETH"]) == {cause: pytest.approx(float(quantity) - 10_000)}


amounts = st.decimals(1, 100, places=2).map(str)
prices = st.decimals(99, 103, places=2).map(str)


@given(
    st.sampled_from(Side), amounts, amounts, prices, prices, st.decimals(0, 1, places=2).map(str), st.integers(0, 23)
)
def test_the_amounts_add_up_to_the_whole_gap(
    side: Side, quantity: str, live_quantity: str, price: str, live_price: str, fee: str, hour: int
) -> None:
    ours = run_of(side, quantity=quantity, price=price, fee=fee)
    at = OPEN + timedelta(hours=hour)
    coin = "ETH" if side is Side.BUY else "USDT"
    theirs = run_of(side, quantity=live_quantity, price=live_price, fee=fee, fee_asset=coin, at=at)

    gaps = booked(ours, theirs)

    account, live_account = ours.ledger, theirs.ledger
    assert sum(gaps.cash.values()) == pytest.approx(float(account.cash - live_account.cash), abs=1e-6)
    held = float(account.quantity("ETH") - live_account.quantity("ETH"))
    assert gaps.quantity("ETH") == pytest.approx(held, abs=1e-9)
