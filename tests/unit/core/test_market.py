"""Bars as columns: look-ups with holes, and what was known when."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import DataError
from engine.core.market import BarSeries, History
from engine.core.series import SeriesKind, ValueSeries
from engine.data.index_bars import index_series
from tests.support.bars import bars_of, bars_on

FIRST = date(2024, 1, 1)


@pytest.fixture
def holed() -> BarSeries:
    return bars_on("BTC", ["2024-01-01", "2024-01-02", "2024-01-05"], [10.0, 20.0, 50.0])


@pytest.mark.parametrize(
    ("day", "at", "on"),
    [
        (date(2023, 12, 31), None, None),
        (date(2024, 1, 1), 0, 0),
        (date(2024, 1, 2), 1, 1),
        (date(2024, 1, 3), 1, None),
        (date(2024, 1, 4), 1, None),
        (date(2024, 1, 5), 2, 2),
        (date(2024, 1, 6), 2, None),
        (date(2034, 1, 1), 2, None),
    ],
)
def test_positions_are_those_of_the_last_bar_and_of_the_days_own(
    holed: BarSeries, day: date, at: int | None, on: int | None
) -> None:
    assert holed.position_at(day) == at
    assert holed.position_on(day) == on


def test_a_day_without_a_bar_has_the_last_close_and_no_open(holed: BarSeries) -> None:
    assert (holed.close_at(date(2024, 1, 4)), holed.open_on(date(2024, 1, 4))) == (20.0, None)
    assert (holed.close_at(date(2023, 12, 31)), holed.open_on(date(2024, 1, 5))) == (None, 50.0)


def test_a_close_is_of_the_last_day_that_has_one(holed: BarSeries) -> None:
    assert holed.close_day_at(date(2024, 1, 4)) == date(2024, 1, 2)
    assert holed.close_day_at(date(2023, 12, 31)) is None


def test_an_empty_series_has_no_position_on_any_day() -> None:
    empty = bars_on("ETH", [], [])

    assert (len(empty), empty.position_at(FIRST), empty.position_on(FIRST), empty.close_at(FIRST)) == (
        0,
        None,
        None,
        None,
    )
    assert len(empty.known_by(datetime(2024, 1, 1, tzinfo=UTC))) == 0


@given(st.lists(st.integers(1, 9), min_size=1, max_size=30), st.integers(-5, 300))
def test_positions_agree_with_a_walk_over_the_days(steps: list[int], offset: int) -> None:
    days = [FIRST + timedelta(days=sum(steps[:count])) for count in range(len(steps))]
    bars = bars_on("BTC", [str(day) for day in days], [float(n + 1) for n in range(len(days))])
    asked = FIRST + timedelta(days=offset)

    last = max((n for n, day in enumerate(days) if day <= asked), default=None)

    assert bars.position_at(asked) == last
    assert bars.position_on(asked) == (days.index(asked) if asked in days else None)


def test_a_coins_bar_is_known_from_the_end_of_its_day_on() -> None:
    bars = bars_of("BTC", FIRST, [1.0, 2.0, 3.0])

    just_before = bars.known_by(datetime(2024, 1, 2, 23, 59, 59, 999999, tzinfo=UTC))
    at_the_end = bars.known_by(datetime(2024, 1, 3, tzinfo=UTC))

    assert (just_before.close.tolist(), at_the_end.close.tolist()) == ([1.0], [1.0, 2.0])
    assert (at_the_end.first_day, at_the_end.last_day) == (FIRST, date(2024, 1, 2))


def test_a_cut_takes_every_column_alike() -> None:
    cut = bars_of("BTC", FIRST, [1.0, 2.0, 3.0]).take(2)

    columns = (cut.days, cut.open, cut.high, cut.low, cut.close, cut.volume, cut.known_at)
    assert [len(column) for column in columns] == [2] * 7
    assert cut.position_at(date(2024, 2, 1)) == 1


def test_a_history_is_cut_market_by_market_at_one_instant() -> None:
    column = np.array([2000.0, 2010.0])
    index = index_series(
        "RUT",
        days=np.array(["2024-01-02", "2024-01-03"], dtype="datetime64[D]"),
        open=column, high=column, low=column, close=column, volume=column,
    )  # fmt: skip
    history = History(series={"BTC": bars_of("BTC", FIRST, [1.0, 2.0, 3.0]), "RUT": index})

    # New York closes at 21:00 UTC in winter: at 22:00 of the 3rd both sessions are known, and of the coin two days.
    known = history.known_by(datetime(2024, 1, 3, 22, tzinfo=UTC))

    assert list(known) == ["BTC", "RUT"]
    assert (known["BTC"].last_day, known["RUT"].last_day) == (date(2024, 1, 2), date(2024, 1, 3))


def test_an_unknown_series_is_an_error_that_names_those_there_are() -> None:
    history = History(series={"BTC": bars_of("BTC", FIRST, [1.0]), "RUT": bars_of("RUT", FIRST, [1.0])})

    with pytest.raises(DataError, match=r"^ETH: no such series; there are BTC, RUT$"):
        history["ETH"]


def rate(*known: str) -> ValueSeries:
    """Give a rate of the first days of January, known on the given days at 13:00 UTC."""
    return ValueSeries(
        name="DFF",
        kind=SeriesKind.DAILY,
        ordinals=np.arange(FIRST.toordinal(), FIRST.toordinal() + len(known)),
        values=np.arange(1.0, 1.0 + len(known)),
        known_at=np.array([f"{day}T13:00" for day in known], dtype="datetime64[s]"),
    )


def test_a_history_is_cut_by_when_values_became_known_not_by_what_they_are_about() -> None:
    history = History(series={}, values={"DFF": rate("2024-01-02", "2024-01-05", "2024-01-05")})

    known = history.known_by(datetime(2024, 1, 5, 12, 59, tzinfo=UTC))

    assert known.values_of("DFF").values.tolist() == [1.0]
    assert history.known_by(datetime(2024, 1, 5, 13, tzinfo=UTC)).values_of("DFF").last_day == date(2024, 1, 3)


def test_closes_are_values_like_any_others() -> None:
    bars = bars_of("IWM", FIRST, [1.0, 2.0])

    closes = History(series={"IWM": bars}).values_of("IWM")

    assert (closes.values.tolist(), closes.kind, closes.last_day) == ([1.0, 2.0], SeriesKind.DAILY, date(2024, 1, 2))


def test_a_series_that_could_not_be_had_is_empty_and_one_that_nobody_named_is_an_error() -> None:
    history = History(series={"BTC": bars_of("BTC", FIRST, [1.0])}, absent={"DFF": "no network"})

    assert not len(history.values_of("DFF"))
    assert history.known_by(datetime(2024, 1, 5, tzinfo=UTC)).absent == {"DFF": "no network"}
    with pytest.raises(DataError, match=r"^NFCI: no such series; there are BTC, DFF$"):
        history.values_of("NFCI")
