"""Round trips of positions: what buys cost, what sells brought, and what is left, over the days between."""

from collections.abc import Mapping

import pytest

from engine.record.review.facts import review_of, rotates, trips_of
from engine.record.review.plain import plain_review
from engine.record.review.round_trips import round_trips_of
from engine.record.review.selection import Selection
from tests.support.run_records import day_number, decision, fill, record, rotation


def invested(number: int, closes: Mapping[str, float], *, reason: str = "hold", targets: str = "BTC"):  # type: ignore[no-untyped-def] # as `decision`
    wanted = dict.fromkeys(targets.split(), 0.5) if targets else {}
    return decision(number, reason=reason, targets=wanted, closes=closes)


def test_a_position_is_a_round_trip_from_its_entry_to_its_exit_and_fees_are_taken() -> None:
    days = [
        invested(1, {"BTC": 100.0}, reason="start"),
        invested(2, {"BTC": 110.0}),
        invested(8, {"BTC": 120.0}, reason="death_cross", targets=""),
        invested(9, {}, targets=""),
        invested(15, {"BTC": 80.0}, reason="golden_cross"),
        invested(16, {"BTC": 88.0}),
    ]
    fills = [
        fill(1, "buy", "2", "100", fee="1"),
        fill(8, "sell", "2", "121", fee="2"),
        fill(15, "buy", "1", "80"),
    ]

    first, second = round_trips_of(days, fills, core="BTC")

    # 200 and a fee of 1 were paid, 242 less a fee of 2 came back; BTC went from 100 to 120.
    assert (first.number, first.asset, first.entry_day, first.exit_day) == (1, "BTC", day_number(1), day_number(8))
    assert (first.exit_reason, first.weeks_held) == ("death_cross", 1.0)
    assert first.total_return == pytest.approx(240 / 201 - 1)
    assert first.core_return == pytest.approx(0.2)
    assert first.excess == pytest.approx(240 / 201 - 1.2)
    # What is still held counts at the last close.
    assert (second.exit_day, second.until, second.exit_reason) == (None, day_number(16), "open")
    assert second.total_return == pytest.approx(88 / 80 - 1)


def test_fees_in_the_coin_and_crumbs_that_stay_are_neither_lost_nor_doubled() -> None:
    days = [invested(1, {"BTC": 100.0}), invested(2, {"BTC": 100.0}, reason="out", targets="")]
    # Of one coin a hundredth goes as the fee, 0.98 is sold, and 0.01 stays, worth 1.
    fills = [fill(1, "buy", "1", "100", fee="0.01", fee_asset="BTC"), fill(2, "sell", "0.98", "100")]

    (trip,) = round_trips_of(days, fills, core="BTC")

    assert trip.total_return == pytest.approx(-0.01)


def test_an_exit_that_waits_for_its_sell_counts_what_is_held_at_the_close() -> None:
    days = [invested(1, {"BTC": 100.0}), invested(2, {"BTC": 90.0}, reason="death_cross", targets="")]

    (trip,) = round_trips_of(days, [fill(1, "buy", "1", "100")], core="BTC")

    assert trip.exit_reason == "death_cross"
    assert trip.total_return == pytest.approx(-0.1)


def test_every_asset_has_trips_of_its_own_and_a_core_that_is_not_on_record_is_not_guessed() -> None:
    days = [
        invested(1, {"ETH": 10.0}, targets="ETH"),
        invested(2, {"ETH": 11.0, "SOL": 1.0}, reason="switch", targets="SOL"),
        invested(3, {"SOL": 2.0}, targets="SOL"),
    ]
    fills = [
        fill(1, "buy", "1", "10", asset="ETH"),
        fill(2, "sell", "1", "11", asset="ETH"),
        fill(2, "buy", "5", "1", asset="SOL"),
    ]

    trips = round_trips_of(days, fills, core="BTC")

    assert [(trip.asset, trip.exit_reason, round(trip.total_return, 6)) for trip in trips] == [
        ("ETH", "switch", 0.1),
        ("SOL", "open", 1.0),
    ]
    assert [(trip.core_return, trip.excess) for trip in trips] == [(None, None)] * 2


def test_what_was_decided_and_not_bought_is_no_round_trip() -> None:
    assert round_trips_of([invested(1, {"BTC": 100.0})], [], core="BTC") == []
    assert round_trips_of([], [], core="BTC") == []


def test_a_record_says_whether_there_are_rotations_to_speak_of_and_an_old_one_is_taken_to() -> None:
    assert rotates(record())
    assert not rotates(record(summary={"rotates": False}))
    assert rotates(record(summary={"rotates": False}, rotations=[rotation(1, day_number(1), None)]))


def test_a_review_has_round_trips_where_there_are_no_rotations_and_chooses_among_them() -> None:
    days = [invested(1, {"BTC": 100.0}), invested(2, {"BTC": 90.0}, reason="out", targets="")]
    fills = [fill(1, "buy", "1", "100"), fill(2, "sell", "1", "90")]
    run = record(days, fills=fills, summary={"rotates": False})

    values = plain_review(review_of(run, Selection()), writer=None)
    chosen = [
        len(review_of(run, selection).round_trips)
        for selection in (
            Selection(asset="BTC"),
            Selection(asset="ETH"),
            Selection(reason="out"),
            Selection(reason="x"),
        )
    ]

    assert values["round_trips"] == [
        {
            "round_trip": 1,
            "asset": "BTC",
            "entry_day": "2024-01-01",
            "exit_day": "2024-01-02",
            "exit_reason": "out",
            "weeks_held": 1 / 7,
            "return": pytest.approx(-0.1),
            "core_return": pytest.approx(-0.1),
            "excess": pytest.approx(0.0),
        }
    ]
    assert chosen == [1, 0, 1, 0]
    assert trips_of(record(days, fills=fills)) == ()
