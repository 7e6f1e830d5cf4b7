"""Bars of days on which New York was closed are refused or dropped, and a shifted series is named as such."""

from datetime import date

import numpy as np
import pytest

from engine.core.calendar import Days
from engine.core.errors import DataError
from engine.data.closures import closed_rows, refuse_closed, refuse_shifted, without_carried
from engine.data.kinds import COINS, indices, us_symbols
from engine.data.sessions import NewYorkSessions
from tests.support.bars import bars_on

SESSIONS = NewYorkSessions().between
DAY = np.timedelta64(1, "D")


def between(first: str, last: str) -> Days:
    return SESSIONS(date.fromisoformat(first), date.fromisoformat(last))


def days_of(*texts: str) -> Days:
    return np.array(texts, dtype="datetime64[D]")


def line(row: int) -> str:
    return f"RUT.csv, line {row + 2}"


def test_sessions_are_not_refused() -> None:
    days = between("1987-09-10", "2026-12-31")

    refuse_shifted(days, SESSIONS, line)
    refuse_closed(days, SESSIONS, line)


def test_the_first_bar_of_a_closed_day_is_named_and_the_others_counted() -> None:
    # Thanksgiving, and the Saturday after it.
    days = days_of("2024-11-26", "2024-11-27", "2024-11-28", "2024-11-29", "2024-11-30", "2024-12-02")

    with pytest.raises(DataError) as refused:
        refuse_closed(days, SESSIONS, line)

    assert str(refused.value) == (
        "RUT.csv, line 4 (2024-11-28): New York was closed on that Thursday; 2 bars are of such days"
    )


def test_a_lone_bar_of_a_closed_day_is_not_counted() -> None:
    with pytest.raises(DataError, match=r"closed on that Saturday$"):
        refuse_closed(days_of("2024-11-29", "2024-11-30"), SESSIONS, line)


@pytest.mark.parametrize("day", ["2001-09-12", "2012-10-29", "2018-12-05", "2025-01-09", "1985-09-27"])
def test_special_closures_are_known(day: str) -> None:
    assert closed_rows(days_of(day), SESSIONS).all()


def test_a_half_day_is_a_session() -> None:
    assert not closed_rows(days_of("2024-11-29", "2024-12-24", "2024-07-03"), SESSIONS).any()


def test_before_the_calendar_is_certain_no_day_is_closed() -> None:
    # New York traded on Saturdays until 1952.
    days = days_of("1929-10-26", "1950-01-07", "1969-12-25", "1970-01-01")

    assert closed_rows(days, SESSIONS).tolist() == [False, False, False, True]


def test_markets_that_never_close_have_bars_on_every_day() -> None:
    days = np.arange(np.datetime64("2024-01-01", "D"), np.datetime64("2024-12-31", "D"))

    refuse_shifted(days, COINS.sessions, line)
    refuse_closed(days, COINS.sessions, line)


def test_us_symbols_have_the_sessions_of_an_index() -> None:
    assert us_symbols(SESSIONS).sessions is indices(SESSIONS).sessions is SESSIONS


SHIFTS = {
    -1: "the session of 2024-01-02 is dated 2024-01-01, a day early",
    1: "the session of 2024-01-02 is dated 2024-01-03, a day late",
    -7: "the session of 2024-01-02 is dated 2023-12-26, a week early",
    7: "the session of 2024-01-02 is dated 2024-01-09, a week late",
}


@pytest.mark.parametrize(("offset", "words"), SHIFTS.items())
def test_a_whole_series_that_is_shifted_is_named_with_a_session_and_its_date(offset: int, words: str) -> None:
    days = between("2024-01-02", "2024-12-31") + offset * DAY

    with pytest.raises(DataError) as refused:
        refuse_shifted(days, SESSIONS, line)

    span = "a week" if abs(offset) == 7 else "a day"
    assert str(refused.value).startswith(f"RUT.csv, line 2: the whole series is shifted by {span}: {words}; ")
    assert "\n" not in str(refused.value)


