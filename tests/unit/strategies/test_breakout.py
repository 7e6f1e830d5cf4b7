"""Breakout and support: runs worked out by hand, and a slow second implementation of the specification."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from itertools import accumulate
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from engine.core.market import BarSeries
from strategies.signals.breakout import NEVER, BreakoutColumns, BreakoutParams, Breakouts, ceilings
from tests.support.bars import bars_of, bars_on

FIRST = date(2021, 1, 1)
NONE = float("nan")


def index(closes: Sequence[float], first: date = FIRST) -> BarSeries:
    return bars_of("RUT", first, closes)


def fixed(closes: Sequence[float], **rules: Any) -> BreakoutColumns:
    return Breakouts(BreakoutParams(mode="fixed", level=10.0, **rules)).of(index(closes))


def auto(closes: Sequence[float], **rules: Any) -> BreakoutColumns:
    """A window from two years to one week ago: sessions are days here, so the first ceiling is that of row 258."""
    return Breakouts(BreakoutParams(lookback_years=2, min_age_weeks=1, **rules)).of(index(closes))


def day(row: int) -> int:
    return FIRST.toordinal() + row


def same(column: "np.ndarray[Any, np.dtype[np.float64]]", expected: Sequence[float]) -> bool:
    return np.array_equal(column, np.array(expected), equal_nan=True)


def test_a_run_starts_is_extended_and_ends_against_its_frozen_level() -> None:
    runs = fixed([9, 10, 11, 12, 10, 11, 9], confirm_sessions=4)

    # A close on the level is not above it.
    assert runs.run_length.tolist() == [0, 0, 1, 2, 0, 1, 0]
    assert same(runs.run_level, [NONE, NONE, 10, 10, NONE, 10, NONE])
    assert not runs.in_breakout.any()


def test_a_run_of_the_wanted_length_is_a_breakout_with_the_level_as_its_support() -> None:
    confirmed = fixed([9, 11, 12, 13, 14])

    assert confirmed.in_breakout.tolist() == [False, False, False, True, True]
    assert same(confirmed.support, [NONE, NONE, NONE, 10, 10])
    assert confirmed.breakout_session.tolist() == [NEVER, NEVER, NEVER, day(3), day(3)]
    assert confirmed.run_length.tolist() == [0, 1, 2, 0, 0]


def test_a_single_close_confirms_when_one_is_wanted() -> None:
    assert fixed([9, 11], confirm_sessions=1).in_breakout.tolist() == [False, True]


def test_support_is_lost_after_closes_in_a_row_below_it() -> None:
    # Confirmed at row 0; two below, one on the support, which sets the count back; three below.
    lost = fixed([11, 9, 9, 10, 9, 9, 9, 9], confirm_sessions=1)

    assert lost.in_breakout.tolist() == [True] * 6 + [False] * 2
    assert same(lost.support, [10] * 6 + [NONE] * 2)
    assert lost.loss_session.tolist() == [NEVER] * 6 + [day(6)] * 2
    assert lost.breakout_session.tolist() == [day(0)] * 6 + [NEVER] * 2


def test_closes_below_support_before_a_breakout_do_not_count_for_it() -> None:
    lost = fixed([11, 9, 9, 11, 9, 9, 11, 9], confirm_sessions=1, loss_sessions=2)

    # Lost at row 2; confirmed anew at 3; lost at 5; confirmed at 6; one close below.
    assert lost.loss_session.tolist() == [NEVER, NEVER, day(2), day(2), day(2), day(5), day(5), day(5)]
    assert lost.breakout_session.tolist() == [day(0), day(0), NEVER, day(3), day(3), NEVER, day(6), day(6)]


def test_in_mode_fixed_a_breakout_is_never_renewed() -> None:
    assert set(fixed([11] + [20] * 40, confirm_sessions=1).breakout_session.tolist()) == {day(0)}


def test_a_buffer_raises_what_a_run_has_to_exceed_at_its_start_and_later_but_not_the_support() -> None:
    # 10 * 1.1 is 11.000000000000002 in floats: 11 is not above, nor is it in exact numbers.
    buffered = fixed([10.5, 11, 11.5, 10.9, 11.5, 11.2, 10.1, 9.9], buffer=0.1, confirm_sessions=2, loss_sessions=1)

    assert buffered.run_length.tolist() == [0, 0, 1, 0, 1, 0, 0, 0]
    assert buffered.in_breakout.tolist() == [False] * 5 + [True, True, False]
    assert same(buffered.support, [NONE] * 5 + [10, 10, NONE])


def test_a_tolerance_lowers_what_loses_the_support() -> None:
    # 10 * (1 - 0.25) = 7.5, exactly: 7.5 is not below it.
    tolerant = fixed([11, 8, 7.5, 7.4], tolerance=0.25, confirm_sessions=1, loss_sessions=1)

    assert tolerant.in_breakout.tolist() == [True, True, True, False]


def test_a_ceiling_wants_252_sessions_in_its_window() -> None:
    # Row s sees rows 0 to s - 7: 252 of them from s = 258 on.
    defined = ~np.isnan(ceilings(index([100.0] * 261), BreakoutParams(lookback_years=2, min_age_weeks=1)))

    assert np.flatnonzero(defined).tolist() == [258, 259, 260]


def test_both_ends_of_the_window_belong_to_it() -> None:
    # One high on 1 July 2022 (row 546); the window ends a week and begins two calendar years before a session.
    closes = [100.0] * 1300
    closes[546] = 200.0

    level = ceilings(index(closes), BreakoutParams(lookback_years=2, min_age_weeks=1))

    high = [FIRST + timedelta(days=int(row)) for row in np.flatnonzero(level == 200)]
    assert (high[0], high[-1]) == (date(2022, 7, 8), date(2024, 7, 1))
    assert len(high) == (high[-1] - high[0]).days + 1


def test_a_window_that_begins_on_29_february_begins_on_the_28th() -> None:
    closes = [100.0] * 1200
    closes[(date(2022, 2, 28) - FIRST).days] = 200.0

    level = ceilings(index(closes), BreakoutParams(lookback_years=2, min_age_weeks=1))

    def at(session: date) -> float:
        return float(level[(session - FIRST).days])

    assert at(date(2024, 2, 28)) == at(date(2024, 2, 29)) == 200
    assert at(date(2024, 3, 1)) == 100


def test_a_session_that_ends_a_run_may_start_one_against_its_own_ceiling() -> None:
    # A high of 120 on row 400 (5 February 2022) leaves the window after 5 February 2024, row 1130.
    closes = [100.0] * 1140
    closes[400] = 120.0
    closes[1130], closes[1131], closes[1132] = 121.0, 110.0, 105.0

    runs = auto(closes, confirm_sessions=3)

    # 121 is above 120; 110 is not above 120, but above 100, the ceiling of its own session; 105 extends that.
    assert runs.ceiling[1130:1133].tolist() == [120, 100, 100]
    assert runs.run_length[1129:1134].tolist() == [0, 1, 1, 2, 0]
    assert same(runs.run_level[1129:1134], [NONE, 120, 100, 100, NONE])


def test_the_session_of_a_loss_starts_no_run_and_the_next_one_may() -> None:
    closes = [100.0] * 1140
    closes[400] = 120.0
    closes[1130], closes[1131], closes[1132] = 121.0, 110.0, 110.0

    followed = auto(closes, confirm_sessions=1, loss_sessions=1)

    # A breakout at 120 in row 1130; 110 loses it in row 1131, though it is above that session's ceiling of 100;
    # in row 1132 the same close is a breakout at 100.
    assert followed.in_breakout[1130:1133].tolist() == [True, False, True]
    assert followed.loss_session[1132] == day(1131)
    assert (followed.support[1132], followed.breakout_session[1132]) == (100, day(1132))


def lifting(base: Sequence[float], last: Sequence[float], **rules: Any) -> BreakoutColumns:
    """A breakout at 100 by 110 and 110 in rows 300 and 301, a base, and the closes that may lift it."""
    return auto([100.0] * 300 + [110.0, 110.0, *base, *last], confirm_sessions=2, **rules)


def test_a_breakout_is_lifted_out_of_a_new_base() -> None:
    # Nine days at 105: in row 311 the ceiling is 110, and no close of the week before is above it.
    lifted = lifting([105.0] * 9, [111.0, 112.0, 113.0])

    assert lifted.support[301] == 100
    assert lifted.ceiling[311:313].tolist() == [110, 110]
    assert lifted.run_length[310:314].tolist() == [0, 1, 0, 0]
    assert lifted.support[310:314].tolist() == [100, 100, 110, 110]
    assert lifted.breakout_session[311:314].tolist() == [day(301), day(312), day(312)]
    assert lifted.loss_session[-1] == NEVER


def test_the_base_is_new_while_fewer_closes_than_confirm_are_above_its_ceiling() -> None:
    # The week before row 317 holds rows 310 to 316, and the ceiling is 110; two closes above it are wanted to confirm.
    one_above = lifting([105.0] * 9 + [111.0] + [105.0] * 5, [112.0])
    two_above = lifting([105.0] * 9 + [111.0, 105.0, 111.0] + [105.0] * 3, [112.0])

    assert (one_above.ceiling[317], two_above.ceiling[317]) == (110, 110)
    assert (one_above.run_length[317], two_above.run_length[317]) == (1, 0)


def test_the_base_begins_on_the_day_that_is_old_enough_for_the_ceiling() -> None:
    # Rows 311 and 312 are above 110. In row 318 the base begins with row 311 itself, in row 319 with row 312.
    seven = lifting([105.0] * 9 + [110.5, 110.6] + [105.0] * 5, [110.7])
    eight = lifting([105.0] * 9 + [110.5, 110.6] + [105.0] * 6, [110.7])

    # Confirmed at 110 by rows 311 and 312: lifted once. Row 318: ceiling 110.5, above which 110.6 was one close.
    assert (seven.support[312], seven.breakout_session[312]) == (110, day(312))
    assert (seven.ceiling[318], seven.run_length[318]) == (110.5, 1)
    # Row 319: ceiling 110.6, above which there was none.
    assert (eight.ceiling[319], eight.run_length[319]) == (110.6, 1)


def test_a_breakout_is_not_lifted_to_a_ceiling_that_is_not_above_its_support() -> None:
    # Two years at 90 are within the tolerance; the ceiling sinks to 90, and 95 is above it, out of a new base.
    closes = [100.0] * 300 + [101.0] + [90.0] * 760 + [95.0]

    followed = auto(closes, confirm_sessions=1, tolerance=0.2)

    assert followed.ceiling[-1] == 90
    assert (followed.support[-1], followed.breakout_session[-1], followed.run_length[-1]) == (100, day(300), 0)


def test_after_a_lift_losses_are_counted_against_the_new_support() -> None:
    # 110 from row 312 on: one close below it and one on it, then three below, all of them above the old 100.
    followed = lifting([105.0] * 9, [111.0, 112.0, 109.0, 110.0, 109.0, 109.0, 109.0])

    assert followed.in_breakout[311:].tolist() == [True] * 6 + [False]
    assert followed.loss_session[-1] == day(317)


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ({"mode": "fixed"}, "strategy.breakout.level null is not allowed with mode fixed"),
        ({"lookback_years": 2, "min_age_weeks": 105}, "min_age_weeks 105 leaves no window within lookback_years 2"),
        ({"lookback_years": 1}, "greater than or equal to 2"),
        ({"lookback_years": 2.5}, "valid integer"),
        ({"confirm_sessions": 0}, "greater than or equal to 1"),
        ({"buffer": -0.1}, "greater than or equal to 0"),
        ({"tolerance": True}, "valid number"),
    ],
)
def test_rules_that_make_no_sense_are_refused(rules: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        BreakoutParams(**rules)


@dataclass
class Slow:
    """The specification once more, by looking at every session each time, with dates and no columns."""

    sessions: list[date]
    closes: list[float]
    rules: BreakoutParams
    support: float | None = None
    since: int = NEVER
    lost: int = NEVER
    below: int = 0
    run: tuple[int, float] | None = None

    def ceiling(self, s: int) -> float | None:
        if self.rules.mode == "fixed":
            return self.rules.level
        day = self.sessions[s]
        try:
            oldest = day.replace(year=day.year - self.rules.lookback_years)
        except ValueError:
            oldest = date(day.year - self.rules.lookback_years, 2, 28)
        newest = day - timedelta(weeks=self.rules.min_age_weeks)
        window = [c for d, c in zip(self.sessions, self.closes, strict=True) if oldest <= d <= newest]
        return max(window) if len(window) >= 252 else None

    def is_new_base(self, s: int, level: float) -> bool:
        begin = self.sessions[s] - timedelta(weeks=self.rules.min_age_weeks)
        above = [self.closes[n] for n in range(s) if self.sessions[n] >= begin and self.closes[n] > level]
        return self.support is not None and level > self.support and len(above) < self.rules.confirm_sessions

    def step(self, s: int) -> tuple[bool, float | None, int, int]:
        close, level = self.closes[s], self.ceiling(s)
        if self.support is not None:
            self.below = self.below + 1 if close < self.support * (1 - self.rules.tolerance) else 0
            if self.below == self.rules.loss_sessions:
                self.support, self.since, self.lost, self.run = None, NEVER, self.sessions[s].toordinal(), None
                return self.row()
        if self.run is not None and close > self.run[1] * (1 + self.rules.buffer):
            self.run = (self.run[0] + 1, self.run[1])
        else:
            self.run = None
            allowed = self.support is None or (
                self.rules.mode == "auto" and level is not None and self.is_new_base(s, level)
            )
            if level is not None and close > level * (1 + self.rules.buffer) and allowed:
                self.run = (1, level)
        if self.run is not None and self.run[0] == self.rules.confirm_sessions:
            self.support, self.since, self.below, self.run = self.run[1], self.sessions[s].toordinal(), 0, None
        return self.row()

    def row(self) -> tuple[bool, float | None, int, int]:
        return self.support is not None, self.support, self.since, self.lost


def columns_of(columns: BreakoutColumns) -> dict[str, list[Any]]:
    """Give the columns as texts: NaN is itself there."""
    return {field.name: [repr(value) for value in getattr(columns, field.name).tolist()] for field in fields(columns)}


@given(
    seed=st.integers(0, 2**32),
    looks=st.lists(st.integers(1, 60), min_size=2, max_size=8),
    corrected=st.integers(1, 60),
    rules=st.fixed_dictionaries(
        {
            "min_age_weeks": st.integers(1, 3),
            "confirm_sessions": st.integers(1, 3),
            "loss_sessions": st.integers(1, 3),
            "mode": st.sampled_from(["auto", "fixed"]),
        }
    ),
)
def test_looking_again_with_more_less_or_corrected_sessions_gives_what_a_first_look_gives(
    seed: int, looks: list[int], corrected: int, rules: dict[str, Any]
) -> None:
    # A year of sessions on a narrow range, then up and down by more.
    chance = Random(seed)
    steps = [chance.choice([-1, 0, 0, 1]) for _ in range(265)] + [chance.randint(-3, 3) for _ in range(60)]
    closes = list(accumulate(steps, lambda close, step: max(90, close + step), initial=100))
    chosen = BreakoutParams(lookback_years=2, level=102.0 if rules["mode"] == "fixed" else None, **rules)
    followed = Breakouts(chosen)

    for number, count in enumerate(looks):
        if number == len(looks) // 2:
            closes[265 + corrected] += 5
        bars = index([float(close) for close in closes]).take(265 + count)

        assert columns_of(followed.of(bars)) == columns_of(Breakouts(chosen).of(bars))


@given(
    seed=st.integers(0, 2**32),
    tail=st.lists(st.tuples(st.integers(1, 4), st.integers(-3, 3)), min_size=1, max_size=120),
    mode=st.sampled_from(["auto", "auto", "auto", "fixed"]),
    weeks=st.integers(1, 3),
    confirm=st.integers(1, 3),
    loss=st.integers(1, 3),
    buffer=st.sampled_from([0.0, 0.0, 0.01]),
    tolerance=st.sampled_from([0.0, 0.0, 0.02]),
)
def test_columns_agree_with_the_slow_implementation(
    seed: int,
    tail: list[tuple[int, int]],
    mode: Any,
    weeks: int,
    confirm: int,
    loss: int,
    buffer: float,
    tolerance: float,
) -> None:
    # A year of sessions on a narrow range of whole numbers, so that closes often stand on a level, then what is drawn.
    chance = Random(seed)
    sessions, closes = [date(2020, 1, 1)], [100.0]
    for gap, step in [(chance.randint(1, 2), chance.choice([-1, 0, 0, 1])) for _ in range(265)] + tail:
        sessions.append(sessions[-1] + timedelta(days=gap))
        closes.append(max(90.0, closes[-1] + step))
    rules = BreakoutParams(
        mode=mode, level=None if mode == "auto" else 102.0,
        lookback_years=2, min_age_weeks=weeks, confirm_sessions=confirm,
        loss_sessions=loss, buffer=buffer, tolerance=tolerance,
    )  # fmt: skip

    columns = Breakouts(rules).of(bars_on("RUT", [str(session) for session in sessions], closes))

    slow = Slow(sessions, closes, rules)
    for s in range(len(sessions)):
        in_breakout, support, since, lost = slow.step(s)
        assert bool(columns.in_breakout[s]) == in_breakout
        assert columns.support[s] == support or (support is None and np.isnan(columns.support[s]))
        assert (columns.breakout_session[s], columns.loss_session[s]) == (since, lost)
        assert columns.run_length[s] == (slow.run[0] if slow.run else 0)
