"""The instants at which index sessions become known, by hand from the United States' summer time rules."""

import numpy as np
import pandas as pd
import pytest

from engine.data.index_bars import index_series, session_instants

# Summer time runs from the second Sunday of March to the first Sunday of November since 2007; before, from the first
# Sunday of April to the last Sunday of October. New York is UTC-4 in it (16:00 is 20:00 UTC), UTC-5 out of it (21:00).
CLOSINGS = [
    ("1987-10-23", "1987-10-23T20:00:00"),  # Friday before the last Sunday of October
    ("1987-10-26", "1987-10-26T21:00:00"),
    ("2006-03-31", "2006-03-31T21:00:00"),  # Friday before the first Sunday of April
    ("2006-04-03", "2006-04-03T20:00:00"),
    ("2024-03-08", "2024-03-08T21:00:00"),  # Friday before Sunday 10 March 2024
    ("2024-03-11", "2024-03-11T20:00:00"),
    ("2024-11-01", "2024-11-01T20:00:00"),  # Friday before Sunday 3 November 2024
    ("2024-11-04", "2024-11-04T21:00:00"),
]


@pytest.mark.parametrize(("session", "instant"), CLOSINGS)
def test_a_session_is_known_at_four_in_the_afternoon_of_new_york(session: str, instant: str) -> None:
    known = session_instants(np.array([session], dtype="datetime64[D]"))

    assert known.dtype == np.dtype("datetime64[s]")
    assert str(known[0]) == instant


def test_a_half_day_is_known_no_earlier_than_a_whole_one() -> None:
    # The Friday after Thanksgiving 2024 closed at 13:00 New York, 18:00 UTC.
    known = session_instants(np.array(["2024-11-29"], dtype="datetime64[D]"))

    assert str(known[0]) == "2024-11-29T21:00:00"


def test_no_session_gives_no_instant() -> None:
    known = session_instants(np.array([], dtype="datetime64[D]"))

    assert known.dtype == np.dtype("datetime64[s]")
    assert len(known) == 0


def test_an_index_series_carries_its_columns_and_closing_instants() -> None:
    days = np.array(["2024-03-08", "2024-03-11"], dtype="datetime64[D]")
    column = np.array([2000.0, 2010.0])

    bars = index_series("RUT", days=days, open=column, high=column, low=column, close=column, volume=column * np.nan)

    assert bars.symbol == "RUT"
    assert [str(at) for at in bars.known_at] == ["2024-03-08T21:00:00", "2024-03-11T20:00:00"]
    assert bars.close.tolist() == [2000.0, 2010.0]
    assert np.isnan(bars.volume).all()


def test_every_bell_rings_when_pandas_says_so() -> None:
    days = np.arange(np.datetime64("1883-01-01"), np.datetime64("2070-01-01"))

    bells = pd.DatetimeIndex(days.astype("datetime64[s]") + np.timedelta64(16, "h")).tz_localize("America/New_York")

    assert np.array_equal(session_instants(days), bells.tz_convert("UTC").tz_localize(None).to_numpy())


def test_the_days_of_a_short_series_need_not_be_whole_months() -> None:
    # Clocks went forward on 2024-03-10 and back on 2024-11-03.
    days = np.array(["2024-03-08", "2024-03-11", "2024-11-01", "2024-11-04"], dtype="datetime64[D]")

    hours = session_instants(days).astype("datetime64[h]").astype(int) % 24

    assert hours.tolist() == [21, 20, 20, 21]
