"""An account too small for its weights is told so."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from engine.core.events import Event, OrderSkipped
from engine.core.order import Side
from engine.core.planner import least_of
from engine.record.review.facts import review_of
from engine.record.review.selection import Selection
from engine.record.run_record import read_run
from engine.record.too_small import is_told_of, too_small_notes
from tests.support.run_folders import day_number, decided, executed, order, story, write_paper

NOTIONAL = "notional 3.9689 is below the minimum of 5"


def skipped(number: int, asset: str = "BTC", quantity: str = "0.036", message: str = NOTIONAL) -> OrderSkipped:
    return OrderSkipped(day=day_number(number), asset=asset, side=Side.BUY, quantity=Decimal(quantity), message=message)


def poor(number: int) -> Event:
    return replace(decided(number, reason="start"), equity=Decimal(4), cash=Decimal(4))


def test_orders_that_no_exchange_accepts_are_counted_from_the_first_day_on() -> None:
    (found,) = too_small_notes([poor(1), skipped(1), poor(2), poor(4), skipped(4, "ETH", "0.3"), skipped(4)])

    assert found == (
        "3 orders were too small to be sent since 2024-01-01, the last of 2024-01-04 (BTC, ETH; the last: buy BTC, "
        f"{NOTIONAL}): the account is too small for these weights; nothing was traded at all"
    )
    assert is_told_of(found)


def test_what_was_traded_all_the_same_is_said() -> None:
    bought = executed(order(day_number(1), "ETH", Side.BUY, "1", reason="start"), "10")

    (found,) = too_small_notes([poor(1), skipped(1), *bought])

    assert "nothing was traded" not in found


@pytest.mark.parametrize(
    "event",
    [
        # A crumb of 0.00001 BTC at 100 on an equity of 1,000.
        skipped(1, quantity="0", message="less than one lot step of 0.00001"),
        skipped(1, quantity="0.01"),
        skipped(1, quantity="5", message="left after 5 attempts: expired"),
    ],
)
def test_crumbs_and_what_was_left_for_another_reason_are_no_such_order(event: OrderSkipped) -> None:
    assert too_small_notes([decided(1), event]) == ()


def test_a_lot_step_that_is_more_than_the_account_is_one() -> None:
    # One step of 1 BTC at 100, on an equity of 4.
    assert too_small_notes([poor(1), skipped(1, quantity="0", message="less than one lot step of 1")])


def test_the_words_of_the_planner_are_known() -> None:
    assert least_of("less than one lot step of 0.001") == Decimal("0.001")
    assert least_of(NOTIONAL) == 0
    assert least_of("the market takes no orders now") is None


def test_a_review_of_a_paper_run_says_it_before_there_is_a_summary(tmp_path: Path) -> None:
    record = read_run(write_paper(tmp_path, events=[story()[0], poor(1), skipped(1), poor(2)]))

    (warned,) = review_of(record, Selection()).warnings

    assert warned.text.startswith(f"1 order was too small to be sent since {date(2024, 1, 1)} (BTC")
