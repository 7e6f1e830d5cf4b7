"""No request goes out while the exchange wants none."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.core.errors import VenueError
from engine.venues.binance.pace import Pace
from engine.venues.binance.verdicts import Reply, judge

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
SERVER_AT_TEN_SECONDS = datetime(2024, 5, 10, 12, 0, 10, tzinfo=UTC)


class Bench:
    def __init__(self, **options: Any) -> None:
        self.now = NOON
        self.waits: list[float] = []
        self.lines: list[str] = []
        self.kept: list[datetime] = []
        self.pace = Pace(
            place="binance-testnet",
            now=lambda: self.now,
            exchange_now=lambda: SERVER_AT_TEN_SECONDS,
            sleep=self.waits.append,
            notice=self.lines.append,
            keep=self.kept.append,
            **options,
        )

    def answered(self, headers: Mapping[str, str], *, status: int = 200) -> None:
        reply = Reply(status=status, content={}, headers=headers)
        self.pace.note(reply, judge(reply))


def test_nothing_waits_without_a_reason() -> None:
    bench = Bench()
    bench.answered({"X-MBX-USED-WEIGHT-1M": "5400", "Retry-After": "9"})
    bench.pace.wait()

    assert bench.waits == []


def test_the_pause_asked_for_is_kept_once() -> None:
    bench = Bench()
    bench.answered({"Retry-After": "7"}, status=429)
    bench.now = NOON + timedelta(seconds=2)
    bench.pace.wait()
    bench.pace.wait()

    assert bench.waits == [5]
    assert bench.lines == ["binance-testnet: requests are limited (HTTP 429); waiting 5 seconds"]


def test_a_pause_that_has_passed_by_itself_is_over() -> None:
    bench = Bench()
    bench.answered({"Retry-After": "7"}, status=429)
    bench.now = NOON + timedelta(seconds=8)
    bench.pace.wait()

    assert bench.waits == []


def test_above_nine_tenths_of_the_weight_the_rest_of_the_exchanges_minute_is_waited_for() -> None:
    bench = Bench()
    bench.answered({"X-MBX-USED-WEIGHT-1M": "5401"})
    bench.pace.wait()

    # 50 seconds to the full minute, and one.
    assert bench.waits == [51]
    assert bench.lines == ["binance-testnet: 5401 of 6000 request weight is used in this minute; waiting 51 seconds"]


def test_so_many_requests_go_out_at_once_as_the_weight_of_the_minute_has_room_for() -> None:
    bench = Bench()
    # Nine tenths of 6000, by 2 a request; one is always tried, and its answer says more.
    rooms = [bench.pace.room(2)]
    for used in ("5390", "5399", "12"):
        bench.answered({"X-MBX-USED-WEIGHT-1M": used})
        rooms.append(bench.pace.room(2))

    assert rooms == [2700, 5, 1, 2694]


@pytest.mark.parametrize(("asked", "kept"), [("7", 51), ("60", 60)])
def test_of_two_reasons_to_pause_the_longer_pause_is_kept(asked: str, kept: float) -> None:
    bench = Bench()
    bench.answered({"Retry-After": asked, "X-MBX-USED-WEIGHT-1M": "6001"}, status=429)
    bench.pace.wait()

    assert bench.waits == [kept]


def test_the_weight_limit_is_the_one_that_the_exchange_grants() -> None:
    bench = Bench()
    bench.pace.weight_limit = 1200
    bench.answered({"X-MBX-USED-WEIGHT-1M": "1081"})
    bench.pace.wait()

    assert bench.waits == [51]


def test_the_longer_of_two_pauses_counts() -> None:
    bench = Bench()
    bench.answered({"Retry-After": "200"}, status=418)
    bench.answered({"Retry-After": "3", "X-MBX-USED-WEIGHT-1M": "6001"}, status=429)
    bench.pace.wait()

    assert bench.waits == [200]


def test_a_ban_of_hours_ends_in_one_sentence_and_stays_a_ban() -> None:
    bench = Bench()
    bench.answered({"Retry-After": "86400"}, status=418)

    for _ in range(2):
        with pytest.raises(VenueError) as caught:
            bench.pace.wait()
        assert str(caught.value) == (
            "binance-testnet: this address is banned (HTTP 418); it wants no request for 86400 seconds,"
            " until 2026-07-02 12:00:00 UTC"
        )
    assert bench.waits == []


def test_whoever_has_time_waits_for_the_end_of_a_ban_of_days() -> None:
    bench = Bench(longest_wait_seconds=259_200)
    bench.answered({"Retry-After": "100000"}, status=418)
    bench.pace.wait()
    bench.pace.wait()

    # No system call sleeps for longer than a day here.
    assert bench.waits == [86_400, 13_600]
    assert bench.lines == [
        "binance-testnet: this address is banned (HTTP 418); waiting 100000 seconds, until 2026-07-02 15:46:40 UTC"
    ]
    assert bench.kept == [NOON + timedelta(seconds=100_000)]


def test_a_pause_from_before_the_start_is_kept() -> None:
    bench = Bench(quiet_until=NOON + timedelta(seconds=40))
    bench.pace.wait()

    assert bench.waits == [40]
    assert bench.lines == ["binance-testnet: it asked for a pause before this start; waiting 40 seconds"]


def test_a_wait_that_is_broken_off_ends_no_pause() -> None:
    def broken_off(seconds: float) -> None:
        raise VenueError(f"not waited for {seconds:g} seconds")

    bench = Bench()
    bench.pace = Pace(
        place="binance-testnet",
        now=lambda: bench.now,
        exchange_now=lambda: SERVER_AT_TEN_SECONDS,
        sleep=broken_off,
        notice=bench.lines.append,
    )
    bench.answered({"Retry-After": "7"}, status=429)

    for _ in range(2):
        with pytest.raises(VenueError, match="not waited for 7 seconds"):
            bench.pace.wait()


@pytest.mark.parametrize("weight", ["", "many", "-1", "٩٩٩٩"])
def test_a_weight_that_is_no_number_is_passed_over(weight: str) -> None:
    bench = Bench()
    bench.answered({"X-MBX-USED-WEIGHT-1M": weight})
    bench.pace.wait()

    assert bench.waits == []
