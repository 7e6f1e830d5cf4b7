"""The one fold of coins that are out of position, and what leaves a coin so."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from engine.core.events import Event, OrderPlanned, PositionMissed, PositionReached
from engine.core.missed import MissedPosition, MissedPositions, is_missed
from engine.core.order import RESET_BUY_BACK, Side
from engine.core.retry_policy import AttemptEnd
from tests.support.fakes import DAY, NOON, decided, instrument, order_of

BUY = order_of("ETH", Side.BUY, "2", name="bot-20240102-ETH-b1-1")
MISSED = PositionMissed(
    at=NOON, asset="ETH", side=Side.BUY, quantity=Decimal(2), reason="entry", message="market closed"
)
LATER = replace(MISSED, at=NOON + timedelta(days=1), quantity=Decimal(1), message="filter")
REACHED = PositionReached(at=NOON, asset="ETH")


def coin(quantity: str, message: str = "market closed") -> MissedPosition:
    return MissedPosition(
        asset="ETH", side=Side.BUY, quantity=Decimal(quantity), since=date(2024, 1, 2), reason="entry", message=message
    )


@pytest.mark.parametrize(
    ("events", "left"),
    [
        ([], []),
        ([MISSED], [coin("2")]),
        # Another piece of the order: both are undone, since the first of them.
        ([MISSED, LATER], [coin("3", "filter")]),
        ([MISSED, REACHED], []),
        # Planned again, its orders have all of it; what ends undone is missed again, since the first time.
        ([MISSED, OrderPlanned(order=BUY)], [coin("0")]),
        ([MISSED, OrderPlanned(order=BUY), LATER], [coin("1", "filter")]),
        ([MISSED, OrderPlanned(order=BUY.next_attempt(Decimal(1), ended=AttemptEnd.EXPIRED))], [coin("2")]),
        ([MISSED, OrderPlanned(order=replace(BUY, reason=RESET_BUY_BACK))], [coin("2")]),
        ([MISSED, OrderPlanned(order=replace(BUY, asset="BTC"))], [coin("2")]),
        ([MISSED, decided(DAY + timedelta(days=1))], [coin("2")]),
        ([MISSED, decided(DAY + timedelta(days=1), reason="exit")], []),
        ([MISSED, replace(decided(DAY + timedelta(days=1)), planned=True)], []),
    ],
)
def test_a_coin_is_missed_until_it_is_reached_or_targets_change(
    events: Sequence[Event], left: list[MissedPosition]
) -> None:
    assert list(MissedPositions().after_all(events).coins.values()) == left


@pytest.mark.parametrize(
    ("quantity", "price", "missed"),
    [
        ("0.1", "100", False),  # one lot step
        ("0.11", "100", True),
        ("0.5", "10", False),  # the minimum notional of 5
        ("0.51", "10", True),
        ("0.2", None, True),
        ("0", None, False),
    ],
)
def test_more_than_a_lot_step_and_the_minimum_notional_undone_is_missed(
    quantity: str, price: str | None, missed: bool
) -> None:
    known = None if price is None else Decimal(price)

    assert is_missed(Decimal(quantity), known, instrument("ETH")) is missed
