"""A review of a run worked out by hand: five days, one rotation, five fills (tests/support/run_folders.py)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.core.calendar import decision_instant
from engine.core.errors import ConfigError
from engine.core.events import (
    AccountReset,
    Event,
    OrderCancelled,
    OrderFilled,
    OrderPlanned,
    OrderRejected,
    OrderSent,
    OrderSkipped,
    OrderUnresolved,
    OrderWaits,
    PositionMissed,
    PositionReached,
)
from engine.core.order import RESET_BUY_BACK, Side
from engine.record.review.comparison import compare_runs
from engine.record.review.facts import Review, review_of
from engine.record.review.incidents import IncidentKind, incidents_of
from engine.record.review.selection import Selection, checked_selection
from engine.record.run_record import RunRecord, read_run
from tests.support.run_folders import day_number, decided, fill, order, story, write_backtest, write_paper


@pytest.fixture
def record(tmp_path: Path) -> RunRecord:
    return read_run(write_backtest(tmp_path))


def paper(tmp_path: Path, events: Sequence[Event]) -> RunRecord:
    return read_run(write_paper(tmp_path, events=events))


def reviewed(record: RunRecord, **wanted: Any) -> Review:
    return review_of(record, replace(Selection(), **wanted))


def test_slippage_is_against_the_decisions_close_and_positive_where_it_is_worse(record: RunRecord) -> None:
    fills = reviewed(record).fills

    # Bought at 101 with the close at 100, sold at 109 with it at 110, bought at 10.5 with it at 10.
    assert [priced.close for priced in fills[:3]] == [100.0, 110.0, 10.0]
    assert [priced.slippage for priced in fills[:3]] == pytest.approx([0.01, 1 / 110, 0.05])
    assert [priced.slippage_quote for priced in fills[:3]] == pytest.approx([9, 9, 40])


def test_costs_add_up(record: RunRecord) -> None:
    costs = reviewed(record).costs

    # 9 * 101 + 9 * 109 + 80 * 10.5 + 80 * 12 + 10 * 90
    assert costs.traded == 909 + 981 + 840 + 960 + 900
    assert costs.fees == {"USDT": 5}
    assert costs.fee_share == pytest.approx(5 / 4590)
    assert costs.slippage_quote == pytest.approx(9 + 9 + 40)
    # 9 * 100 + 9 * 110 + 80 * 10 + 80 * 12 + 10 * 90, at the closes that were decided on
    assert costs.slippage_share == pytest.approx(58 / 4550)
    assert (costs.fills, costs.buys, costs.sells, costs.unpriced) == (5, 3, 2, 0)


def test_fees_in_coins_are_valued_at_the_fills_price_and_in_a_third_asset_not_at_all(tmp_path: Path) -> None:
    bought = order(day_number(1), "BTC", Side.BUY, "9", reason="start")
    in_coin = OrderFilled(fill=fill(bought, "100", fee="0.01", fee_asset="BTC"))
    in_other = OrderFilled(fill=fill(bought, "100", fee="0.5", fee_asset="BNB"))

    first = reviewed(paper(tmp_path / "a", [*story()[:2], in_coin])).costs
    second = reviewed(paper(tmp_path / "b", [*story()[:2], in_coin, in_other])).costs

    assert first.fees_quote == 1
    assert (second.fees, second.fees_quote) == ({"BTC": Decimal("0.01"), "BNB": Decimal("0.5")}, None)


def test_what_is_held_now_is_what_the_fills_come_to(record: RunRecord) -> None:
    standing = reviewed(record).held_at_end

    assert standing is not None
    # 1000 - 909 - 1 + 981 - 1 - 840 - 1 + 960 - 1 - 900 - 1
    assert standing.cash == 287
    (position,) = standing.positions
    assert (position.asset, position.quantity, position.price) == ("BTC", Decimal(10), Decimal(100))
    assert standing.equity == 1287
    assert (standing.state, standing.since, standing.reason) == ("CORE", day_number(4), "time_exit")


def test_what_was_held_is_told_by_stretch(record: RunRecord) -> None:
    first, second, third = reviewed(record).stretches

    assert (first.since, first.until, second.until, third.until) == (
        day_number(1),
        day_number(2),
        day_number(4),
        None,
    )
    # 9 BTC at 100 beside 90 in cash.
    assert first.weights == pytest.approx({"BTC": 900 / 990})
    assert list(second.weights) == ["ETH"]
    assert second.total_return == pytest.approx(1188 / 1080 - 1)
    assert third.last_day == day_number(5)


def test_the_latest_days_are_counted_from_the_close_before_them(tmp_path: Path) -> None:
    start = decided(1, reason="start")
    days = [
        replace(start, day=date(2024, 1, day), equity=Decimal(1000 + day), reason="start" if day == 1 else "hold")
        for day in range(1, 11)
    ]

    lately = reviewed(paper(tmp_path, [story()[0], *days])).lately

    assert lately is not None
    assert lately.since == date(2024, 1, 4)
    assert lately.equity_return == pytest.approx(1010 / 1003 - 1)
    assert (lately.fills, lately.quiet_days) == (0, None)


def test_figures_of_a_run_without_a_current_summary_are_worked_out_anew(tmp_path: Path, record: RunRecord) -> None:
    assert dict(reviewed(paper(tmp_path, story())).figures) == pytest.approx(dict(reviewed(record).figures))


@pytest.mark.parametrize(
    ("wanted", "fills", "rotations", "stretches"),
    [
        ({}, 5, 1, 3),
        ({"asset": "ETH"}, 2, 1, 3),
        ({"reason": "entry"}, 2, 1, 3),
        ({"reason": "time_exit"}, 2, 1, 3),
        ({"reason": "start"}, 1, 0, 3),
        ({"first_day": date(2024, 1, 3)}, 2, 1, 2),
        ({"first_day": date(2024, 1, 5)}, 0, 0, 1),
        ({"last_day": date(2024, 1, 1)}, 1, 0, 1),
        ({"asset": "ETH", "reason": "entry", "last_day": date(2024, 1, 2)}, 1, 1, 2),
    ],
)
def test_selection(record: RunRecord, wanted: dict[str, object], fills: int, rotations: int, stretches: int) -> None:
    review = reviewed(record, **wanted)

    assert (len(review.fills), len(review.rotations), len(review.stretches)) == (fills, rotations, stretches)
    assert review.costs.fills == fills


def test_word_that_the_run_does_not_know_is_refused_with_those_it_does(record: RunRecord) -> None:
    with pytest.raises(ConfigError, match="'DOG': is not in this run; there are BTC, ETH"):
        checked_selection(Selection(asset="DOG"), record)
    with pytest.raises(ConfigError, match="there are entry, hold, start, time_exit"):
        checked_selection(Selection(reason="entri"), record)


DAY = day_number(1)
AT = decision_instant(DAY)
SELL = order(DAY, "ETH", Side.SELL, "4", reason="time_exit")
AGAIN = order(DAY, "ETH", Side.SELL, "3", reason="time_exit", attempt=2)


def told(*events: Event) -> list[tuple[IncidentKind, str, str, str]]:
    return [(incident.kind, incident.order, incident.message, incident.outcome) for incident in incidents_of(events)]


def test_unknown_outcome_says_what_was_found_out() -> None:
    sent, asked = OrderSent(at=AT, order=SELL), OrderUnresolved(at=AT, order=SELL, message="no answer")
    what = (IncidentKind.UNKNOWN, "sell 4 ETH/USDT", "no answer")

    assert told(sent, asked) == [(*what, "still unknown: it is being asked for")]
    assert told(sent, asked, OrderFilled(fill=fill(SELL, "12"))) == [(*what, "found: 4 filled at 00:00:01")]
    never = OrderRejected(at=AT, order=SELL, message="was never placed")
    assert told(sent, asked, never, OrderPlanned(order=AGAIN)) == [
        (*what, "found: never placed"),
        (IncidentKind.RETRY, "sell 3 ETH/USDT", "attempt 2", ""),
    ]


def test_two_unknown_outcomes_of_one_order_have_an_answer_each() -> None:
    asked = OrderUnresolved(at=AT, order=SELL, message="no answer")
    waits = OrderWaits(at=AT, order=SELL, message="market closed")

    outcomes = [outcome for kind, _, _, outcome in told(asked, waits, asked) if kind is IncidentKind.UNKNOWN]

    assert outcomes == ["found: not taken, it waits", "still unknown: it is being asked for"]


def test_what_comes_after_an_answer_is_no_answer() -> None:
    asked = OrderUnresolved(at=AT, order=SELL, message="no answer")
    waits = OrderWaits(at=AT, order=SELL, message="market closed")

    (incident, _) = told(asked, waits, OrderSent(at=AT, order=SELL), OrderFilled(fill=fill(SELL, "12")))

    assert incident[-1] == "found: not taken, it waits"


def test_partial_fill_is_one_that_is_followed_by_another_attempt() -> None:
    sent = OrderSent(at=AT, order=SELL)
    part = OrderFilled(fill=fill(SELL, "12", quantity="1"))

    assert told(sent, part, OrderPlanned(order=AGAIN)) == [
        (IncidentKind.PARTIAL, "sell 4 ETH/USDT", "1 of 4 filled", ""),
        (IncidentKind.RETRY, "sell 3 ETH/USDT", "attempt 2", ""),
    ]
    # A buy that was cut to the cash ends with less, and that is no incident.
    assert told(sent, part) == []


def test_other_incidents() -> None:
    events: list[Event] = [
        OrderWaits(at=AT, order=SELL, message="halted"),
        OrderRejected(at=AT, order=SELL, message="ended as EXPIRED, nothing executed"),
        OrderRejected(at=AT, order=SELL, message="filter: LOT_SIZE"),
        OrderCancelled(day=DAY, order=SELL),
        OrderSkipped(day=DAY, asset="ETH", side=Side.BUY, quantity=Decimal("0.1"), message="too little"),
        PositionMissed(at=AT, asset="ETH", side=Side.BUY, quantity=Decimal(3), reason="entry", message="filter"),
        PositionReached(at=AT, asset="ETH"),
        AccountReset(at=AT, epoch=2, forgotten="x", cash=Decimal(1), positions={"ETH": Decimal(4)}),
    ]

    assert [kind for kind, *_ in told(*events)] == [
        IncidentKind.WAITS,
        IncidentKind.EXPIRED,
        IncidentKind.REJECTED,
        IncidentKind.REPLACED,
        IncidentKind.NOT_SENT,
        IncidentKind.OUT_OF_POSITION,
        IncidentKind.IN_POSITION,
        IncidentKind.RESET,
    ]


def test_a_coin_out_of_position_is_told_until_it_is_reached(tmp_path: Path) -> None:
    missed = PositionMissed(at=AT, asset="BTC", side=Side.BUY, quantity=Decimal(3), reason="entry", message="filter")

    (told,) = reviewed(paper(tmp_path / "a", [*story(), missed])).out_of_position
    reached = reviewed(paper(tmp_path / "b", [*story(), missed, PositionReached(at=AT, asset="BTC")]))

    assert (told.asset, told.since, told.reason) == ("BTC", AT.date(), "not wholly bought: filter")
    assert reached.out_of_position == ()


def test_the_log_tells_the_incidents_of_a_run_without_a_journal(tmp_path: Path) -> None:
    begin = story()[:2]
    waits = OrderWaits(at=AT, order=SELL, message="the market takes no orders now")
    events = [*begin, OrderPlanned(order=SELL), waits, OrderCancelled(day=day_number(2), order=SELL), decided(2)]

    logged = list(incidents_of(read_run(write_backtest(tmp_path, events=events)).events))

    assert [(each.at, each.kind, each.order, each.asset, each.reason, each.message) for each in logged] == [
        (AT, IncidentKind.WAITS, "sell 4 ETH/USDT", "ETH", "time_exit", "the market takes no orders now"),
        (
            decision_instant(day_number(2)),
            IncidentKind.REPLACED,
            "sell 4 ETH/USDT",
            "ETH",
            "time_exit",
            "by a newer decision",
        ),
    ]


def test_order_that_was_tried_again_and_filled_does_not_wait(tmp_path: Path) -> None:
    waits = OrderWaits(at=AT, order=SELL, message="halted")
    planned: list[Event] = [OrderPlanned(order=SELL), waits, OrderPlanned(order=AGAIN)]

    assert reviewed(paper(tmp_path / "a", [*story(), *planned])).pending == [f"sell 3 ETH/USDT (time_exit of {DAY})"]
    assert reviewed(paper(tmp_path / "b", [*story(), *planned, OrderFilled(fill=fill(AGAIN, "12"))])).pending == []


def test_what_a_reset_made_the_bot_buy_back_costs_nothing_and_changes_nothing(tmp_path: Path) -> None:
    back = replace(order(day_number(5), "BTC", Side.BUY, "10", reason=RESET_BUY_BACK), client_order_id="a-r2p1-1")
    reset = AccountReset(
        at=datetime.fromisoformat("2024-01-06T00:00:00Z"),
        epoch=2,
        forgotten="x",
        cash=Decimal(287),
        positions={"BTC": Decimal(10)},
    )
    events = [*story()[:-1], reset, OrderPlanned(order=back), OrderFilled(fill=fill(back, "150", fee="1"))]

    before, after = reviewed(paper(tmp_path / "a", story())), reviewed(paper(tmp_path / "b", events))

    assert after.costs == before.costs
    assert after.held_at_end == before.held_at_end
    assert after.fills == before.fills
    assert after.figures == before.figures
    assert after.stretches == before.stretches
    assert (after.lately and after.lately.fills) == (before.lately and before.lately.fills)
    (incident,) = after.incidents
    assert incident.kind is IncidentKind.RESET
    assert incident.outcome == (
        "bought back: 10 BTC for 1500 USDT, fees 1 USDT; the exchange's fresh balances paid, not the run"
    )


def test_what_was_bought_back_is_told_with_its_own_reset_and_without_what_the_strategy_traded() -> None:
    back, more = (
        replace(order(DAY, asset, Side.BUY, "2", reason=RESET_BUY_BACK), client_order_id=f"a-r{epoch}p1-1")
        for asset, epoch in (("BTC", 2), ("ETH", 3))
    )
    resets = [AccountReset(at=AT, epoch=epoch, forgotten="x", cash=Decimal(1), positions={}) for epoch in (2, 3, 4)]
    first, second, third = resets

    outcomes = [
        outcome
        for kind, _, _, outcome in told(
            first,
            OrderFilled(fill=fill(back, "100", fee="0.002", fee_asset="BTC")),
            OrderFilled(fill=fill(SELL, "12")),
            second,
            OrderFilled(fill=fill(more, "10", fee="1")),
            third,
        )
        if kind is IncidentKind.RESET
    ]

    paid = "the exchange's fresh balances paid, not the run"
    assert outcomes == [
        f"bought back: 2 BTC for 200 USDT, fees 0.002 BTC; {paid}",
        f"bought back: 2 ETH for 20 USDT, fees 1 USDT; {paid}",
        "",
    ]


def test_reset_is_found_by_the_reason_of_what_it_made_the_bot_buy_back(tmp_path: Path) -> None:
    back = replace(order(day_number(5), "BTC", Side.BUY, "10", reason=RESET_BUY_BACK), client_order_id="a-r2p1-1")
    reset = AccountReset(at=AT, epoch=2, forgotten="x", cash=Decimal(1), positions={"BTC": Decimal(10)})
    record = paper(tmp_path, [*story()[:-1], reset, OrderFilled(fill=fill(back, "150"))])

    found = review_of(record, checked_selection(Selection(reason=RESET_BUY_BACK), record))

    assert (len(found.incidents), found.fills) == (1, [])
    assert reviewed(record, reason="entry").incidents == []


def test_warnings_are_notes_and_lines_of_the_log_that_are_about_no_order(tmp_path: Path) -> None:
    folder = write_backtest(tmp_path, changes={"notes": ["the first day was moved"]})
    with (folder / "run.log").open("a", encoding="utf-8") as log:
        log.write("2024-01-02T00:00:00Z WARNING data gap: BTC lacks 2 days\nno line of a log\n")
        log.write("yesterday WARNING of another form\n2024-01-02T00:00:00 WARNING without a zone\n")

    warnings = reviewed(read_run(folder)).warnings

    assert [warned.text for warned in warnings] == ["the first day was moved", "data gap: BTC lacks 2 days"]


def test_comparison_of_a_run_with_itself_finds_nothing(record: RunRecord) -> None:
    comparison = compare_runs(record, record)

    assert {pair.difference for pair in comparison.figures} <= {0, None}
    assert (comparison.states, comparison.only_first, comparison.only_second) == ([], 0, 0)
    assert all(pair.first == pair.second for pair in comparison.rotations)
    assert comparison.same_configuration


def test_comparison_names_keys_days_and_rotations_that_differ(tmp_path: Path, record: RunRecord) -> None:
    longer = [*story()[:-2], replace(decided(5), state="CORE", next_state="ROTATED", reason="entry")]
    other = read_run(write_backtest(tmp_path / "other", events=longer))
    first = replace(record, config={"strategy": {"hold_weeks": 18, "core": "BTC"}, "notify": []})
    second = replace(other, config={"strategy": {"hold_weeks": 12, "core": "BTC"}, "name": "x"})

    comparison = compare_runs(first, second)

    assert [(each.key, each.first, each.second) for each in comparison.configuration or ()] == [
        ("strategy.hold_weeks", 18, 12),
        ("name", "(absent)", "x"),
    ]
    assert [(pair.entry_day, pair.first is None, pair.second is None) for pair in comparison.rotations] == [
        (day_number(2), False, False),
        (day_number(5), True, False),
    ]
    assert [(each.since, each.until, each.days, each.first, each.second) for each in comparison.states] == [
        (day_number(5), day_number(5), 1, "CORE", "ROTATED")
    ]
