"""The first and the last decision day, worked by hand on a small calendar.

The index has a session on every weekday; 5 January 2015 is a Monday.
"""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from engine.core.errors import DataError
from engine.core.market import BarSeries
from engine.trading.span import Span, decision_span
from tests.support.markets import MONDAY, coin_bars, index_bars, weekdays_between

LAST = date(2015, 6, 30)  # a Tuesday
DAYS = (LAST - MONDAY).days + 1
READY = date(2015, 3, 2)  # a Monday


def core_without(*missing: date, last: date = LAST) -> BarSeries:
    days = [MONDAY + timedelta(days=n) for n in range((last - MONDAY).days + 1)]
    return coin_bars("BTC", MONDAY, [None if day in missing else 100.0 for day in days])


def index_without(*missing: date, last: date = LAST) -> BarSeries:
    sessions = weekdays_between(MONDAY, last).tolist()
    return index_bars("RUT", MONDAY, [None if session in missing else 100.0 for session in sessions])


def span_of(core: BarSeries | None = None, index: BarSeries | None = None, **wanted: Any) -> Span:
    core = core_without() if core is None else core
    index = index_without() if index is None else index
    settings: dict[str, Any] = {"ready_day": READY, "window_from": READY, "window_to": None, "max_stale_sessions": 3}
    return decision_span(
        core=core, indices={"RUT": index}, sessions=weekdays_between(MONDAY, core.last_day), **{**settings, **wanted}
    )


def days_of(span: Span) -> tuple[date, date]:
    return span.first_day, span.last_day


def test_without_a_window_everything_after_the_warm_up_is_decided() -> None:
    span = span_of()

    assert days_of(span) == (READY, LAST)
    assert span.notes == ()


def test_a_window_inside_is_taken_as_it_is() -> None:
    span = span_of(window_from=date(2015, 4, 4), window_to=date(2015, 5, 10))

    assert days_of(span) == (date(2015, 4, 4), date(2015, 5, 10))
    assert span.notes == ()


def test_a_window_of_one_day_is_one_decision() -> None:
    span = span_of(window_from=date(2015, 4, 4), window_to=date(2015, 4, 4))

    assert days_of(span) == (date(2015, 4, 4), date(2015, 4, 4))


def test_a_window_that_begins_before_the_warm_up_ends_is_moved_and_the_run_says_so() -> None:
    span = span_of(window_from=date(2014, 1, 1))

    assert span.first_day == READY
    assert len(span.notes) == 1
    assert "window.from 2014-01-01 is moved to 2015-03-02" in span.notes[0]


def test_a_window_that_ends_after_the_core_ends_with_it() -> None:
    span = span_of(core_without(last=date(2015, 6, 28)), window_to=date(2016, 1, 1))

    assert span.last_day == date(2015, 6, 28)


@pytest.mark.parametrize("sessions_late", [0, 1, 2, 3])
def test_an_index_late_by_up_to_three_sessions_shortens_nothing(sessions_late: int) -> None:
    # Sessions before the end on Tuesday 30 June: Monday 29, Friday 26, Thursday 25.
    last = [LAST, date(2015, 6, 29), date(2015, 6, 26), date(2015, 6, 25)][sessions_late]

    span = span_of(index=index_without(last=last))

    assert span.last_day == LAST
    assert span.notes == ()


def test_an_index_late_by_four_sessions_ends_the_run_before_the_fourth() -> None:
    # Missing: Thursday 25, Friday 26, Monday 29, Tuesday 30. With the 30th the lag becomes four.
    span = span_of(index=index_without(last=date(2015, 6, 24)))

    assert span.last_day == date(2015, 6, 29)
    assert len(span.notes) == 1
    assert "RUT ends on 2015-06-24, 4 sessions before 2015-06-30" in span.notes[0]


def test_the_last_day_before_a_fourth_session_may_be_a_sunday() -> None:
    # The index ends on Tuesday 23: missing 24, 25, 26, then 29 is the fourth. Saturday and Sunday still lag by three.
    assert span_of(index=index_without(last=date(2015, 6, 23))).last_day == date(2015, 6, 28)


def test_no_lag_is_allowed_where_none_is_configured() -> None:
    # The index ends on Thursday 25; Friday 26 is the first session without it.
    assert span_of(index=index_without(last=date(2015, 6, 25)), max_stale_sessions=0).last_day == date(2015, 6, 25)


