"""The equity of a rotation, at its entry and its highest since: folded out of decisions, kept through all else."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from engine.core.events import AccountReset, DayDecided, Event
from engine.core.ledger import Ledger
from engine.core.rotation_equity import RotationEquity, rotation_after
from engine.core.valuation import HeldAtClose
from engine.trading.standing import Standing
from tests.support.fakes import DAY, NOON, ScriptedState, decided


def days(*steps: tuple[str, str, str]) -> list[DayDecided]:
    """Decide day after day: state before, state after, equity."""
    return [
        decided(DAY + timedelta(days=n), before, after, equity=equity)
        for n, (before, after, equity) in enumerate(steps)
    ]


ROTATION = days(
    ("CORE", "CORE", "900"),
    ("CORE", "ROTATED", "1000"),
    ("ROTATED", "ROTATED", "1250"),
    ("ROTATED", "ROTATED", "1100"),
)


def after(events: Sequence[Event]) -> Standing:
    return Standing(ledger=Ledger(quote="USDT", cash=Decimal(5)), state=ScriptedState()).after_all(events)


def test_a_rotation_is_counted_from_its_entry_days_close_with_the_highest_close_since() -> None:
    rotation = after([*ROTATION]).rotation

    assert rotation == RotationEquity(entry=Decimal(1000), highest=Decimal(1250), now=Decimal(1100))
    # 1100 / 1000 - 1 and 1 - 1100 / 1250.
    assert rotation.growth == pytest.approx(0.1)
    assert rotation.drawdown == pytest.approx(0.12)


def test_outside_a_rotation_there_is_none_and_the_next_one_begins_anew() -> None:
    exited = [*ROTATION, *days(("ROTATED", "CORE", "1300"))]
    again = [*exited, *days(("CORE", "ROTATED", "800"), ("ROTATED", "ROTATED", "600"))]

    assert after(exited[:1]).rotation is None
    assert after(exited).rotation is None
    assert after(again).rotation == RotationEquity(entry=Decimal(800), highest=Decimal(800), now=Decimal(600))


def test_missed_days_and_resets_of_the_exchange_leave_it_as_it_is() -> None:
    missed: list[Event] = [replace(event, planned=False) for event in ROTATION]
    reset = AccountReset(at=NOON, epoch=2, forgotten="x", cash=Decimal(5), positions={})

    assert after([*missed, reset]).rotation == after([*ROTATION]).rotation


def test_a_day_is_decided_with_its_own_close_counted() -> None:
    standing = after([*ROTATION])
    holdings = HeldAtClose(
        ledger=standing.ledger,
        closes={},
        equity=Decimal(1400),
        orders_waiting=False,
        entries_allowed=True,
        before=standing.rotation,
    )

    assert holdings.rotation == RotationEquity(entry=Decimal(1000), highest=Decimal(1400), now=Decimal(1400))
    assert holdings._replace(before=None).rotation is None


def test_a_rotation_that_began_before_the_record_does_counts_from_its_first_day() -> None:
    (day,) = days(("ROTATED", "ROTATED", "700"))

    assert rotation_after(None, day) == RotationEquity(entry=Decimal(700), highest=Decimal(700), now=Decimal(700))
