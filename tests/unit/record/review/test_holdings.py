"""What was held on each day, and how far the amounts of a record can be trusted."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from engine.core.errors import DataError
from engine.core.events import OrderFilled, RunStarted
from engine.core.order import Side
from engine.record.review.holdings import assets_held, held_at_end, holdings_by_day
from tests.support import run_folders
from tests.support.run_records import day_number, decision, fill, record


def test_a_fill_is_held_from_the_close_of_its_own_day_on() -> None:
    days = [
        decision(1, equity=1000.0, cash=1000.0, closes={"BTC": 100.0}),
        decision(2, equity=1000.0, cash=500.0, closes={"BTC": 100.0}),
        decision(3, equity=1500.0, cash=500.0, closes={"BTC": 200.0}),
    ]

    held = holdings_by_day(record(days, fills=[fill(1, "buy", "5", "100")]))

    assert [day.quantities for day in held] == [{}, {"BTC": 5.0}, {"BTC": 5.0}]
    assert [(day.shares.get("BTC", 0.0), day.cash) for day in held] == [
        (0.0, 1.0),
        (0.5, 0.5),
        (pytest.approx(2 / 3), pytest.approx(1 / 3)),
    ]


def test_a_day_that_is_decided_late_finds_the_fills_of_the_one_before() -> None:
    bought = run_folders.fill(run_folders.order(day_number(1), "BTC", Side.BUY, "5", reason="start"), "100")
    late = OrderFilled(fill=replace(bought, at=bought.at + timedelta(days=2)))
    started = RunStarted(first_day=day_number(1), cash=Decimal(1000), quote="USDT", core="BTC")
    first, second, third = (run_folders.decided(n) for n in (1, 2, 3))
    days = [decision(n, cash=cash, closes={"BTC": 100.0}) for n, cash in ((1, 1000.0), (2, 500.0), (3, 500.0))]

    held = holdings_by_day(record(days, events=[started, first, late, second, third]))

    assert [day.quantities for day in held] == [{}, {"BTC": 5.0}, {"BTC": 5.0}]


def test_a_fee_in_the_coin_makes_the_holding_smaller_and_a_whole_sale_leaves_nothing() -> None:
    days = [decision(n, closes={"BTC": 100.0}) for n in (1, 2, 3, 4)]
    fills = [
        fill(1, "buy", "1", "100", fee="0.001", fee_asset="BTC"),
        fill(2, "sell", "0.999", "100"),
        fill(3, "buy", "3", "1", asset="ETH", reason="reset_buy_back"),
    ]

    held = holdings_by_day(record(days, fills=fills))

    assert held[1].quantities == {"BTC": pytest.approx(0.999)}
    assert held[2].quantities == {}
    # What a reset had wiped was held all along; buying it back adds nothing.
    assert held[3].quantities == {}
    assert assets_held(held) == ["BTC"]


def test_cash_that_is_not_on_record_is_what_the_coins_leave() -> None:
    days = [decision(n, cash=None, closes={"BTC": 100.0}) for n in (1, 2)]

    held = holdings_by_day(record(days, fills=[fill(1, "buy", "4", "100")]))

    assert [day.cash for day in held] == [1.0, pytest.approx(0.6)]


def test_a_run_without_equity_has_no_shares() -> None:
    (day,) = holdings_by_day(record([decision(1, equity=0.0, cash=0.0)]))

    assert (day.shares, day.cash) == ({}, 0.0)


def test_amounts_that_cannot_be_added_up_are_one_sentence() -> None:
    huge = replace(fill(1, "buy", "1", "1"), quantity=Decimal("1E+200"), notional=Decimal("1E+200"))

    with pytest.raises(DataError, match=r"run: is damaged: a fill of order test-20240101-BTC-b1-1 has amounts"):
        held_at_end(record([decision(1)], fills=[huge, fill(1, "buy", "0.1", "1")]))


def test_a_holding_says_the_day_of_a_price_that_is_old_and_of_no_other() -> None:
    old = day_number(1)
    days = [
        decision(1, closes={"BTC": 100.0, "ADA": 2.0, "ETH": 10.0}),
        decision(9, closes={"BTC": 100.0, "ADA": 2.0, "ETH": 10.0}, marked_on={"ADA": old, "ETH": old}),
    ]
    # ETH is bought more of after the last close: its price is that fill's.
    fills = [
        *(fill(1, "buy", "1", "10", asset=asset) for asset in ("BTC", "ADA", "ETH")),
        fill(9, "buy", "1", "10", asset="ETH"),
    ]

    held = held_at_end(record(days, fills=fills))

    assert held is not None
    assert held.marked_on == {"ADA": old}


def test_crumbs_keep_the_day_of_their_last_fill() -> None:
    days = [decision(1, closes={"BTC": 100.0}), decision(9, closes={"BTC": 100.0})]

    held = held_at_end(record(days, fills=[fill(1, "buy", "1", "100", asset="DOGE")]))

    assert held is not None
    assert held.marked_on == {"DOGE": day_number(2)}