def test_an_index_that_is_late_only_after_the_window_shortens_nothing() -> None:
    span = span_of(index=index_without(last=date(2015, 6, 10)), window_to=date(2015, 6, 12))

    assert span.last_day == date(2015, 6, 12)
    assert span.notes == ()


def test_an_index_seventy_sessions_late_is_a_dead_feed() -> None:
    # 70 weekdays are 14 weeks: 30 June less 98 days is Tuesday 24 March.
    with pytest.raises(DataError, match=r"^RUT: ends on 2015-03-24, 70 sessions before 2015-06-30"):
        span_of(index=index_without(last=date(2015, 3, 24)))


def test_a_dead_feed_serves_a_window_that_ends_with_it() -> None:
    span = span_of(index=index_without(last=date(2015, 3, 24)), window_to=date(2015, 3, 24))

    assert days_of(span) == (READY, date(2015, 3, 24))


WEEK = [date(2015, 4, 13) + timedelta(days=n) for n in range(5)]


def test_a_hole_of_three_sessions_is_no_error() -> None:
    assert days_of(span_of(index=index_without(*WEEK[:3]))) == (READY, LAST)


def test_a_hole_of_four_sessions_inside_the_span_is_an_error_that_names_it() -> None:
    with pytest.raises(DataError, match=r"^RUT: no bar from 2015-04-13 to 2015-04-16 \(4 sessions\); at most 3"):
        span_of(index=index_without(*WEEK[:4]))


def test_a_hole_over_a_weekend_counts_sessions_and_not_days() -> None:
    # Thursday 16, Friday 17, Monday 20: five days, three sessions.
    assert days_of(span_of(index=index_without(*WEEK[3:], date(2015, 4, 20)))) == (READY, LAST)


@pytest.mark.parametrize(
    "window",
    [{"window_from": date(2015, 4, 17)}, {"window_to": date(2015, 4, 15)}],
    ids=["before the span", "after the span"],
)
def test_a_hole_outside_the_span_is_no_error(window: dict[str, Any]) -> None:
    # Thursday 16, the fourth session without a bar, is the only day that lags by more than three.
    span = span_of(index=index_without(*WEEK[:4]), **window)

    assert days_of(span) == (window.get("window_from", READY), window.get("window_to", LAST))


@pytest.mark.parametrize(
    "window",
    [{"window_from": date(2015, 4, 16)}, {"window_to": date(2015, 4, 16)}],
    ids=["ends in the span", "begins in the span"],
)
def test_a_hole_whose_fourth_session_is_a_decision_day_is_an_error(window: dict[str, Any]) -> None:
    with pytest.raises(DataError, match=r"4 sessions"):
        span_of(index=index_without(*WEEK[:4]), **window)


def test_a_missing_bar_of_the_core_moves_the_first_and_the_last_day_inwards() -> None:
    core = core_without(READY, READY + timedelta(days=1), date(2015, 5, 10))

    span = span_of(core, window_to=date(2015, 5, 10))

    assert days_of(span) == (date(2015, 3, 4), date(2015, 5, 9))


def test_a_window_before_the_data_leaves_no_day() -> None:
    with pytest.raises(DataError, match=r"^BTC: no decision day in the window 2014-01-01 to 2014-12-31.*2015-03-02"):
        span_of(window_from=date(2014, 1, 1), window_to=date(2014, 12, 31))


def test_a_window_after_the_data_leaves_no_day() -> None:
    with pytest.raises(DataError, match=r"no decision day in the window 2020-01-01 to the end.*2015-06-30"):
        span_of(window_from=date(2020, 1, 1))


def test_a_warm_up_as_long_as_the_history_leaves_no_day() -> None:
    with pytest.raises(DataError, match=r"the data allow 2015-07-01 to nothing"):
        span_of(ready_day=date(2015, 7, 1))


def test_a_window_of_days_that_the_core_lacks_leaves_no_day() -> None:
    with pytest.raises(DataError, match="no decision day"):
        span_of(core_without(date(2015, 5, 10)), window_from=date(2015, 5, 10), window_to=date(2015, 5, 10))


def test_a_strategy_without_an_index_is_bound_by_the_core_alone() -> None:
    core = core_without()

    span = decision_span(
        core=core, indices={}, sessions=np.array([], dtype="datetime64[D]"), ready_day=MONDAY,
        window_from=MONDAY, window_to=None, max_stale_sessions=3,
    )  # fmt: skip

    assert days_of(span) == (MONDAY, LAST)
