"""Each cause, seeded alone into a run on the practice exchange, is what rows go back to; nothing else explains a fault.

The exchange's ticks are 0.5 wide and its prices move from 100 at the open to 144 at the close; the runs are those of
`test_strict`, three days of which the first buys BTC.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from engine.analysis.comparison.comparison import compare
from engine.analysis.comparison.differences import LABORATORY_CAUSES, Attribution, Cause
from engine.analysis.comparison.exchange_model import ExchangeModel
from engine.analysis.comparison.step_reader import steps_of
from engine.analysis.comparison.strict import strict
from engine.core.events import DayDecided, Event, OrderFilled, OrderPlanned, OrderSent
from engine.core.order import Fill, Side, client_order_id
from tests.support.fakes import instrument
from tests.support.laboratory import DAYS, FIRST, MODEL, OPEN, ORDER, PLANNER, SENT, START, day_of, filled
from tests.support.markets import coin_bars, history_of

HISTORY = history_of(coin_bars("BTC", FIRST, [100.0, 144.0, 144.0, 144.0], opens=[100.0, 100.0, 144.0, 144.0]))
RISING = replace(MODEL, history=HISTORY)
MINUTE = timedelta(minutes=1)
NAMED = client_order_id(account="bot", day=DAYS[1], asset="BTC", side=Side.BUY)


def run_of(fills: Sequence[Fill], *, quantity: str = "9.94", orders: Sequence[Event] = ()) -> list[Event]:
    """Give a journal whose account is what its fills come to: it buys on the first day, and holds.

    Args:
        orders: more events of the second evening.
    """
    order = ORDER.with_quantity(Decimal(quantity))
    ledger = START
    for fill in fills:
        ledger = ledger.apply(fill)
    worth = str(ledger.equity({"BTC": Decimal(144)}))
    first = day_of(DAYS[0], equity="1000", cash="1000", reason="start")
    booked = [OrderFilled(fill=fill) for fill in fills]
    days = [day_of(day, equity=worth, cash=str(ledger.cash)) for day in DAYS[1:]]
    return [first, OrderPlanned(order=order), replace(SENT, order=order), *booked, days[0], *orders, *days[1:]]


def compared(
    live: Sequence[Event], *, ours: Fill | None = None, model: ExchangeModel = RISING, step: str = "0.01"
) -> Attribution:
    backtest = run_of([ours or filled(fee="0.994", fee_asset="USDT")])
    planner = replace(PLANNER, instruments={"BTC": instrument("BTC", step=step)})
    first, second = (steps_of(each, START, last_plan=True) for each in (backtest, live))
    policy = strict(first, second, live_planner=planner, model=model)
    result = compare(first, second, history=HISTORY, planner=PLANNER, policy=policy)
    assert sum(result.costs.values()) == pytest.approx(result.gap, abs=1e-6)
    return result


def worth(result: Attribution) -> dict[Cause, float]:
    return {cause: amount for cause in LABORATORY_CAUSES if abs(amount := result.costs.get(cause, 0.0)) > 1e-9}


def test_an_instant_a_tick_and_a_fee_have_each_its_part() -> None:
    """The worked example of `strict`."""
    # A minute of the way from 100 to 144 is 100.030555..., on the tick above 100.04.
    live = run_of([filled(price="100.04", fee="0.00994", fee_asset="BTC", at=OPEN + MINUTE)])

    result = compared(live)

    assert list(result.unexplained) == []
    sizes = {(each.what, each.cause): each.size for each in result.differences if each.kind == "fill"}
    instant = 44 / 1440
    assert sizes == {
        ("buy BTC: price", Cause.TIMING): pytest.approx(100 * instant),
        ("buy BTC: price", Cause.PRICE): pytest.approx(10_000 * (100.04 / (100 + instant) - 1)),
        ("buy BTC: instant", Cause.TIMING): 0.0,
        ("buy BTC: fee", Cause.FEES): pytest.approx(10.0),
    }
    # The commission of a thousandth goes with each price, since the backtest's fee is in cash.
    assert worth(result) == {
        Cause.TIMING: pytest.approx(-9.94 * instant * 1.001),
        Cause.PRICE: pytest.approx(-9.94 * (0.04 - instant) * 1.001),
        Cause.FEES: pytest.approx(9.94 * 100.04 * 0.001 - 0.00994 * 144),
    }


def test_coarser_lot_steps_are_filter_rounding() -> None:
    live = run_of([filled(quantity="9.9", fee="0.00990", fee_asset="BTC")], quantity="9.9")

    result = compared(live, step="0.1")

    assert list(result.unexplained) == []
    # 0.04 coins less, paid 100.1 each, and worth 144; the fee is of the rest.
    assert worth(result)[Cause.FILTERS] == pytest.approx(-0.04 * (144 - 100.1))
    orders = [each for each in result.differences if each.kind == "order"]
    assert [(each.what, each.cause) for each in orders] == [("buy BTC", Cause.FILTERS)]


def test_a_buy_that_the_exchange_cuts_to_the_cash_is_the_price_models() -> None:
    # With a margin of a hundredth 9.94 at 100 ask for 994 * 1.011 = 1004.934 of the 1,000: 9.8912 is 9.89 on the step.
    live = run_of([filled(quantity="9.89", fee="0.00989", fee_asset="BTC")])

    result = compared(live, model=replace(RISING, buy_margin=Decimal("0.01")))

    assert list(result.unexplained) == []
    assert worth(result)[Cause.PRICE] == pytest.approx(-0.05 * (144 - 100.1))


@pytest.mark.parametrize(
    ("fills", "quantity", "words"),
    [
        # The order is off by one step, and so is its fill, which is by the rules.
        ([filled(quantity="9.93", fee="0.00993", fee_asset="BTC")], "9.93", "the live run planned buy 9.93 BTC"),
        # The fill is off by one step.
        ([filled(quantity="9.93", fee="0.00993", fee_asset="BTC")], "9.94", "live buy 9.93 BTC/USDT at 100"),
        # The price is off by one tick beyond the book.
        ([filled(price="100.01", fee="0.00994", fee_asset="BTC")], "9.94", "live buy 9.94 BTC/USDT at 100.01"),
        # The fill is missing.
        ([], "9.94", "buy 9.94 BTC/USDT was not executed live"),
        # It was booked twice.
        ([filled(quantity="3", fee="0.003", fee_asset="BTC")] * 2, "3", "BTC: 6 of 3 executed live"),
        # Another fee.
        ([filled(fee="0.00993", fee_asset="BTC")], "9.94", "live buy 9.94 BTC/USDT at 100, fee 0.00993 BTC"),
    ],
)
def test_a_fault_of_no_cause_is_unexplained_and_has_its_cost(fills: Sequence[Fill], quantity: str, words: str) -> None:
    result = compared(run_of(fills, quantity=quantity))

    assert any(each.what.startswith(words) for each in result.unexplained), result.unexplained
    assert abs(result.costs[None]) > 0
    assert {each.cause for each in result.differences} <= {None, Cause.FEES, Cause.TIMING}


def test_an_order_that_no_decision_calls_for_is_unexplained() -> None:
    # On the second evening, a hold, 0.04 BTC are ordered and bought.
    beside = replace(ORDER, client_order_id=NAMED, quantity=Decimal("0.04"), decision_day=DAYS[1])
    at = OPEN + timedelta(days=1)
    fill = replace(
        filled(quantity="0.04", price="144", fee="0.00004", fee_asset="BTC", at=at),
        client_order_id=NAMED,
        decision_day=DAYS[1],
    )
    bought = filled(fee="0.00994", fee_asset="BTC")
    live = run_of([bought], orders=[OrderPlanned(order=beside), OrderSent(at=at, order=beside), OrderFilled(fill=fill)])
    ledger = START.apply(bought).apply(fill)
    live[-1] = day_of(DAYS[2], equity=str(ledger.equity({"BTC": Decimal(144)})), cash=str(ledger.cash))

    result = compared(live)

    assert result.unexplained[0].what == (
        "the live run planned buy 9.94 BTC, buy 0.04 BTC; its account asks for buy 9.94 BTC"
    )
    assert abs(result.costs[None]) > 0


def test_a_day_decided_otherwise_is_unexplained_by_each_field() -> None:
    live = run_of([filled(fee="0.00994", fee_asset="BTC")])
    last = live[-1]
    assert isinstance(last, DayDecided)
    live[-1] = replace(last, reason="exit", next_state="ROTATED")

    result = compared(live)

    assert [each.what.partition(" is ")[0] for each in result.unexplained] == ["next_state", "reason"]


def test_what_befalls_real_runs_only_explains_nothing_here() -> None:
    assert not {Cause.INCIDENT, Cause.BASIS, Cause.LATE_DATA, Cause.CONFIGURATION} & set(LABORATORY_CAUSES)
