"""Klines: the bars as they went in, the forming bar as far as it has come, weeks and months put together."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from engine.core.market import BarSeries
from engine.practice.book import Market
from engine.practice.candles import klines
from engine.practice.clock import DAY, milliseconds_of
from engine.practice.errors import ApiError
from engine.practice.rules import rules_for
from tests.support.practice import FIRST, bitcoin, instant


def rows(
    bars: BarSeries,
    now: datetime,
    interval: str = "1d",
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    limit: int = 500,
    history_from: datetime | None = None,
) -> list[list[object]]:
    return klines(
        Market(rules_for(bars, "USDT"), bars, Decimal(0)),
        interval,
        start=None if start is None else milliseconds_of(start),
        end=None if end is None else milliseconds_of(end),
        limit=limit,
        now=milliseconds_of(now),
        history_from=0 if history_from is None else milliseconds_of(history_from),
    )


def day(number: int, *, hours: float = 0) -> datetime:
    return instant(FIRST + timedelta(days=number), hours=hours)


def test_a_final_day_comes_back_to_the_last_digit() -> None:
    bars = bitcoin(0.1 + 0.2, 5.0)

    row = rows(bars, day(1))[0]

    assert [float(str(value)) for value in row[1:6]] == [
        column[0] for column in (bars.open, bars.high, bars.low, bars.close, bars.volume)
    ]
    assert (row[0], row[6]) == (milliseconds_of(day(0)), milliseconds_of(day(1)) - 1)


def test_the_forming_bar_shows_only_what_has_happened() -> None:
    row = rows(bitcoin(100.0, 200.0, opens=[100.0, 100.0]), day(1, hours=6))[-1]

    # A quarter of the way from 100 to 200; the day's own high of 202 is not known yet. A quarter of the volume of 10.
    assert [float(str(value)) for value in row[1:6]] == [100.0, 125.0, 100.0, 125.0, 2.5]


def test_days_that_have_not_begun_are_not_shown() -> None:
    assert len(rows(bitcoin(1.0, 2.0, 3.0), day(1))) == 2


def test_without_a_start_the_newest_come_and_with_one_the_oldest() -> None:
    bars = bitcoin(*map(float, range(1, 11)))

    newest = rows(bars, day(9), limit=3)
    oldest = rows(bars, day(9), start=day(2), limit=3)
    between = rows(bars, day(9), start=day(2), end=day(3))

    assert [row[0] for row in newest] == [milliseconds_of(day(number)) for number in (7, 8, 9)]
    assert [row[0] for row in oldest] == [milliseconds_of(day(number)) for number in (2, 3, 4)]
    assert [row[0] for row in between] == [milliseconds_of(day(number)) for number in (2, 3)]


def test_a_row_that_opened_before_the_start_is_not_among_those_from_there() -> None:
    assert rows(bitcoin(1.0, 2.0, 3.0), day(2), start=day(0, hours=1))[0][0] == milliseconds_of(day(1))


def test_a_week_runs_from_monday_to_sunday() -> None:
    # 2024-01-03 is a Wednesday.
    bars = bitcoin(*map(float, range(1, 9)), first=date(2024, 1, 3))

    first, second = rows(bars, instant(date(2024, 1, 10)), "1w")

    assert (first[0], second[0]) == (
        milliseconds_of(instant(date(2024, 1, 1))),
        milliseconds_of(instant(date(2024, 1, 8))),
    )
    # Wednesday to Sunday close at 1 to 5; the first opens at its own close.
    assert [float(str(value)) for value in (first[1], first[2], first[4], first[5])] == [1.0, 5.05, 5.0, 50.0]


def test_a_month_is_a_calendar_month() -> None:
    bars = bitcoin(*[1.0] * 70)

    opened = [row[0] for row in rows(bars, instant(date(2024, 3, 5)), "1M")]

    assert opened == [milliseconds_of(instant(date(2024, month, 1))) for month in (1, 2, 3)]


def test_an_hour_lies_on_the_straight_line_of_its_day() -> None:
    bars = bitcoin(124.0, opens=[100.0])

    row = rows(bars, day(0, hours=10), "1h", start=day(0, hours=3), limit=1)[0]

    assert [float(str(value)) for value in row[1:5]] == [103.0, 104.0, 103.0, 104.0]


def test_a_day_without_a_bar_has_no_row() -> None:
    assert len(rows(bitcoin(1.0, None, 3.0), day(2))) == 2
    assert len(rows(bitcoin(1.0, None, 3.0), day(2, hours=1), "12h")) == 3


def test_after_a_reset_history_begins_on_its_day() -> None:
    opened = [row[0] for row in rows(bitcoin(1.0, 2.0, 3.0), day(2), history_from=day(1, hours=5))]

    assert opened == [milliseconds_of(day(1)), milliseconds_of(day(1)) + DAY]


def test_an_interval_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ApiError, match="-1120"):
        rows(bitcoin(1.0), day(0), "2d")
