"""From where a session stands to the events of a day: what is booked at its close, and the orders of its plan."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from engine.core.events import DayDecided, Event, OrderCancelled
from engine.core.instrument import Instrument
from engine.core.market import History
from engine.core.planner import Planner
from engine.core.settling import plan_events
from engine.core.strategy import DelistingRule
from engine.trading.standing import Standing


def planned(
    standing: Standing,
    decided: DayDecided,
    closes: Mapping[str, Decimal],
    *,
    reason: str | None,
    planner: Planner,
    rules_of_now: Callable[[], Mapping[str, Instrument]],
) -> Sequence[Event]:
    """Plan for the targets of a day, or, where none are to be traded, for the coins that are out of position.

    Args:
        standing: before the decision.
        closes: of what is held and targeted.
        reason: of the change of targets that is planned for; None where there is none.
    """
    if reason is None and not standing.missed.coins and not decided.killed:
        return ()
    day, targets, events = decided.day, decided.targets, list[Event]()
    if decided.killed:
        from engine.trading import in_cash  # noqa: PLC0415 - it never happens to most runs

        # Those of before a change of targets go with it; what buys back after a reset would stay.
        events += in_cash.buys_dropped(standing, day)
    if reason is not None:
        events += _planned_for(standing.after_all(events), day, targets, reason, closes, planner=planner)
    else:
        if standing.missed.coins:
            events += _planned_again(standing, day, targets, closes, planner=planner, rules_of_now=rules_of_now)
        if decided.killed:
            events += in_cash.sells_of_rest(standing, day, closes, planner=planner)
    return events


def booked_at_close(
    standing: Standing,
    day: date,
    history: History,
    rule: DelistingRule | None,
    *,
    planner: Planner,
    sells_delisted: bool,
) -> Sequence[Event]:
    """Give what is booked at a day's close before equity is taken: sales of coins that count as delisted.

    Args:
        sells_delisted: whether they are sold in the books; else each is said once and left.
    """
    if rule is None:
        return ()
    from engine.core.delisting import delisted_at, sold_in_books  # noqa: PLC0415 - most runs have no such rule

    found = delisted_at(day, ledger=standing.ledger, history=history, marks=standing.marks, rule=rule)
    if not sells_delisted:
        told = {asset: each.last_bar for asset, each in standing.delisted.items()}
        return [replace(each, penalty=None) for each in found if told.get(each.asset) != each.last_bar]
    ledger, waiting = standing.ledger, standing.orders.waiting
    return [
        event
        for each in found
        for event in sold_in_books(each, ledger=ledger, waiting=waiting, history=history, planner=planner)
    ]


def _planned_for(
    standing: Standing,
    day: date,
    targets: Mapping[str, float],
    reason: str,
    closes: Mapping[str, Decimal],
    *,
    planner: Planner,
) -> list[Event]:
    """Plan for a day's targets; what still waits for earlier ones is dropped, but for what a reset had wiped."""
    epoch, ledger, orders = standing.epoch, standing.ledger, standing.orders
    plan = planner.plan(targets, ledger=ledger, closes=closes, day=day, reason=reason, epoch=epoch)
    cancelled = [OrderCancelled(day=day, order=order) for order in (*orders.sells, *orders.buys)]
    return [*cancelled, *plan_events(plan, day)]


def _planned_again(
    standing: Standing,
    day: date,
    targets: Mapping[str, float],
    closes: Mapping[str, Decimal],
    *,
    planner: Planner,
    rules_of_now: Callable[[], Mapping[str, Instrument]],
) -> list[Event]:
    """Plan for the coins that are out of position, by the market's rules of now, once their orders have ended."""
    # What restores after a reset is no order of the change: the ledger holds all along what it puts back.
    open_ = {order.asset for order in standing.orders.waiting if not order.restores}
    missed = [each for asset, each in standing.missed.coins.items() if asset not in open_]
    if not missed:
        return []
    planner = replace(planner, instruments={**planner.instruments, **rules_of_now()})
    ledger, epoch = standing.ledger, standing.epoch
    plan = planner.plan_again(missed, targets, ledger=ledger, closes=closes, day=day, epoch=epoch)
    return plan_events(plan, day)