def test_a_shift_from_a_day_on_is_named_with_its_line() -> None:
    days = between("2024-01-02", "2024-12-31")
    # Of the first half of 2024, 124 sessions: the 125th, of Monday 1 July, stands in line 126.
    days = np.where(days >= np.datetime64("2024-07-01", "D"), days + DAY, days)

    with pytest.raises(
        DataError, match=r"^RUT\.csv, line 126: from 2024-07-02 on the series is shifted by a day: the ses"
    ):
        refuse_shifted(days, SESSIONS, line)


def test_shifted_summers_are_named_by_the_first_and_counted() -> None:
    days = between("2022-01-03", "2024-12-31")
    months = days.astype("datetime64[M]").astype(np.int64) % 12 + 1
    days = np.where((months >= 4) & (months <= 10), days - DAY, days)

    with pytest.raises(DataError) as refused:
        refuse_shifted(days, SESSIONS, line)

    assert "from 2022-03-31 to 2022-10-30 the series is shifted by a day" in str(refused.value)
    assert str(refused.value).endswith(", and 2 more stretches are shifted")


def test_dates_that_go_back_where_a_shift_begins_are_named_as_the_shift() -> None:
    days = between("2024-01-02", "2024-12-31")
    days = np.where(days >= np.datetime64("2024-07-10", "D"), days - 7 * DAY, days)

    with pytest.raises(
        DataError, match="from 2024-07-03 on the series is shifted by a week: the session of 2024-07-10"
    ):
        refuse_shifted(days, SESSIONS, line)


def test_rows_before_the_calendar_is_certain_do_not_move_the_line_of_a_shift() -> None:
    old = days_of("1960-01-02", "1960-01-03")

    with pytest.raises(DataError, match=r"^RUT\.csv, line 4: the whole series is shifted by a day"):
        refuse_shifted(np.concatenate([old, between("2024-01-02", "2024-12-31") + DAY]), SESSIONS, line)


def test_rows_of_closed_days_in_which_nothing_was_traded_are_dropped_and_named() -> None:
    days = days_of("2024-11-27", "2024-11-28", "2024-11-29", "2024-11-30", "2024-12-02")
    bars = bars_on("RUT", days, [100.0, 100.0, 101.0, 101.0, 102.0], kind=indices(SESSIONS))
    # Thanksgiving is one price, the Saturday repeats the close without volume.
    bars.high[1] = bars.low[1] = 100.0
    bars.volume[3] = np.nan

    kept, words = without_carried(bars, SESSIONS, "yahoo ^RUT")

    assert [str(day) for day in kept.days] == ["2024-11-27", "2024-11-29", "2024-12-02"]
    assert kept.close.tolist() == [100.0, 101.0, 102.0]
    assert [str(at)[:10] for at in kept.known_at] == ["2024-11-27", "2024-11-29", "2024-12-02"]
    assert words == (
        "yahoo ^RUT: 2 rows were dropped, of days when New York was closed and nothing was traded: "
        "2024-11-28, 2024-11-30"
    )


def test_flat_rows_of_sessions_stay() -> None:
    bars = bars_on("RUT", days_of("2024-11-26", "2024-11-27"), [100.0, 100.0], kind=indices(SESSIONS))
    bars.high[:] = bars.low[:] = 100.0

    assert without_carried(bars, SESSIONS, "yahoo ^RUT") == (bars, "")


def test_rows_of_closed_days_with_trade_stay_to_be_refused() -> None:
    bars = bars_on("RUT", days_of("2024-11-29", "2024-11-30"), [100.0, 101.0], kind=indices(SESSIONS))

    assert without_carried(bars, SESSIONS, "yahoo ^RUT") == (bars, "")


def test_no_bars_are_nothing_to_drop() -> None:
    bars = bars_on("RUT", days_of(), [], kind=indices(SESSIONS))

    assert without_carried(bars, SESSIONS, "yahoo ^RUT") == (bars, "")
    refuse_shifted(bars.days, SESSIONS, line)
    refuse_closed(bars.days, SESSIONS, line)
